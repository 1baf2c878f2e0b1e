"""Ratings with ties: published estimates, closed forms, a general optimiser, groups that never met."""

from __future__ import annotations

import math

import numpy as np
import pytest

import naive_analysis as naive
from leaderboard.analysis.davidson import fit, groups, probabilities
from leaderboard.analysis.simulate import pairs_of

NO_PRIOR = 1e4  # so wide that it says nothing

# Davidson (1970), example 2: brands of chocolate pudding; i, j, comparisons, i preferred, j preferred, no preference.
PUDDING = """
1 2 57 19 22 16 | 1 3 47 16 19 12 | 2 3 48 19 19 10 | 1 4 54 18 23 13 | 2 4 51 23 19  9
3 4 54 19 20 15 | 1 5 50 13 19 18 | 2 5 48 16 20 12 | 3 5 48 16 15 17 | 4 5 47 17 14 16
1 6 51 18 21 12 | 2 6 54 22 20 12 | 3 6 41 13 18 10 | 4 6 51 14 19 18 | 5 6 44 11 21 12
"""
WORTHS = [0.1388, 0.1730, 0.1617, 0.1654, 0.1587, 0.2024]  # published, of sum 1
NU = 0.7468

# Agresti (2002), Categorical Data Analysis, table 10.10: wins of the row over the column, baseball, 1987.
TEAMS = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
WINS = np.array([
    [0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12], [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12], [4, 4, 5, 6, 6, 0, 6], [2, 4, 1, 3, 1, 7, 0],
], dtype=float)  # fmt: skip
ESTIMATES = [1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0]  # published, Baltimore 0


def random_votes(seed: int, models: int = 4, n: int = 60) -> list[tuple[int, int, int]]:
    rng = np.random.default_rng(seed)
    chosen = [sorted(rng.choice(models, 2, replace=False)) for _ in range(n)]
    return [(int(a), int(b), int(rng.choice(3, p=[0.5, 0.2, 0.3]))) for a, b in chosen]


