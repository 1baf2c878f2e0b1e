"""The intervals of `leaderboard.analysis.pairs` without resampling, for many simulated studies at once.

A bootstrap over clusters has, to first order, the covariance H' S H: H the inverse of the second derivatives, S the sum
over clusters of the outer product of their gradients (Liang and Zeger 1986, Biometrika 73, 13-22). Clusters of raters
and of prompts are put together as there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from leaderboard.analysis.davidson import OUTCOMES, fit, probabilities
from leaderboard.analysis.simulate import Draws, pairs_of
from leaderboard.analysis.spread import normal_quantile
from mbench.stats import LEVEL

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def differences(studies: Sequence[Draws], models: int, contrasts: Floats) -> tuple[Floats, Floats]:
    """Return differences of ratings and the half-widths of their intervals: (studies, contrasts) each.

    Args:
        studies: votes, of the same number of raters, prompts and votes each, at least two raters and prompts.
        models: how many there are.
        contrasts: (contrasts, models) which sum to 0.
    """
    pair, outcome = _of_pairs(studies, models)
    first, second = pairs_of(models)
    counts = np.zeros((len(studies), len(first), OUTCOMES))
    np.add.at(counts, (np.arange(len(studies))[:, None], pair, outcome), 1.0)
    fitted = fit(counts, first, second, models)
    gradient = _gradients(fitted.ratings, fitted.log_tie, pair, outcome, (first, second))
    influence = gradient @ (contrasts @ fitted.inverse[:, :models]).swapaxes(1, 2)
    rater, prompt = (np.stack([getattr(study, name) for study in studies]) for name in ("rater", "prompt"))
    variance = _two_way(influence, rater, prompt)
    independent = np.einsum("ci,sij,cj->sc", contrasts, fitted.covariance, contrasts)
    freedom = min(rater.max(), prompt.max())
    half = np.maximum(t.ppf((1 + LEVEL) / 2, freedom) ** 2 * variance, normal_quantile() ** 2 * independent)
    return fitted.ratings @ contrasts.T, np.sqrt(half)


def _of_pairs(studies: Sequence[Draws], models: int) -> tuple[Ints, Ints]:
    """Return the index of each vote's pair, and its outcome for the first of the pair: (studies, votes) each."""
    place = np.zeros((models, models), dtype=np.int64)
    first, second = pairs_of(models)
    place[first, second] = place[second, first] = np.arange(len(first))
    left, right, outcome = (np.stack([getattr(study, n) for study in studies]) for n in ("left", "right", "outcome"))
    return place[left, right], np.where(left < right, outcome, 2 - outcome)


def _gradients(ratings: Floats, log_tie: Floats, pair: Ints, outcome: Ints, ends: tuple[Ints, Ints]) -> Floats:
    """Return the derivative of each vote's log-likelihood by ratings and log nu: (studies, votes, models + 1)."""
    first, second = (end[pair] for end in ends)
    rows = np.arange(len(ratings))[:, None]
    p = probabilities(ratings[rows, first] - ratings[rows, second], log_tie[:, None])
    lead = (1 - outcome) / 2 - (p[..., 0] - p[..., 2]) / 2
    gradient = np.zeros((*pair.shape, ratings.shape[1] + 1))
    np.put_along_axis(gradient, first[..., None], lead[..., None], axis=2)
    np.put_along_axis(gradient, second[..., None], -lead[..., None], axis=2)
    gradient[..., -1] = (outcome == 1) - p[..., 1]
    return gradient


def _two_way(influence: Floats, rater: Ints, prompt: Ints) -> Floats:
    """Return the variance by raters + by prompts - by cells of sums over votes: (studies, contrasts)."""
    cell = rater * (prompt.max() + 1) + prompt
    by_rater, by_prompt, by_cell = (_squares(influence, cluster) for cluster in (rater, prompt, cell))
    return np.maximum(by_rater + by_prompt - by_cell, 0.0)


def _squares(influence: Floats, cluster: Ints) -> Floats:
    """Return the sum over clusters of their squared sums, times n / (n - 1): (studies, contrasts)."""
    found = []
    for own, index in zip(influence, cluster, strict=True):
        sums = np.stack([np.bincount(index, column) for column in own.T], axis=1)
        n = len(np.unique(index))
        found.append((sums**2).sum(axis=0) * n / (n - 1))
    return np.array(found)
