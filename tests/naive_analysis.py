"""The analysis of votes once more, by loops over definitions and a general optimiser."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize


def davidson(votes: Sequence[tuple[int, int, int]], models: int, prior: float) -> tuple[np.ndarray, float]:
    """(first, second, outcome 0 first, 1 tie, 2 second): ratings and log nu of the highest posterior density.

    Davidson's (1970) probabilities in his own form, pi_i / (pi_i + pi_j + nu sqrt(pi_i pi_j)).
    """

    def loss(at: np.ndarray) -> float:
        worth, nu, total = np.exp(at[:-1]), math.exp(at[-1]), 0.0
        for first, second, outcome in votes:
            tie = nu * math.sqrt(worth[first] * worth[second])
            share = (worth[first], tie, worth[second])[outcome] / (worth[first] + worth[second] + tie)
            total -= math.log(share)
        return total + (at**2).sum() / (2 * prior**2)

    found = minimize(loss, np.zeros(models + 1), method="BFGS", options={"gtol": 1e-8})
    return found.x[:-1], float(found.x[-1])


def win_ratio(model: str, rows: Sequence[tuple[str, str, str]]) -> float:
    """(left, right, winner a, b, tie, both_bad): wins and half of the ties, over appearances."""
    points, seen = 0.0, 0
    for left, right, winner in rows:
        if model in (left, right):
            seen += 1
            points += 0.5 if winner in ("tie", "both_bad") else (winner == "a") == (model == left)
    return points / seen


def groups(pairs: Sequence[tuple[int, int]], models: int) -> list[set[int]]:
    """Models that are linked, by merging sets."""
    found = [{model} for model in range(models)]
    for one, other in pairs:
        joined = next(group for group in found if one in group) | next(group for group in found if other in group)
        found = [group for group in found if not group & joined] + [joined]
    return sorted(found, key=min)


def alpha(units: Sequence[Sequence[int]], distance: Callable[[int, int], float]) -> float:
    """1 - observed / expected disagreement, both means over ordered pairs of values (Krippendorff 2011)."""
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    observed = sum(
        sum(distance(a, b) for a, b in itertools.permutations(unit, 2)) / (len(unit) - 1) for unit in units
    ) / len(values)
    pairs = list(itertools.permutations(values, 2))
    return 1 - observed / (sum(distance(a, b) for a, b in pairs) / len(pairs))


def ordinal(units: Sequence[Sequence[int]]) -> Callable[[int, int], float]:
    """The squared number of values from one to the other, these two counted half."""
    values = [value for unit in units if len(unit) > 1 for value in unit]

    def distance(a: int, b: int) -> float:
        low, high = min(a, b), max(a, b)
        between = sum(low <= value <= high for value in values)
        return (between - (values.count(low) + values.count(high)) / 2) ** 2 if a != b else 0.0

    return distance


def two_way_variance(values: Sequence[float], raters: Sequence[int], prompts: Sequence[int]) -> float:
    """Variance of a mean, Cameron, Gelbach and Miller (2011): by raters + by prompts - by both."""
    mean, n = sum(values) / len(values), len(values)
    total = 0.0
    for sign, labels in ((1, raters), (1, prompts), (-1, list(zip(raters, prompts, strict=True)))):
        sums: dict[object, float] = {}
        for value, label in zip(values, labels, strict=True):
            sums[label] = sums.get(label, 0.0) + value - mean
        total += sign * len(sums) / (len(sums) - 1) * sum(s**2 for s in sums.values()) / n**2
    return total


def wilson(share: float, votes: float, z: float) -> tuple[float, float]:
    """The shares whose score test does not refuse what was found, by bisection."""

    def refused(p: float) -> bool:
        return abs(share - p) > z * math.sqrt(p * (1 - p) / votes)

    def border(inside: float, outside: float) -> float:
        for _ in range(200):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if refused(middle) else (middle, outside)
        return inside

    return border(share, 0.0), border(share, 1.0)
