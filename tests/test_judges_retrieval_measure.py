"""How good a judge is: each figure by plain loops, and of judges whose figures are known."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from mbench.errors import ConfigError
from mbench.judges.retrieval import measure
from mbench.judges.retrieval.measure import (
    CHOICES,
    POOL,
    POOLINGS,
    Trial,
    area_under_curve,
    calibration_error,
    figures,
    hard_choices,
    logistic_map,
    probability,
    ranks,
    recall_in_pools,
    with_interval,
)
from mbench.stats import bootstrap_weights


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(measure, "RESAMPLES", 150)


def drawn(n: int, m: int | None = None, seed: int = 0, ties: bool = False):
    """Similarities (n, m) and which texts say the same: the own one and some more."""
    generator = np.random.default_rng(seed)
    similarity = generator.normal(size=(n, m or n))
    alike = generator.random(similarity.shape) < 0.05
    np.fill_diagonal(alike, True)
    return (np.round(similarity) if ties else similarity), alike


def trial_of(n: int, strength: float, seed: int = 0, extra: int = 40) -> Trial:
    """n clips and n + extra texts in ten groups; texts of one group are true of its clips.

    The likeness of a clip's own and its others is a noisy group; the judge adds `strength` to what is true.
    """
    generator = np.random.default_rng(seed)
    group = np.arange(n + extra) % 10
    own = np.arange(n)
    true_of = group[:n, None] == group[None]
    same = true_of & (generator.random(true_of.shape) < 0.3)
    same[own, own] = True
    similarity = generator.normal(size=(n, n + extra))
    similarity[own, own] += strength
    likeness = generator.random((n, n + extra))
    likeness[own, own] = 1
    return Trial(similarity, own, same, true_of, likeness)


# ---------------------------------------------------------------- ranks and pools


@pytest.mark.parametrize("ties", [False, True])
def test_ranks_equal_plain_loops(ties):
    similarity, alike = drawn(40, 60, ties=ties)
    expected = []
    for row, same in zip(similarity, alike, strict=True):
        best = max(value for value, right in zip(row, same, strict=True) if right)
        expected.append(sum(1 for value, right in zip(row, same, strict=True) if not right and value >= best))
    assert ranks(similarity, alike).tolist() == expected


def test_a_tie_is_no_hit():
    """A judge that says the same of everything finds nothing."""
    assert ranks(np.zeros((3, 3)), np.eye(3, dtype=bool)).tolist() == [2, 2, 2]


def test_pools_of_a_perfect_and_of_a_constant_judge():
    eye = np.eye(POOL + 5)
    assert np.array_equal(recall_in_pools(eye, eye > 0), np.ones((POOL + 5, 3)))
    assert not recall_in_pools(np.zeros_like(eye), eye > 0).any()
    assert not recall_in_pools(-eye, eye > 0).any()


def test_pools_of_guessing_are_at_chance():
    """1,500 clips: R@k is k/32; the mean of 20 poolings of the same clips varies at most as one pooling does."""
    n = 300
    found = np.concatenate([recall_in_pools(*independent(n, seed), seed) for seed in range(5)]).mean(axis=0)
    for k in (1, 2, 3):
        p = k / POOL
        assert abs(found[k - 1] - p) < 4 * math.sqrt(p * (1 - p) / (5 * n))


def independent(n: int, seed: int):
    return np.random.default_rng(seed).normal(size=(n, n)), np.eye(n, dtype=bool)


def test_pools_equal_plain_loops(monkeypatch):
    monkeypatch.setattr(measure, "POOLINGS", 3)
    similarity, alike = drawn(40)
    generator = np.random.default_rng(5)
    hits = np.zeros((40, 3))
    for _ in range(3):
        for own in range(40):
            others = generator.choice([i for i in range(40) if i != own], POOL - 1, replace=False)
            right = max(similarity[own, i] for i in [own, *others] if alike[own, i])
            before = sum(similarity[own, i] >= right and not alike[own, i] for i in others)
            hits[own] += [before < 1, before < 2, before < 3]
    assert np.allclose(recall_in_pools(similarity, alike, seed=5), hits / 3)


def test_pools_do_not_depend_on_the_batch_and_are_repeated():
    similarity, alike = drawn(40)
    first = recall_in_pools(similarity, alike)
    assert np.array_equal(recall_in_pools(similarity, alike), first)
    assert not np.array_equal(recall_in_pools(similarity, alike, seed=1), first)
    assert np.array_equal(first * POOLINGS, np.round(first * POOLINGS)) and (np.diff(first, axis=1) >= 0).all()


def test_too_few_for_a_pool():
    with pytest.raises(ValueError, match="31 pairs; pools need 32"):
        recall_in_pools(*independent(31, 0))


# ---------------------------------------------------------------- area under the curve


@pytest.mark.parametrize("ties", [False, True])
def test_area_equals_counting_pairs(ties):
    generator = np.random.default_rng(0)
    positive, negative = generator.normal(0.7, 1, 30), generator.normal(0, 1, 50)
    weights = generator.integers(0, 4, 30).astype(float), generator.integers(0, 4, 50).astype(float)
    if ties:
        positive, negative = positive.round(), negative.round()

    def counted(a, b):
        won = total = 0.0
        for p, wp in zip(positive, a, strict=True):
            for q, wq in zip(negative, b, strict=True):
                won += wp * wq * (1.0 if p > q else 0.5 if p == q else 0.0)
                total += wp * wq
        return won / total

    assert area_under_curve(positive, negative) == pytest.approx(counted(np.ones(30), np.ones(50)))
    assert area_under_curve(positive, negative, weights) == pytest.approx(counted(*weights))


# ---------------------------------------------------------------- calibration


def test_calibration_error_equals_plain_loops():
    generator = np.random.default_rng(0)
    said, truth = generator.random(500), (generator.random(500) < 0.4).astype(float)
    said[:3] = 0, 1, 0.1
    weights = generator.integers(0, 3, 500).astype(float)
    total = 0.0
    for number in range(10):
        inside = [i for i in range(500) if min(int(said[i] * 10), 9) == number]
        share = sum(weights[i] for i in inside)
        if share:
            gap = sum(weights[i] * said[i] for i in inside) - sum(weights[i] * truth[i] for i in inside)
            total += abs(gap)
    assert calibration_error(said, truth, weights) == pytest.approx(total / weights.sum())


def test_calibration_error_of_known_judges():
    n = 40_000
    generator = np.random.default_rng(0)
    said = generator.random(n)
    truth = (generator.random(n) < said).astype(float)
    ones = np.ones(n)
    assert calibration_error(said, truth, ones) < 0.01, "what it says is true"
    low = 0.5 * said
    assert calibration_error(low + 0.2, (generator.random(n) < low).astype(float), ones) == pytest.approx(0.2, abs=0.01)
    assert calibration_error(ones, 1 - ones, ones) == 1 and calibration_error(ones, ones, ones) == 0


@pytest.mark.parametrize(("slope", "offset"), [(4.0, -1.0), (12.0, -5.0), (-3.0, 0.5)])
def test_the_map_that_made_the_answers_is_found(slope, offset):
    """As many matches as others by the map's own law: weights of the two kinds are then nearly 1."""
    generator = np.random.default_rng(0)
    similarity = generator.normal(-offset / slope, 1.0 / abs(slope) * 2, 60_000)
    matches = generator.random(60_000) < 1 / (1 + np.exp(-(slope * similarity + offset)))
    found = logistic_map(similarity, matches)
    assert found == (pytest.approx(slope, rel=0.04), pytest.approx(offset, rel=0.06, abs=0.03))


