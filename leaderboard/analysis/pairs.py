"""What votes on pairs say of one question: win ratios, ratings, ranks, with intervals over raters and prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.davidson import OUTCOMES, Fit, fit, groups
from leaderboard.analysis.ranks import Estimates, known_models, ranks
from leaderboard.analysis.spread import Spread, normal_quantile, only, quadratic, share_interval, spread
from mbench.agreement.measures import appearances, win_counts, win_ratios

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Result = dict[str, Any]


@dataclass(frozen=True)
class PairVotes:
    """Votes on one question as arrays (n,).

    Attributes:
        rater: index of the rater.
        prompt: index of the prompt.
        left: index of the model on the left.
        right: index of the model on the right.
        vote: 1 left, 0 tie (or both bad), -1 right.
        both_bad: whether a tie was that both are bad.
        models: names, sorted.
    """

    rater: Ints
    prompt: Ints
    left: Ints
    right: Ints
    vote: Ints
    both_bad: NDArray[np.bool_]
    models: tuple[str, ...]

    @classmethod
    def of(cls, table: pandas.DataFrame) -> PairVotes:
        """Return the votes of rows of a table of votes (`leaderboard.arena.table`)."""
        models = tuple(sorted({*table["model_a"], *table["model_b"]}))
        place = {model: index for index, model in enumerate(models)}
        won = {"a": 1, "b": -1}
        return cls(
            rater=table["rater"].factorize(sort=True)[0].astype(np.int64),
            prompt=table["prompt"].factorize(sort=True)[0].astype(np.int64),
            left=np.array([place[m] for m in table["model_a"]], dtype=np.int64),
            right=np.array([place[m] for m in table["model_b"]], dtype=np.int64),
            vote=np.array([won.get(w, 0) for w in table["winner"]], dtype=np.int64),
            both_bad=(table["winner"] == "both_bad").to_numpy(dtype=bool),
            models=models,
        )


@dataclass(frozen=True)
class Tally:
    """Votes by pair of models: the pairs that met, in order, and how every single vote went.

    Attributes:
        first: (pairs,) index of a model.
        second: (pairs,) index of the other, larger.
        features: (votes, pairs * 3) 1 where a vote is: of its pair, for the first, a tie, for the second.
        models: how many there are.
    """

    first: Ints
    second: Ints
    features: Floats
    models: int

    @classmethod
    def of(cls, votes: PairVotes) -> Tally:
        """Return the tally of votes."""
        models = len(votes.models)
        low, high = np.minimum(votes.left, votes.right), np.maximum(votes.left, votes.right)
        pairs, pair = np.unique(low * models + high, return_inverse=True)
        outcome = 1 - np.where(votes.left == low, votes.vote, -votes.vote)
        features = np.zeros((len(pair), len(pairs) * OUTCOMES))
        features[np.arange(len(pair)), pair * OUTCOMES + outcome] = 1.0
        return cls(pairs // models, pairs % models, features, models)

    def counts(self, sums: Floats) -> Floats:
        """Return sums of features as (n, pairs, 3)."""
        return sums.reshape(len(sums), -1, OUTCOMES)

    def fit(self, sums: Floats) -> Fit:
        """Return the ratings of sums of features (n, pairs * 3)."""
        return fit(self.counts(sums), self.first, self.second, self.models)

    def points(self, sums: Floats) -> tuple[Floats, Floats]:
        """Return wins with half of the ties, and appearances, of each model: (n, models) each."""
        counts = self.counts(sums)
        votes, won = counts.sum(axis=2), counts[..., 0] + counts[..., 1] / 2
        total, seen = (np.zeros((len(sums), self.models)) for _ in range(2))
        for index, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            total[:, first] += won[:, index]
            total[:, second] += votes[:, index] - won[:, index]
            seen[:, [first, second]] += votes[:, index, None]
        return total, seen


def analyse_pairs(votes: PairVotes) -> Result:
    """Return what the votes on one question say of the models.

    A tie, and both bad, is half a win for each. Ratings are those of `leaderboard.analysis.davidson`. Intervals are
    95 %, by `leaderboard.analysis.spread`, and never narrower than if all votes were independent; there are none with
    fewer than two raters or two prompts.

    Args:
        votes: at least one.

    Returns:
        counts, `models` (a list, best rating first), `pairs` (those that met) and `groups` (names of models that are
        linked by votes; ratings and ranks compare within a group only).
    """
    tally = Tally.of(votes)
    sums = tally.features.sum(axis=0, keepdims=True)
    fitted = tally.fit(sums)
    over = spread(lambda resampled: _estimates(tally, resampled), tally.features, votes.rater, votes.prompt)
    group = groups(tally.first, tally.second, tally.models)
    known = known_models((votes.left, votes.right), votes.rater, votes.prompt, tally.models)
    ratings = Estimates(fitted.ratings[0], group, _half(fitted, over), known)
    return {
        **_counts(votes),
        "log_tie": float(fitted.log_tie[0]),
        "groups": [[votes.models[i] for i in np.flatnonzero(group == g)] for g in np.unique(group)],
        "models": _models(votes, tally, ratings, over),
        "pairs": _pairs(votes, tally, sums, ratings),
    }


def _estimates(tally: Tally, sums: Floats) -> Floats:
    """Return ratings, then win ratios: (n, 2 * models)."""
    return np.concatenate([tally.fit(sums).ratings, win_ratios(*tally.points(sums))], axis=1)


def _half(fitted: Fit, over: Spread | None) -> Callable[[Floats], Floats] | None:
    """Return the half-widths of linear combinations of ratings, None without intervals."""
    if over is None:
        return None
    models = fitted.ratings.shape[1]
    own = Spread(over.covariance[:models, :models], over.freedom)

    def half(contrasts: Floats) -> Floats:
        independent = normal_quantile() ** 2 * quadratic(contrasts, fitted.covariance[0])
        return np.sqrt(np.maximum(own.quantile**2 * own.variances(contrasts), independent))

    return half


def _counts(votes: PairVotes) -> Result:
    return {
        "votes": len(votes.vote),
        "ties": int((votes.vote == 0).sum()),
        "both_bad": int(votes.both_bad.sum()),
        "raters": len(np.unique(votes.rater)),
        "prompts": len(np.unique(votes.prompt)),
    }


def _models(votes: PairVotes, tally: Tally, ratings: Estimates, over: Spread | None) -> list[Result]:
    """Return a mapping a model, best rating first."""
    zeros, shape = np.zeros(len(votes.vote), dtype=np.int64), (1, tally.models)
    where = (votes.left, votes.right, zeros, shape)
    points, seen = win_counts(votes.vote, *where)[0], appearances(*where)[0]
    squares = win_counts(votes.vote, *where)[0] - _ties(votes, tally.models) / 4  # of 1, 1/2 and 0
    found = []
    for index, (model, place) in enumerate(zip(votes.models, ranks(ratings), strict=True)):
        ratio = points[index] / seen[index]
        own = only(over, tally.models + index) if ratings.known[index] else None
        low, high = share_interval(ratio, squares[index] / seen[index] - ratio**2, seen[index], own)
        found.append({
            "model": model, "votes": int(seen[index]),
            "win_ratio": {"value": float(ratio), "low": low, "high": high}, **place,
        })  # fmt: skip
    return sorted(found, key=lambda m: (m["group"], m["rank"] or 0, m["model"]))


def _ties(votes: PairVotes, models: int) -> Floats:
    """Return in how many ties each model took part: (models,)."""
    tied = votes.vote == 0
    both = [np.bincount(side[tied], minlength=models) for side in (votes.left, votes.right)]
    return np.asarray(both[0] + both[1], dtype=np.float64)


def _pairs(votes: PairVotes, tally: Tally, sums: Floats, ratings: Estimates) -> list[Result]:
    """Return a mapping a pair of models that met: votes, and the difference of their ratings."""
    differences = ratings.differences(tally.first, tally.second)
    return [
        {
            "first": votes.models[first], "second": votes.models[second],
            "wins": int(counts[0]), "ties": int(counts[1]), "losses": int(counts[2]), "difference": difference,
        }
        for first, second, counts, difference in zip(
            tally.first, tally.second, tally.counts(sums)[0], differences, strict=True
        )
    ]  # fmt: skip
