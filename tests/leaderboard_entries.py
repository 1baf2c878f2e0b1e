"""Entries made by hand, and ways to spoil a run folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leaderboard.entries import Entry, slug_of
from mbench.suites import Suite, suite_from_rows

SUITE = {"name": "little", "version": "1", "hash": "a" * 64}
NASTY = "=<script>alert('x')</script> | `b` & {c}_$d% ~^# \\e \"f\" *g* [h](http://i.j) \u202e\x1b[31m"


def summary(value: float | None, low: float | None = None, high: float | None = None, **facts: Any) -> dict[str, Any]:
    """Return a metric's summary as `result.json` holds it."""
    return {
        "value": value, "low": low, "high": high, "std": None, "n": 0 if value is None else 5, "missing": 0,
        "failed": 0, "reasons": {}, "unit": "m", "better": "lower", "version": "1", "dimension": "d",
        "is_dimension": True, **facts,
    }  # fmt: skip


def entry(name: str = "a", run_id: str = "r1", metrics: dict[str, Any] | None = None, **result: Any) -> Entry:
    """Return an entry that lies nowhere; `end` is when its run ended."""
    end = result.pop("end", "2026-01-01T00:00:00Z")
    kind = result.pop("kind", "learned")
    whole = {
        "model": name, "kind": kind, "run_id": run_id, "suite": SUITE, "prompts": 5, "replicates": 1, "motions": 5,
        "metrics": metrics or {}, "pillars": {}, "anchors": 1, "notes": [], **result,
    }  # fmt: skip
    run = {"run_id": run_id, "end": end, "card": {"name": name, "version": "1", "kind": kind, "licence": "MIT"}}
    return Entry(f"{name}/{run_id}", slug_of(name, run_id), Path("/nowhere"), run, whole, ())


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file in place."""
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def tiny_suite() -> Suite:
    """Return a suite of two short prompts that score all nine dimensions."""
    others = [
        "a person sits down", "a person jumps up", "a man kicks with the left leg", "someone crawls on the floor",
        "a woman dances in a circle", "a person throws a ball", "a man climbs a ladder", "someone swims", "a man bows",
    ]  # fmt: skip
    groups = ["quality", "pose", "consistency", "generalization"]
    texts = ("a person walks forward", "a person waves with the right hand")
    rows = [
        {"id": f"t{i}", "text": text, "seconds": 1.2, "dimensions": groups, "candidates": others}
        for i, text in enumerate(texts)
    ]
    return suite_from_rows("tiny", rows, licence="CC0")
