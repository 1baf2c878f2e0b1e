"""The generate stage: motions into the results folder, a batch at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from mbench.errors import ConfigError, one_line
from mbench.models.base import MotionModel
from mbench.motion import Motion
from mbench.plan import Plan
from mbench.progress import progress
from mbench.results import Generation, RunFolder
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt

T = TypeVar("T")


def generate(plan: Plan, quiet: bool = True, retry: bool = False) -> None:
    """Generate what is not in the index yet, a batch at a time; each batch is on disk before the next starts.

    Args:
        plan: of the run.
        quiet: no progress.
        retry: generate again what failed before.
    """
    model, folder = plan.model, plan.folder
    if model is None:
        raise ConfigError(f"{folder.path}: this run was opened without its model")
    done = folder.generations()
    left = [(p, r) for p, r in plan.tasks if (p.id, r) not in done or (retry and done[p.id, r].reason)]
    if not left:
        return
    if (prepare := getattr(model, "prepare", None)) is not None:
        prepare(plan.suite.prompts)
    with progress("generate", len(left), quiet) as advance:
        for batch in batches(left, plan.config.run.batch_size):
            seeds = [seed_of(plan.config.run.seed, p.id, r) for p, r in batch]
            start = time.perf_counter()
            results = _generate_batch(model, [p for p, _ in batch], seeds)
            seconds = (time.perf_counter() - start) / len(batch)
            rows = [_store(folder, *task, s, m, seconds) for task, s, m in zip(batch, seeds, results, strict=True)]
            folder.add_to_index(rows)
            advance(len(batch))


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _generate_batch(model: MotionModel, prompts: list[Prompt], seeds: list[int]) -> list[Motion | Exception]:
    """Return a motion or the reason for each prompt; where a batch breaks, the prompts it left are tried one by one."""
    results: list[Motion | Exception] = []
    try:
        for result in islice(model.generate(prompts, seeds), len(prompts)):
            results.append(_checked(result))
        missing = [ValueError("the model yielded no motion for this prompt")] * (len(prompts) - len(results))
        return [*results, *missing]
    except Exception as error:
        if len(prompts) == 1:
            return [error]
        alone = zip(prompts[len(results) :], seeds[len(results) :], strict=True)
        return [*results, *(_generate_batch(model, [p], [s])[0] for p, s in alone)]


def _checked(result: Any) -> Motion | Exception:
    if isinstance(result, Motion | Exception):
        return result
    return TypeError(f"the model yielded a {type(result).__name__}; expected a mbench.Motion")


def _store(
    folder: RunFolder, prompt: Prompt, replicate: int, seed: int, result: Motion | Exception, seconds: float
) -> Generation:
    if isinstance(result, Exception):
        return Generation(prompt.id, replicate, seed, reason=one_line(result), seconds=seconds)
    return folder.add_motion(result, prompt.id, replicate, seed, seconds)
