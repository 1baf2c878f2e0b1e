"""The database of a build: clips, what each stage found of them, and why a clip was left out.

One SQLite file. A clip's result at a stage carries a fingerprint of everything that decides it, so that a changed
setting makes only what depends on it stale, and a kill loses at most the clips in work.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mbench.errors import MBenchError

SCHEMA = """
CREATE TABLE IF NOT EXISTS subsets (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clips (
    key TEXT PRIMARY KEY, subset TEXT NOT NULL, position INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS clips_of_subset ON clips (subset, position);
CREATE TABLE IF NOT EXISTS skipped (subset TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    stage TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, reason TEXT, facts TEXT NOT NULL,
    PRIMARY KEY (stage, key)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Record:
    """A clip as it was ingested.

    Attributes:
        key: `subset/id`, unique in the build.
        subset: name.
        clip: its id in the source.
        group: what must not be in two splits: the actor, else the clip that it is a part or a copy of.
        split: as the source names it, or empty.
        source: the collection.
        licence: of the motion.
        actor: or empty.
        start: seconds into the source's clip.
        end: seconds into the source's clip, None for its end.
        seconds: length as the source states it, 0 where it does not.
        captions: each `{"text", "source", "end"}`; `end` is in seconds from the start of this part, None for its end.
        labels: content and style.
        notes: known defects.
        simulated_from: key of the clip that it is a simulated capture of, or empty.
    """

    key: str
    subset: str
    clip: str
    group: str
    split: str = ""
    source: str = ""
    licence: str = ""
    actor: str = ""
    start: float = 0.0
    end: float | None = None
    seconds: float = 0.0
    captions: list[dict[str, Any]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    simulated_from: str = ""


@dataclass(frozen=True)
class Result:
    """What a stage found of a clip.

    Attributes:
        fingerprint: of everything that decided it.
        reason: why the clip is left out, None where it goes on.
        facts: JSON values.
    """

    fingerprint: str
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Database:
    """The database of a build; made where there is none.

    Args:
        path: of the SQLite file.

    Raises:
        MBenchError: it can't be opened, is no such database, or another build has it.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise MBenchError(f"{path}: can't be opened as a build's database: {error}") from error
        self.path = path

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is written, or nothing.

        Raises:
            MBenchError: the disk is full, or another program writes.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise MBenchError(f"{self.path}: can't be written: {error}") from error

    def ingested(self, subset: str) -> str | None:
        """Return the fingerprint with which a subset was ingested, None where it was not."""
        row = self._db.execute("SELECT fingerprint FROM subsets WHERE name = ?", (subset,)).fetchone()
        return None if row is None else str(row[0])

    def ingest(
        self, subset: str, fingerprint: str, records: Iterable[tuple[Record, str]], skipped: dict[str, str]
    ) -> None:
        """Replace the clips of a subset.

        Args:
            subset: name.
            fingerprint: of the source.
            records: clips in order, each with the fingerprint of what decides its motion.
            skipped: {name: why it was left out}.
        """
        rows = [
            (record.key, subset, position, mark, json.dumps(asdict(record), ensure_ascii=False))
            for position, (record, mark) in enumerate(records)
        ]
        with self.transaction():
            self._forget(subset)
            self._db.executemany("INSERT INTO clips VALUES (?, ?, ?, ?, ?)", rows)
            self._db.executemany("INSERT INTO skipped VALUES (?, ?, ?)", [(subset, *item) for item in skipped.items()])
            self._db.execute("INSERT INTO subsets VALUES (?, ?)", (subset, fingerprint))

    def _forget(self, subset: str) -> None:
        self._db.execute("DELETE FROM clips WHERE subset = ?", (subset,))
        self._db.execute("DELETE FROM skipped WHERE subset = ?", (subset,))
        self._db.execute("DELETE FROM subsets WHERE name = ?", (subset,))

    def keep_only(self, subsets: Iterable[str]) -> None:
        """Forget all other subsets, and the results of clips that are there no more."""
        known = [row[0] for row in self._db.execute("SELECT name FROM subsets")]
        with self.transaction():
            for name in set(known) - set(subsets):
                self._forget(name)
            self._db.execute("DELETE FROM results WHERE key NOT IN (SELECT key FROM clips)")

    def records(self, subset: str) -> dict[str, Record]:
        """Return the clips of a subset by key, in order."""
        rows = self._db.execute("SELECT key, record FROM clips WHERE subset = ? ORDER BY position", (subset,))
        return {key: Record(**json.loads(record)) for key, record in rows}

    def marks(self, subset: str) -> dict[str, str]:
        """Return the fingerprints with which the clips of a subset were ingested, in order."""
        rows = self._db.execute("SELECT key, fingerprint FROM clips WHERE subset = ? ORDER BY position", (subset,))
        return dict(rows.fetchall())

    def skipped(self, subset: str) -> dict[str, str]:
        """Return what ingest left out of a subset, and why."""
        return dict(self._db.execute("SELECT name, reason FROM skipped WHERE subset = ?", (subset,)).fetchall())

    def results(self, stage: str, subset: str | None = None) -> dict[str, Result]:
        """Return the results of a stage, of one subset or of all."""
        where, values = ("", ()) if subset is None else (" AND subset = ?", (subset,))
        rows = self._db.execute(
            "SELECT key, results.fingerprint, reason, facts FROM results JOIN clips USING (key) WHERE stage = ?"
            f"{where} ORDER BY subset, position",
            (stage, *values),
        )
        return {key: Result(mark, reason, json.loads(facts)) for key, mark, reason, facts in rows}

    def result(self, stage: str, key: str) -> Result:
        """Return the result of a stage for one clip.

        Raises:
            KeyError: there is none.
        """
        row = self._db.execute(
            "SELECT fingerprint, reason, facts FROM results WHERE stage = ? AND key = ?", (stage, key)
        ).fetchone()
        if row is None:
            raise KeyError(f"{stage} has no result for {key}")
        return Result(row[0], row[1], json.loads(row[2]))

    def save(self, stage: str, results: Iterable[tuple[str, Result]]) -> None:
        """Write results of a stage, over older ones."""
        rows = [
            (stage, key, result.fingerprint, result.reason, json.dumps(result.facts, ensure_ascii=False))
            for key, result in results
        ]
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", rows)
