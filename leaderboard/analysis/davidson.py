"""Bradley-Terry ratings from votes with ties, in the form of Davidson (1970, JASA 65, 317-328).

With ratings r and d = r_i - r_j, a vote on the pair (i, j) is

    i : tie : j  =  exp(d / 2) : nu : exp(-d / 2)

so that d is the log odds that i wins a vote that is no tie. Of the two usual models with ties this one rather than that
of Rao and Kupper (1967), because a tie counts exactly as half a win for each: the ratings depend on the votes through
the win ratios alone, and where every pair has as many votes they put the models in the order of these. The
log-likelihood is concave, so Newton's method finds its one maximum.

The prior is weak: every rating, and log nu, is normal about 0 with standard deviation `PRIOR`. It keeps the rating of a
model that never lost finite, and makes the ratings of each group of models that met sum to 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR = 3.0  # log odds: 95 % of models within 0.3 % to 99.7 % of wins against the average one
OUTCOMES = 3  # the first wins, tie, the second wins
STEPS = 60
TOLERANCE = 1e-9  # of the gradient, per vote


@dataclass(frozen=True)
class Fit:
    """Ratings of (n,) sets of votes.

    Attributes:
        ratings: (n, models) log odds; those of each group of models that met sum to 0.
        log_tie: (n,) log nu.
        inverse: (n, models + 1, models + 1) of the negated second derivatives of the penalised log-likelihood, by
            ratings, then log nu.
    """

    ratings: Floats
    log_tie: Floats
    inverse: Floats

    @property
    def covariance(self) -> Floats:
        """Return the covariance of the ratings if all votes were independent: (n, models, models)."""
        return self.inverse[:, :-1, :-1]


def groups(first: Ints, second: Ints, models: int) -> Ints:
    """Return the number of the group of each model: those that are linked by votes, directly or through others.

    Ratings of models in different groups can't be compared.

    Args:
        first: (pairs,) indices of models.
        second: (pairs,) likewise.
        models: how many there are.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    met = coo_matrix((np.ones(len(first)), (first, second)), shape=(models, models))
    return connected_components(met, directed=False)[1].astype(np.int64)


def fit(counts: Floats, first: Ints, second: Ints, models: int, prior: float = PRIOR) -> Fit:
    """Return the ratings that fit best, of many sets of votes at once.

    Args:
        counts: (n, pairs, 3) votes for the first, ties, votes for the second; weighted counts need not be whole.
        first: (pairs,) index of the first model of each pair.
        second: (pairs,) index of the second.
        models: how many there are.
        prior: standard deviation of the prior, log odds.

    Raises:
        ArithmeticError: Newton's method did not converge, which the concavity of the likelihood should exclude.
    """
    problem = _Problem(counts, _signs(first, second, models), prior)
    at = np.zeros((len(counts), models + 1))
    value = problem.value(at)
    for _ in range(STEPS):
        gradient, precision = problem.derivatives(at)
        if (np.abs(gradient).max(axis=1) <= problem.tolerance).all():
            inverse = np.asarray(np.linalg.inv(precision), dtype=np.float64)
            return Fit(at[:, :models], at[:, models], inverse)
        step = np.asarray(np.linalg.solve(precision, gradient[..., None])[..., 0], dtype=np.float64)
        at, value = _improved(problem, at, value, step)
    raise ArithmeticError(f"ratings did not converge in {STEPS} steps; largest gradient {np.abs(gradient).max():.2g}")


def probabilities(difference: Floats, log_tie: Floats) -> Floats:
    """Return the probabilities of the three outcomes: (..., 3).

    Args:
        difference: (...) of the ratings, first less second.
        log_tie: (...) log nu, broadcast against it.
    """
    half = difference / 2
    scores = np.stack(np.broadcast_arrays(half, log_tie, -half), axis=-1)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return scores / scores.sum(axis=-1, keepdims=True)


def _signs(first: Ints, second: Ints, models: int) -> Floats:
    """Return the matrix (pairs, models) that turns ratings into differences."""
    pairs = np.arange(len(first))
    signs = np.zeros((len(first), models))
    signs[pairs, first] += 1
    signs[pairs, second] -= 1
    return signs


def _improved(problem: _Problem, at: Floats, value: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return the next point and its value: Newton's step, halved where it would make things worse."""
    size = np.ones((len(at), 1))
    for _ in range(STEPS):
        there = at + size * step
        new = problem.value(there)
        worse = new < value - 1e-12 * np.abs(value)
        if not worse.any():
            break
        size[worse] /= 2
    return there, new


class _Problem:
    """The penalised log-likelihood of each set of votes; a point is the ratings and log nu, (n, models + 1)."""

    def __init__(self, counts: Floats, signs: Floats, prior: float) -> None:
        self.counts, self.signs, self.penalty = counts, signs, prior**-2
        self.votes = counts.sum(axis=2)
        self.tolerance = TOLERANCE * (1 + self.votes.sum(axis=1))
        self.products = np.einsum("pi,pj->pij", signs, signs).reshape(len(signs), -1)

    def value(self, at: Floats) -> Floats:
        """Return the penalised log-likelihoods: (n,)."""
        p = probabilities(at[:, :-1] @ self.signs.T, at[:, -1:])
        return (self.counts * np.log(p)).sum(axis=(1, 2)) - 0.5 * self.penalty * (at**2).sum(axis=1)

    def derivatives(self, at: Floats) -> tuple[Floats, Floats]:
        """Return the gradients (n, models + 1) and the negated second derivatives (n, models + 1, models + 1)."""
        p = probabilities(at[:, :-1] @ self.signs.T, at[:, -1:])
        expected = self.votes[..., None] * p
        lead = (p[..., 0] - p[..., 2]) / 2
        by_difference = (self.counts[..., 0] - self.counts[..., 2]) / 2 - self.votes * lead
        by_tie = (self.counts[..., 1] - expected[..., 1]).sum(axis=1)
        gradient = np.concatenate([by_difference @ self.signs, by_tie[:, None]], axis=1) - self.penalty * at
        return gradient, self._precision(p, lead)

    def _precision(self, p: Floats, lead: Floats) -> Floats:
        n, models = len(p), self.signs.shape[1]
        spread = self.votes * ((p[..., 0] + p[..., 2]) / 4 - lead**2)
        precision = np.zeros((n, models + 1, models + 1))
        precision[:, :models, :models] = (spread @ self.products).reshape(n, models, models)
        precision[:, :models, models] = -(self.votes * lead * p[..., 1]) @ self.signs
        precision[:, models, :models] = precision[:, :models, models]
        precision[:, models, models] = (self.votes * p[..., 1] * (1 - p[..., 1])).sum(axis=1)
        diagonal = np.arange(models + 1)
        precision[:, diagonal, diagonal] += self.penalty
        return precision
