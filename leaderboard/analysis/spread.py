"""How far an estimate would lie elsewhere with other raters and other prompts.

Votes of one rater resemble each other, and so do votes on one prompt. The covariance of estimates is therefore
bootstrapped three times: over raters, drawn with all their votes; over prompts, likewise; and over the cells of rater
and prompt, which holds what is left if neither matters. The first and the second both contain the third, so

    covariance = by raters + by prompts - by cells          (Cameron, Gelbach and Miller 2011, JBES 29, 238-249)

Each is multiplied by n / (n - 1) for its n clusters, and quantiles are those of Student's t with
min(raters, prompts) - 1 degrees of freedom, as there. Multiplying weights of raters and prompts instead (the pigeonhole
bootstrap) would count the noise of single votes three times (Owen 2007, AOAS 1, 386-411).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mbench.stats import LEVEL, SEED, bootstrap_weights

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]  # (n, features), sums over votes, to (n, estimates)
Interval = tuple[float | None, float | None]

RESAMPLES = 1000  # of each of the three kinds; the error of a half-width from it is 2 %
AT_ONCE = 2_000_000  # weights in memory


@dataclass(frozen=True)
class Spread:
    """Covariance of estimates over raters and prompts.

    Attributes:
        covariance: (estimates, estimates); NaN where an estimate was undefined in nearly all resamples.
        freedom: degrees of freedom.
    """

    covariance: Floats
    freedom: int

    @cached_property
    def quantile(self) -> float:
        """Return how many standard errors an interval reaches to either side."""
        from scipy.stats import t

        return float(t.ppf((1 + LEVEL) / 2, self.freedom))

    def variances(self, contrasts: Floats) -> Floats:
        """Return the variances of linear combinations (n, estimates); a difference below 0 counts as 0."""
        return np.maximum(quadratic(contrasts, self.covariance), 0.0)


def quadratic(contrasts: Floats, covariance: Floats) -> Floats:
    """Return c' V c of each row c: (n,)."""
    return np.einsum("ci,ij,cj->c", contrasts, covariance, contrasts)


def normal_quantile() -> float:
    """Return the quantile of the normal distribution that a two-sided interval needs."""
    from scipy.stats import norm

    return float(norm.ppf((1 + LEVEL) / 2))


def spread(statistic: Statistic, features: Floats, rater: Ints, prompt: Ints) -> Spread | None:
    """Return the covariance of estimates, None with fewer than two raters or two prompts.

    Args:
        statistic: of sums of features over the votes of a resample.
        features: (votes, features).
        rater: (votes,) whose vote it is.
        prompt: (votes,) on which prompt.
    """
    raters, prompts = len(np.unique(rater)), len(np.unique(prompt))
    if min(raters, prompts) < 2:
        return None
    cell = np.unique(np.stack([rater, prompt]), axis=1, return_inverse=True)[1].ravel()
    by_rater, by_prompt, by_cell = (
        _clustered(statistic, sums_by(features, cluster), seed)
        for seed, cluster in enumerate((rater, prompt, cell), SEED)
    )
    return Spread(by_rater + by_prompt - by_cell, min(raters, prompts) - 1)


def sums_by(features: Floats, cluster: Ints) -> Floats:
    """Return the sum of the features of each cluster: (clusters, features)."""
    names, index = np.unique(cluster, return_inverse=True)
    sums = np.zeros((len(names), features.shape[1]))
    np.add.at(sums, index, features)
    return sums


def _clustered(statistic: Statistic, sums: Floats, seed: int) -> Floats:
    """Return the covariance of estimates over resamples of clusters."""
    import pandas

    found = np.concatenate([statistic(weights @ sums) for weights in _weights(len(sums), seed)])
    covariance = pandas.DataFrame(found).cov(min_periods=RESAMPLES // 10).to_numpy()  # resamples may lack a model
    return covariance * len(sums) / (len(sums) - 1)


def _weights(clusters: int, seed: int) -> Iterator[Floats]:
    """Yield weights of clusters, `RESAMPLES` rows in all."""
    step = max(AT_ONCE // clusters, 1)
    for start in range(0, RESAMPLES, step):
        yield bootstrap_weights(clusters, min(step, RESAMPLES - start), seed + 1000 * start)


def share_interval(share: float, variance: float, votes: float, over: Spread | None) -> Interval:
    """Return Wilson's interval (1927) of a share, as wide as its votes are worth rather than as many as they are.

    Never narrower than if all votes were independent; and where all votes agree, so that resamples do not vary, that
    of as many independent votes.

    Args:
        share: between 0 and 1.
        variance: of one vote, p (1 - p) unless half points are given.
        votes: how many there were.
        over: of this one estimate.
    """
    if over is None or np.isnan(over.covariance).any():
        return None, None
    full = share * (1 - share)
    wide = squared_reach(over, variance / votes)
    ratio = wide / full if full > 0 and wide > 0 else over.quantile**2 / votes
    centre = (share + ratio / 2) / (1 + ratio)
    half = np.sqrt(ratio * full + ratio**2 / 4) / (1 + ratio)
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def squared_reach(over: Spread, independent: float) -> float:
    """Return the squared half-width of the interval of one estimate, at least that of independent votes."""
    own = over.quantile**2 * max(float(over.covariance[0, 0]), 0.0)
    return max(own, normal_quantile() ** 2 * independent)


def only(over: Spread | None, index: int) -> Spread | None:
    """Return the spread of one estimate of several."""
    return None if over is None else Spread(over.covariance[index : index + 1, index : index + 1], over.freedom)
