"""The score stage: `scores.csv` from the motions of a results folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mbench.body.mesh import MeshSettings
from mbench.generate_stage import batches
from mbench.metrics.base import Metric, Sample
from mbench.motion import Motion
from mbench.plan import Plan
from mbench.progress import progress
from mbench.results import FAILED, NO_MOTION, Generation, ScoreRow
from mbench.score_sets import score_sets
from mbench.scoring import CHUNK, Value, Workers, ask_judge, map_chunks, per_motion, score_motion, select_metrics
from mbench.suites.prompt import Prompt

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
    jobs, missing = _left(plan, generations, rows, per_motion(plan.metrics))
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
    rows |= _score_judged(plan, generations, rows, quiet)
    rows |= {row.key: row for row in score_sets(plan, generations, rows, quiet)}
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


def _score_judged(
    plan: Plan, generations: dict[tuple[str, int], Generation], rows: dict[Key, ScoreRow], quiet: bool
) -> dict[Key, ScoreRow]:
    """Ask the judge, some motions at a time, and return the new rows; not in workers, which would each load it."""
    prompts = {prompt.id: prompt for prompt in plan.prompts}
    judged = dict((name, item) for name, item in plan.metrics if item.info.judged)
    jobs, missing = _left(plan, generations, rows, list(judged.items()))
    new = {row.key: row for row in missing}
    with progress("judge", len(jobs), quiet) as advance:
        for group in batches(jobs, plan.config.run.batch_size):
            samples = [Sample(prompts[j.generation.prompt], plan.folder.load(j.generation), j.generation.replicate)
                       for j in group]  # fmt: skip
            for name, item in judged.items():
                chosen = [(j, s) for j, s in zip(group, samples, strict=True) if name in j.metrics]
                values = ask_judge(name, item, [sample for _, sample in chosen], plan.judge)
                made = [_row(plan, j.generation, value) for (j, _), value in zip(chosen, values, strict=True)]
                plan.folder.add_scores(made)
                new |= {row.key: row for row in made}
            advance(len(group))
    return new


def _left(
    plan: Plan, generations: dict[tuple[str, int], Generation], rows: dict[Key, ScoreRow],
    metrics: Sequence[tuple[str, Metric]],
) -> tuple[list[_Job], list[ScoreRow]]:  # fmt: skip
    """Return what is to be computed of some metrics, and the rows of motions that are not there."""
    jobs, missing = [], []
    for prompt, replicate in plan.tasks:
        row = generations.get((prompt.id, replicate))
        wanted = metrics_of(prompt, metrics)
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


def _in_order(plan: Plan, rows: dict[Key, ScoreRow]) -> list[ScoreRow]:
    place = {prompt.id: index for index, prompt in enumerate(plan.suite.prompts)}
    return sorted(rows.values(), key=lambda r: (place.get(r.prompt, -1), r.replicate, r.metric, r.version))
