"""Numbers with 95 % intervals from a value a prompt: means, paired differences, ratios, distances of sets.

Every estimate is a function of column means; its interval is the percentile bootstrap over prompts
(`mbench.stats`), all columns of a prompt drawn together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mbench.metrics.anchors import load_anchors
from mbench.stats import bootstrap_weights, interval, weighted_means
from vimogen.experiments.marks import DIMENSIONS, Marks

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]  # column means (k, columns) -> (k,)


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes:
        value: None where no prompt has a value.
        low: end of the 95 % interval; None of fewer than two prompts.
        high: likewise.
        n: prompts that it is of.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def excludes_zero(self) -> bool:
        """Return whether 0 is outside the interval."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    def __str__(self) -> str:
        """Return `value [low, high]`, or a dash."""
        if self.value is None or not np.isfinite(self.value):
            return "-"
        if self.low is None or self.high is None:
            return _short(self.value)
        return f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"


def estimate(columns: Floats, statistic: Statistic) -> Estimate:
    """Return a function of column means with its interval.

    Args:
        columns: (prompts, columns), NaN where there is no value; a prompt without any does not count.
        statistic: of the means.
    """
    columns = columns[~np.isnan(columns).all(axis=1)]
    n = len(columns)
    if not n:
        return Estimate(None, None, None, 0)
    value = float(statistic(weighted_means(columns, np.ones((1, n))))[0])
    low, high = interval(statistic(weighted_means(columns, bootstrap_weights(n)))) if n > 1 else (None, None)
    return Estimate(value if np.isfinite(value) else None, low, high, n)


def paired(columns: Sequence[Floats]) -> Floats:
    """Return columns side by side, without the prompts that lack a value in one of them."""
    table = np.stack(columns, axis=1)
    return table[~np.isnan(table).any(axis=1)]


def mean(column: Floats) -> Estimate:
    """Return the mean of a value a prompt."""
    return estimate(column[:, None], lambda means: means[:, 0])


def difference(one: Floats, other: Floats) -> Estimate:
    """Return the mean of one minus other, over the prompts that have both."""
    return estimate(paired([one, other]), lambda means: means[:, 0] - means[:, 1])


def ratio(one: Floats, other: Floats) -> Estimate:
    """Return the mean of one over that of other, of the prompts that have both."""
    return estimate(paired([one, other]), lambda means: _over(means[:, 0], means[:, 1]))


def share_kept(light: Floats, gated: Floats, text: Floats) -> Estimate:
    """Return (light - text) / (gated - text) of means: how much of the gate's gain over the text branch light keeps."""
    table = paired([light, gated, text])
    return estimate(table, lambda means: _over(means[:, 0] - means[:, 2], means[:, 1] - means[:, 2]))


def quality(marks: Marks) -> Estimate:
    """Return the score of the quality pillar over `DIMENSIONS`: the mean of their means on the scale of the anchors."""
    return estimate(_dimensions(marks), _pillar)


def quality_difference(one: Marks, other: Marks) -> Estimate:
    """Return the difference of two arms' scores of the quality pillar, over the prompts that both made a motion of."""
    left, right = _dimensions(one), _dimensions(other)
    both = ~(np.isnan(left).all(axis=1) | np.isnan(right).all(axis=1))
    size = len(DIMENSIONS)
    table = np.hstack([left[both], right[both]])
    return estimate(table, lambda means: _pillar(means[:, :size]) - _pillar(means[:, size:]))


def kernel_distance(made: Floats, real: Floats) -> Estimate:
    """Return KID: the unbiased squared maximum mean discrepancy, kernel (x·y + 1)³, of `mbench.metrics.distribution`.

    Its interval is over the made motions; a pair of a motion with itself, which a resample may draw, does not count.

    Args:
        made: (n, d) vectors of norm 1; NaN rows are left out.
        real: (m, d), likewise.
    """
    made, real = (own[~np.isnan(own).any(axis=1)] for own in (made, real))
    if min(len(made), len(real)) < 2 or not made.shape[1]:
        return Estimate(None, None, None, len(made))
    within, across = _kernel(made, made), _kernel(made, real).mean(axis=1)
    np.fill_diagonal(within, 0.0)
    reference = _kernel(real, real)
    constant = (reference.sum() - np.trace(reference)) / (len(real) * (len(real) - 1))

    def distance(weights: Floats) -> Floats:
        pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
        own = _over(((weights @ within) * weights).sum(axis=1), pairs)  # none where one motion was drawn every time
        return own + constant - 2 * (weights @ across) / weights.sum(axis=1)

    value = float(distance(np.ones((1, len(made))))[0])
    return Estimate(value, *interval(distance(bootstrap_weights(len(made)))), len(made))


def _short(value: float) -> str:
    """Return three digits of a number, 0 for what is rounding."""
    return f"{round(value, 6) + 0.0:.3g}"


def _kernel(x: Floats, y: Floats) -> Floats:
    return (x @ y.T + 1) ** 3


def _dimensions(marks: Marks) -> Floats:
    return np.stack([marks[name] for name in DIMENSIONS], axis=1)


def _pillar(means: Floats) -> Floats:
    """Return the mean over dimensions of their scores, of those that have a mean: (k,)."""
    anchors = load_anchors().by_metric
    scores = [anchors[f"quality/{name}"].score(means[:, n]) for n, name in enumerate(DIMENSIONS)]
    return np.asarray(np.nanmean(np.stack(scores, axis=1), axis=1))


def _over(one: Floats, other: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(other != 0, one / other, np.nan)
