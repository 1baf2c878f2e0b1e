"""Rank intervals of models by the intervals of their values. Pure functions on arrays.

A model's rank is 1 + the number of models that are better for certain, whose interval lies wholly on the better side of
its own. Its worst rank is the number of models that are not worse for certain, itself among them. Between the two,
intervals overlap and the order can't be told. Intervals that touch at one point overlap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
UNRANKED = 0


def rank_intervals(low: ArrayLike, high: ArrayLike, better: str = "higher") -> tuple[Ints, Ints]:
    """Return the best and the worst rank of each model, 1 for the best, 0 for models without a rank.

    A model without an interval has no rank and counts in nobody's: how far its value would move with other prompts is
    not known, and a missing value is neither good nor bad.

    Args:
        low: (models,) lower ends of the intervals, NaN where there is none.
        high: (models,) upper ends, NaN where there is none.
        better: `higher` or `lower`.

    Raises:
        ValueError: shapes differ, or an interval has one end only, or low above high.
    """
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if low.ndim != 1 or low.shape != high.shape:
        raise ValueError(f"low has shape {low.shape}, high {high.shape}; expected one number a model in both")
    if better not in ("higher", "lower"):
        raise ValueError(f"better is {better!r}; expected higher or lower")
    there = ~np.isnan(low)
    if (there != ~np.isnan(high)).any() or (low[there] > high[there]).any():
        raise ValueError("expected intervals with both ends, low not above high, or NaN for both")
    if better == "lower":
        low, high = -high, -low
    surpassed = low[None, :] > high[:, None]  # [i, j]: j is better than i for certain; never true of NaN
    best = np.where(there, 1 + surpassed.sum(axis=1), UNRANKED)
    worst = np.where(there, there.sum() - surpassed.sum(axis=0), UNRANKED)
    return best.astype(np.int64), worst.astype(np.int64)


def shown(best: int, worst: int) -> str:
    """Return a rank interval for reading: `2`, `1–3`, or a dash for none."""
    if best == UNRANKED:
        return "—"
    return str(best) if best == worst else f"{best}–{worst}"
