"""Result folders as entries of a leaderboard; those that can't be read are told, never shown.

Everything in a folder may come from strangers: texts are plain strings for the pages to escape, files are read only
where they lie inside the results folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from leaderboard.documents import ResultDocument, RunDocument, read_document
from leaderboard.run_files import check_agreement, check_files, generations, prompts_of, score_rows
from mbench.errors import ConfigError, MBenchError, one_line
from mbench.files import hash_of
from mbench.results import Generation, ScoreRow
from mbench.suites.prompt import DIMENSIONS
from mbench.summary import prompt_means

DEPTH = 2  # results/<model>/<run>
SAFE = re.compile(r"[^a-z0-9_.]+")


@dataclass(frozen=True)
class Problem:
    """A folder that is left out.

    Attributes:
        path: of the folder.
        reason: why, in one line; files are named relative to the folder.
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        """Return the folder and why it is left out."""
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Entry:
    """A finished run, read from its folder.

    Attributes:
        key: `<model>/<run id>`, unique among the entries read together.
        slug: the same for file names and addresses: lower case, url-safe, unique too; always ends in the run id or in
            a hash, so that it is never the name of another page.
        folder: of the run.
        run: `run.json`, checked by `leaderboard.documents.RunDocument`.
        result: `result.json`, checked by `leaderboard.documents.ResultDocument`.
        prompts: mappings with id, text, seconds, dimensions, tags, in the order of the suite; empty where neither the
            run nor a registered suite tells them.
    """

    key: str
    slug: str
    folder: Path
    run: Mapping[str, Any]
    result: Mapping[str, Any]
    prompts: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        """Return the model's name; several entries can share it."""
        return str(self.result["model"])

    @property
    def run_id(self) -> str:
        """Return the id of the run."""
        return str(self.result["run_id"])

    @property
    def kind(self) -> str:
        """Return `learned`, `rule-based`, `control` or `files`, or what else the model's card says."""
        return str(self.result["kind"])

    @property
    def card(self) -> Mapping[str, Any]:
        """Return the model's card; see `mbench.card.Card`."""
        card: Mapping[str, Any] = self.run["card"]
        return card

    @property
    def suite(self) -> Mapping[str, Any]:
        """Return name, version and hash of the suite."""
        suite: Mapping[str, Any] = self.result["suite"]
        return suite

    @property
    def date(self) -> str:
        """Return when the run ended, UTC, ISO 8601."""
        return str(self.run["end"])

    @property
    def metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the summary of each metric by `pillar/metric`."""
        metrics: Mapping[str, Mapping[str, Any]] = self.result["metrics"]
        return metrics

    @property
    def dimensions(self) -> dict[str, Mapping[str, Any]]:
        """Return the summaries of the benchmark's nine dimensions that were scored, by bare name, in their order."""
        full = {dimension: f"{pillar}/{dimension}" for dimension, pillar in DIMENSIONS.items()}
        return {dimension: self.metrics[name] for dimension, name in full.items() if name in self.metrics}

    @property
    def pillars(self) -> Mapping[str, Mapping[str, Any]]:
        """Return value, low, high, dimensions and n of each pillar that has a score."""
        pillars: Mapping[str, Mapping[str, Any]] = self.result["pillars"]
        return pillars

    @property
    def versions(self) -> dict[str, str]:
        """Return the version of each metric of the result, with the judge or body that decides it."""
        return {name: summary["version"] for name, summary in self.metrics.items()}

    def summary(self, name: str) -> Mapping[str, Any] | None:
        """Return the summary of a pillar (`quality`) or a metric (`quality/jerk`), None where there is none."""
        found: Mapping[str, Any] | None = (self.metrics if "/" in name else self.pillars).get(name)
        return found

    def value(self, name: str) -> float | None:
        """Return the value of a pillar or metric, in the metric's unit; None where it is missing."""
        return self._number(name, "value")

    def low(self, name: str) -> float | None:
        """Return the lower end of the 95 % interval, None where there is none."""
        return self._number(name, "low")

    def high(self, name: str) -> float | None:
        """Return the upper end of the 95 % interval, None where there is none."""
        return self._number(name, "high")

    def score(self, name: str) -> float | None:
        """Return the score, 0 (control) to 1 (real motion), of a pillar or a dimension; None where there is none."""
        return self._number(name, "score" if "/" in name else "value")

    def _number(self, name: str, field: str) -> float | None:
        summary = self.summary(name)
        found = None if summary is None else summary.get(field)
        return None if found is None else float(found)

    @cached_property
    def texts(self) -> dict[str, str]:
        """Return the text of each prompt by id."""
        return {prompt["id"]: prompt["text"] for prompt in self.prompts}

    @cached_property
    def rows(self) -> dict[str, list[ScoreRow]]:
        """Return the rows of `scores.csv` by metric, those of the versions that the result summarises; read once.

        Raises:
            MBenchError: the file is broken.
        """
        return score_rows(self.folder, self.versions)

    def by_prompt(self, metric: str) -> dict[str, float]:
        """Return {prompt: mean over its replicates} of a metric; prompts without a value are not in it."""
        return prompt_means(row for row in self.rows.get(metric, []) if row.prompt)

    @cached_property
    def generations(self) -> dict[tuple[str, int], Generation]:
        """Return the rows of `motions/index.jsonl` by (prompt, replicate); read once.

        Raises:
            MBenchError: the file is broken.
        """
        return generations(self.folder)

    def motion(self, prompt: str, replicate: int = 0) -> Path | None:
        """Return the file of a motion; None where there is none, or where it is no plain file of the run's `motions/`.

        Its content may have changed since: `generations[prompt, replicate].sha256` tells.
        """
        row = self.generations.get((prompt, replicate))
        if row is None or not isinstance(row.file, str):
            return None
        path = self.folder / "motions" / row.file
        plain = re.fullmatch(r"[\w.+-]+", row.file) is not None and not path.is_symlink()
        return path if plain and path.is_file() else None


