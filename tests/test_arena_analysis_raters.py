"""Raters: attention, themselves, sides, time, each other; ratings and their alpha; all against loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas
import pytest
from scipy.stats import binom

import naive_analysis as naive
from leaderboard.analysis import raters
from leaderboard.analysis.alpha import alpha
from leaderboard.analysis.consistency import pair_consistency, rating_consistency
from leaderboard.analysis.opinions import analyse_ratings
from leaderboard.analysis.pairs import PairVotes, analyse_pairs
from leaderboard.analysis.raters import Rule
from leaderboard.analysis.simulate import World, true_ratings, true_win_ratios
from leaderboard.analysis.simulate_tables import (
    Extras,
    RatingWorld,
    simulate_pairs,
    simulate_ratings,
    true_scores,
)  # fmt: skip
from mbench.agreement import measures

MODELS = list("abcd")
WORLD = World((0.8, 0.2, -0.2, -0.8))
COUNTED = ["pair", "rating"]

# Krippendorff (2011), four observers and twelve units, 0 where there is no value
OBSERVERS = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
])  # fmt: skip
PUBLISHED = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}


def rows(*cells: tuple, columns: str) -> pandas.DataFrame:
    return pandas.DataFrame(list(cells), columns=columns.split())


def pair_rows(*cells: tuple) -> pandas.DataFrame:
    """rater, item, kind, model_a, model_b, winner"""
    table = rows(*cells, columns="rater item kind model_a model_b winner")
    return table.assign(question="q", prompt=table["item"], better="", seconds=5.0, time="", comment="")


def matrix_of(observers: np.ndarray) -> np.ndarray:
    rater, unit = np.nonzero(observers)
    values = observers[rater, unit] - 3
    return measures.coincidences(values, unit, np.zeros_like(unit), 1, 5)[0]


# alpha


@pytest.mark.parametrize("level", PUBLISHED)
def test_alpha_is_the_published_one(level):
    assert alpha(matrix_of(OBSERVERS), level) == pytest.approx(PUBLISHED[level], abs=5e-4)


@pytest.mark.parametrize("seed", range(4))
def test_alpha_equals_the_loops(seed):
    observers = np.random.default_rng(seed).integers(0, 6, (5, 9))
    units = [[int(v) for v in column if v] for column in observers.T]
    matrix = matrix_of(observers)
    assert alpha(matrix, "interval") == pytest.approx(naive.alpha(units, lambda a, b: (a - b) ** 2))
    assert alpha(matrix, "ordinal") == pytest.approx(naive.alpha(units, naive.ordinal(units)))
    assert alpha(matrix, "nominal") == pytest.approx(measures.krippendorff_alpha(matrix))


def test_alpha_of_equal_answers_is_undefined():
    assert np.isnan(alpha(matrix_of(np.full((3, 4), 2)), "ordinal"))


# attention


@pytest.mark.parametrize(("checks", "least"), [(1, None), (2, 2), (3, 2), (4, 3), (8, 3), (9, 4), (14, 4)])
def test_the_rule_s_threshold_is_the_documented_one(checks, least):
    rule = Rule()
    out = [failed for failed in range(checks + 1) if rule.chance(failed, checks) < rule.level]
    assert (out[0] if out else None) == least


def test_the_rule_s_chance_is_the_binomial_s():
    assert Rule(0.2).chance(3, 5) == pytest.approx(sum(binom.pmf(k, 5, 0.2) for k in (3, 4, 5)))


def test_careless_raters_are_found_and_no_others():
    table = simulate_pairs(WORLD, MODELS, 20, 12, 30, 4, Extras(attention=6, careless=3))
    found = raters.attention(table, Rule())
    assert sorted(row["rater"] for row in found if row["excluded"]) == ["r000", "r001", "r002"]
    assert [row["chance"] for row in found] == sorted(row["chance"] for row in found)
    assert not any(row["excluded"] for row in raters.attention(table, Rule(level=0.0)))


def test_a_check_of_several_questions_fails_where_half_of_its_answers_are_wrong():
    cells = [("r", "i", "attention", "x", "y", winner) for winner in ("a", "a", "tie", "b")]
    table = pair_rows(*cells).assign(question=list("abcd"), better="a")
    assert raters.attention(table, Rule())[0]["failed"] == 1
    assert raters.attention(table[:3], Rule())[0] == {
        "rater": "r", "checks": 1, "failed": 0, "chance": 1.0, "excluded": False,
    }  # fmt: skip


@pytest.mark.parametrize(("better", "value", "failed"), [("high", 4, 0), ("high", 3, 1), ("low", 2, 0), ("low", 3, 1)])
def test_checks_of_ratings_ask_for_a_high_or_a_low_one(better, value, failed):
    table = rows(("r", "i", "q", "attention", better, value), columns="rater item question kind better value")
    assert raters.attention(table, Rule())[0]["failed"] == failed


# themselves, sides, time


def test_self_agreement_is_of_the_same_model_not_of_the_same_side():
    table = pair_rows(
        ("r", "1", "pair", "x", "y", "a"), ("r", "1", "repeat", "y", "x", "b"),  # x both times
        ("r", "2", "pair", "x", "y", "a"), ("r", "2", "repeat", "y", "x", "a"),  # x, then y
        ("s", "1", "pair", "y", "x", "tie"), ("s", "1", "repeat", "x", "y", "both_bad"),
        ("s", "2", "pair", "y", "x", "tie"), ("s", "2", "repeat", "x", "y", "a"),
        ("t", "1", "pair", "y", "x", "tie"),
    )  # fmt: skip
    found = raters.self_agreement(table)
    assert (found["same"]["value"], found["same"]["votes"]) == (0.5, 4)
    assert found["reversed"]["value"] == 0.25
    assert found["same"]["low"] < 0.5 < found["same"]["high"]


def test_self_agreement_of_ratings():
    cells = [("r", "1", "rating", 4), ("r", "1", "repeat", 4), ("s", "1", "rating", 2), ("s", "1", "repeat", 5)]
    table = rows(*cells, columns="rater item kind value").assign(question="q", prompt="p", model="m")
    found = raters.self_agreement(table)
    assert (found["same"]["value"], found["difference"]) == (0.5, 1.5)


def test_side_bias_is_seen_and_its_absence_too():
    for side, seen in ((0.8, True), (0.0, False)):
        world = World((0.3, 0.0, -0.3), side=side, side_sd=0.1)
        table = simulate_pairs(world, list("abc"), 20, 15, 30, 8, Extras(repeats=3, attention=2))
        found = raters.side_bias(table)
        assert (found["p"] < 0.05) == seen
        assert (found["low"] <= 0.5 <= found["high"]) != seen
        own = table[(table["kind"] != "attention") & (table["winner"] != "tie")]
        assert found["value"] == pytest.approx((own["winner"] == "a").mean())
        assert found["votes"] == len(own)


def test_times_are_of_tasks_not_of_answers():
    table = pair_rows(*[("r", str(i), "pair", "x", "y", "a") for i in (1, 1, 2, 3)])
    table["seconds"] = [30.0, 30.0, 1.0, 8.0]
    found = raters.times(table, 2.0)
    assert (found["tasks"], found["median"], found["too_fast"]) == (3, 8.0, pytest.approx(1 / 3))
    assert raters.times(table.assign(seconds=float("nan")), 2.0)["median"] is None
    assert raters.by_rater(table) == [{"rater": "r", "tasks": 3, "median_seconds": 8.0}]


# each other, and models


def test_pairs_of_a_study_equal_the_loops():
    table = simulate_pairs(WORLD, MODELS, 8, 6, 20, 3)
    table.loc[table.index[:10], "winner"] = "both_bad"
    found = analyse_pairs(PairVotes.of(table))
    cells = list(table[["model_a", "model_b", "winner"]].itertuples(index=False, name=None))
    for model in found["models"]:
        assert model["win_ratio"]["value"] == pytest.approx(naive.win_ratio(model["model"], cells))
    assert found["both_bad"] == 10
    assert found["ties"] == sum(winner in ("tie", "both_bad") for *_, winner in cells)
    assert sum(pair["wins"] + pair["ties"] + pair["losses"] for pair in found["pairs"]) == found["votes"] == 120
    units = table.assign(v=raters.preferred(table)).groupby("item")["v"].agg(list)
    nominal = naive.alpha([list(map(int, unit)) for unit in units], lambda a, b: float(a != b))
    assert pair_consistency(table)["alpha"]["value"] == pytest.approx(nominal)


def test_ratings_of_a_study_equal_the_loops():
    table = simulate_ratings(RatingWorld((0.5, 0.0, -0.5)), list("abc"), 8, 6, 20, 3)
    found = analyse_ratings(table)
    for model in found["models"]:
        own = table[table["model"] == model["model"]]["value"].tolist()
        assert model["score"]["value"] == pytest.approx(sum(own) / len(own))
        assert model["counts"] == [own.count(value) for value in (1, 2, 3, 4, 5)]
        assert 1 <= model["score"]["low"] < model["score"]["value"] < model["score"]["high"] <= 5
    units = table.groupby("item")["value"].agg(list).tolist()
    assert rating_consistency(table)["alpha"]["value"] == pytest.approx(naive.alpha(units, naive.ordinal(units)))


def test_a_large_study_finds_the_truth():
    table = simulate_pairs(WORLD, MODELS, 200, 150, 120, 1)
    models = {m["model"]: m for m in analyse_pairs(PairVotes.of(table))["models"]}
    ratings = [models[name]["rating"]["value"] for name in MODELS]
    assert ratings == pytest.approx(true_ratings(WORLD), abs=0.15)
    assert [models[name]["win_ratio"]["value"] for name in MODELS] == pytest.approx(true_win_ratios(WORLD), abs=0.03)
    assert [models[name]["rank"] for name in MODELS] == [1, 2, 3, 4]
    assert all(m["best"] == m["rank"] == m["worst"] for m in models.values())
    world = RatingWorld((1.0, 0.0, -1.5))
    scores = analyse_ratings(simulate_ratings(world, list("abc"), 200, 150, 100, 2))["models"]
    assert [model["score"]["value"] for model in scores] == pytest.approx(true_scores(world), abs=0.1)


def test_truth_without_effects_is_the_strengths():
    world = World((1.0, 0.3, -0.4), prompt_sd=0, rater_sd=0, side=0, side_sd=0, tie_sd=0)
    assert true_ratings(world) == pytest.approx(np.array(world.strengths) - np.mean(world.strengths), abs=1e-6)
    tempered = true_ratings(World((1.0, 0.3, -0.4)))
    assert all(abs(tempered) <= abs(np.array(world.strengths) - np.mean(world.strengths)) + 1e-9)


def test_models_that_never_met_get_no_common_rank():
    cells = [
        (f"r{r}", f"{i}", "pair", *pair, "ab"[(r + i) % 2]) for r in range(4) for i in range(4) for pair in ("xy", "uv")
    ]
    found = analyse_pairs(PairVotes.of(pair_rows(*cells)))
    assert found["groups"] == [["u", "v"], ["x", "y"]]
    assert [model["rank"] for model in found["models"]] == [1, 1, 1, 1]  # equal in each of the groups
    for pair in found["pairs"]:
        assert {pair["first"], pair["second"]} in ({"u", "v"}, {"x", "y"})


def test_ranks_count_models_that_are_surely_better_and_worse():
    table = simulate_pairs(World((3.0, 0.0, 0.0, -3.0)), MODELS, 30, 15, 60, 2)
    found = {m["model"]: (m["best"], m["worst"]) for m in analyse_pairs(PairVotes.of(table))["models"]}
    assert found == {"a": (1, 1), "b": (2, 3), "c": (2, 3), "d": (4, 4)}


def test_one_rater_gives_ratings_but_no_intervals():
    table = simulate_pairs(WORLD, MODELS, 8, 1, 40, 3)
    found = analyse_pairs(PairVotes.of(table))
    assert all(m["rating"]["value"] is not None and m["rating"]["low"] is None for m in found["models"])
    assert all(m["best"] is None and m["worst"] is None and m["win_ratio"]["low"] is None for m in found["models"])
    assert pair_consistency(table) == {"votes": 0}
    ratings = analyse_ratings(simulate_ratings(RatingWorld((0.5, -0.5)), ["a", "b"], 8, 1, 10, 3))
    assert all(m["score"]["low"] is None for m in ratings["models"])


def test_a_model_that_was_rated_once_is_surely_nothing():
    cells = [("r0", "p0", "once", 5)]
    cells += [(f"r{i}", f"p{j}", m, 3 + (i + j) % 2) for i in range(6) for j in range(6) for m in ("y", "z")]
    table = rows(*cells, columns="rater prompt model value")
    once = next(m for m in analyse_ratings(table)["models"] if m["model"] == "once")
    assert (once["rank"], once["best"], once["worst"]) == (1, 1, 3)
    assert once["score"] == {"value": 5.0, "low": None, "high": None}


def test_a_model_of_one_rater_is_rated_without_an_interval():
    cells = [("r0", f"{i}", "pair", "once", "y", "a") for i in range(6)]
    cells += [(f"r{i}", f"{j}", "pair", "y", "z", "ab"[(i + j) % 2]) for i in range(6) for j in range(6)]
    found = analyse_pairs(PairVotes.of(pair_rows(*cells)))
    once, *others = sorted(found["models"], key=lambda model: model["model"])
    assert once["rating"]["value"] > 0 and once["rating"]["low"] is None and once["win_ratio"]["low"] is None
    assert (once["best"], once["worst"]) == (1, 3)
    assert all(model["rating"]["low"] is not None for model in others)
    pairs = {(pair["first"], pair["second"]): pair["difference"]["low"] for pair in found["pairs"]}
    assert pairs["once", "y"] is None and pairs["y", "z"] is not None


def test_unanimous_ratings_of_few_do_not_make_near_scores_sure():
    cells = [(f"r{i}", f"p{j}", m, v) for i in range(2) for j in range(2) for m, v in (("x", 4), ("y", 3), ("z", 1))]
    found = {m["model"]: m for m in analyse_ratings(rows(*cells, columns="rater prompt model value"))["models"]}
    assert found["x"]["score"]["low"] < 4 < found["x"]["score"]["high"]
    assert found["z"]["worst"] == 3


# the simulation itself


def test_schedules_are_balanced_and_nobody_votes_twice():
    table = simulate_pairs(WORLD, MODELS, 10, 9, 25, 5)
    per_item = table.groupby("item").size()
    assert per_item.max() - per_item.min() <= 1
    assert not table.duplicated(["rater", "item"]).any()
    assert (table.groupby("rater").size() == 25).all()
    left = (table["model_a"] < table["model_b"]).mean()
    assert 0.4 < left < 0.6


def test_extras_do_not_change_the_votes_that_count():
    plain = simulate_pairs(WORLD, MODELS, 10, 6, 20, 5)
    more = simulate_pairs(WORLD, MODELS, 10, 6, 20, 5, Extras(repeats=4, attention=3))
    same = ["rater", "item", "model_a", "model_b", "winner"]
    pandas.testing.assert_frame_equal(plain[same], more[more["kind"] == "pair"][same].reset_index(drop=True))
    assert more["kind"].value_counts().to_dict() == {"pair": 120, "repeat": 24, "attention": 18}
    again = more[more["kind"] == "repeat"].merge(plain, on=["rater", "item"])
    assert (again["model_a_x"] == again["model_b_y"]).all()  # sides exchanged


def test_strengths_order_win_ratios():
    ratios = true_win_ratios(WORLD)
    assert all(one > other for one, other in pairwise(ratios))
    assert ratios.mean() == pytest.approx(0.5)
