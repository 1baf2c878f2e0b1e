"""`mbench arena plan`: its answer is right for studies that are analysed as real ones are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from helpers import mbench, one_line_error
from leaderboard.analysis import power
from leaderboard.analysis.pairs import PairVotes, analyse_pairs
from leaderboard.analysis.power import Plan, plan_votes
from leaderboard.analysis.simulate import World, average_probabilities, draw_votes
from leaderboard.analysis.simulate_tables import pair_table
from leaderboard.cli.arena import app
from mbench.errors import ConfigError

SMALL = Plan(models=2, effect=0.2, prompts=20)


@pytest.fixture(autouse=True)
def few_studies(monkeypatch):
    monkeypatch.setattr(power, "STUDIES", 60)


def world_of(found) -> World:
    return World(**{**found["world"], "log_tie": found["world"]["log_tie"] or -np.inf})


def test_neighbours_win_as_often_as_asked():
    world = world_of(plan_votes(SMALL))
    first, tie, second = average_probabilities(world)[0]
    assert first / (first + second) == pytest.approx(0.7, abs=1e-6)
    assert tie == pytest.approx(0.2, abs=0.03)  # of equal models; these are not quite


def test_the_needed_size_has_the_power_when_studies_are_analysed_as_real_ones():
    found = plan_votes(SMALL)
    size = found["needed"]
    told = []
    for seed in range(40):
        votes = draw_votes(world_of(found), SMALL.prompts, size["raters"], size["per_rater"], 1000 + seed)
        pair = analyse_pairs(PairVotes.of(pair_table(votes, ["m0", "m1"])))["pairs"][0]
        told.append(pair["difference"]["low"] > 0)
    assert np.mean(told) == pytest.approx(size["power"], abs=0.2)  # 40 studies: standard error 0.06
    assert size["power"] >= SMALL.power


def test_larger_studies_have_more_power():
    rows = plan_votes(SMALL)["rows"]
    assert [row["votes"] for row in rows] == sorted(row["votes"] for row in rows)
    assert rows[0]["power"] < rows[-1]["power"]
    assert all(row["all"] <= row["power"] for row in rows)


def test_smaller_effects_and_higher_power_need_more_votes():
    plain, smaller, surer = (
        plan_votes(plan)["needed"]["votes"]
        for plan in (SMALL, Plan(2, 0.12, prompts=20), Plan(2, 0.2, 0.95, prompts=20))
    )
    assert smaller > plain
    assert surer > plain


def test_few_raters_are_never_enough_for_a_small_effect():
    found = plan_votes(Plan(3, 0.05, prompts=8, raters=3))
    assert found["needed"] is None
    assert max(row["power"] for row in found["rows"]) < 0.5
    assert found["rows"][-1]["votes"] == 3 * 8 * 3  # everybody judges everything


def test_tasks_hold_the_repeats_and_attention_checks():
    row = plan_votes(Plan(2, 0.3, prompts=40, tasks=40, repeats=0.1, attention=0.1))["needed"]
    assert (row["per_rater"], row["tasks"]) == (32, 40 * row["raters"])


def test_the_smallest_size_is_found_to_four_percent():
    for threshold in (1, 7, 20, 333, 900):
        found = power._smallest(lambda index, n=threshold: 0.9 if index + 1 >= n else 0.3, 1000, 0.8)
        assert threshold <= found + 1 <= max(threshold * 1.05, threshold + 1)
    assert power._smallest(lambda index: 0.3, 1000, 0.8) is None


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan(1, 0.1), "models is 1; expected 2 to 30"), (Plan(5, 0.5), "effect is 0.5"), (Plan(5, 0.1, 1.0), "power"),
        (Plan(5, 0.1, raters=1), "raters is 1"), (Plan(5, 0.1, tie_rate=1.0), "tie-rate is 1"),
        (Plan(5, 0.1, repeats=0.4, attention=0.4), "more than 0.5"),
    ],
)  # fmt: skip
def test_plans_that_make_no_sense_are_refused(plan, words):
    with pytest.raises(ConfigError, match=words):
        plan_votes(plan)


def test_the_command():
    options = ("arena", "plan", "--models", 2, "--effect", 0.25, "--prompts", 10)
    done = mbench(*options)
    assert done.returncode == 0, done.stderr
    assert "needed: about" in done.stdout
    assert "standard deviation 0.5 log odds" in done.stdout
    one_line_error(mbench("arena", "plan", "--models", 1, "--effect", 0.1), "models is 1")


def test_json_without_ties():
    options = ["plan", "--models", "2", "--effect", "0.25", "--prompts", "10", "--tie-rate", "0", "--json"]
    found = json.loads(CliRunner().invoke(app, options, catch_exceptions=False).stdout)
    assert found["world"]["log_tie"] is None
    assert found["needed"]["power"] >= 0.8
