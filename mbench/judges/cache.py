"""What models answered, on disk: one SQLite file for all judges, which several processes can use at once.

The key of an answer is a hash of everything that decides it (`mbench.judges.vision.calls.key_of`). The first answer
stored under a key stays: a process that was slower gets that one, so that all of them have the same numbers. Failed
calls are not stored.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from mbench.cache import cache_folder
from mbench.errors import JudgeError

WAIT = 60.0  # seconds that a process waits for the others
DAY = 86400.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, judge TEXT NOT NULL, model TEXT NOT NULL,"
    " response TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER, seconds REAL NOT NULL,"
    " created REAL NOT NULL)"
)


class DamagedCache(JudgeError):
    """The file is not what SQLite wrote."""


@dataclass(frozen=True)
class Response:
    """An answer as it came.

    Attributes:
        judge: which judge asked.
        model: which model answered, by the name that the server knows.
        text: the reply, raw.
        input_tokens: None where the server did not say.
        output_tokens: likewise.
        seconds: that the call took.
    """

    judge: str
    model: str
    text: str
    input_tokens: int | None
    output_tokens: int | None
    seconds: float


class ResponseCache:
    """Answers by key.

    Args:
        path: the file; by default `judges/responses.sqlite` in $MBENCH_CACHE or ~/.cache/mbench. It and its folder are
            made when first needed.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "judges" / "responses.sqlite"
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def get(self, key: str) -> Response | None:
        """Return the answer of a key, or None.

        Raises:
            JudgeError: the file is damaged or can't be read.
        """
        columns = "judge, model, response, input_tokens, output_tokens, seconds"
        with self._open() as connection:
            row = connection.execute(f"SELECT {columns} FROM responses WHERE key = ?", (key,)).fetchone()
        return None if row is None else Response(*row)

    def put(self, key: str, response: Response) -> Response:
        """Store an answer, and return the one that is stored: another process may have been faster.

        Raises:
            JudgeError: the file is damaged or can't be written.
        """
        r = response
        row = (key, r.judge, r.model, r.text, r.input_tokens, r.output_tokens, r.seconds, time.time())
        with self._open() as connection, connection:
            connection.execute("INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        stored = self.get(key)
        return response if stored is None else stored

    def summary(self) -> list[dict[str, Any]]:
        """Return what is there of each judge and model: entries, tokens, oldest and newest (seconds since 1970).

        Raises:
            JudgeError: the file is damaged or can't be read.
        """
        if not self.path.exists():
            return []
        query = (
            "SELECT judge, model, count(*) AS entries, sum(input_tokens) AS input_tokens,"
            " sum(output_tokens) AS output_tokens, min(created) AS oldest, max(created) AS newest"
            " FROM responses GROUP BY judge, model ORDER BY judge, model"
        )
        with self._open() as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def clear(self, judge: str | None = None, older_than: float | None = None) -> int:
        """Remove answers, all or some, give the room back, and return how many there were.

        Args:
            judge: only of this judge.
            older_than: only those stored more than so many days ago.

        Raises:
            JudgeError: the file is damaged or can't be written.
        """
        if not self.path.exists():
            return 0
        where, values = _condition(judge, older_than)
        with self._open() as connection:
            with connection:
                removed = connection.execute(f"DELETE FROM responses WHERE {where}", values).rowcount
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    def remove(self) -> None:
        """Remove the file and what SQLite keeps beside it, whatever it holds."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one thread at a time; other processes have one of their own."""
        try:
            with self._lock:
                if self._connection is None or not self.path.exists():
                    self._connection = self._connect()
                yield self._connection
        except sqlite3.OperationalError as error:
            raise JudgeError(f"{self.path}: the cache of judges' answers can't be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise DamagedCache(
                f"{self.path}: the cache of judges' answers is damaged ({error}); remove it: mbench cache clear --yes"
            ) from error
        except OSError as error:
            raise JudgeError(f"{self.path}: can't be used: {error.strerror or error}") from error

    def _connect(self) -> sqlite3.Connection:
        """Open the file, made if need be, one process at a time: SQLite does not wait when two turn on WAL at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            connection = sqlite3.connect(self.path, timeout=WAIT, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                with connection:
                    connection.execute(_TABLE)
            except sqlite3.Error:
                connection.close()
                raise
        return connection


def _condition(judge: str | None, older_than: float | None) -> tuple[str, list[Any]]:
    """Return what follows WHERE, and its values."""
    parts: list[tuple[str, Any]] = [] if judge is None else [("judge = ?", judge)]
    if older_than is not None:
        parts.append(("created < ?", time.time() - older_than * DAY))
    return " AND ".join(part for part, _ in parts) or "1", [value for _, value in parts]
