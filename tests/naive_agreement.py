"""Measures of agreement once more, by loops over their definitions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence


def accuracy(votes: Sequence[int], differences: Sequence[float]) -> float:
    """Votes for a side that the difference's sign agrees with; a difference of 0 is half right."""
    right, count = 0.0, 0
    for vote, difference in zip(votes, differences, strict=True):
        if vote == 0:
            continue
        count += 1
        if difference == 0:
            right += 0.5
        elif (difference > 0) == (vote > 0):
            right += 1
    return right / count


def accuracy_with_ties(votes: Sequence[int], differences: Sequence[float], tie: float) -> float:
    """Votes that are predicted exactly, differences up to `tie` predicting a tie."""
    right = 0
    for vote, difference in zip(votes, differences, strict=True):
        guess = 0 if abs(difference) <= tie else math.copysign(1, difference)
        right += guess == vote
    return right / len(votes)


def krippendorff_alpha(units: Sequence[Sequence[int]]) -> float:
    """1 - observed / expected disagreement, both as means over pairs of values (Krippendorff 2011, section 3)."""
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    observed = 0.0
    for unit in units:
        pairs = list(itertools.permutations(unit, 2))
        observed += len(unit) * sum(a != b for a, b in pairs) / len(pairs)
    observed /= len(values)
    pairs = list(itertools.permutations(values, 2))
    expected = sum(a != b for a, b in pairs) / len(pairs)
    return 1 - observed / expected


def majority_of_others(votes: Sequence[tuple[str, object, int]]) -> list[int | None]:
    """For each (rater, pair, vote): the side most others chose, 0 if there is none, None without others."""
    found: list[int | None] = []
    for rater, pair, _ in votes:
        others = [v for r, p, v in votes if p == pair and r != rater]
        balance = others.count(1) - others.count(-1)
        found.append(None if not others else (balance > 0) - (balance < 0))
    return found


def win_ratio(model: str, pairs: Sequence[tuple[str, str]], preferences: Sequence[int]) -> float:
    """Wins of a model and half its ties, over its comparisons."""
    points, count = 0.0, 0
    for (first, second), preference in zip(pairs, preferences, strict=True):
        if model in (first, second):
            count += 1
            points += 0.5 if preference == 0 else (preference > 0) == (model == first)
    return points / count
