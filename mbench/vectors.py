"""Vectors of texts on disk: a cache in one SQLite file that several processes can read and write at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
WAIT = 60.0  # seconds for another process to finish writing
SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (what TEXT, text TEXT, size INTEGER, data BLOB, PRIMARY KEY (what, text))"


class VectorStore:
    """Arrays (d,) or (n, d) by kind and text. A cache: whatever goes wrong with it only costs time.

    Args:
        path: the file; it and its folder are made when first written to. A damaged one is made anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = False

    def get(self, texts: Iterable[str], what: str) -> dict[str, Vectors]:
        """Return {text: array} for the texts that are there: (d,) of kind `sentence`, (n, d) of kind `token`."""
        found: dict[str, Vectors] = {}
        try:
            with self._open() as connection:
                for text in dict.fromkeys(texts):
                    query = "SELECT size, data FROM vectors WHERE what = ? AND text = ?"
                    row = connection.execute(query, (what, text)).fetchone()
                    if row and (array := _array(row[0], row[1], what)) is not None:
                        found[text] = array
        except (sqlite3.Error, OSError):
            return {}
        return found

    def put(self, vectors: dict[str, Vectors], what: str) -> None:
        """Keep arrays; one that is there is replaced."""
        rows = [(what, text, value.shape[-1], np.ascontiguousarray(value).tobytes()) for text, value in vectors.items()]
        try:
            with self._open() as connection, connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
        except (sqlite3.Error, OSError):
            return

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file, made first where it is not there; one that is no database is removed."""
        try:
            if not self._made:
                self._make()
            with closing(sqlite3.connect(self.path, timeout=WAIT)) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):  # which are busy, full or locked files
                self._made = False
                for suffix in ("", "-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            raise

    def _make(self) -> None:
        """Make the file; the lock because two processes can't both switch it to a write-ahead log."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with (
            FileLock(f"{self.path}.lock", timeout=WAIT),
            closing(sqlite3.connect(self.path, timeout=WAIT)) as connection,
        ):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(SCHEMA)
            connection.commit()
        self._made = True


def _array(size: int, data: bytes, what: str) -> Vectors | None:
    """Return a stored array, None where a row does not hold a whole one."""
    if size < 1 or not data or len(data) % (4 * size) or (what == "sentence" and len(data) != 4 * size):
        return None
    array = np.frombuffer(data, np.float32).copy()
    return array.reshape(-1, size) if what == "token" else array
