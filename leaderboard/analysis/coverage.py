"""How often the intervals of the analysis hold the truth, over simulated studies whose truth is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from leaderboard.analysis.opinions import analyse_ratings
from leaderboard.analysis.pairs import PairVotes, analyse_pairs
from leaderboard.analysis.simulate import World, draw_votes, true_ratings, true_win_ratios
from leaderboard.analysis.simulate_tables import RatingWorld, pair_table, simulate_ratings, true_scores
from mbench.seeds import seed_of

Held = dict[str, list[Any]]


@dataclass(frozen=True)
class Design:
    """A simulated study.

    Attributes:
        name: of the design; with the seed of the measurement it decides the draws.
        world: raters and prompts that are drawn from.
        prompts: how many.
        raters: how many.
        per_rater: votes of each.
    """

    name: str
    world: World | RatingWorld
    prompts: int
    raters: int
    per_rater: int


def measure(design: Design, study: int, seed: int) -> Held:
    """Return which intervals of one simulated study held the truth.

    Args:
        design: of the study.
        study: its number.
        seed: of the measurement.

    Returns:
        for each kind of interval a list, by model or by pair, of whether it did: `rating`, `win_ratio`, `difference`
        and `rank` of pairs, `score` and `rank` of ratings; and `half`, the half-widths of ratings or scores.
    """
    names = [f"m{index:02d}" for index in range(len(design.world.strengths))]
    size = (design.prompts, design.raters, design.per_rater, seed_of(seed, design.name, study))
    if isinstance(design.world, RatingWorld):
        return _of_ratings(design.world, names, size)
    return _of_pairs(design.world, names, size)


def _of_pairs(world: World, names: list[str], size: tuple[int, int, int, int]) -> Held:
    found = analyse_pairs(PairVotes.of(pair_table(draw_votes(world, *size), names)))
    ratings = dict(zip(names, true_ratings(world), strict=True))
    ratios = dict(zip(names, true_win_ratios(world), strict=True))
    models = sorted(found["models"], key=lambda model: model["model"])
    return {
        "rating": [holds(m["rating"], ratings[m["model"]]) for m in models],
        "win_ratio": [holds(m["win_ratio"], ratios[m["model"]]) for m in models],
        "rank": [_holds_rank(m, ratings) for m in models],
        "half": [(m["rating"]["high"] - m["rating"]["low"]) / 2 for m in models],
        "difference": [holds(p["difference"], ratings[p["first"]] - ratings[p["second"]]) for p in found["pairs"]],
    }


def _of_ratings(world: RatingWorld, names: list[str], size: tuple[int, int, int, int]) -> Held:
    found = analyse_ratings(simulate_ratings(world, names, *size))
    scores = dict(zip(names, true_scores(world), strict=True))
    models = sorted(found["models"], key=lambda model: model["model"])
    return {
        "score": [holds(m["score"], scores[m["model"]]) for m in models],
        "rank": [_holds_rank(m, scores) for m in models],
        "half": [(m["score"]["high"] - m["score"]["low"]) / 2 for m in models],
    }


def holds(interval: dict[str, float], truth: float) -> bool:
    """Whether an interval holds a value."""
    return bool(interval["low"] <= truth <= interval["high"])


def _holds_rank(model: dict[str, Any], truth: dict[str, float]) -> bool:
    rank = 1 + sum(value > truth[model["model"]] for value in truth.values())
    return bool(model["best"] <= rank <= model["worst"])


def shares(studies: Iterable[Held]) -> dict[str, float]:
    """Return the mean of each kind over studies and models, and `lowest` and `highest`, of ratings or scores by model.

    Args:
        studies: of `measure`, at least one, of one design.
    """
    found = list(studies)
    kinds = {kind: float(np.mean([one[kind] for one in found])) for kind in found[0]}
    by_model = np.mean([one.get("rating") or one["score"] for one in found], axis=0)
    return {**kinds, "lowest": float(by_model.min()), "highest": float(by_model.max())}