def counted(votes: list[tuple[int, int, int]], models: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, second = pairs_of(models)
    place = {pair: index for index, pair in enumerate(zip(first, second, strict=True))}
    counts = np.zeros((1, len(first), 3))
    for a, b, outcome in votes:
        counts[0, place[a, b], outcome] += 1
    return counts, first, second


def test_davidson_s_puddings():
    rows = np.array([row.split() for row in PUDDING.strip().replace("\n", "|").split("|")], dtype=int)
    assert (rows[:, 2] == rows[:, 3:].sum(axis=1)).all()
    counts = rows[None][:, :, [3, 5, 4]].astype(float)
    found = fit(counts, rows[:, 0] - 1, rows[:, 1] - 1, 6, NO_PRIOR)
    worths = np.exp(found.ratings[0]) / np.exp(found.ratings[0]).sum()
    assert worths == pytest.approx(WORTHS, abs=1e-4)
    assert math.exp(found.log_tie[0]) == pytest.approx(NU, abs=1e-4)


def test_agresti_s_baseball():
    first, second = pairs_of(len(TEAMS))
    counts = np.stack([WINS[first, second], np.zeros(len(first)), WINS[second, first]], axis=1)[None]
    found = fit(counts, first, second, len(TEAMS), 1e3)
    assert found.ratings[0] - found.ratings[0, -1] == pytest.approx(ESTIMATES, abs=1e-3)


@pytest.mark.parametrize(("wins", "ties", "losses"), [(30, 0, 10), (12, 7, 5), (3, 40, 2)])
def test_two_models_have_a_closed_form(wins, ties, losses):
    one = fit(np.array([[[wins, ties, losses]]], dtype=float), np.array([0]), np.array([1]), 2, NO_PRIOR)
    difference = one.ratings[0, 0] - one.ratings[0, 1]
    assert difference == pytest.approx(math.log(wins / losses), abs=1e-4)  # ties say nothing of who is better
    if ties:
        assert one.log_tie[0] == pytest.approx(math.log(ties / math.sqrt(wins * losses)), abs=1e-4)


def test_standard_errors_of_two_models_have_a_closed_form():
    one = fit(np.array([[[30.0, 0.0, 10.0]]]), np.array([0]), np.array([1]), 2, NO_PRIOR)
    contrast = np.array([1.0, -1.0])
    assert contrast @ one.covariance[0] @ contrast == pytest.approx(1 / 30 + 1 / 10, rel=1e-3)  # of log odds


@pytest.mark.parametrize("seed", range(6))
def test_ratings_equal_those_of_a_general_optimiser(seed):
    votes = random_votes(seed)
    found = fit(*counted(votes, 4), 4, 1.5)
    ratings, log_tie = naive.davidson(votes, 4, 1.5)
    assert found.ratings[0] == pytest.approx(ratings, abs=1e-5)
    assert found.log_tie[0] == pytest.approx(log_tie, abs=1e-5)


def test_many_sets_of_votes_at_once_are_each_fitted_alone():
    sets = [counted(random_votes(seed), 4) for seed in range(5)]
    together = fit(np.concatenate([counts for counts, _, _ in sets]), *sets[0][1:], 4)
    for index, one in enumerate(sets):
        assert together.ratings[index] == pytest.approx(fit(*one, 4).ratings[0], abs=1e-7)


def test_a_model_that_never_lost_has_a_finite_rating_that_grows_with_its_wins():
    ratings = []
    for wins in (1, 5, 20, 500):
        found = fit(np.array([[[wins, 0.0, 0.0]]]), np.array([0]), np.array([1]), 2)
        ratings.append(found.ratings[0, 0])
        assert np.isfinite(found.covariance).all()
    assert ratings == sorted(ratings)
    assert 0 < ratings[0] < ratings[-1] < 6


def test_the_prior_is_weak():
    counts = np.array([[[60.0, 20.0, 40.0]]])
    weak, none = (fit(counts, np.array([0]), np.array([1]), 2, prior).ratings[0, 0] for prior in (3.0, NO_PRIOR))
    assert weak == pytest.approx(none, rel=0.01)
    assert abs(weak) < abs(none)


def test_ratings_depend_on_the_votes_through_the_win_ratios_and_the_ties_alone():
    """Davidson's statistics are wins with half of the ties, and the number of ties."""
    first, second = pairs_of(3)
    one = np.array([[[4, 2, 2], [3, 2, 3], [2, 2, 4]]], dtype=float)
    other = np.array([[[4, 0, 4], [5, 2, 1], [2, 4, 2]]], dtype=float)
    other[0] = [[5, 2, 1], [2, 2, 4], [3, 2, 3]]  # model 0 wins as often, against others; so do 1 and 2
    points = [c[0, :, 0] - c[0, :, 2] for c in (one, other)]
    signs = np.array([[1, 1, 0], [-1, 0, 1], [0, -1, -1]])
    assert (signs @ points[0] == signs @ points[1]).all()
    assert fit(one, first, second, 3).ratings == pytest.approx(fit(other, first, second, 3).ratings, abs=1e-8)


def test_renaming_models_renames_their_ratings():
    counts, first, second = counted(random_votes(3), 4)
    turned = fit(counts[..., ::-1], first, second, 4)
    assert fit(counts, first, second, 4).ratings == pytest.approx(-turned.ratings, abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_those_of_merged_sets(seed):
    rng = np.random.default_rng(seed)
    pairs = [(int(a), int(b)) for a, b in rng.integers(0, 7, (4, 2)) if a != b]
    found = groups(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]), 7)
    sets = [set(np.flatnonzero(found == g).tolist()) for g in np.unique(found)]
    assert sorted(sets, key=min) == naive.groups(pairs, 7)


def test_groups_that_never_met_are_rated_apart():
    first, second = np.array([0, 2]), np.array([1, 3])
    found = fit(np.array([[[9.0, 1.0, 3.0], [2.0, 1.0, 8.0]]]), first, second, 4)
    assert found.ratings[0, :2].sum() == pytest.approx(0, abs=1e-6)
    assert found.ratings[0, 2:].sum() == pytest.approx(0, abs=1e-6)


def test_probabilities_are_davidson_s():
    p = probabilities(np.array([0.8, -50.0]), np.array(math.log(0.6)))
    worth, nu = math.exp(0.8), 0.6
    whole = worth + 1 + nu * math.sqrt(worth)
    assert p[0] == pytest.approx([worth / whole, nu * math.sqrt(worth) / whole, 1 / whole])
    assert p[1] == pytest.approx([0, 0, 1], abs=1e-6)


def test_extreme_votes_converge():
    counts = np.array([[[1e6, 0.0, 0.0], [0.0, 1e6, 0.0], [0.0, 0.0, 1.0]]])
    found = fit(counts, *pairs_of(3), 3)
    assert np.isfinite(found.ratings).all()
