"""How many calls at a time and a minute, what they may cost, and what is written down of them."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mbench.errors import JudgeError, MBenchError, one_line
from mbench.files import append_lines

GRACE = 5.0  # seconds after Ctrl-C in which answers that are on their way are still kept
LONGEST_WAIT = 300.0  # seconds; a server that asks for more is not waited for
LONGEST_BACKOFF = 60.0

T = TypeVar("T")
R = TypeVar("R")


THREAD = "mbench-judge"  # name of the threads that may outlive a run that ends early


class Stopped(Exception):  # noqa: N818 - not an error: the run ends for another reason
    """A call that was not made because the run ends."""


def in_threads(
    function: Callable[[T], R], items: Sequence[T], threads: int, stop: threading.Event
) -> list[R | Exception]:
    """Return `function(item)` of each item, in order, or the exception it raised.

    Threads are daemons, so that Ctrl-C ends the program although a server does not answer.

    Args:
        function: called from several threads.
        items: what with.
        threads: how many.
        stop: set when no further item is to be started.

    Raises:
        JudgeError: the first one that was raised; no further item is started.
        KeyboardInterrupt: likewise; calls under way have `GRACE` seconds to end.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, R | Exception]] = queue.SimpleQueue()
    for index in range(len(items)):
        waiting.put(index)
    workers = [
        threading.Thread(target=_work, args=(function, items, waiting, done, stop), name=THREAD, daemon=True)
        for _ in range(min(threads, len(items)))
    ]
    for worker in workers:
        worker.start()
    results: dict[int, R | Exception] = {}
    try:
        while len(results) < len(items):
            index, result = done.get()
            if isinstance(result, JudgeError):
                raise result
            results[index] = result
    finally:
        stop.set()
        deadline = time.monotonic() + GRACE
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
    return [results[index] for index in range(len(items))]


def _work(
    function: Callable[[T], R], items: Sequence[T], waiting: queue.SimpleQueue[int],
    done: queue.SimpleQueue[tuple[int, R | Exception]], stop: threading.Event,
) -> None:  # fmt: skip
    """Take items until there are none, or until the run ends."""
    while not stop.is_set():
        try:
            index = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((index, function(items[index])))
        except Exception as error:  # belongs to the item, unless it ends the run
            if isinstance(error, JudgeError):
                stop.set()
            done.put((index, error))


class Pace:
    """When the next call may start.

    Args:
        per_minute: most calls a minute, evenly spread; None for no limit.

    Attributes:
        stop: ends all waiting when it is set; each run has one of its own.
    """

    def __init__(self, per_minute: float | None) -> None:
        self._every = 60.0 / per_minute if per_minute else 0.0
        self.stop, self._lock = threading.Event(), threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for this call's turn.

        Raises:
            Stopped: the run ends.
        """
        with self._lock:
            start = max(time.monotonic(), self._next)
            self._next = start + self._every
        self.sleep(start - time.monotonic())

    def hold(self, seconds: float) -> None:
        """Let no call start for some seconds, as the server asks."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: the run ends.
        """
        if self.stop.wait(max(0.0, seconds)):
            raise Stopped("the run was stopped")


def pause(attempt: int, first: float, asked: float | None) -> float:
    """Return the seconds before an attempt: exponential back-off with jitter, and no less than the server asks for.

    Args:
        attempt: from 1, the first retry.
        first: seconds before it.
        asked: what Retry-After said, or None.
    """
    own = min(LONGEST_BACKOFF, first * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
    return own if asked is None else asked + random.uniform(0.0, 0.1) * own  # noqa: S311


class Budget:
    """What the calls of this run have cost.

    Args:
        most: no further call once so much is spent; None for no limit.
        price_input: of a million tokens sent, None where costs are not counted.
        price_output: of a million tokens received.
    """

    def __init__(self, most: float | None, price_input: float | None, price_output: float | None) -> None:
        self._most, self._prices = most, (price_input, price_output)
        self._lock = threading.Lock()
        self.spent = 0.0

    def check(self) -> None:
        """Refuse a call when everything is spent.

        Raises:
            MBenchError: it is.
        """
        if self._most is not None and self.spent >= self._most:
            raise MBenchError(f"max_cost reached: {self.spent:.4g} of {self._most:.4g} spent in this run")

    def add(self, tokens: tuple[int | None, int | None], replied: bool) -> float | None:
        """Count a call and return what it cost, None where that is not known.

        Args:
            tokens: sent and received.
            replied: whether there was a reply, for which a server has to say its tokens.

        Raises:
            JudgeError: there is a limit, and the server does not say how many tokens a reply took.
        """
        (sent, received), (price_sent, price_received) = tokens, self._prices
        if sent is None or received is None or price_sent is None or price_received is None:
            if replied and self._most is not None:
                raise JudgeError("max_cost can't be held: the server does not say how many tokens a reply took")
            return None
        cost = (sent * price_sent + received * price_received) / 1e6
        with self._lock:
            self.spent += cost
        return cost


class Log:
    """One JSON line a call.

    Args:
        path: the file; it grows, whatever run writes to it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def add(self, **values: Any) -> None:
        """Add a line.

        Raises:
            JudgeError: the file can't be written.
        """
        line = json.dumps({"time": round(time.time(), 3), **values}, ensure_ascii=False, allow_nan=False)
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                append_lines(self._path, [line])
        except (MBenchError, OSError) as error:
            raise JudgeError(f"the log of calls can't be kept: {one_line(error)}") from error
