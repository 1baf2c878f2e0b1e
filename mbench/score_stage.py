"""The score stage: `scores.csv` from the motions of a results folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mbench.body.mesh import MeshSettings
from mbench.errors import one_line
from mbench.generate_stage import batches
from mbench.metrics.base import Metric, Sample
from mbench.motion import Motion
from mbench.plan import Plan
from mbench.progress import progress
from mbench.results import FAILED, NO_MOTION, Generation, ScoreRow
from mbench.scoring import CHUNK, Value, Workers, map_chunks, per_motion, score_motion, select_metrics
from mbench.suites.prompt import Prompt

RESAMPLES = 20  # of the prompts, for the interval of a metric over the set

Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class _Job:
    """A generated motion and the metrics that it lacks."""

    generation: Generation
    metrics: list[str]


def score_run(plan: Plan, quiet: bool = True, rescore: bool = False) -> None:
    """Score what has no score yet, and write `scores.csv` in the order of suite and metrics.

    Rows of metrics that this configuration does not name stay, so that scoring one more metric never loses the others.
    Rows that say a motion was missing or a metric broke are made anew.

    Args:
        plan: of the run.
        quiet: no progress.
        rescore: score everything again.

    Raises:
        MBenchError: a motion file is gone or changed, or the folder can't be written.
    """
    folder = plan.folder
    generations = folder.generations()
    rows = {} if rescore else {key: row for key, row in folder.read_scores().items() if _final(row)}
    jobs, missing = _left(plan, generations, rows)
    rows |= {row.key: row for row in missing}
    workers = Workers(plan.config.run.workers, plan.config.run.backend, plan.config.run.scheduler)
    with progress("score", len(jobs), quiet) as advance:
        groups = list(batches(jobs, _chunk(plan)))
        chunks = (([(folder.load(job.generation), job.metrics) for job in group], plan.mesh) for group in groups)
        for group, values in zip(groups, map_chunks(_score_chunk, chunks, workers), strict=True):
            new = [_row(plan, j.generation, v) for j, clip in zip(group, values, strict=True) for v in clip]
            folder.add_scores(new)
            rows |= {row.key: row for row in new}
            advance(len(group))
    rows |= {row.key: row for row in _score_sets(plan, generations, rows)}
    folder.finish_scores(_in_order(plan, rows))


def _chunk(plan: Plan) -> int:
    """Return how many clips a task has: few where a clip takes seconds, so that workers end together."""
    return CHUNK // 8 if any("mesh" in item.info.needs for _, item in plan.metrics) else CHUNK


def _final(row: ScoreRow) -> bool:
    """Return whether a row need not be made anew."""
    return row.reason is None or not row.reason.startswith((FAILED, NO_MOTION))


def _score_chunk(items: list[tuple[Motion, list[str]]], mesh: MeshSettings) -> list[list[Value]]:
    """Score some motions, each on the metrics named beside it; runs in a worker process."""
    metrics = dict(select_metrics(sorted({name for _, wanted in items for name in wanted})))
    return [score_motion(motion, [(name, metrics[name]) for name in wanted], mesh) for motion, wanted in items]


def _left(
    plan: Plan, generations: dict[tuple[str, int], Generation], rows: dict[Key, ScoreRow]
) -> tuple[list[_Job], list[ScoreRow]]:
    """Return what is to be computed, and the rows of motions that are not there."""
    jobs, missing = [], []
    for prompt, replicate in plan.tasks:
        row = generations.get((prompt.id, replicate))
        wanted = metrics_of(prompt, per_motion(plan.metrics))
        if row is None or row.file is None:
            why = f"{NO_MOTION}{row.reason if row else 'not generated yet'}"
            missing += [ScoreRow(name, plan.versions[name], prompt.id, replicate, None, why) for name, _ in wanted]
            continue
        lacking = [name for name, _ in wanted if (name, plan.versions[name], prompt.id, replicate) not in rows]
        if lacking:
            jobs.append(_Job(row, lacking))
    return jobs, missing


def metrics_of(prompt: Prompt, metrics: Sequence[tuple[str, Metric]]) -> list[tuple[str, Metric]]:
    """Return the metrics that a prompt is scored on."""
    return [(name, m) for name, m in metrics if m.info.scores(prompt)]


def _row(plan: Plan, generation: Generation, value: Value) -> ScoreRow:
    reason = f"{FAILED}{value.reason}" if value.failed else value.reason
    return ScoreRow(
        value.metric, plan.versions[value.metric], generation.prompt, generation.replicate, value.value, reason
    )


def _score_sets(
    plan: Plan, generations: dict[tuple[str, int], Generation], rows: dict[Key, ScoreRow]
) -> list[ScoreRow]:
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


def _in_order(plan: Plan, rows: dict[Key, ScoreRow]) -> list[ScoreRow]:
    place = {prompt.id: index for index, prompt in enumerate(plan.suite.prompts)}
    return sorted(rows.values(), key=lambda r: (place.get(r.prompt, -1), r.replicate, r.metric, r.version))
