"""Where the playground keeps what it made: a temporary folder with an end to its size and to its age."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 60  # things kept at once; each is under 2 MB
SECONDS = 1800.0  # since it was last asked for
SWEEP = 60.0  # seconds between looks at what is too old


@dataclass
class _Kept(Generic[T]):
    value: T
    folder: Path
    used: float
    tokens: set[str] = field(default_factory=set)


class Store(Generic[T]):
    """Things with files, by key. A session gets at files by tokens of its own, which nobody can guess.

    Args:
        most: things kept; the one asked for longest ago goes first.
        seconds: that a thing is kept after it was last asked for.
        clock: seconds, from any start.
    """

    def __init__(self, most: int = MOST, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._temporary = tempfile.TemporaryDirectory(prefix="mbench-playground-", ignore_cleanup_errors=True)
        self._kept: dict[str, _Kept[T]] = {}
        self._keys: dict[str, str] = {}  # of tokens
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_now_and_then, daemon=True, name="playground-sweep").start()

    @property
    def root(self) -> Path:
        """Return the temporary folder."""
        return Path(self._temporary.name)

    def new_folder(self) -> Path:
        """Make and return an empty folder for the files of something that will be put here."""
        return Path(tempfile.mkdtemp(dir=self.root))

    def put(self, key: str, value: T, folder: Path) -> None:
        """Keep a thing with its files."""
        with self._lock:
            self._remove(key)
            self._kept[key] = _Kept(value, folder, self._clock())
            self._sweep()

    def get(self, key: str) -> T | None:
        """Return a thing, None where it is not kept (any more)."""
        with self._lock:
            self._sweep()
            kept = self._kept.get(key)
            if kept is None:
                return None
            kept.used = self._clock()
            return kept.value

    def token(self, key: str) -> str:
        """Return a new token for the files of a thing that is kept."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._kept[key].tokens.add(token)
            self._keys[token] = key
        return token

    def find(self, token: str) -> T | None:
        """Return the thing that a token is for, None where there is none (any more)."""
        with self._lock:
            key = self._keys.get(token)
        return None if key is None else self.get(key)

    def close(self) -> None:
        """Remove everything."""
        self._closed.set()
        with self._lock:
            self._kept.clear()
            self._keys.clear()
        self._temporary.cleanup()

    def _sweep_now_and_then(self) -> None:
        while not self._closed.wait(SWEEP):
            with self._lock:
                self._sweep()

    def _sweep(self) -> None:
        """Remove what is too old, then what is too much."""
        now = self._clock()
        by_age = sorted(self._kept, key=lambda key: self._kept[key].used)
        too_much = by_age[: max(0, len(by_age) - self._most)]
        for key in by_age:
            if key in too_much or now - self._kept[key].used > self._seconds:
                self._remove(key)

    def _remove(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            for token in kept.tokens:
                del self._keys[token]
            shutil.rmtree(kept.folder, ignore_errors=True)  # what a download still reads is freed when that ends
