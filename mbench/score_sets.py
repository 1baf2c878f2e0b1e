"""Scores of metrics over a whole set, with what their intervals are made from.

Rows of such a metric have no prompt, and their `replicate` says what they are: 0 the value; 1 to 20 its values on
subsets of the prompts; 21 to 40 its replications; then counts of prompts and motions, and a fingerprint of the motions.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from mbench.errors import one_line
from mbench.metrics.base import Metric, Sample
from mbench.metrics.embedded import REPLICATIONS, draw, remembered
from mbench.plan import Plan
from mbench.progress import progress
from mbench.results import FAILED, NO_MOTION, Generation, ScoreRow
from mbench.seeds import seed_of

VALUE = 0
SUBSETS = range(1, 21)
REPLICATED = range(21, 21 + REPLICATIONS)
PROMPTS, MOTIONS, FINGERPRINT = 41, 42, 43
KEPT = 0.75  # of the prompts, in a subset: the 45 of mbench-mini leave a pool of 32
USABLE = {"joints", "pose", "judge", "reference set"}  # what metrics over a set may need

Key = tuple[str, str, str, int]


def score_sets(
    plan: Plan, generations: dict[tuple[str, int], Generation], rows: dict[Key, ScoreRow], quiet: bool = True
) -> list[ScoreRow]:
    """Return the new rows of metrics over the whole set.

    Args:
        plan: of the run.
        generations: what was generated, by (prompt, replicate).
        rows: of the run so far; those of metrics that were scored on other motions than there are now are taken out.
        quiet: no progress.
    """
    new: list[ScoreRow] = []
    jobs: list[tuple[str, Metric, list[Generation], int]] = []
    for name, item in plan.metrics:
        if item.info.over_set and item.info.needs <= USABLE:
            there, missing = _members(plan, generations, name, item)
            fingerprint = seed_of(*sorted(f"{row.prompt}-{row.replicate}-{row.sha256}" for row in there))
            new += missing
            if _to_score(rows, name, plan.versions[name], fingerprint):
                jobs.append((name, item, there, fingerprint))
    load, judge = lru_cache(maxsize=None)(partial(_sample, plan)), remembered(plan.judge)
    with progress("set", len(jobs), quiet) as advance:
        for name, item, there, fingerprint in jobs:
            values = set_values(item, list(map(load, there)), [judge] if "judge" in item.info.needs else [])
            values[FINGERPRINT] = (float(fingerprint), None)
            made = [ScoreRow(name, plan.versions[name], "", number, *value) for number, value in values.items()]
            plan.folder.add_scores(made)
            new += made
            advance(1)
    return new


def _sample(plan: Plan, row: Generation) -> Sample:
    return Sample(plan.suite.by_id(row.prompt), plan.folder.load(row), row.replicate)


def _members(
    plan: Plan, generations: dict[tuple[str, int], Generation], name: str, item: Metric
) -> tuple[list[Generation], list[ScoreRow]]:
    """Return the motions that a metric reads, and the rows of those that are not there."""
    there, missing = [], []
    for prompt, replicate in plan.tasks:
        row = generations.get((prompt.id, replicate))
        if not item.info.scores(prompt):
            continue
        if row is not None and row.file is not None:
            there.append(row)
        else:
            why = f"{NO_MOTION}{row.reason if row else 'not generated yet'}"
            missing.append(ScoreRow(name, plan.versions[name], prompt.id, replicate, None, why))
    return there, missing


def _to_score(rows: dict[Key, ScoreRow], name: str, version: str, fingerprint: int) -> bool:
    """Return whether a metric is to be computed; if so, take its old rows out."""
    scored = rows.get((name, version, "", FINGERPRINT))
    if scored is not None and scored.value == fingerprint and (name, version, "", VALUE) in rows:
        return False
    for key in [key for key in rows if key[:2] == (name, version)]:
        del rows[key]
    return True


def set_values(
    item: Metric, samples: Sequence[Sample], also: Sequence[Any] = ()
) -> dict[int, tuple[float | None, str | None]]:
    """Return {replicate of the row: (value, reason why there is none)} of one metric over the set.

    Args:
        item: the metric.
        samples: of the set.
        also: what it takes beside the samples.
    """
    value = _value(item, samples, also)
    values = {VALUE: value}
    if value[0] is not None:
        values |= _numbered(SUBSETS, [_value(item, subset, also) for subset in subsets(samples)])
        values |= _numbered(REPLICATED, _replications(item, samples, also))
    prompts = {sample.prompt.id for sample in samples}
    return values | {PROMPTS: (float(len(prompts)), None), MOTIONS: (float(len(samples)), None)}


def _numbered(numbers: range, values: list[tuple[float | None, str | None]]) -> dict[int, Any]:
    """Return the values under their numbers; none where one of them is missing."""
    return {} if any(value is None for value, _ in values) else dict(zip(numbers, values, strict=False))


def subsets(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Return 20 random subsets of three quarters of the prompts, each with all motions of its prompts.

    None where there are fewer than 2 prompts. Subsets hold no prompt twice: a bootstrap's copies would be each other's
    nearest neighbours and each other's texts. Whether a prompt is in comes from its id.
    """
    prompts = {sample.prompt.id for sample in samples}
    size = subset_size(len(prompts))
    kept = [sorted(prompts, key=lambda p, n=n: (draw("subset", n, p), p))[:size] for n in SUBSETS]  # type: ignore[misc]
    return [[s for s in samples if s.prompt.id in own] for own in map(set, kept)] if size else []


def subset_size(prompts: int) -> int:
    """Return how many of some prompts a subset has; 0 where there are none to leave out."""
    return min(math.ceil(KEPT * prompts), prompts - 1) if prompts > 1 else 0


def _replications(
    item: Metric, samples: Sequence[Sample], also: Sequence[Any]
) -> list[tuple[float | None, str | None]]:
    """Return the value of each replication: of each draw of a metric that draws, else of each replicate by itself."""
    if draws(item):
        return [_value(item, samples, also, replication=number) for number in range(REPLICATIONS)]
    numbers = sorted({sample.replicate for sample in samples})
    if len(numbers) < 2:
        return []
    return [_value(item, [s for s in samples if s.replicate == n], also) for n in numbers[:REPLICATIONS]]


def draws(item: Metric) -> bool:
    """Return whether a metric draws pools or pairs: its function then takes `replication`."""
    return "replication" in inspect.signature(item.function).parameters


def _value(item: Metric, samples: Sequence[Sample], also: Sequence[Any], **keywords: int) -> tuple[Any, str | None]:
    try:
        return item.evaluate(list(samples), *also, **keywords)
    except Exception as error:
        return None, f"{FAILED}{one_line(error)}"
