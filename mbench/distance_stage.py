"""Judged scores by how far prompts are from the training data: `distance.csv`, and its part of `result.json`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MBenchError, one_line
from mbench.files import atomic_write
from mbench.plan import Plan, own_captions
from mbench.stats import mean_with_interval, spearman_with_interval
from mbench.training_captions import TrainingCaptions, nearest_distances, shipped_captions

NAME = "distance.csv"
COLUMNS = ["prompt", "distance", "reference"]
GROUPS = 3  # terciles

Floats = NDArray[np.float64]


def generalization_by_distance(plan: Plan, scores: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Return how judged scores change with the distance of prompts from the training data, and write `distance.csv`.

    Distances are read where they were written before; else they are computed, which loads the text encoder. A run
    without judged scores has neither.

    Args:
        plan: of a run whose motions are scored.
        scores: by prompt, of each judged metric.

    Returns:
        nothing without judged scores; else `generalization_by_distance` with `reference` (the training captions),
        `prompts` and `metrics`: `n`, `spearman` and `groups` of each (see `by_distance`); or, where distances can't be
        computed, with `reason`.
    """
    scores = {name: column for name, column in scores.items() if column}
    if not scores:
        return {}
    try:
        captions = own_captions(plan.config, plan.card)
        reference = captions or shipped_captions()
        distances = _distances(plan, reference)
    except MBenchError as error:  # after hours of scoring, a figure beside the scores must not take them away
        return {"generalization_by_distance": {"reason": one_line(error)}}
    facts = {"name": reference.name, "hash": reference.hash, "captions": reference.count, "own": captions is not None}
    metrics = {name: by_distance(distances, column) for name, column in scores.items()}
    return {"generalization_by_distance": {"reference": facts, "prompts": len(distances), "metrics": metrics}}


def by_distance(distances: dict[str, float], scores: dict[str, float]) -> dict[str, Any]:
    """Return how scores change with distance.

    Args:
        distances: by prompt.
        scores: by prompt.

    Returns:
        `n` prompts with both; `spearman`: `value`, `low` and `high` of the rank correlation, None where it is
        undefined; `groups`: terciles of distance, near to far, each with `from` and `to` (distances), `n`, and
        `value`, `low` and `high` of the mean score. Prompts at one distance are never parted, so groups may be uneven,
        and where there are few distances there are fewer groups.
    """
    both = [prompt for prompt in scores if prompt in distances]
    distance = np.array([distances[prompt] for prompt in both])
    score = np.array([scores[prompt] for prompt in both])
    keys = ("value", "low", "high")
    return {
        "n": len(both),
        "spearman": dict(zip(keys, spearman_with_interval(distance, score) if both else (None,) * 3, strict=True)),
        "groups": [
            {
                "from": float(distance[group].min()), "to": float(distance[group].max()), "n": int(group.sum()),
                **dict(zip(keys, mean_with_interval(score[group]), strict=True)),
            }
            for group in _terciles(distance)
        ],
    }  # fmt: skip


def _terciles(distance: Floats) -> list[NDArray[np.bool_]]:
    """Return masks of the prompts up to each tercile and beyond the one before; empty ones are left out."""
    if not len(distance):
        return []
    edges = np.quantile(distance, np.arange(1, GROUPS) / GROUPS)
    place = np.searchsorted(edges, distance, side="left")
    return [place == index for index in range(GROUPS) if (place == index).any()]


def read_distances(folder: Path) -> dict[str, float]:
    """Return {prompt: distance} of a run's `distance.csv`; empty where there is none.

    Raises:
        MBenchError: it is broken.
    """
    return {prompt: distance for prompt, (distance, _) in _read(folder / NAME).items()}


def _distances(plan: Plan, reference: TrainingCaptions) -> dict[str, float]:
    """Return the distances of the run's prompts, and keep them in its folder."""
    path = plan.folder.path / NAME
    try:
        found = {prompt: distance for prompt, (distance, of) in _read(path).items() if of == reference.identity}
    except MBenchError:
        found = {}  # it is made again
    ids = [prompt.id for prompt in plan.prompts]
    if set(found) != set(ids):
        from mbench.text import TextEncoder

        texts = [prompt.text for prompt in plan.prompts]
        values = nearest_distances(texts, reference, TextEncoder(device=plan.config.run.device))
        found = dict(zip(ids, values.tolist(), strict=True))
        _write(path, found, reference.identity)
    return {prompt: found[prompt] for prompt in ids}


def _read(path: Path) -> dict[str, tuple[float, str]]:
    """Return {prompt: (distance, reference)}."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    try:
        return {prompt: (float(distance), reference) for prompt, distance, reference in rows[1:]}
    except ValueError as error:
        raise MBenchError(f"{path}: is broken: {error}; delete it and summarise again") from error


def _write(path: Path, distances: dict[str, float], reference: str) -> None:
    with atomic_write(path, "w") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([prompt, repr(distance), reference] for prompt, distance in distances.items())
