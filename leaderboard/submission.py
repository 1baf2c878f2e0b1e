"""`mbench leaderboard check`: is a run complete, does it compare, and do its files agree with each other?

What can't be checked from a folder: that the motions are the model's. What takes too long here: scores of metrics that
need a body or a judge; `mbench evaluate RUN --rescore` makes them again.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from leaderboard.checks import CHECKS, Finding, Submission
from leaderboard.entries import Entry, read_entry
from leaderboard.run_files import NEEDED
from mbench.errors import ConfigError, MBenchError, one_line
from mbench.suites import Suite, load_suite, suite_names

SCHEMA = 1


def check_submission(folder: Path) -> dict[str, Any]:
    """Check the folder of a run.

    Args:
        folder: `results/<model>/<run id>`.

    Returns:
        `model`, `run_id` and `suite`, None where they can't be read; `complete`, `comparable` and `consistent`;
        `checked`: the names of the checks that were made; `findings`: mappings with kind, check and text.

    Raises:
        ConfigError: it is not the folder of a run.
    """
    if not any(os.path.lexists(folder / name) for name in ("run.json", "result.json")):
        raise ConfigError(f"{folder}: holds neither run.json nor result.json; expected results/<model>/<run id>")
    findings = _missing_files(folder)
    entry = None
    if not findings:
        try:
            entry = read_entry(folder)
        except MBenchError as error:
            findings = [Finding("incomplete", "files", one_line(error).replace(f"{folder}/", ""))]
    if entry is not None:
        submission = Submission(entry, _registered_suite(entry.suite["name"]))
        findings = [finding for check in CHECKS for finding in check(submission)]
    return _report(folder, entry, findings)


def _report(folder: Path, entry: Entry | None, findings: list[Finding]) -> dict[str, Any]:
    kinds = {finding.kind for finding in findings}
    return {
        "schema": SCHEMA, "folder": str(folder),
        "model": entry.name if entry else None, "run_id": entry.run_id if entry else None,
        "suite": dict(entry.suite) if entry else None,
        "complete": "incomplete" not in kinds,
        "comparable": entry is not None and "incomparable" not in kinds,
        "consistent": entry is not None and "contradictory" not in kinds,
        "checked": [check.__name__.removeprefix("_check_") for check in CHECKS] if entry else ["files"],
        "findings": [asdict(finding) for finding in findings],
    }  # fmt: skip


def _missing_files(folder: Path) -> list[Finding]:
    return [
        Finding("incomplete", "files", f"{name} is missing; expected the whole folder of a finished run")
        for name in NEEDED
        if not (folder / name).exists()
    ]


def _registered_suite(name: str) -> Suite | None:
    return load_suite(name) if name in suite_names() else None
