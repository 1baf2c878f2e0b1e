"""How good a judge is that has motions and texts in one space: small pure functions over a matrix of similarities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError
from mbench.stats import bootstrap_weights, interval

Floats = NDArray[np.float64]
POOL = 32  # texts among which a motion's own is looked for (Guo et al. 2022)
POOLINGS = 20
CHOICES = 10
BINS = 10
RESAMPLES = 1000
PLACES = 9  # decimals that are kept of a figure: the last ones of a sum depend on the machine, not on the judge


def logistic_map(similarity: Floats, matches: NDArray[np.bool_]) -> tuple[float, float]:
    """Return (slope, offset) of P(match) = 1 / (1 + exp(-(slope · similarity + offset))), by maximum likelihood.

    Rounded to 6 decimals: they are stored with the weights, whose hash must not depend on the last bit of a sum.

    Args:
        similarity: (n,) of pairs.
        matches: (n,) whether they match; the two kinds count alike, however many there are of each.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e3, class_weight="balanced").fit(similarity[:, None], matches)
    return round(float(fitted.coef_[0, 0]), 6), round(float(fitted.intercept_[0]), 6)


def probability(similarity: Floats, slope: float, offset: float) -> Floats:
    """Return P(match) of similarities."""
    return 1 / (1 + np.exp(-(slope * np.asarray(similarity) + offset)))


