"""The results folder: `results/<model>/<run-id>/`. Atomic, resumable, schema-versioned.

`run.json` (what ran, with what), `motions/<prompt>-<replicate>.npz`, `motions/index.jsonl` (a row a generation),
`scores.csv` (a row a value), `result.json` (the summary). While scoring runs, rows gather in `scores.partial.csv`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mbench.errors import ConfigError, MBenchError
from mbench.files import append_lines, atomic_write, read_json, sha256_of, whole_lines, write_json
from mbench.io import read_motion, write_motion
from mbench.motion import Motion

SCHEMA = 1
COLUMNS = ("metric", "version", "prompt", "replicate", "value", "reason")
FAILED = "failed: "  # starts the reason of a metric that broke, as opposed to one that does not apply
NO_MOTION = "no motion: "  # starts the reason of every metric of a prompt that has no motion


@dataclass(frozen=True)
class Generation:
    """A row of `index.jsonl`.

    Attributes:
        prompt: id.
        replicate: from 0.
        seed: what the model was given.
        file: name in `motions/`, None exactly when `reason` says why there is no motion.
        sha256: of the file.
        reason: why there is no motion.
        seconds: wall time of its batch, divided by the batch.
        frames: of the motion.
        fps: of the motion.
    """

    prompt: str
    replicate: int
    seed: int
    file: str | None = None
    sha256: str | None = None
    reason: str | None = None
    seconds: float | None = None
    frames: int | None = None
    fps: float | None = None


@dataclass(frozen=True)
class ScoreRow:
    """A row of `scores.csv`; `version` is that of the metric and of what else decided the value (`mbench.versions`).

    For a metric over the whole set `prompt` is empty and `replicate` says what a row is (`mbench.score_sets`): 0 the
    metric's own, then those of subsets and replications, from which its intervals are made, and counts.
    """

    metric: str
    version: str
    prompt: str
    replicate: int
    value: float | None
    reason: str | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Return what tells this value from all others."""
        return (self.metric, self.version, self.prompt, self.replicate)


class RunFolder:
    """One run on disk.

    Args:
        path: the folder; made by the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.motions = path / "motions"
        self.index = self.motions / "index.jsonl"
        self.scores = path / "scores.csv"
        self.partial = path / "scores.partial.csv"
        self.result = path / "result.json"
        self.run = path / "run.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other processes, and clear away what a killed one left half-written.

        Raises:
            MBenchError: another process holds it, or it can't be made.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            self.motions.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise MBenchError(f"{self.path}: another mbench is working on this run; wait for it or stop it") from None
        except OSError as error:
            raise MBenchError(f"{self.path}: can't be written: {error.strerror or error}") from error
        try:
            for left in [*self.path.glob(".*.*"), *self.motions.glob(".*.*")]:
                left.unlink()
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def read_run(self) -> dict[str, Any] | None:
        """Return `run.json`, None where there is none.

        Raises:
            MBenchError: it is broken, or of a newer schema.
        """
        return _read_versioned(self.run) if self.run.exists() else None

    def read_result(self) -> dict[str, Any]:
        """Return `result.json`.

        Raises:
            MBenchError: there is none (the run is not finished), it is broken, or of a newer schema.
        """
        if not self.result.exists():
            raise ConfigError(f"{self.path}: holds no result.json; expected the folder of a finished run")
        return _read_versioned(self.result)

    def write_run(self, run: dict[str, Any]) -> None:
        """Write `run.json`."""
        write_json(self.run, {"schema": SCHEMA, **run})

    def write_result(self, result: dict[str, Any]) -> None:
        """Write `result.json`."""
        write_json(self.result, {"schema": SCHEMA, **result})

    def generations(self) -> dict[tuple[str, int], Generation]:
        """Return what was generated so far, by (prompt, replicate); the last row of a pair counts.

        Raises:
            MBenchError: a row is broken.
        """
        found = {}
        for number, line in enumerate(whole_lines(self.index), 1):
            try:
                row = Generation(**json.loads(line))
            except (TypeError, json.JSONDecodeError) as error:
                raise MBenchError(f"{self.index}: line {number} is broken: {error}; delete the run folder") from error
            found[row.prompt, row.replicate] = row
        return found

    def add_motion(self, motion: Motion, prompt: str, replicate: int, seed: int, seconds: float) -> Generation:
        """Write a motion file and return its row, not yet in the index."""
        name = f"{prompt}-{replicate}.npz"
        write_motion(motion, self.motions / name)
        digest = sha256_of(self.motions / name)
        return Generation(prompt, replicate, seed, name, digest, None, seconds, len(motion), motion.fps)

    def add_to_index(self, rows: Iterable[Generation]) -> None:
        """Append rows to the index in one write."""
        self.motions.mkdir(parents=True, exist_ok=True)
        append_lines(self.index, [json.dumps(asdict(row), ensure_ascii=False, allow_nan=False) for row in rows])

    def load(self, row: Generation) -> Motion:
        """Return the motion of a row.

        Raises:
            MBenchError: the file is gone, or is not the one that was generated.
        """
        path = self.motions / str(row.file)
        if not path.exists():
            raise MBenchError(
                f"{path}: is gone since it was generated; delete its line in {self.index.name} or the run"
            )
        if sha256_of(path) != row.sha256:
            raise MBenchError(f"{path}: changed since it was generated (its sha256 differs from {self.index.name})")
        return read_motion(path)

    def read_scores(self) -> dict[tuple[str, str, str, int], ScoreRow]:
        """Return all rows of `scores.csv` and of an unfinished `scores.partial.csv`, by key."""
        rows: dict[tuple[str, str, str, int], ScoreRow] = {}
        for path in (self.scores, self.partial):
            rows |= {row.key: row for row in _read_rows(path)}
        return rows

    def add_scores(self, rows: Iterable[ScoreRow]) -> None:
        """Append rows to `scores.partial.csv` in one write."""
        append_lines(self.partial, _csv(map(_cells, rows)).splitlines())

    def finish_scores(self, rows: Iterable[ScoreRow]) -> None:
        """Write `scores.csv` whole and drop the partial file."""
        with atomic_write(self.scores, "w") as file:
            file.write(_csv([COLUMNS, *map(_cells, rows)]))
        self.partial.unlink(missing_ok=True)


def _read_versioned(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise ConfigError(f"{path}: has no schema number; expected a file that `mbench evaluate` wrote")
    if value["schema"] > SCHEMA:
        raise ConfigError(f"{path}: schema {value['schema']}; this mbench reads up to {SCHEMA}: update mbench")
    return value


def _read_rows(path: Path) -> list[ScoreRow]:
    rows = []
    for number, cells in enumerate(csv.reader(whole_lines(path)), 1):
        if tuple(cells) == COLUMNS:
            continue
        try:
            metric, version, prompt, replicate, value, reason = cells
            number_or_none = float(value) if value else None
            rows.append(ScoreRow(metric, version, prompt, int(replicate), number_or_none, reason or None))
        except ValueError as error:
            raise MBenchError(f"{path}: line {number} is broken: {error}; delete the file to score again") from error
    return rows


def _cells(row: ScoreRow) -> tuple[Any, ...]:
    """Return the cells of a row; floats as repr, which reads back to the same float."""
    value = "" if row.value is None else repr(float(row.value))
    reason = " ".join((row.reason or "").split())
    return (row.metric, row.version, row.prompt, row.replicate, value, reason)


def _csv(rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