def read_entries(folder: Path) -> tuple[list[Entry], list[Problem]]:
    """Return the finished runs of a folder, by model and run id, and what is left out and why.

    Looks at `folder` itself, at `<run>/` and at `<model>/<run>/` in it. A run that is broken, unfinished, of a newer
    schema or reached by a link out of `folder` is a problem; the others are read all the same.

    Args:
        folder: of results, of one model's results, or of one run.

    Raises:
        ConfigError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is no folder; expected the one that `mbench evaluate` wrote results to")
    entries: dict[str, Entry] = {}
    runs, problems = _run_folders(folder)
    for path in runs:
        try:
            entry = read_entry(path, folder)
            if (other := entries.setdefault(entry.slug, entry)) is not entry:
                where = other.folder.relative_to(folder)
                raise ConfigError(f"{path}: is the same run as {where}; expected it once")
        except MBenchError as error:
            problems.append(Problem(path, one_line(error).replace(f"{path}/", "").removeprefix(f"{path}: ")))
        except OSError as error:
            problems.append(Problem(path, f"can't be read: {error.strerror or error}"))
    return sorted(entries.values(), key=lambda entry: entry.key), problems


def _run_folders(root: Path) -> tuple[list[Path], list[Problem]]:
    """Return the folders that hold a run, finished or not, sorted, and those that can't be looked into."""
    runs: list[Path] = []
    problems: list[Problem] = []
    level = [root]
    for depth in range(DEPTH + 1):
        found = [path for path in level if _holds_run(path)]
        runs += found
        if depth < DEPTH:
            level = [child for path in level if path not in found for child in _folders(path, problems)]
    return sorted(runs), problems


def _folders(path: Path, problems: list[Problem]) -> list[Path]:
    """Return the folders in a folder; what keeps them from being listed becomes a problem."""
    try:
        return sorted(child for child in path.iterdir() if not child.name.startswith(".") and child.is_dir())
    except OSError as error:
        problems.append(Problem(path, f"can't be looked into: {error.strerror or error}"))
        return []


def _holds_run(path: Path) -> bool:
    return any(os.path.lexists(path / name) for name in ("run.json", "result.json"))


def read_entry(path: Path, within: Path | None = None) -> Entry:
    """Return the run of a folder.

    Args:
        path: of the run.
        within: files outside this folder are not read; by default `path`.

    Raises:
        MBenchError: it is unfinished, broken, or of a newer schema.
        OSError: it can't be read.
    """
    check_files(path, path if within is None else within)
    result = read_document(path / "result.json", ResultDocument)
    run = read_document(path / "run.json", RunDocument)
    check_agreement(path, run, result)
    key = f"{result['model']}/{result['run_id']}"
    entry = Entry(key, slug_of(result["model"], result["run_id"]), path, run, result, tuple(prompts_of(run, result)))
    for read in ("rows", "generations"):  # so that a broken file is told now, not in the middle of a page
        getattr(entry, read)
    return entry


def slug_of(model: str, run_id: str) -> str:
    """Return a name for files and addresses; a hash keeps names apart that differ in what is left out of it."""
    whole = f"{model}-{run_id}"
    safe = f"{SAFE.sub('-', model.lower()).strip('-.')[:60] or 'model'}-{run_id.lower()}"
    return safe if safe == whole else f"{safe}-{hash_of([model, run_id])[:8]}"