def test_the_map_is_the_likeliest_one():
    """By a search of its own, with the two kinds counting alike."""
    from scipy.optimize import minimize

    generator = np.random.default_rng(1)
    similarity = np.r_[generator.normal(0.6, 0.3, 300), generator.normal(0.1, 0.3, 900)]
    matches = np.arange(1200) < 300

    def cost(parameters):
        p = np.clip(1 / (1 + np.exp(-(parameters[0] * similarity + parameters[1]))), 1e-12, 1 - 1e-12)
        return -np.mean(np.log(p[matches])) - np.mean(np.log(1 - p[~matches]))

    slope, offset = minimize(cost, [1.0, 0.0]).x
    found = logistic_map(similarity, matches)
    assert found == (pytest.approx(slope, rel=2e-3), pytest.approx(offset, rel=2e-3))
    many = np.r_[similarity, np.tile(similarity[~matches], 5)]
    again = logistic_map(many, np.arange(len(many)) < 300)
    assert again == (pytest.approx(slope, rel=5e-3), pytest.approx(offset, rel=5e-3)), "however many others there are"


def test_probability_is_the_logistic_function():
    assert probability(np.array([0.0, 1.0, -1.0]), 2.0, 0.0) == pytest.approx([0.5, 0.880797, 0.119203], abs=1e-6)
    assert float(probability(0.3, 10.0, -3.0)) == pytest.approx(0.5)


