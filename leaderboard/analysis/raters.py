"""How raters worked: attention checks, agreement with themselves, preference for a side, time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.spread import share_interval, spread
from leaderboard.analysis.votes import type_of
from mbench.errors import ConfigError

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Result = dict[str, Any]

LOWEST_HIGH, HIGHEST_LOW = 4, 2  # ratings of attention checks whose motion is good, and bad
TASK = ["rater", "item", "kind"]  # its questions are answered at once


@dataclass(frozen=True)
class Rule:
    """Whose votes do not count.

    A rater is left out who fails so many attention checks that one who watches with care, and fails each with
    probability `error`, would fail as many with probability below `level` (binomial). With the defaults: 2 of 2 or 3,
    3 of 4 to 8, 4 of 9 to 14.

    Attributes:
        error: how often a careful rater fails a check.
        level: below which probability a rater is left out; 0 leaves nobody out.
    """

    error: float = 0.1
    level: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what is no probability.

        Raises:
            ConfigError: the field, what was found and what was expected.
        """
        for name, value in (("error", self.error), ("level", self.level)):
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} is {value:g}; expected a probability, from 0 to 1")

    def chance(self, failed: int, checks: int) -> float:
        """Return the probability that a careful rater fails as many checks or more."""
        from scipy.stats import binom

        return float(binom.sf(failed - 1, checks, self.error))


def attention(table: pandas.DataFrame, rule: Rule) -> list[Result]:
    """Return how each rater with attention checks did, most failures first.

    A check of several questions is failed where at least half of its answers are wrong.

    Args:
        table: of votes.
        rule: which raters to leave out.

    Returns:
        mappings with rater, `checks`, `failed`, `chance` (that a careful rater fails as many) and `excluded`.
    """
    rows = table[table["kind"] == "attention"]
    found = []
    for rater, own in rows.assign(wrong=_wrong(rows)).groupby("rater", sort=True):
        wrong = own.groupby("item")["wrong"].mean() >= 0.5
        failed, checks = int(wrong.sum()), len(wrong)
        chance = rule.chance(failed, checks)
        found.append({
            "rater": rater, "checks": checks, "failed": failed, "chance": chance, "excluded": chance < rule.level
        })  # fmt: skip
    return sorted(found, key=lambda row: (row["chance"], row["rater"]))


def _wrong(rows: pandas.DataFrame) -> Floats:
    """Return 1 where the answer to an attention check is wrong."""
    if type_of(rows) == "pairs":
        return np.asarray(rows["winner"] != rows["better"], dtype=np.float64)
    high = rows["better"] == "high"
    wrong = np.where(high, rows["value"] < LOWEST_HIGH, rows["value"] > HIGHEST_LOW)
    return wrong.astype(np.float64)


def shares(values: Floats, table: pandas.DataFrame) -> Result:
    """Return the mean of values between 0 and 1, one a vote, with an interval over raters and prompts.

    Args:
        values: (votes,).
        table: (votes) their raters and prompts.
    """
    if not len(values):
        return {"value": None, "low": None, "high": None, "votes": 0}
    features = np.stack([values, np.ones(len(values))], axis=1)
    over = spread(_ratio, features, *_clusters(table))
    low, high = share_interval(float(values.mean()), float(values.var()), len(values), over)
    return {"value": float(values.mean()), "low": low, "high": high, "votes": len(values)}


