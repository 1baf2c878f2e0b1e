"""Metrics over a set in a run: intervals against known answers, replications, comparisons."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import mbench
from embedders import (
    NAMES,
    Follower,
    Toy,
    Wide,
    cloud,
    configuration,
    folder_of,
    follows,
    fresh,
    metric,
    mixed_set,
    motion_of,
    set_of,
    text_vector,
    toy_with_reference,
)
from mbench.comparison import compare_runs
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.embedded import remembered
from mbench.metrics.reference import load_reference, save_reference
from mbench.plan import plan_of
from mbench.results import ScoreRow
from mbench.score_sets import FINGERPRINT, REPLICATED, SUBSETS, set_values, subset_size, subsets
from mbench.suites.prompt import Prompt
from mbench.summary import summary_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, where reference sets go."""
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def judge(folder):
    return toy_with_reference()


@pytest.fixture
def mixed():
    return mixed_set()


# ---------------------------------------------------------------- intervals and replications


def rows_of(name, samples, judge):
    values = set_values(METRICS.get(name), samples, [remembered(judge)])
    return [ScoreRow(name, "1", "", number, *value) for number, value in values.items()]


def summary(name, samples, judge):
    return summary_of("1", METRICS.get(name), rows_of(name, samples, judge))


TRIALS = 40


@pytest.mark.parametrize(
    ("name", "n"),
    [("r_precision_1", 64), ("mm_dist", 45), ("kid", 45), ("fid", 45), ("fid", 120), ("density", 64), ("coverage", 64),
     ("diversity", 45)],
)  # fmt: skip
def test_intervals_hold_the_truth_as_often_as_they_say(judge, name, n):
    """40 sets of n prompts from one population.

    The truth is the expected value for sets of n prompts, here the mean over other sets. 95 % of 40 are 38; 33 or fewer
    have a probability of 0.3 %. Nor may intervals be much wider than the spread that they stand for.
    """
    one = metric(name)
    truth = np.mean([one(fresh(n, 10_000 + seed), remembered(judge)) for seed in range(3 * TRIALS)])
    found = [summary(f"fidelity/{name}", fresh(n, seed), judge) for seed in range(TRIALS)]
    held = sum(row["low"] <= truth <= row["high"] for row in found)
    assert held >= 34, held
    spread = np.std([row["value"] for row in found], ddof=1)
    wide = np.mean([(row["high"] - row["low"]) / 2 for row in found]) / (1.96 * spread)
    assert 0.75 < wide < 1.6, wide


def test_a_bootstrap_would_miss_the_truth(judge):
    """Why intervals come from subsets: copies of a motion cover nothing new, so that all resamples read lower."""
    samples, generator = fresh(64, 1), np.random.default_rng(0)
    value = metric("coverage")(samples, judge)
    copies = [metric("coverage")([samples[i] for i in generator.integers(64, size=64)], judge) for _ in range(20)]
    assert max(copies) < value


def test_replications_are_the_mean_and_half_width_of_20_draws(judge):
    samples = follows(70, 1.5, seed=2)
    found = summary("fidelity/r_precision_1", samples, judge)["replications"]
    draws = [metric("r_precision_1")(samples, judge, replication=number) for number in range(20)]
    assert found["n"] == 20 and found["mean"] == pytest.approx(np.mean(draws))
    assert found["half_width"] == pytest.approx(1.96 * np.std(draws, ddof=1) / np.sqrt(20))
    assert found["mean"] == pytest.approx(summary("fidelity/r_precision_1", samples, judge)["value"])


def test_what_draws_nothing_is_replicated_by_replicates_only(judge, mixed):
    once = [s for s in mixed if s.replicate == 0]
    assert summary("fidelity/fid", once, judge)["replications"] is None
    both = [metric("fid")([s for s in mixed if s.replicate == r], judge) for r in (0, 1)]
    found = summary("fidelity/fid", mixed, judge)
    assert found["replications"]["n"] == 2 and found["replications"]["mean"] == pytest.approx(np.mean(both))
    assert found["n"] == 70 and found["n_motions"] == 140
    assert summary("fidelity/multimodality", mixed, judge)["replications"] is None  # one replicate has no pairs


def test_replicates_are_used_in_turn(judge):
    samples = follows(40, 0.0, replicates=2)
    wrong = [s if s.replicate == 0 else replace(s, motion=motion_of(-text_vector(s.prompt.text))) for s in samples]
    draws = [metric("r_precision_1")(wrong, judge, replication=number) for number in range(4)]
    assert draws == [1, 0, 1, 0]


def test_intervals_stay_where_shares_can_be(judge):
    for row in (summary("fidelity/coverage", set_of(cloud(40, s)), judge) for s in range(10)):
        assert 0 <= row["low"] < row["value"] < row["high"] <= 1