def test_a_trial_calibrates_itself():
    """Of the pairs it was fitted to, the map says what is so."""
    trial = trial_of(400, 1.5)
    slope, offset = trial.calibration()
    assert slope > 0
    others, _ = trial.others
    said = probability(np.r_[trial.matching, others], slope, offset)
    truth = np.r_[np.ones(400), np.zeros(len(others))]
    weights = np.r_[np.ones(400), np.full(len(others), 400 / len(others))]
    assert calibration_error(said, truth, weights) < 0.03
    assert figures(trial, (slope, offset))["calibration_error"]["value"] == pytest.approx(
        calibration_error(said, truth, weights)
    )
    assert figures(trial, (slope, offset + 2))["calibration_error"]["value"] > 0.2


# ---------------------------------------------------------------- distractors


def test_hard_choices_are_the_most_alike_that_say_something_else():
    generator = np.random.default_rng(0)
    likeness, alike = generator.random((20, 60)), generator.random((20, 60)) < 0.3
    for row, same, chosen in zip(likeness, alike, hard_choices(likeness, alike, 5), strict=True):
        expected = sorted((i for i in range(60) if not same[i]), key=lambda i: -row[i])[:5]
        assert chosen.tolist() == expected
    assert hard_choices(np.zeros((1, 12)), np.zeros((1, 12), bool), 3)[0].tolist() == [0, 1, 2], "ties by place"


def test_too_few_texts_that_say_something_else():
    alike = np.zeros((2, 12), bool)
    alike[1, 2:] = True
    with pytest.raises(ConfigError, match="fewer than 9"):
        hard_choices(np.zeros((2, 12)), alike)


def test_wrong_texts_are_never_true_of_the_clip():
    trial = trial_of(60, 0.0)
    values, clips = trial.others
    assert len(values) == len(clips) == 60 * 2 * (CHOICES - 1)
    place = {value: index for index, value in enumerate(trial.similarity.ravel())}
    assert len(place) == trial.similarity.size, "the values of this trial tell their place"
    for value, clip in zip(values, clips, strict=True):
        row, text = divmod(place[value], trial.similarity.shape[1])
        assert row == clip and not trial.true_of[clip, text]
    for clip, hard in enumerate(trial.hard):
        assert not trial.true_of[clip, hard].any() and len(set(hard)) == 9
        assert set(trial.similarity[clip, hard]) <= set(values[clips == clip]), "half of them are the hard ones"


# ---------------------------------------------------------------- figures of known judges


def test_figures_of_a_perfect_judge():
    trial = trial_of(60, 100.0)
    found = figures(trial, (1.0, -50.0))
    for name in ("auc", "r1_pool32", "r2_pool32", "r3_pool32", "r1_all", "r2_all", "r3_all", "choice10"):
        assert found[name] == pytest.approx({"value": 1.0, "low": 1.0, "high": 1.0}), name
    assert found["calibration_error"]["value"] < 1e-6
    assert (found["clips"], found["texts"]) == (60, 60)


