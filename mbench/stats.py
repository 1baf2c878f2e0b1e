"""Means with intervals, clustered by prompt. Small pure functions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
LEVEL = 0.95
SEED = 20261  # fixed, so that the same scores always give the same interval

Floats = NDArray[np.float64]


@lru_cache(maxsize=8)  # many metrics of a run have the same n; 14 MB each for 450 prompts
def bootstrap_weights(n: int, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Return how often each of n prompts is drawn in each resample: (resamples, n) counts, each row summing to n.

    The array is shared between callers and can't be written to.
    """
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
    weights.setflags(write=False)
    return weights


def weighted_means(values: Floats, weights: Floats) -> Floats:
    """Return the mean of each column under each row of weights: (resamples, columns).

    Args:
        values: (prompts, columns), NaN where a prompt has no value.
        weights: (resamples, prompts).

    Returns:
        means over the values that are there; NaN where a resample drew none.
    """
    there = ~np.isnan(values)
    total = weights @ np.where(there, values, 0.0)
    count = weights @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def interval(samples: Floats, level: float = LEVEL) -> tuple[float | None, float | None]:
    """Return the percentile interval of bootstrap samples (Efron 1979), (None, None) where there are none.

    Args:
        samples: bootstrap means; NaN ones (resamples that drew no value) do not count.
        level: coverage.
    """
    samples = samples[~np.isnan(samples)]
    if not len(samples):
        return None, None
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_with_interval(values: Floats) -> tuple[float | None, float | None, float | None]:
    """Return (mean, low, high) of one value a prompt; an interval needs at least 2, a mean at least 1.

    Args:
        values: (prompts,), NaN where missing.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return None, None, None
    mean = float(values.mean())
    if len(values) == 1:
        return mean, None, None
    low, high = interval(weighted_means(values[:, None], bootstrap_weights(len(values)))[:, 0])
    return mean, low, high


def spearman(one: Floats, other: Floats) -> Floats:
    """Return Spearman's rank correlation of each row: (rows,); NaN for rows with fewer than 3 pairs or without spread.

    Args:
        one: (rows, n), NaN where there is no value.
        other: (rows, n), likewise.
    """
    from scipy.stats import rankdata

    there = ~(np.isnan(one) | np.isnan(other))
    x, y = (_centred_ranks(rankdata(np.where(there, side, np.inf), axis=1), there) for side in (one, other))
    spread = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(spread > 0, (x * y).sum(axis=1) / spread, np.nan)
    return np.where(there.sum(axis=1) >= 3, found, np.nan)


def _centred_ranks(ranks: Floats, there: NDArray[np.bool_]) -> Floats:
    """Return ranks less their mean, 0 where there is no value; missing ones rank last and leave the others alone."""
    kept = np.where(there, ranks, 0.0)
    mean = kept.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return np.where(there, kept - mean, 0.0)


def spearman_with_interval(one: Floats, other: Floats) -> tuple[float | None, float | None, float | None]:
    """Return (correlation, low, high) of pairs, by a bootstrap over them; None where it is undefined.

    Args:
        one: (n,).
        other: (n,).
    """
    value = float(spearman(one[None], other[None])[0])
    if np.isnan(value):
        return None, None, None
    counts = bootstrap_weights(len(one)).astype(np.int64)
    drawn = np.repeat(np.tile(np.arange(len(one)), len(counts)), counts.ravel()).reshape(counts.shape)
    return value, *interval(spearman(one[drawn], other[drawn]))


def sign_test(differences: Floats) -> float | None:
    """Return the two-sided p of the sign test (ties left out), None where all are ties.

    Args:
        differences: one a pair.
    """
    from scipy.stats import binomtest

    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    if wins + losses == 0:
        return None
    return float(binomtest(wins, wins + losses).pvalue)