def test_subsets_are_three_quarters_of_the_prompts_whatever_the_order():
    samples = follows(45, 1.0, replicates=2)
    found = subsets(samples)
    assert len(found) == 20 and subset_size(45) == 34
    names = [{s.prompt.id for s in subset} for subset in found]
    assert {len(n) for n in names} == {34} and {len(s) for s in found} == {68}
    assert len({frozenset(n) for n in names}) == 20 and set.union(*names) == {s.prompt.id for s in samples}
    assert names == [{s.prompt.id for s in subset} for subset in subsets(samples[::-1])]
    assert subsets(samples[:2]) == [] and subset_size(2) == 1


def test_no_interval_where_a_subset_has_no_value(judge):
    # 42 prompts leave 32 in a subset, 41 leave 31, which is no pool.
    assert summary("fidelity/r_precision_1", follows(42, 1.0), judge)["low"] is not None
    row = summary("fidelity/r_precision_1", follows(41, 1.0), judge)
    assert row["value"] is not None and row["low"] is row["high"] is None and row["missing"] == 0


def test_subsets_and_replications_embed_nothing_anew(judge):
    samples = follows(45, 1.0)
    judge.embedded.clear()
    memo = remembered(judge)
    for name in ("fidelity/fid", "fidelity/r_precision_1"):
        set_values(METRICS.get(name), samples, [memo])
    assert sum(judge.embedded) == 90


# ---------------------------------------------------------------- whole runs


def test_a_run_has_values_intervals_replications_and_counts(judge, tmp_path):
    config = configuration(tmp_path)
    result = json.loads(json.dumps(mbench.evaluate(config), allow_nan=False))
    metrics = result["metrics"]
    assert set(metrics) == set(NAMES) and result["pillars"] == {}
    for name in ("r_precision_1", "mm_dist", "fid", "kid", "density", "coverage", "diversity"):
        row = metrics[f"fidelity/{name}"]
        assert row["low"] <= row["value"] <= row["high"] and row["low"] < row["high"], name
        assert (row["n"], row["n_motions"], row["missing"], row["failed"]) == (45, 45, 0, 0)
        assert row["is_dimension"] is False
    real = load_reference(judge).features
    apart = np.linalg.norm(real[:, None] - real, axis=-1)
    assert metrics["fidelity/diversity"]["real"] == pytest.approx(apart.sum() / (90 * 89))
    assert metrics["fidelity/fid"]["n_reference"] == 90 and "n_reference" not in metrics["fidelity/mm_dist"]
    assert metrics["fidelity/r_precision_2"]["replications"]["n"] == 20
    assert metrics["fidelity/multimodality"]["value"] is None and metrics["fidelity/multimodality"]["failed"] == 0
    assert list(metrics["fidelity/fid_infinity"]["reasons"]) == [
        "extrapolating FID needs at least 48 motions here, the set has 45"
    ]
    flag = "fidelity/fid: of 45 motions, against 90 real ones; values of other numbers of motions do not compare"
    assert metrics["fidelity/fid"]["flags"] == [flag] and flag in result["notes"]
    assert any(note.startswith("fidelity/coverage: of 45 motions") for note in result["notes"])
    page = (folder_of(config).path / "report.html").read_text()
    assert "do not compare" in page and "over 20" in page and "Real motion reads" in page


def test_few_motions_in_many_dimensions_are_flagged(folder, tmp_path):
    toy = Wide()
    save_reference(toy, cloud(50, 0, width=60), {})
    metrics = mbench.evaluate(configuration(tmp_path, judge="Wide", metrics=["fidelity/fid"]))["metrics"]
    assert "45 vectors of 60 dimensions leave a covariance without full rank" in metrics["fidelity/fid"]["flags"][1]


def test_values_of_a_run_are_those_of_the_functions_whatever_the_batch(judge, tmp_path):
    config = configuration(tmp_path / "a", run={"replicates": 2, "batch_size": 3})
    metrics = mbench.evaluate(config)["metrics"]
    plan = plan_of(config)
    rows = plan.folder.generations()
    samples = [Sample(p, plan.folder.load(rows[p.id, r]), r) for p, r in plan.tasks]
    for name in NAMES:
        assert metrics[name]["value"] == METRICS.get(name)(samples, judge), name
    assert metrics["fidelity/multimodality"]["value"] > 0 and metrics["fidelity/fid"]["n_motions"] == 90
    other = mbench.evaluate(configuration(tmp_path / "b", run={"replicates": 2, "batch_size": 90}))["metrics"]
    assert metrics == other


