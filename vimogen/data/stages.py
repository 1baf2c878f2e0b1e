"""Stages that work clip by clip: what they do to a clip, and how they are resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from mbench.errors import MBenchError, one_line
from mbench.files import hash_of
from mbench.progress import progress
from mbench.scoring import Workers, map_chunks
from vimogen.data.database import Database, Result

CHUNK = 16  # clips a task: a kill loses no more than the tasks in work
ROUND = 64  # tasks between which dask's results are saved

T = TypeVar("T")
Outcome = tuple[str | None, dict[str, Any]]  # why the clip is left out, None where it goes on; facts


@dataclass(frozen=True)
class Stage:
    """A stage of a subset.

    Attributes:
        name: of the stage.
        settings: JSON values that decide its results, besides what comes in.
        task: what goes to a worker of a clip, by its key.
        work: what a worker does with a task; an exception leaves the clip out.
    """

    name: str
    settings: Any
    task: Callable[[str], Any]
    work: Callable[[Any], Outcome]


def advance(
    database: Database, subset: str, stage: Stage, before: Mapping[str, str], workers: Workers, quiet: bool = False
) -> dict[str, str]:
    """Run a stage on the clips that have no result of it, or a stale one.

    Args:
        database: of the build.
        subset: name.
        stage: what is done.
        before: {key: fingerprint} of the clips that came through the stage before.
        workers: where it is done.
        quiet: show no progress.

    Returns:
        {key: fingerprint} of the clips that come through.
    """
    wanted = {key: hash_of([stage.name, stage.settings, mark]) for key, mark in before.items()}
    known = database.results(stage.name, subset)
    stale = [key for key, mark in wanted.items() if key not in known or known[key].fingerprint != mark]
    with progress(f"{subset} {stage.name}", len(stale), quiet) as finished:
        for keys, outcomes in _worked(stage, stale, workers):
            rows = zip(keys, outcomes, strict=True)
            database.save(stage.name, [(key, Result(wanted[key], *outcome)) for key, outcome in rows])
            finished(len(keys))
    found = database.results(stage.name, subset)
    return {key: mark for key, mark in wanted.items() if found[key].reason is None}


def _worked(stage: Stage, stale: Sequence[str], workers: Workers) -> Iterator[tuple[list[str], list[Outcome]]]:
    """Yield the outcomes of some clips at a time, as they become ready."""
    for round_ in _batches(_batches(stale, CHUNK), ROUND):
        chunks = (([stage.task(key) for key in keys],) for keys in round_)
        yield from zip(round_, map_chunks(partial(_chunk, stage.work), chunks, workers), strict=True)


def _chunk(work: Callable[[Any], Outcome], tasks: list[Any]) -> list[Outcome]:
    return [_safely(work, task) for task in tasks]


def _safely(work: Callable[[Any], Outcome], task: Any) -> Outcome:
    """Return the outcome of a clip; what breaks it is why it is left out."""
    try:
        return work(task)
    except Unwritable:
        raise
    except Exception as error:
        return one_line(error), {}


class Unwritable(MBenchError):
    """The work folder can't be written, which is no clip's fault: the run stops and can be resumed."""


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
