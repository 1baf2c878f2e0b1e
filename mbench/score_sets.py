"""Scores of metrics over a whole set, with what their intervals are made from."""

from __future__ import annotations

from typing import Any

import numpy as np

from mbench.errors import one_line
from mbench.metrics.base import Metric, Sample
from mbench.plan import Plan
from mbench.results import FAILED, Generation, ScoreRow

RESAMPLES = 20  # of the prompts, for the interval of a metric over the set

Key = tuple[str, str, str, int]


def score_sets(plan: Plan, generations: dict[tuple[str, int], Generation], rows: dict[Key, ScoreRow]) -> list[ScoreRow]:
    """Return the rows of metrics over the whole set: replicate 0 is the value, 1 to 20 are resamples of the prompts."""
    new: list[ScoreRow] = []
    for name, item in plan.metrics:
        usable = item.info.over_set and item.info.needs <= {"joints", "pose", "judge"}
        if not usable or (name, plan.versions[name], "", 0) in rows:
            continue
        samples = [
            Sample(prompt, plan.folder.load(row), replicate)
            for prompt, replicate in plan.tasks
            if item.info.scores(prompt) and (row := generations.get((prompt.id, replicate))) and row.file
        ]  # fmt: skip
        also = [plan.judge] if "judge" in item.info.needs else []
        new += _set_rows(name, plan.versions[name], item, samples, also)
    return new


def _set_rows(name: str, version: str, item: Metric, samples: list[Sample], also: list[Any]) -> list[ScoreRow]:
    """Return the rows of one metric over the set; `also` holds what it takes beside the samples."""
    by_prompt: dict[str, list[Sample]] = {}
    for sample in samples:
        by_prompt.setdefault(sample.prompt.id, []).append(sample)
    groups = list(by_prompt.values())
    size = (RESAMPLES if groups else 0, len(groups))
    draws = np.random.default_rng(0).integers(max(len(groups), 1), size=size)
    rows = []
    for replicate, draw in enumerate([range(len(groups)), *draws]):
        try:
            value, reason = item.evaluate([sample for index in draw for sample in groups[index]], *also)
        except Exception as error:
            value, reason = None, f"{FAILED}{one_line(error)}"
        rows.append(ScoreRow(name, version, "", replicate, value, reason))
        if value is None:
            break
    return rows
