"""What ratings say of one question: mean opinion scores and ranks, with intervals over raters and prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.ranks import Estimates, known_models, ranks
from leaderboard.analysis.spread import Spread, normal_quantile, only, share_interval, spread
from leaderboard.arena.study import RATINGS

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Result = dict[str, Any]

LOWEST, SPAN = RATINGS[0], RATINGS[-1] - RATINGS[0]
ROUNDING = 1 / 12  # variance of a uniform distribution one wide


def analyse_ratings(table: pandas.DataFrame) -> Result:
    """Return the mean opinion score of each model (ITU-T P.800), over all its ratings.

    Intervals are 95 %, by `leaderboard.analysis.spread`: of scores in Wilson's form, which stays on the scale; of
    differences, which decide ranks, symmetric. They are never narrower than if all ratings were independent, and there
    are none with fewer than two raters or two prompts.

    Args:
        table: ratings that count, on one question; at least one.

    Returns:
        counts and `models`, best first, each with `score` (value, low, high), `counts` (of ratings 1 to 5) and the rank
        as in `leaderboard.analysis.ranks`.
    """
    names, features, rater, prompt = _arrays(table)
    means, variances, seen = _moments(features, table["value"].to_numpy(dtype=np.float64))
    over = spread(_means, features, rater, prompt)
    known = known_models((features[:, len(names) :].argmax(axis=1),), rater, prompt, len(names))
    half = _half(over, _independent(variances, seen))
    estimates = Estimates(means, np.zeros(len(names), dtype=np.int64), half, known)
    models = []
    for index, (model, place) in enumerate(zip(names, ranks(estimates), strict=True)):
        own = only(over, index) if known[index] else None
        ends = share_interval(_share(means[index]), variances[index] / SPAN**2, seen[index], _scaled(own))
        low, high = (None if end is None else LOWEST + SPAN * end for end in ends)
        given = table.loc[table["model"] == model, "value"]
        counts = [int((given == value).sum()) for value in RATINGS]
        score = {"value": float(means[index]), "low": low, "high": high}
        models.append({"model": model, "votes": int(seen[index]), "score": score, "counts": counts, **_rank(place)})
    models.sort(key=lambda m: (-m["score"]["value"], m["model"]))
    return {
        "votes": len(table), "raters": int(table["rater"].nunique()), "prompts": int(table["prompt"].nunique()),
        "models": models,
    }  # fmt: skip


def _arrays(table: pandas.DataFrame) -> tuple[list[str], Floats, Ints, Ints]:
    """Return the models, features (n, 2 * models) with values and 1s in the columns of the model, raters, prompts."""
    model, names = table["model"].factorize(sort=True)
    rater, prompt = (table[column].factorize(sort=True)[0].astype(np.int64) for column in ("rater", "prompt"))
    features = np.zeros((len(table), 2 * len(names)))
    rows = np.arange(len(table))
    features[rows, model] = table["value"].to_numpy(dtype=np.float64)
    features[rows, model + len(names)] = 1.0
    return list(names), features, rater, prompt


def _means(sums: Floats) -> Floats:
    """Return the mean of each model: (n, models); NaN where a resample has none of its ratings."""
    total, count = np.split(sums, 2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def _moments(features: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean, the variance and the number of the ratings of each model."""
    there = np.split(features, 2, axis=1)[1]
    seen = there.sum(axis=0)
    means = values @ there / seen
    return means, values**2 @ there / seen - means**2, seen


def _half(over: Spread | None, independent: Floats) -> Any:
    """Return the half-widths of linear combinations of means, None without intervals."""
    if over is None:
        return None

    def half(contrasts: Floats) -> Floats:
        least = normal_quantile() ** 2 * (contrasts**2 @ independent)
        return np.sqrt(np.maximum(over.quantile**2 * over.variances(contrasts), least))

    return half


def _independent(variances: Floats, seen: Floats) -> Floats:
    """Return the variance of each mean if all ratings were independent: (models,).

    Few ratings that happen to be equal do not show that all would be: the variance of a model's ratings is drawn
    towards that within all models by two ratings, and that is at least what rounding to whole numbers hides.
    """
    within = max(float((variances * seen).sum() / seen.sum()), ROUNDING)
    return (variances * seen + 2 * within) / (seen + 1) / seen


def _share(mean: float) -> float:
    """Return a mean rating as a part of the scale, 0 to 1."""
    return float((mean - LOWEST) / SPAN)


def _scaled(over: Spread | None) -> Spread | None:
    return None if over is None else Spread(over.covariance / SPAN**2, over.freedom)


def _rank(place: Result) -> Result:
    """Return the rank alone: the scores are on a scale of their own, unlike ratings of pairs."""
    return {key: place[key] for key in ("rank", "best", "worst")}
