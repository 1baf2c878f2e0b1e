"""What a training writes down: means of logged numbers, lines of the log, progress on stderr, Ctrl-C."""

from __future__ import annotations

import json
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from mbench.errors import MBenchError
from mbench.files import append_lines, atomic_write, whole_lines

SAY_EVERY = 10.0  # seconds between plain lines of progress


class Log:
    """`log.jsonl`: one JSON object a line, in the order of the steps.

    Args:
        path: the file.
        step: steps that the checkpoint has done; lines of later ones, written before a kill, are dropped.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        lines = whole_lines(path)
        kept = [line for line in lines if json.loads(line)["step"] <= step] if step else []
        if len(kept) < len(lines):
            with atomic_write(path, "w") as file:
                file.write("".join(f"{line}\n" for line in kept))

    def write(self, row: dict[str, Any]) -> None:
        """Append a line; numbers that are not finite become null."""
        append_lines(self._path, [json.dumps(_finite(row), allow_nan=False, ensure_ascii=False)])

    def rows(self) -> list[dict[str, Any]]:
        """Return all lines."""
        return [json.loads(line) for line in whole_lines(self._path)]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Window:
    """The numbers of the steps since the last line of the log.

    Tensors are kept as they come and read in one go, for reading one waits for the device.

    Args:
        gather: turns a list of scalar tensors, one a step, into numbers, means over all processes.
        values: numbers that an interrupted run had already.
    """

    def __init__(self, gather: Callable[[list[Any]], list[float]], values: dict[str, list[float]]) -> None:
        self._gather, self.values = gather, values
        self._waiting: dict[str, list[Any]] = {}

    def add(self, scalars: dict[str, Any]) -> None:
        """Take in the scalar tensors of a step."""
        for name, value in scalars.items():
            self._waiting.setdefault(name, []).append(value.detach())

    def settle(self, step: int) -> None:
        """Read the tensors that wait.

        Args:
            step: steps done.

        Raises:
            MBenchError: a loss or the norm of a gradient is not finite.
        """
        waiting, self._waiting = self._waiting, {}
        fresh = {name: self._gather(tensors) for name, tensors in waiting.items()}
        for name in ("loss", "grad_norm"):
            _check_finite(name, fresh.get(name, []), step)
        for name, numbers in fresh.items():
            self.values.setdefault(name, []).extend(numbers)

    def means(self) -> dict[str, float]:
        """Return the mean of every number since the last call, and forget them."""
        values, self.values = self.values, {}
        return {name: math.fsum(numbers) / len(numbers) for name, numbers in values.items()}


def _check_finite(name: str, values: list[float], step: int) -> None:
    """Raise for the first value that is not finite; the last of them is of the step before `step`."""
    for place, value in enumerate(values, step - len(values)):
        if not math.isfinite(value):
            raise MBenchError(
                f"training: {name} of step {place}, counted from 0, is {value}; expected a finite number (bad data in "
                "its batch, or too high a rate?); the last checkpoint is as it was"
            )


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Hold back the first Ctrl-C; yields a function that tells whether there was one. The second acts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False  # signals come to the main thread only
        return
    asked = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def shown(first: int, steps: int, quiet: bool) -> Iterator[Callable[[int, float | None], None]]:
    """Show how far a training is on stderr; yields a function of the steps done and the latest mean loss."""
    if quiet or first >= steps:
        yield lambda done, loss: None
    elif sys.stderr.isatty():
        with _bar(first, steps) as show:
            yield show
    else:
        yield _Lines(first, steps).show


@contextmanager
def _bar(first: int, steps: int) -> Iterator[Callable[[int, float | None], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task, status = bars.add_task("", total=steps, completed=first), _Status(first, steps)
        yield lambda done, loss: bars.update(task, completed=done, description=status(done, loss))


class _Status:
    """Loss, steps a second and time left, as text."""

    def __init__(self, first: int, steps: int) -> None:
        self._first, self._steps, self._start = first, steps, time.monotonic()

    def __call__(self, done: int, loss: float | None) -> str:
        speed = (done - self._first) / max(1e-9, time.monotonic() - self._start)
        left = round((self._steps - done) / speed) if speed else 0
        text = f"{speed:.3g} steps/s, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
        return text if loss is None else f"loss {loss:.4g}, {text}"


class _Lines:
    """A line at the end, and one every ten seconds."""

    def __init__(self, first: int, steps: int) -> None:
        self._status, self._steps, self._said = _Status(first, steps), steps, time.monotonic()

    def show(self, done: int, loss: float | None) -> None:
        now = time.monotonic()
        if done >= self._steps or now - self._said >= SAY_EVERY:
            self._said = now
            print(f"training: {done}/{self._steps}, {self._status(done, loss)}", file=sys.stderr, flush=True)  # noqa: T201