def ranks(similarity: Floats, alike: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for each motion, how many texts are nearer than the nearest right one: 0 is a hit at the first place.

    Args:
        similarity: (n, m) of motions and texts.
        alike: (n, m) true where the text says what the motion's own text says.
    """
    best = np.where(alike, similarity, -np.inf).max(axis=1)
    return (~alike & (similarity >= best[:, None])).sum(axis=1)


def recall_in_pools(similarity: Floats, alike: NDArray[np.bool_], seed: int = 0) -> Floats:
    """Return (n, 3): how often each motion's text is among the nearest 1, 2, 3 of pools of 32, over 20 seeded poolings.

    Raises:
        ValueError: fewer than 32 pairs.
    """
    n = len(similarity)
    if n < POOL:
        raise ValueError(f"{n} pairs; pools need {POOL}")
    hits = np.zeros((n, 3))
    generator = np.random.default_rng(seed)
    for _ in range(POOLINGS):
        for motion in range(n):
            others = generator.choice(np.delete(np.arange(n), motion), POOL - 1, replace=False)
            texts = np.array([motion, *others])
            rank = ranks(similarity[motion, texts][None], alike[motion, texts][None])[0]
            hits[motion] += rank < np.arange(1, 4)
    return hits / POOLINGS


def area_under_curve(positive: Floats, negative: Floats, weights: tuple[Floats, Floats] | None = None) -> float:
    """Return the chance that a matching pair is more similar than another one, ties counted half.

    Args:
        positive: similarities of matching pairs.
        negative: similarities of others.
        weights: how often each counts; None for once.
    """
    from sklearn.metrics import roc_auc_score

    kinds = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    weight = None if weights is None else np.r_[weights]
    return float(roc_auc_score(kinds, np.r_[positive, negative], sample_weight=weight))


def calibration_error(probabilities: Floats, matches: Floats, weights: Floats) -> float:
    """Return the expected calibration error over ten bins of equal width (Naeini et al. 2015).

    Args:
        probabilities: (n,) said.
        matches: (n,) 1 where it was so.
        weights: (n,) how much each counts.
    """
    place = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    gap = np.zeros(BINS)
    np.add.at(gap, place, weights * (probabilities - matches))
    return float(np.abs(gap).sum() / weights.sum())


def hard_choices(text_likeness: Floats, alike: NDArray[np.bool_], count: int = CHOICES - 1) -> list[NDArray[np.intp]]:
    """Return, for each motion, the indices of the texts most like its own that say something else.

    Args:
        text_likeness: (n, m) likeness of each motion's own text to all texts.
        alike: (n, m) true where the text says the same.
        count: distractors.

    Raises:
        ConfigError: a motion has fewer texts that say something else.
    """
    chosen = []
    for likeness, same in zip(text_likeness, alike, strict=True):
        order = np.argsort(-np.where(same, -np.inf, likeness), kind="stable")[:count]
        if len(order) < count or same[order].any():
            raise ConfigError(
                f"a clip has fewer than {count} texts that say something else; the data hold too few texts"
            )
        chosen.append(order)
    return chosen


def with_interval(statistic: Callable[[Floats], float], n: int, seed: int = 0) -> dict[str, float | None]:
    """Return value, low and high of a statistic of weights (n,), by 1,000 bootstrap resamples of the clips."""
    value = statistic(np.ones(n))
    drawn = np.array([statistic(weights) for weights in bootstrap_weights(n, RESAMPLES, seed)])
    low, high = interval(drawn)
    kept = {"value": value, "low": low, "high": high}
    return {name: None if number is None else round(number, PLACES) for name, number in kept.items()}


@dataclass(frozen=True)
class Trial:
    """n clips and m texts, and which says what of which.

    Attributes:
        similarity: (n, m) by the judge.
        own: (n,) index of each clip's own text.
        same: (n, m) true where a text says what the clip's own text says.
        true_of: (n, m) true where a text is true of the clip: it names no action, side or direction that its own text
            does not name.
        likeness: (n, m) of each clip's own text and all texts, by the text encoder alone.
    """

    similarity: Floats
    own: NDArray[np.intp]
    same: NDArray[np.bool_]
    true_of: NDArray[np.bool_]
    likeness: Floats

    @cached_property
    def hard(self) -> list[NDArray[np.intp]]:
        """Return the nine texts most like each clip's own that are not true of it."""
        return hard_choices(self.likeness, self.true_of)

    @cached_property
    def matching(self) -> Floats:
        """Return the similarity of each clip and its own text."""
        return self.similarity[np.arange(len(self.own)), self.own]

    @cached_property
    def others(self) -> tuple[Floats, NDArray[np.intp]]:
        """Return similarities of clips and texts that are not true of them, and the clips: half random, half hard."""
        values, clips = [], []
        for clip, hard in enumerate(self.hard):
            generator = np.random.default_rng(clip)
            false = np.flatnonzero(~self.true_of[clip])
            chosen = np.r_[generator.choice(false, len(hard), replace=False), hard]
            values += [*self.similarity[clip, chosen]]
            clips += [clip] * len(chosen)
        return np.array(values), np.array(clips)

    def calibration(self) -> tuple[float, float]:
        """Return the map from similarity to P(match) fitted to this trial; see `logistic_map`."""
        others, _ = self.others
        matches = np.r_[np.ones(len(self.matching)), np.zeros(len(others))] > 0
        return logistic_map(np.r_[self.matching, others], matches)


def figures(trial: Trial, calibration: Sequence[float] | None = None) -> dict[str, Any]:
    """Return all figures of a judge, each with a bootstrap interval over clips.

    Args:
        trial: what it was asked.
        calibration: (slope, offset) that were fitted elsewhere; None where no calibration error is asked for.
    """
    n = len(trial.own)
    among, same = trial.similarity[:, trial.own], trial.same[:, trial.own]
    rank = ranks(among, same)
    found: dict[str, Any] = {"clips": n, "texts": len(np.unique(trial.own))}
    found["auc"] = with_interval(partial(_area, trial), n)
    if n >= POOL:
        pooled = recall_in_pools(among, same)
        found |= {f"r{k}_pool32": _mean(pooled[:, k - 1]) for k in (1, 2, 3)}
    found |= {f"r{k}_all": _mean((rank < k).astype(float)) for k in (1, 2, 3)}
    rivals = np.array([trial.similarity[clip, hard].max() for clip, hard in enumerate(trial.hard)])
    found["choice10"] = _mean((trial.matching > rivals).astype(float))
    if calibration is not None:
        found["calibration_error"] = with_interval(partial(_error, trial, calibration), n)
    return found


def _mean(values: Floats) -> dict[str, float | None]:
    return with_interval(lambda weights: float(np.average(values, weights=weights)), len(values))


def _area(trial: Trial, weights: Floats) -> float:
    """Return the area under the curve; pairs count as often as their clip is drawn."""
    others, clips = trial.others
    return area_under_curve(trial.matching, others, (weights, weights[clips]))


def _error(trial: Trial, calibration: Sequence[float], weights: Floats) -> float:
    """Return the calibration error over as many matching pairs as others, by weight."""
    others, clips = trial.others
    said = probability(np.r_[trial.matching, others], *calibration)
    truth = np.r_[np.ones(len(weights)), np.zeros(len(others))]
    balance = weights.sum() / weights[clips].sum()
    return calibration_error(said, truth, np.r_[weights, weights[clips] * balance])