def test_a_second_run_embeds_nothing_and_new_motions_are_scored_again(judge, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(Toy, "embed_motions", _logged(Toy.embed_motions, calls))
    config = configuration(tmp_path, metrics=["fidelity/fid", "fidelity/mm_dist"], silent="p003 p007")
    first = mbench.evaluate(config)["metrics"]["fidelity/fid"]
    assert calls == [43], "each motion once, in one call"
    assert (first["n"], first["n_motions"], first["missing"], first["failed"]) == (43, 43, 2, 2)
    assert list(first["reasons"]) == ["no motion: LookupError: never heard of it"]
    assert mbench.evaluate(config)["metrics"]["fidelity/fid"] == first
    assert calls == [43]
    monkeypatch.setattr(Follower, "__init__", _never_silent(Follower.__init__))
    again = mbench.evaluate(config, retry=True)["metrics"]["fidelity/fid"]
    assert calls == [43, 45] and again["n_motions"] == 45 and again["missing"] == 0
    assert again["value"] != first["value"]
    rows = [row for row in folder_of(config).read_scores().values() if row.metric == "fidelity/fid"]
    numbers = sorted(row.replicate for row in rows)
    assert numbers == [0, *SUBSETS, FINGERPRINT - 2, FINGERPRINT - 1, FINGERPRINT]
    assert not set(numbers) & set(REPLICATED)


def _logged(function, calls):
    def logged(self, motions):
        calls.append(len(motions))
        return function(self, motions)

    return logged


def _never_silent(made):
    def make(self, noise: float = 1.0, silent: str = "", name: str = "follower"):
        made(self, noise, "", name)

    return make


def test_a_judge_without_embeddings_gives_reasons_not_zeros(folder, tmp_path):
    metrics = mbench.evaluate(configuration(tmp_path, judge="NoVectors"))["metrics"]
    for name in NAMES:
        assert metrics[name]["value"] is None and metrics[name]["n"] == 0
        assert metrics[name]["reasons"] == {"judge openai has no embeddings": 1}


def test_set_metrics_read_every_prompt_of_the_suite():
    prompts = [Prompt("a", "a", 3.0, ("jitter_degree",)), Prompt("b", "b", 3.0, ("motion_condition_consistency",)),
               Prompt("c", "c", 3.0, ())]  # fmt: skip
    for name in NAMES:
        info = METRICS.get(name).info
        assert all(map(info.scores, prompts)) and not info.is_dimension


def test_runs_compare_with_paired_intervals(judge, tmp_path):
    names = ["fidelity/fid", "fidelity/mm_dist", "fidelity/r_precision_3"]
    good, bad, twin = (
        configuration(tmp_path, metrics=names, noise=noise, name=name, run={"seed": seed})
        for noise, name, seed in ((0.3, "good", 0), (3.0, "bad", 0), (0.3, "twin", 1))
    )
    for config in (good, bad, twin):
        mbench.evaluate(config)
    found = compare_runs(folder_of(good).path, folder_of(bad).path)["metrics"]
    assert {found[name]["verdict"] for name in names[1:]} == {"better"}
    row = found["fidelity/mm_dist"]
    assert row["difference"] == row["first"] - row["second"] < 0 and row["high"] < 0 and row["n"] == 45
    assert row["p_sign"] is None
    back = compare_runs(folder_of(bad).path, folder_of(good).path)["metrics"]
    assert back["fidelity/mm_dist"]["verdict"] == "worse" and back["fidelity/mm_dist"]["low"] == -row["high"]
    same = compare_runs(folder_of(good).path, folder_of(good).path)["metrics"]["fidelity/fid"]
    assert same["difference"] == same["low"] == same["high"] == 0 and same["verdict"] == "can't tell"
    close = compare_runs(folder_of(good).path, folder_of(twin).path)["metrics"]["fidelity/mm_dist"]
    assert close["low"] < 0 < close["high"] and close["verdict"] == "can't tell"


def test_fid_of_different_numbers_of_motions_does_not_compare(judge, tmp_path):
    names = ["fidelity/fid", "fidelity/kid", "fidelity/coverage", "fidelity/r_precision_1"]
    whole, part = configuration(tmp_path, metrics=names), configuration(tmp_path, metrics=names, silent="p000 p001")
    for config in (whole, part):
        mbench.evaluate(config)
    found = compare_runs(folder_of(whole).path, folder_of(part).path)
    reason = "values of 45 and of 43 motions do not compare: its level depends on how many there are"
    assert found["left_out"]["fidelity/fid"] == reason and "fidelity/coverage" in found["left_out"]
    assert set(found["metrics"]) == {"fidelity/kid", "fidelity/r_precision_1"}
    kid = found["metrics"]["fidelity/kid"]
    assert kid["low"] < kid["difference"] < kid["high"] and kid["n"] == 43


def test_another_reference_does_not_compare(judge, tmp_path):
    first = configuration(tmp_path, metrics=["fidelity/kid"])
    mbench.evaluate(first)
    save_reference(judge, cloud(80, 3), {})
    second = configuration(tmp_path, metrics=["fidelity/kid"], name="other")
    mbench.evaluate(second)
    left_out = compare_runs(folder_of(first).path, folder_of(second).path)["left_out"]
    assert "versions" in left_out["fidelity/kid"] and "reference" in left_out["fidelity/kid"]
