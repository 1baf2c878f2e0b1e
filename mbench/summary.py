"""The summarise stage: `result.json` from `scores.csv`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.distance_stage import generalization_by_distance
from mbench.judges.base import identity
from mbench.metrics.anchors import Anchors, anchored, load_anchors
from mbench.metrics.base import PILLARS, Metric
from mbench.metrics.distribution import DEPENDS_ON_SIZE, real_diversity
from mbench.metrics.judged import CONSISTENCY, chance
from mbench.metrics.reference import load_reference
from mbench.plan import Plan
from mbench.results import FAILED, NO_MOTION, ScoreRow
from mbench.score_sets import MOTIONS, PROMPTS, REPLICATED, SUBSETS, VALUE, subset_size
from mbench.scoring import of_prompts
from mbench.stats import bootstrap_weights, interval, mean_with_interval, weighted_means

Floats = NDArray[np.float64]
T_95 = 2.093  # quantile 0.975 of Student's t for the 19 degrees of freedom of 20 subsets
OFF = 0.1  # relative difference of a motion's length to its prompt's that is worth a note


def summarise(plan: Plan) -> dict[str, Any]:
    """Return the content of `result.json`.

    A metric is the mean over prompts of the mean over replicates; its interval is the 95 % percentile bootstrap over
    prompts (clusters of replicates). A dimension's `score` maps the metric to 0 (control) … 1 (real motion) by the
    anchors, and a pillar is the mean of its dimensions' scores.

    Args:
        plan: of a run whose motions are scored.
    """
    rows = list(plan.folder.read_scores().values())
    own = {name: _rows_of(rows, name, plan.versions[name]) for name, _ in plan.metrics}
    metrics = {name: summary_of(plan.versions[name], item, own[name]) for name, item in plan.metrics}
    metrics = {name: summary for name, summary in metrics.items() if summary["n"] or summary["missing"]}
    for name, item in plan.metrics:
        if name in metrics:
            metrics[name] |= _asked(plan, name, item)
    flags = [flag for name, item in plan.metrics if name in metrics for flag in _flags(plan, item, metrics[name])]
    judged = {name: prompt_means(own[name]) for name, item in plan.metrics if item.info.judged}
    anchors, prompts = load_anchors(), [prompt.id for prompt in plan.prompts]
    return {
        "model": plan.card["name"],
        "kind": plan.card["kind"],
        "run_id": plan.run_id,
        "suite": {"name": plan.suite.name, "version": plan.suite.version, "hash": plan.suite.hash},
        "prompts": len(plan.prompts),
        "replicates": plan.config.run.replicates,
        "motions": sum(row.file is not None for row in plan.folder.generations().values()),
        "metrics": metrics,
        "pillars": pillars_of(plan.metrics, metrics, rows, prompts, anchors),
        "anchors": anchors.version,
        **generalization_by_distance(plan, judged),
        "notes": [*_notes(plan), *flags],
    }


def _asked(plan: Plan, name: str, item: Metric) -> dict[str, Any]:
    """Return who judged and how well, and what guessing would score, for a metric that asks a judge."""
    if plan.judge is None or "judge" not in item.info.needs:
        return {}
    about = {"judge": identity(plan.judge), "judge_notes": plan.judge.card.notes}
    guessed = chance(plan.prompts) if name == CONSISTENCY else None
    return about if guessed is None else {**about, "chance": guessed}


def _rows_of(rows: Iterable[ScoreRow], name: str, version: str) -> list[ScoreRow]:
    return [row for row in rows if row.metric == name and row.version == version]


def summary_of(version: str, item: Metric, rows: Sequence[ScoreRow]) -> dict[str, Any]:
    """Return value, interval, counts and reasons of one metric.

    Args:
        version: of its rows.
        item: the metric.
        rows: its rows of `scores.csv`.

    Returns:
        `value`, `low`, `high`, `std` (population, over prompts), `n` (prompts with a value), `missing` (motions without
        one), `failed` (of these, how many are faults and not "does not apply"), `reasons` with their counts, and the
        facts of the metric.
    """
    facts: dict[str, Any] = {"unit": item.info.unit, "better": item.info.better, "version": version}
    facts |= {"dimension": item.info.dimension, "is_dimension": item.info.is_dimension}
    without = [row.reason or "" for row in rows if row.value is None]
    counts = {
        "missing": len(without),
        "failed": sum(item.info.is_dimension or reason.startswith((FAILED, NO_MOTION)) for reason in without),
        "reasons": dict(Counter(without).most_common()),
    }
    if item.info.over_set:
        return {**_over_set(rows, item.info.unit), **counts, **facts}
    values = by_prompt(rows)
    mean, low, high = mean_with_interval(values)
    std = float(values.std()) if len(values) else None
    return {"value": mean, "low": low, "high": high, "std": std, "n": len(values), **counts, **facts}


def by_prompt(rows: Iterable[ScoreRow]) -> Floats:
    """Return the mean over replicates of each prompt that has a value, in the order of the rows."""
    return np.array(list(prompt_means(rows).values()), dtype=np.float64)


def prompt_means(rows: Iterable[ScoreRow]) -> dict[str, float]:
    """Return {prompt: mean over its replicates that have a value}."""
    values: dict[str, list[float]] = {}
    for row in rows:
        if row.value is not None:
            values.setdefault(row.prompt, []).append(row.value)
    return {prompt: found[0] if len(found) == 1 else float(np.mean(found)) for prompt, found in values.items()}


def _over_set(rows: Sequence[ScoreRow], unit: str) -> dict[str, Any]:
    """Return the value of a metric over the set, its interval over prompts, and replications as papers give them."""
    found = set_rows(rows)
    value, prompts = found.get(VALUE), int(found.get(PROMPTS, 0))
    half = half_width([found[number] for number in SUBSETS if number in found], prompts)
    low = high = None
    if value is not None and half is not None:
        low, high = (float(end) for end in np.clip([value - half, value + half], *_limits(unit)))
    return {
        "value": value, "low": low, "high": high, "std": None, "n": prompts if value is not None else 0,
        "n_motions": int(found.get(MOTIONS, 0)),
        "replications": _replications([found[number] for number in REPLICATED if number in found]),
    }  # fmt: skip


def set_rows(rows: Iterable[ScoreRow]) -> dict[int, float]:
    """Return the rows of a metric over the set that have a value, by what they are (see `mbench.score_sets`)."""
    return {row.replicate: row.value for row in rows if not row.prompt and row.value is not None}


def half_width(over: Sequence[float], prompts: int) -> float | None:
    """Return half the width of the 95 % interval of a metric over the set, None without a value of each subset.

    Delete-d jackknife (Shao & Wu 1989, Ann. Statist. 17): values of random m of n prompts vary about the value of all n
    with its variance times (n - m) / m.

    Args:
        over: values of the subsets, or differences of two runs on the same subsets.
        prompts: n.
    """
    if len(over) < len(SUBSETS):
        return None
    size = subset_size(prompts)
    return T_95 * float(np.std(over, ddof=1)) * math.sqrt(size / (prompts - size))


def _limits(unit: str) -> tuple[float, float]:
    return (0.0, 1.0) if unit == "share" else (-np.inf, np.inf)


def _replications(values: Sequence[float]) -> dict[str, Any] | None:
    """Return n, mean and half width of 95 % (1.96 standard errors) of replications; None of fewer than 2."""
    if len(values) < 2:
        return None
    half = 1.96 * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return {"n": len(values), "mean": float(np.mean(values)), "half_width": half}


def _flags(plan: Plan, item: Metric, summary: dict[str, Any]) -> list[str]:
    """Add what a value is to be read against, and what limits comparisons, to a summary; return the latter."""
    if summary["value"] is None or plan.judge is None:
        return []
    if item.info.name == "fidelity/diversity":
        summary["real"] = real_diversity(plan.judge)
    if "reference set" not in item.info.needs:
        return []
    reference, (n, name) = load_reference(plan.judge).features, (summary["n_motions"], item.info.name)
    summary |= {"n_reference": len(reference), "flags": []}
    if name in DEPENDS_ON_SIZE:
        against = f"{name}: of {n} motions, against {len(reference)} real ones"
        summary["flags"].append(f"{against}; values of other numbers of motions do not compare")
    if name == "fidelity/fid" and min(n, len(reference)) <= reference.shape[1]:
        summary["flags"].append(
            f"{name}: {min(n, len(reference))} vectors of {reference.shape[1]} dimensions leave a covariance without "
            "full rank; the value is far above that of many motions, read kid beside it"
        )
    return list(summary["flags"])


def pillars_of(
    items: Sequence[tuple[str, Metric]],
    metrics: Mapping[str, dict[str, Any]],
    rows: Sequence[ScoreRow],
    prompts: Sequence[str],
    anchors: Anchors,
) -> dict[str, dict[str, Any]]:
    """Return each pillar's score, and set `score` of the metrics that are dimensions.

    Args:
        items: metrics by name.
        metrics: their summaries, as `summary_of` returns them.
        rows: of `scores.csv`.
        prompts: ids, in the order of the suite.
        anchors: what 0 and 1 stand for.
    """
    pillars: dict[str, dict[str, Any]] = {}
    for pillar in PILLARS:
        dimensions = [
            name for name, item in of_prompts(items)
            if item.info.pillar == pillar and item.info.is_dimension and name in metrics
        ]  # fmt: skip
        for name in dimensions:
            metrics[name]["score"] = anchored(name, metrics[name]["value"], metrics[name]["version"])
        scored = [name for name in dimensions if metrics[name]["score"] is not None]
        if scored:
            columns = [prompt_means(_rows_of(rows, name, metrics[name]["version"])) for name in scored]
            pillars[pillar] = _pillar(scored, columns, prompts, anchors)
    return pillars


def _pillar(
    names: list[str], columns: list[dict[str, float]], prompts: Sequence[str], anchors: Anchors
) -> dict[str, Any]:
    """Return the mean of anchored dimension scores; prompts are resampled for all dimensions at once."""
    table = np.array([[column.get(prompt, np.nan) for column in columns] for prompt in prompts])
    table = table[~np.isnan(table).all(axis=1)]
    scale = [anchors.by_metric[name] for name in names]

    def scores(means: Floats) -> Floats:
        return np.stack([anchor.score(means[:, i]) for i, anchor in enumerate(scale)], axis=1).mean(axis=1)

    value = float(scores(np.nanmean(table, axis=0, keepdims=True))[0])
    low = high = None
    if len(table) > 1:
        low, high = interval(scores(weighted_means(table, bootstrap_weights(len(table)))))
    return {"value": value, "low": low, "high": high, "dimensions": names, "n": len(table)}


def _notes(plan: Plan) -> list[str]:
    """Return what a reader of the numbers must know."""
    notes = [*plan.suite.notes, *plan.notes]
    seconds = {prompt.id: prompt.seconds for prompt in plan.prompts}
    made = [row for row in plan.folder.generations().values() if row.frames and row.fps and row.prompt in seconds]
    off = sum(abs(row.frames / row.fps - seconds[row.prompt]) > OFF * seconds[row.prompt] for row in made)  # type: ignore[operator]
    if off:
        notes.append(f"{off} of {len(made)} motions are more than 10 % shorter or longer than their prompt asks")
    listed = {dimension for prompt in plan.prompts for dimension in prompt.dimensions}
    unscored = sorted(listed - {item.info.dimension for _, item in of_prompts(plan.metrics) if item.info.is_dimension})
    if unscored:
        notes.append(f"dimensions of the suite that this run does not score: {', '.join(unscored)}")
    skin = sorted(name for name, item in plan.metrics if "mesh" in item.info.needs)
    if skin:
        body = plan.versions[skin[0]].split("+", 1)[1]
        notes.append(f"{', '.join(skin)}: of the body {body}; numbers of different bodies are not comparable")
    if plan.config.run.limit:
        notes.append(f"limited to the first {len(plan.prompts)} of {len(plan.suite)} prompts")
    return notes
