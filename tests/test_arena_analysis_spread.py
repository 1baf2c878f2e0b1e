"""Intervals over raters and prompts: against closed forms, and how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

import naive_analysis as naive
from leaderboard.analysis.coverage import Design, measure, shares
from leaderboard.analysis.pairs import PairVotes, analyse_pairs
from leaderboard.analysis.sandwich import differences
from leaderboard.analysis.simulate import World, draw_votes
from leaderboard.analysis.simulate_tables import RatingWorld, pair_table
from leaderboard.analysis.spread import Spread, share_interval, spread

WORLD = World((0.8, 0.2, -0.2, -0.8))


def crossed(seed: int, raters: int = 12, prompts: int = 15, n: int = 120):
    rng = np.random.default_rng(seed)
    rater, prompt = rng.integers(0, raters, n), rng.integers(0, prompts, n)
    values = rng.normal(0, 1, n) + rng.normal(0, 0.7, raters)[rater] + rng.normal(0, 0.7, prompts)[prompt]
    return values, rater, prompt


def mean(sums):
    return sums[:, :1] / sums[:, 1:]


@pytest.mark.parametrize("seed", range(4))
def test_the_variance_of_a_mean_is_by_raters_and_by_prompts_less_both(seed):
    values, rater, prompt = crossed(seed)
    found = spread(mean, np.stack([values, np.ones(len(values))], axis=1), rater, prompt)
    expected = naive.two_way_variance(values.tolist(), rater.tolist(), prompt.tolist())
    assert found.covariance[0, 0] == pytest.approx(expected, rel=0.15)  # of 1,000 resamples, and a ratio of sums
    assert found.freedom == min(len(set(rater)), len(set(prompt))) - 1
    assert found.quantile == pytest.approx(t.ppf(0.975, found.freedom))


def test_the_same_votes_give_the_same_interval():
    values, rater, prompt = crossed(1)
    features = np.stack([values, np.ones(len(values))], axis=1)
    one, other = (spread(mean, features, rater, prompt) for _ in range(2))
    assert one.covariance == other.covariance


@pytest.mark.parametrize("few", ["rater", "prompt"])
def test_one_rater_or_one_prompt_gives_no_interval(few):
    values, rater, prompt = crossed(2)
    rater, prompt = (rater * 0, prompt) if few == "rater" else (rater, prompt * 0)
    assert spread(mean, np.stack([values, np.ones(len(values))], axis=1), rater, prompt) is None


@pytest.mark.parametrize(("share", "votes"), [(0.3, 50), (0.98, 20), (0.5, 1000)])
def test_intervals_of_shares_are_wilson_s_for_as_many_votes_as_they_are_worth(share, votes):
    many = 10_000  # so the quantile is that of the normal distribution
    over = Spread(np.array([[share * (1 - share) / votes]]), many)
    found = share_interval(share, share * (1 - share), 10 * votes, over)  # ten times as many, clustered
    assert found == pytest.approx(naive.wilson(share, votes, over.quantile), abs=1e-6)


def test_intervals_are_never_narrower_than_of_independent_votes():
    found = share_interval(0.4, 0.24, 100, Spread(np.array([[0.0]]), 10_000))
    assert found == pytest.approx(naive.wilson(0.4, 100, 1.96), abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_unanimous_votes_leave_doubt(share):
    low, high = share_interval(share, 0.0, 20, Spread(np.array([[0.0]]), 9))
    assert 0 <= low < high <= 1
    assert high - low == pytest.approx(t.ppf(0.975, 9) ** 2 / (20 + t.ppf(0.975, 9) ** 2))


def test_an_unbeaten_model_has_a_wide_interval():
    rows = [(r, p, "best", "other", "a") for r in range(5) for p in range(5)]
    rows += [(r, p, "other", "third", "ab"[(r + p) % 2]) for r in range(5) for p in range(5)]
    columns = ["rater", "prompt", "model_a", "model_b", "winner"]
    import pandas

    table = pandas.DataFrame(rows, columns=columns).astype({"rater": str, "prompt": str})
    found = {m["model"]: m for m in analyse_pairs(PairVotes.of(table))["models"]}
    rating = found["best"]["rating"]
    assert rating["low"] > 0
    assert rating["high"] - rating["low"] > 2  # log odds; all resamples alike would make it 0
    assert found["best"]["win_ratio"]["low"] < 0.9


def test_the_bootstrap_and_the_sandwich_agree():
    draws = [draw_votes(WORLD, 30, 12, 30, seed) for seed in range(3)]
    contrasts = np.eye(4)[:-1] - np.eye(4)[1:]
    values, halves = differences(draws, 4, contrasts)
    for own, half, drawn in zip(values, halves, draws, strict=True):
        found = analyse_pairs(PairVotes.of(pair_table(drawn, "abcd")))["pairs"]
        by_pair = {(pair["first"], pair["second"]): pair["difference"] for pair in found}
        for index, pair in enumerate(zip("abc", "bcd", strict=True)):
            assert own[index] == pytest.approx(by_pair[pair]["value"], abs=1e-7)
            assert half[index] == pytest.approx((by_pair[pair]["high"] - by_pair[pair]["low"]) / 2, rel=0.15)


@pytest.mark.parametrize("world", [WORLD, RatingWorld((0.8, 0.2, -0.2, -0.8))], ids=["pairs", "ratings"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(world):
    """30 studies with 4 models: scripts/arena_coverage.py measures it on 200 and more designs."""
    found = shares(measure(Design("test", world, 30, 12, 30), study, seed=5) for study in range(30))
    kinds = ("rating", "difference", "win_ratio") if isinstance(world, World) else ("score",)
    for kind in kinds:
        assert 0.89 <= found[kind] <= 0.995, kind
    assert found["rank"] >= 0.95


def test_intervals_that_ignore_raters_and_prompts_would_not_hold_it():
    """What the two-way bootstrap is for: with strong effects, independent votes give intervals that are too narrow."""
    world = World((0.5, 0.0, -0.5), prompt_sd=1.0, rater_sd=1.0)
    found = analyse_pairs(PairVotes.of(pair_table(draw_votes(world, 20, 10, 60, 1), "abc")))
    wide = [m["win_ratio"]["high"] - m["win_ratio"]["low"] for m in found["models"]]
    alone = [np.diff(naive.wilson(m["win_ratio"]["value"], m["votes"], 1.96))[0] for m in found["models"]]
    assert np.mean(wide) > 1.5 * np.mean(alone)
