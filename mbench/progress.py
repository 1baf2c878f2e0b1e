"""Progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 10.0  # seconds between plain lines


@contextmanager
def progress(what: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show how far a stage is; yields a function to call with the number of items just finished.

    Args:
        what: name of the stage.
        total: number of items.
        quiet: show nothing.
    """
    if quiet or total == 0:
        yield lambda done: None
    elif sys.stderr.isatty():
        with _bar(what, total) as advance:
            yield advance
    else:
        yield _Lines(what, total).advance


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    label = TextColumn("{task.description:>10}")
    columns = (label, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=total)
        yield lambda done: bars.advance(task, done)


class _Lines:
    """A line at the end, and one every ten seconds."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done, self._said = what, total, 0, time.monotonic()

    def advance(self, done: int) -> None:
        """Count finished items."""
        self._done += done
        now = time.monotonic()
        if self._done >= self._total or now - self._said >= EVERY:
            self._said = now
            print(f"{self._what}: {self._done}/{self._total}", file=sys.stderr, flush=True)  # noqa: T201