def test_figures_of_guessing_are_at_chance():
    """800 clips; four standard deviations of the binomial law."""
    n = 800
    found = figures(trial_of(n, 0.0))
    assert abs(found["choice10"]["value"] - 0.1) < 4 * math.sqrt(0.09 / n)
    assert abs(found["auc"]["value"] - 0.5) < 4 * math.sqrt(1 / 12 / n) * 1.1
    assert found["choice10"]["low"] < 0.1 < found["choice10"]["high"]
    assert found["r1_all"]["value"] < 0.1 and "calibration_error" not in found
    assert all(found[f"r{k}_pool32"]["value"] < 3 * k / POOL for k in (1, 2, 3))


def test_figures_of_a_judge_that_is_always_wrong():
    found = figures(trial_of(60, -100.0))
    assert found["auc"]["value"] == 0 and found["choice10"]["value"] == 0


def test_more_skill_is_a_better_figure():
    values = [figures(trial_of(200, strength)) for strength in (0.0, 1.0, 2.0, 4.0)]
    for name in ("auc", "choice10", "r1_pool32", "r3_all"):
        row = [found[name]["value"] for found in values]
        assert row == sorted(row) and row[0] + 0.2 < row[-1], name


def test_few_clips_have_no_pools_and_json_takes_the_figures():
    found = figures(trial_of(POOL - 1, 1.0), (1.0, 0.0))
    assert "r1_pool32" not in found and "r1_all" in found
    json.dumps(found, allow_nan=False)


def test_the_choice_is_won_only_by_being_nearer_than_all_nine():
    trial = trial_of(50, 1.0)
    won = [all(trial.similarity[c, c] > trial.similarity[c, i] for i in hard) for c, hard in enumerate(trial.hard)]
    assert figures(trial)["choice10"]["value"] == pytest.approx(np.mean(won))
    tie = Trial(np.zeros_like(trial.similarity), trial.own, trial.same, trial.true_of, trial.likeness)
    assert figures(tie)["choice10"]["value"] == 0 and figures(tie)["auc"]["value"] == 0.5


def test_two_clips_with_one_text_are_both_right():
    """Among the texts of the clips, another clip's copy of the same text counts as the own one."""
    trial = trial_of(40, 0.0)
    own = trial.own.copy()
    own[1] = 0
    similarity, same = np.zeros_like(trial.similarity), trial.same.copy()
    similarity[:, 0] = 1.0
    same[:2, 0] = True
    found = figures(Trial(similarity, own, same, trial.true_of | same, trial.likeness))
    assert found["texts"] == 39 and found["r1_all"]["value"] >= 2 / 40


# ---------------------------------------------------------------- intervals


def test_intervals_are_those_of_resampled_clips():
    values = np.random.default_rng(0).random(50)
    found = with_interval(lambda weights: float(np.average(values, weights=weights)), 50)
    assert found["value"] == pytest.approx(values.mean()) and found["low"] < found["value"] < found["high"]
    drawn_means = [np.average(values, weights=w) for w in bootstrap_weights(50, measure.RESAMPLES, 0)]
    assert found["low"] == pytest.approx(np.quantile(drawn_means, 0.025), abs=2e-3)
    assert found["high"] == pytest.approx(np.quantile(drawn_means, 0.975), abs=2e-3)


def test_intervals_of_the_choice_hold_the_truth_as_often_as_they_say(monkeypatch):
    """60 judges that are right in 4 of 10 on average; 95 % of 60 are 57, and below 51 the binomial chance is 2e-4."""
    monkeypatch.setattr(measure, "RESAMPLES", 300)
    inside = 0
    for seed in range(60):
        right = (np.random.default_rng(seed).random(80) < 0.4).astype(float)
        found = measure._mean(right)
        inside += found["low"] <= 0.4 <= found["high"]
    assert inside >= 51