def _ratio(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return sums[:, :1] / sums[:, 1:]


def _clusters(table: pandas.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rater, prompt = (table[column].factorize(sort=True)[0].astype(np.int64) for column in ("rater", "prompt"))
    return rater, prompt


def self_agreement(table: pandas.DataFrame) -> Result:
    """Return how often raters gave the same answer when they got a task again, sides exchanged.

    Args:
        table: of votes on one question.

    Returns:
        `same`, the share of repeats with the same answer (a tie and both bad are one answer), with an interval; of
        pairs `reversed`, the share where the other model won; of ratings `difference`, the mean absolute difference.
    """
    again = table[table["kind"] == "repeat"]
    before = table[table["kind"].isin(["pair", "rating"])]
    both = again.merge(before, on=["rater", "item", "question"], suffixes=("", "_before"))
    if type_of(table) == "pairs":
        now, then = preferred(both, ""), preferred(both, "_before")
        return {
            "same": shares((now == then).astype(np.float64), both),
            "reversed": shares((now * then < 0).astype(np.float64), both),
        }
    apart = np.abs(np.asarray(both["value"] - both["value_before"], dtype=np.float64))
    return {"same": shares((apart == 0) * 1.0, both), "difference": float(apart.mean()) if len(apart) else None}


def preferred(table: pandas.DataFrame, suffix: str = "") -> Floats:
    """Return 1 where the model first in the alphabet won, 0 at ties and both bad, -1 where the other won."""
    won = table[f"winner{suffix}"].map({"a": 1.0, "b": -1.0}).fillna(0.0).to_numpy(dtype=np.float64)
    turned = (table[f"model_a{suffix}"] > table[f"model_b{suffix}"]).to_numpy()
    return np.where(turned, -won, won)


def side_bias(table: pandas.DataFrame) -> Result:
    """Return how often the left side won, of votes on pairs and repeats that were no ties.

    Args:
        table: of votes.

    Returns:
        the share with its interval, and `p` of the test that it is one half, two-sided, by the score statistic that the
        interval inverts; None without an interval.
    """
    decided = table[table["kind"].isin(["pair", "repeat"]) & table["winner"].isin(["a", "b"])]
    values = np.asarray(decided["winner"] == "a", dtype=np.float64)
    found = shares(values, decided)
    return {**found, "p": None if found["low"] is None else _p_of_half(values, decided)}


def _p_of_half(values: Floats, table: pandas.DataFrame) -> float:
    """Return the larger p of two tests: votes by raters and prompts, and votes that are independent."""
    from scipy.stats import norm, t

    over = spread(_ratio, np.stack([values, np.ones(len(values))], axis=1), *_clusters(table))
    assert over is not None
    share, full = values.mean(), values.mean() * (1 - values.mean())
    worth = len(values) if full == 0 else full / max(over.covariance[0, 0], 1e-12)  # as many independent votes
    clustered, independent = (abs(share - 0.5) / np.sqrt(0.25 / votes) for votes in (worth, len(values)))
    return float(max(2 * t.sf(clustered, over.freedom), 2 * norm.sf(independent)))


def times(table: pandas.DataFrame, fast: float) -> Result:
    """Return how long tasks took: `median`, `low` and `high` quartile, and the share faster than `fast` seconds.

    A task whose questions are answered at once counts once; attention checks and repeats count too.

    Args:
        table: of votes; rows without a time are left out.
        fast: seconds below which nobody can have watched.
    """
    seconds = table.drop_duplicates(TASK)["seconds"].dropna().to_numpy(dtype=np.float64)
    if not len(seconds):
        return {"tasks": 0, "median": None, "low": None, "high": None, "fast": fast, "too_fast": None}
    low, median, high = np.quantile(seconds, [0.25, 0.5, 0.75])
    return {
        "tasks": len(seconds), "median": float(median), "low": float(low), "high": float(high),
        "fast": fast, "too_fast": float((seconds < fast).mean()),
    }  # fmt: skip


def by_rater(table: pandas.DataFrame) -> list[Result]:
    """Return for each rater how many tasks they did and their median time, in the order of ids."""
    found = []
    for rater, own in table.drop_duplicates(TASK).groupby("rater", sort=True):
        seconds = own["seconds"].dropna()
        found.append({
            "rater": rater, "tasks": len(own), "median_seconds": float(seconds.median()) if len(seconds) else None
        })  # fmt: skip
    return found
