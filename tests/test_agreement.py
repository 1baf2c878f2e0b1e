"""Agreement with people: against loops, against hand-made numbers, against raters whose noise is known."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, kendalltau

import naive_agreement as naive
from conftest import make_walk
from helpers import mbench, one_line_error
from mbench.agreement import agreement, measures
from mbench.agreement.compute import with_interval
from mbench.agreement.figure import write_figure
from mbench.errors import ConfigError
from mbench.motion.degrade import jitter
from report_runs import make_run, prompts_of

MODELS = [f"m{index}" for index in range(5)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def write_scores(path: Path, columns: dict[tuple[str, str], dict[tuple[str, str], float]]) -> Path:
    """Write {(metric, better): {(model, prompt): value}} as a table."""
    lines = ["model,metric,prompt,value,better"]
    for (metric, better), values in columns.items():
        lines += [f"{m},{metric},{p},{v!r},{better}" for (m, p), v in values.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_votes(path: Path, rows: list[tuple], columns: str = "prompt,model_a,model_b,winner,rater") -> Path:
    path.write_text("\n".join([columns, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def bradley_terry(rng, prompts: int, raters: int, ties: float = 0.0):
    """Return (qualities by (model, prompt), votes, P of the better side winning a vote that is no tie).

    A rater prefers a over b with probability sigmoid(quality a - quality b) (Bradley and Terry 1952).
    """
    qualities, votes, sure = {}, [], []
    for p in range(prompts):
        own = rng.normal(np.linspace(0, 1.5, len(MODELS)), 1.0)
        qualities |= {(model, f"p{p}"): float(q) for model, q in zip(MODELS, own, strict=True)}
        for i, j in combinations(range(len(MODELS)), 2):
            wins = sigmoid(own[i] - own[j])
            sure.append(max(wins, 1 - wins))
            for r in range(raters):
                winner = "tie" if rng.random() < ties else "a" if rng.random() < wins else "b"
                votes.append((f"p{p}", MODELS[i], MODELS[j], winner, f"r{r}"))
    return qualities, votes, np.array(sure)


def random_votes(seed: int, n: int = 200):
    rng = np.random.default_rng(seed)
    return rng.integers(-1, 2, n), rng.choice([0.0, 0.1, 0.2, 0.7, -0.1, -0.3, -2.0], n), rng.integers(0, 13, n)


# against loops, and against scipy


@pytest.mark.parametrize("seed", range(5))
def test_accuracies_equal_the_loops(seed):
    vote, difference, prompt = random_votes(seed)
    counts = measures.tally(vote, measures.preferences(difference), prompt, 13)
    assert counts.sum() == len(vote)
    total = counts.sum(axis=0)
    assert measures.accuracy(total) == pytest.approx(naive.accuracy(vote, difference))
    for tie in (0.0, 0.1, 0.25, 5.0):
        tied = measures.tally(vote, measures.preferences(difference, tie), prompt, 13).sum(axis=0)
        assert measures.accuracy_with_ties(tied) == pytest.approx(naive.accuracy_with_ties(vote, difference, tie))


@pytest.mark.parametrize("seed", range(5))
def test_counts_of_a_prompt_are_those_of_its_votes(seed):
    vote, difference, prompt = random_votes(seed)
    counts = measures.tally(vote, measures.preferences(difference), prompt, 14)
    for index in range(13):
        own = prompt == index
        alone = measures.tally(vote[own], measures.preferences(difference[own]), np.zeros(own.sum(), int), 1)
        np.testing.assert_array_equal(counts[index], alone[0])
    assert not counts[13].any()


@pytest.mark.parametrize("seed", range(20))
def test_calibration_finds_the_best_threshold_and_the_smallest_of_the_best(seed):
    rng = np.random.default_rng(seed)
    difference = rng.normal(size=60).round(1)
    vote = np.where(np.abs(difference) + rng.normal(0, 0.5, 60) < 0.6, 0, np.sign(difference)).astype(int)
    every = sorted({0.0, *np.abs(difference)})
    reached = [naive.accuracy_with_ties(vote, difference, tie) for tie in every]
    assert measures.calibrated_tie(vote, difference) == every[int(np.argmax(reached))]


def test_calibration_of_votes_without_ties_calls_nothing_a_tie():
    assert measures.calibrated_tie(np.array([1, 1, -1]), np.array([0.2, 3.0, -0.1])) == 0.0
    assert measures.calibrated_tie(np.array([], int), np.array([])) == 0.0


@pytest.mark.parametrize("seed", range(10))
def test_tau_b_is_scipys_where_every_pair_is_voted_on(seed):
    # votes that say which of two human scores is higher, on all pairs: tau-b of the two lists of scores
    rng = np.random.default_rng(seed)
    human, metric = rng.integers(0, 5, 12), rng.integers(0, 6, 12)
    i, j = np.array(list(combinations(range(12), 2))).T
    vote, preference = np.sign(human[i] - human[j]), np.sign(metric[i] - metric[j])
    counts = measures.tally(vote, preference, np.zeros(len(i), int), 1)
    assert measures.tau_b(counts)[0] == pytest.approx(kendalltau(human, metric, variant="b").statistic)


@pytest.mark.parametrize("seed", range(10))
def test_alpha_equals_the_loops(seed):
    rng = np.random.default_rng(seed)
    pair = rng.integers(0, 40, 110)  # some units have one vote, some many
    vote, prompt_of_pair = rng.integers(-1, 2, 110), rng.integers(0, 7, 40)
    matrix = measures.coincidences(vote, pair, prompt_of_pair[pair], 7)
    expected = naive.krippendorff_alpha([vote[pair == unit].tolist() for unit in range(40)])
    assert measures.krippendorff_alpha(matrix.sum(axis=0)) == pytest.approx(expected)
    one = pair[prompt_of_pair[pair] == 3]
    of_prompt = measures.coincidences(vote[np.isin(pair, one)], one, np.zeros(len(one), int), 1)
    np.testing.assert_allclose(matrix[3], of_prompt[0])


@pytest.mark.parametrize("seed", range(5))
def test_majority_of_others_equals_the_loops(seed):
    rng = np.random.default_rng(seed)
    rows = [(f"r{r}", u, int(rng.integers(-1, 2))) for u in range(30) for r in range(rng.integers(1, 6))]
    said, others = measures.others_preference(np.array([v for *_, v in rows]), np.array([u for _, u, _ in rows]))
    expected = naive.majority_of_others(rows)
    assert others.tolist() == [e is not None for e in expected]
    assert said[others].tolist() == [e for e in expected if e is not None]


# hand-computed


def test_alpha_of_the_example_of_krippendorff_2011():
    # "Computing Krippendorff's Alpha-Reliability", section A: two observers, ten units. They differ on 4 units, so
    # o_01 = 4; the 20 values hold n_0 = 14 and n_1 = 6: alpha = 1 - 19 * 4 / (14 * 6) = 0.095
    answers = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]])
    unit = np.tile(np.arange(10), 2)
    matrix = measures.coincidences(answers.ravel(), unit, np.zeros(20, int), 1)
    assert (
        measures.krippendorff_alpha(matrix)[0] == pytest.approx(1 - 19 * 4 / (14 * 6)) == pytest.approx(0.095, abs=5e-4)
    )


@pytest.fixture
def small(tmp_path):
    """Two prompts, three models, two raters; `cost` is the metric turned upside down."""
    quality = {("x", "1"): 1.0, ("y", "1"): 2.0, ("z", "1"): 2.5, ("x", "2"): 1.0, ("y", "2"): 3.0, ("z", "2"): 3.0}
    cost = {key: -value for key, value in quality.items()}
    scores = write_scores(tmp_path / "s.csv", {("quality/good", "higher"): quality, ("quality/cost", "lower"): cost})
    votes = [
        ("1", "y", "x", "a", "ann"), ("1", "y", "x", "tie", "bob"),
        ("1", "z", "y", "b", "ann"), ("1", "z", "y", "both_bad", "bob"),
        ("2", "x", "z", "b", "ann"), ("2", "z", "x", "a", "bob"),
        ("2", "y", "z", "b", "ann"),
    ]  # fmt: skip
    return scores, write_votes(tmp_path / "h.csv", votes)


def test_small_case_by_hand(small):
    scores, votes = small
    result = agreement([scores], votes)
    (question,) = result["questions"]
    counted = {key: question[key] for key in ("votes", "ties", "both_bad", "prompts", "pairs")}
    assert counted == {"votes": 7, "ties": 2, "both_bad": 1, "prompts": 2, "pairs": 4}
    # differences (first in the alphabet minus second), votes:
    #   1 x-y -1: second, tie;   1 y-z -0.5: first, tie;   2 x-z -2: second, second;   2 y-z 0: second
    # C = 3 (x-y ann, both x-z), D = 1 (y-z ann), T_h = 2, T_m = 1 (2 y-z), T_hm = 0
    for metric in question["metrics"].values():
        assert metric["votes"] == 7 and metric["without_score"] == 0
        assert metric["accuracy"]["value"] == pytest.approx((3 + 0.5) / 5)
        assert metric["tau_b"]["value"] == pytest.approx((3 - 1) / np.sqrt((4 + 2) * (4 + 1)))
        # right without a threshold: 3 of 7. With 0.5: the tie on 1 y-z too, 4. With 1: also that on 1 x-y, but not
        # ann's any more, 4. With 2: both x-z lost, 2. The smallest of the best is 0.5.
        assert metric["accuracy_with_ties"]["tie"] == 0.5
        assert metric["accuracy_with_ties"]["value"] == pytest.approx(4 / 7)
        # people: x 0.5 of 4 votes; y 1 + 0.5 + 1 + 0.5 of 5; z 0.5 + 1 + 1 + 1 of 5
        # metric: x 0 of 4; y 2 of 2 on x-y, 0 of 2 on 1 y-z, 0.5 of 1; z 2 of 2, 2 of 2, 0.5 of 1
        assert metric["win_ratios"] == {
            "x": {"human": 0.5 / 4, "metric": 0.0, "votes": 4},
            "y": {"human": 3 / 5, "metric": 2.5 / 5, "votes": 5},
            "z": {"human": 3.5 / 5, "metric": 4.5 / 5, "votes": 5},
        }
        assert metric["spearman"]["value"] == pytest.approx(1)
    human = question["human"]
    # three pairs have two raters, 6 votes. Against the other: side against tie (T_m), tie against side (T_h), twice;
    # the pair 2 x-z agrees twice: C = 2, T_h = 2, T_m = 2
    assert (human["votes"], human["raters"]) == (6, 2)
    assert human["accuracy"]["value"] == pytest.approx((2 + 0.5 * 2) / 4)
    assert human["accuracy_with_ties"]["value"] == pytest.approx(2 / 6)
    assert human["tau_b"]["value"] == pytest.approx(2 / np.sqrt((2 + 2) * (2 + 2)))
    # answers first 1, tie 2, second 3: disagreeing ordered pairs 4; 36 - (1 + 4 + 9) = 22: alpha = 1 - 5 * 4 / 22
    assert human["krippendorff_alpha"]["value"] == pytest.approx(1 - 5 * 4 / 22)


def test_win_ratios_equal_the_loops():
    rng = np.random.default_rng(3)
    first, second = np.array([rng.choice(5, 2, replace=False) for _ in range(200)]).T
    preference, prompt = rng.integers(-1, 2, 200), rng.integers(0, 9, 200)
    where = (first, second, prompt, (9, 5))
    found = measures.win_ratios(
        measures.win_counts(preference, *where).sum(axis=0), measures.appearances(*where).sum(axis=0)
    )
    pairs = [(MODELS[a], MODELS[b]) for a, b in zip(first, second, strict=True)]
    assert found.tolist() == pytest.approx([naive.win_ratio(model, pairs, preference) for model in MODELS])


# raters whose noise is known


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Raters after Bradley and Terry, and what metrics of known worth get from them."""
    rng = np.random.default_rng(11)
    qualities, votes, sure = bradley_terry(rng, prompts=80, raters=9)
    folder = tmp_path_factory.mktemp("simulated")
    noise = {key: float(rng.normal()) for key in qualities}
    columns = {
        ("quality/perfect", "higher"): qualities,
        ("quality/monotone", "higher"): {key: float(np.exp(3 * value)) for key, value in qualities.items()},
        ("quality/inverted", "lower"): qualities,
        ("quality/random", "higher"): noise,
        ("quality/constant", "higher"): dict.fromkeys(qualities, 1.0),
    }
    scores = write_scores(folder / "s.csv", columns)
    result = agreement([scores], write_votes(folder / "h.csv", votes))
    return result["questions"][0], sure


def test_a_perfect_metric_gets_what_bradley_terry_allows(simulated):
    question, sure = simulated
    found = question["metrics"]["quality/perfect"]
    # each vote goes to the better side with probability max(p, 1 - p); 7200 votes, given the qualities independent
    error = np.sqrt((sure * (1 - sure)).mean() / question["votes"])
    assert abs(found["accuracy"]["value"] - sure.mean()) < 4 * error
    assert found["accuracy"]["low"] < sure.mean() < found["accuracy"]["high"]
    assert found["spearman"]["value"] == pytest.approx(1)


def test_only_the_order_of_scores_matters(simulated):
    metrics = simulated[0]["metrics"]
    for key in ("accuracy", "tau_b", "spearman", "win_ratios"):
        assert metrics["quality/monotone"][key] == metrics["quality/perfect"][key]


def test_people_agree_with_the_majority_of_others_as_often_as_binomials_say(simulated):
    question, sure = simulated
    # the better side gets B(8, p) of eight others' votes, and wins if more than four, half where exactly four
    wins = binom.sf(4, 8, sure) + 0.5 * binom.pmf(4, 8, sure)
    expected = (sure * wins + (1 - sure) * (1 - wins)).mean()
    assert abs(question["human"]["accuracy"]["value"] - expected) < 4 * 0.5 / np.sqrt(question["votes"])


def test_a_perfect_metric_reaches_the_human_ceiling(simulated, tmp_path):
    # no majority guesses a vote better than the qualities that made it, and that of very many raters as well
    question, _ = simulated
    assert question["human"]["accuracy"]["value"] < question["metrics"]["quality/perfect"]["accuracy"]["value"]
    qualities, votes, _ = bradley_terry(np.random.default_rng(15), prompts=15, raters=201)
    scores = write_scores(tmp_path / "s.csv", {("quality/perfect", "higher"): qualities})
    many = agreement([scores], write_votes(tmp_path / "h.csv", votes))["questions"][0]
    ceiling = many["human"]["accuracy"]["value"]
    assert many["metrics"]["quality/perfect"]["accuracy"]["value"] == pytest.approx(ceiling, abs=0.01)


def test_two_raters_agree_as_often_as_two_draws(tmp_path):
    qualities, votes, sure = bradley_terry(np.random.default_rng(12), prompts=150, raters=2)
    scores = write_scores(tmp_path / "s.csv", {("quality/perfect", "higher"): qualities})
    human = agreement([scores], write_votes(tmp_path / "h.csv", votes))["questions"][0]["human"]
    agree = sure**2 + (1 - sure) ** 2
    error = np.sqrt((agree * (1 - agree)).mean() / len(sure))
    assert abs(human["accuracy"]["value"] - agree.mean()) < 4 * error
    # with sides drawn evenly, chance agreement is the sum of squared shares of answers
    first = np.mean([winner == "a" for *_, winner, _ in votes])
    chance = first**2 + (1 - first) ** 2
    assert human["krippendorff_alpha"]["value"] == pytest.approx((agree.mean() - chance) / (1 - chance), abs=0.1)


def test_random_and_constant_metrics_are_at_chance_and_an_inverted_one_below(simulated):
    question, _ = simulated
    metrics = question["metrics"]
    # the random scores are one draw a motion: 800 pairs, each voted on nine times, share the draw
    assert abs(metrics["quality/random"]["accuracy"]["value"] - 0.5) < 4 * 0.5 / np.sqrt(800)
    assert abs(metrics["quality/random"]["tau_b"]["value"]) < 4 / np.sqrt(800)
    assert metrics["quality/constant"]["accuracy"]["value"] == 0.5
    assert metrics["quality/constant"]["tau_b"]["value"] is None
    assert metrics["quality/constant"]["spearman"]["value"] is None
    inverted, perfect = metrics["quality/inverted"], metrics["quality/perfect"]
    assert inverted["accuracy"]["high"] < 0.5
    assert inverted["accuracy"]["value"] == pytest.approx(1 - perfect["accuracy"]["value"])
    assert inverted["tau_b"]["value"] == pytest.approx(-perfect["tau_b"]["value"])
    assert inverted["spearman"]["value"] == pytest.approx(-1)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(13)

    def draw(prompts):
        """Votes of three raters on three pairs a prompt; a prompt's difficulty is shared by its votes."""
        difficulty = rng.normal(0, 0.8, prompts)
        wins = sigmoid(np.repeat(difficulty, 3) + rng.normal(0.7, 0.5, 3 * prompts))
        pair = np.repeat(np.arange(3 * prompts), 3)
        vote = np.where(rng.random(9 * prompts) < wins[pair], 1, -1)
        return vote, pair, pair // 3

    def measured(vote, pair, prompt):
        counts = measures.tally(vote, np.ones_like(vote), prompt, prompt[-1] + 1)
        matrix = measures.coincidences(vote, pair, prompt, prompt[-1] + 1)
        return counts, matrix

    counts, matrix = measured(*draw(30_000))
    truth = [measures.accuracy(counts.sum(axis=0)), measures.krippendorff_alpha(matrix.sum(axis=0))]
    hits = np.zeros(2)
    for _ in range(200):
        counts, matrix = measured(*draw(50))
        found = [with_interval(measures.accuracy, counts), with_interval(measures.krippendorff_alpha, matrix)]
        hits += [f["low"] <= t <= f["high"] for f, t in zip(found, truth, strict=True)]
    # 95 % of 200 is 190, with a standard error of 3; the percentile bootstrap covers a little less on 50 prompts
    assert (hits >= 178).all() and (hits <= 198).all(), hits


def test_tie_calibration_finds_the_differences_that_people_do_not_see(tmp_path):
    # people call differences under 0.5 a tie: calibrated, the same scores predict every vote
    rng = np.random.default_rng(14)
    values = {(model, f"p{p}"): float(rng.normal()) for p in range(60) for model in "xy"}
    votes = []
    for p in range(60):
        difference = values["x", f"p{p}"] - values["y", f"p{p}"]
        votes.append((f"p{p}", "x", "y", "tie" if abs(difference) < 0.5 else "a" if difference > 0 else "b", "ann"))
    scores = write_scores(tmp_path / "s.csv", {("quality/seen", "higher"): values})
    found = agreement([scores], write_votes(tmp_path / "h.csv", votes))["questions"][0]["metrics"]["quality/seen"]
    assert found["accuracy_with_ties"]["value"] == 1.0
    assert found["accuracy_with_ties"]["tie"] < 0.5
    assert found["accuracy"]["value"] == 1.0


def test_more_raters_who_say_the_same_make_no_interval_narrower(small, tmp_path):
    # prompts are drawn with all their votes: copies of votes tell nothing new
    scores, votes = small
    header, *rows = votes.read_text().splitlines()
    copies = [f"{row}{number}" for row in rows for number in range(20)]
    (tmp_path / "copies.csv").write_text("\n".join([header, *copies]) + "\n")
    once, often = (agreement([scores], path)["questions"][0] for path in (votes, tmp_path / "copies.csv"))
    for key in ("accuracy", "accuracy_with_ties", "tau_b", "spearman"):
        assert often["metrics"]["quality/good"][key] == pytest.approx(once["metrics"]["quality/good"][key])
    assert once["metrics"]["quality/good"]["accuracy"]["low"] < once["metrics"]["quality/good"]["accuracy"]["high"]


# what does not matter, what is missing, what is kept apart


def test_neither_order_nor_sides_nor_names_of_columns_change_a_number(small, tmp_path):
    scores, votes = small
    expected = agreement([scores], votes)
    header, *rows = votes.read_text().splitlines()
    turned = {"a": "right", "b": "left"}
    other = ["rater,winner,right,left,prompt"]
    for row in reversed(rows):
        prompt, a, b, winner, rater = row.split(",")
        other.append(f"{rater}, {turned.get(winner, winner)},{a},{b},{prompt}")
    (tmp_path / "other.csv").write_text("\ufeff" + "\r\n".join(other) + "\r\n\r\n")
    assert agreement([scores], tmp_path / "other.csv") == expected


def test_the_order_of_votes_changes_no_interval(tmp_path):
    qualities, votes, _ = bradley_terry(np.random.default_rng(16), prompts=9, raters=2, ties=0.2)
    scores = write_scores(tmp_path / "s.csv", {("quality/perfect", "higher"): qualities})
    votes = votes[:-7]  # prompts with different numbers of votes
    shuffled = [votes[index] for index in np.random.default_rng(17).permutation(len(votes))]
    expected = agreement([scores], write_votes(tmp_path / "a.csv", votes))
    assert agreement([scores], write_votes(tmp_path / "b.csv", shuffled)) == expected


def test_votes_without_a_name_are_by_different_people(small, tmp_path):
    rows = [("1", "x", "y", "b", ""), ("1", "x", "y", "b", ""), ("1", "x", "y", "a", "ann"), ("2", "x", "y", "b", "")]
    human = agreement([small[0]], write_votes(tmp_path / "h.csv", rows))["questions"][0]["human"]
    assert (human["votes"], human["raters"]) == (3, 3)
    # each b meets one a and one b, a tie; the a meets two b
    assert human["accuracy"]["value"] == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_votes_without_a_score_are_counted(small, tmp_path):
    scores, votes = small
    with votes.open("a") as file:
        file.write("3,x,y,a,ann\n")
    lines = [line for line in scores.read_text().splitlines() if "x,quality/good,2," not in line]
    lines.append("x,quality/good,2,,higher")
    scores.write_text("\n".join(lines) + "\n")
    result = agreement([scores], votes)
    metrics = result["questions"][0]["metrics"]
    assert (metrics["quality/cost"]["votes"], metrics["quality/cost"]["without_score"]) == (7, 1)
    assert (metrics["quality/good"]["votes"], metrics["quality/good"]["without_score"]) == (5, 3)
    assert result["unscored"] == 1
    run = mbench("agreement", scores, votes)
    assert run.returncode == 1 and "missing: 1 votes" in run.stdout


def test_questions_are_kept_apart(small, tmp_path):
    scores, votes = small
    rows = [f"{row},{question}" for question in ("realism", "match") for row in votes.read_text().splitlines()[1:]]
    rows = [row.replace(",a,", ",b,") if row.endswith("match") else row for row in rows]
    (tmp_path / "q.csv").write_text("\n".join(["prompt,model_a,model_b,winner,rater,question", *rows]) + "\n")
    result = agreement([scores], tmp_path / "q.csv")
    assert [q["question"] for q in result["questions"]] == ["match", "realism"]
    alone = agreement([scores], votes)["questions"][0]
    assert {**result["questions"][1], "question": ""} == alone
    assert result["questions"][0]["metrics"]["quality/good"]["accuracy"] != alone["metrics"]["quality/good"]["accuracy"]


def test_without_raters_there_is_no_ceiling_and_it_is_said(small, tmp_path):
    scores, votes = small
    lines = [line.rsplit(",", 1)[0] for line in votes.read_text().splitlines()]
    (tmp_path / "anonymous.csv").write_text("\n".join(lines) + "\n")
    human = agreement([scores], tmp_path / "anonymous.csv")["questions"][0]["human"]
    assert human == {"reason": "the votes have no column `rater`", "votes": 0}
    alone = write_votes(tmp_path / "alone.csv", [("1", "x", "y", "a", "ann"), ("2", "x", "y", "a", "")])
    assert agreement([scores], alone)["questions"][0]["human"]["reason"] == "no pair has votes of two raters"


def test_two_models_have_no_rank_correlation_and_one_prompt_no_interval(small, tmp_path):
    scores, _ = small
    result = agreement([scores], write_votes(tmp_path / "few.csv", [("1", "x", "y", "b", "ann")]))
    found = result["questions"][0]["metrics"]["quality/good"]
    assert found["spearman"] == {"value": None, "low": None, "high": None}
    assert found["accuracy"] == {"value": 1.0, "low": None, "high": None}


# results folders


def make_runs(folder: Path, noise=(0.001, 0.01, 0.05)) -> list[Path]:
    """Three finished runs of one suite: walks that tremble more and more."""
    prompts = prompts_of([f"a person walks, number {index}" for index in range(4)])
    paths = []
    for index, size in enumerate(noise):
        rng = np.random.default_rng(index)
        motions = [jitter(make_walk(2.0), size, rng) for _ in prompts]
        path = folder / f"model{index}" / "run"
        make_run(path, prompts, motions, ("quality/jitter_degree", "quality/foot_floating"), model=f"model{index}")
        paths.append(path)
    return paths


def steadier_wins(folder: Path) -> Path:
    rows = [(f"p{p:03d}", f"model{j}", f"model{i}", "b", "ann") for p in range(4) for i, j in combinations(range(3), 2)]
    return write_votes(folder / "h.csv", rows)


def test_runs_are_read_and_lower_is_better_is_turned(tmp_path):
    paths = make_runs(tmp_path / "results")
    votes = steadier_wins(tmp_path)
    result = agreement(paths, votes)
    assert result["suite"] == "little" and result["models"] == ["model0", "model1", "model2"]
    found = result["questions"][0]["metrics"]["quality/jitter_degree"]
    assert found["better"] == "lower" and found["accuracy"]["value"] == 1.0 and found["tau_b"]["value"] == 1.0
    assert found["spearman"]["value"] == pytest.approx(1)
    assert agreement([tmp_path / "results"], votes) == result


def test_versions_are_never_mixed(tmp_path):
    paths = make_runs(tmp_path / "results")
    result = json.loads((paths[1] / "result.json").read_text())
    result["metrics"]["quality/jitter_degree"]["version"] = "2"
    (paths[1] / "result.json").write_text(json.dumps(result))
    scores = (paths[1] / "scores.csv").read_text().replace("quality/jitter_degree,1,", "quality/jitter_degree,2,")
    (paths[1] / "scores.csv").write_text(scores)
    found = agreement(paths, steadier_wins(tmp_path))
    assert "1 and 2" in found["left_out"]["quality/jitter_degree"]
    assert set(found["questions"][0]["metrics"]) == {"quality/foot_floating"}


def test_two_runs_of_a_model_and_two_suites_are_refused(tmp_path):
    paths = make_runs(tmp_path / "results")
    again = make_runs(tmp_path / "again")
    votes = steadier_wins(tmp_path)
    with pytest.raises(ConfigError, match=r"model0.*second value.*expected one run a model"):
        agreement([*paths, again[0]], votes)
    result = json.loads((paths[1] / "result.json").read_text())
    result["suite"] = {"name": "other", "version": "1", "hash": "11"}
    (paths[1] / "result.json").write_text(json.dumps(result))
    with pytest.raises(ConfigError, match=r"'little'.*'other'.*expected runs on one suite"):
        agreement(paths, votes)


# bad input


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1,x,y,a\n1,x,yy,a\n", ["line 3", "'yy'", "did you mean 'y'"]),
        ("1,x,y,c\n", ["line 2", "'c'", "a, b, tie, both_bad"]),
        ("1,x,y,left\n", ["line 2", "'left'", "a, b, tie, both_bad"]),
        ("1,x,x,a\n", ["line 2", "both sides"]),
        (",x,y,a\n", ["line 2", "prompt is empty"]),
        ("1,x,y\n", ["line 2", "3 cells; expected 4"]),
        ("9,x,y,a\n8,x,y,b\n", ["line 2", "'9'", "no scores", "'1'", "another suite"]),
        ("", ["holds no rows"]),
    ],
)
def test_bad_votes(small, tmp_path, rows, words):
    (tmp_path / "bad.csv").write_text("prompt,model_a,model_b,winner\n" + rows)
    with pytest.raises(ConfigError) as caught:
        agreement([small[0]], tmp_path / "bad.csv")
    assert "\n" not in str(caught.value)
    for word in [str(tmp_path / "bad.csv"), *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty"]),
        ("prompt,model_a,winner\n1,x,a\n", ["line 1", "expected prompt, model_a, model_b, winner"]),
        ("prompt,model_a,model_b,winer\n1,x,y,a\n", ["line 1", "'winer'", "did you mean 'winner'"]),
        ("prompt,model_a,model_b,winner,rater\n1,x,y,a,ann\n1,y,x,a,ann\n", ["line 3", "'ann'", "first in line 2"]),
        ("prompt,prompt,left,right,winner\n1,1,x,y,left\n", ["line 1", "twice"]),
    ],
)
def test_bad_columns_of_votes(small, tmp_path, text, words):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ConfigError) as caught:
        agreement([small[0]], tmp_path / "bad.csv")
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model,metric,prompt,value\nx,quality/odd,1,2\n", ["line 2", "'quality/odd'", "`better`"]),
        ("model,metric,prompt,value,better\nx,quality/odd,1,2,up\n", ["line 2", "'up'", "lower or higher"]),
        ("model,metric,prompt,value\nx,quality/jitter_degree,1,much\n", ["line 2", "'much'", "expected a number"]),
        ("model,metric,prompt,value\nx,quality/jitter_degree,1,nan\n", ["line 2", "'nan'", "expected a number"]),
        ("model,metric,value\nx,quality/jitter_degree,1\n", ["line 1", "expected model, metric, prompt, value"]),
        (
            "model,metric,prompt,value\nx,quality/jitter_degree,1,1\nx,quality/jitter_degree,1,2\n",
            ["line 3", "second value", "line 2"],
        ),
        ("model,metric,prompt,value\nx,quality/jitter_degree,1,\ny,quality/jitter_degree,1,\n", ["no value at all"]),
        ("model,metric,prompt,value\nx,os:path,1,1\n", ["line 2", "'os:path'", "not registered"]),
    ],
)
def test_bad_scores(tmp_path, text, words):
    (tmp_path / "s.csv").write_text(text)
    votes = write_votes(tmp_path / "h.csv", [("1", "x", "y", "a", "ann")])
    with pytest.raises(ConfigError) as caught:
        agreement([tmp_path / "s.csv"], votes)
    for word in words:
        assert word in str(caught.value)


def test_bytes_and_absent_files(small, tmp_path):
    (tmp_path / "bytes.csv").write_bytes(b"prompt,model_a\xff\xfe\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        agreement([small[0]], tmp_path / "bytes.csv")
    with pytest.raises(ConfigError, match="nothing.csv: can't be read"):
        agreement([small[0]], tmp_path / "nothing.csv")
    with pytest.raises(ConfigError, match="holds no result.json"):
        agreement([tmp_path], small[1])


# the command


def test_command(small, tmp_path):
    scores, votes = small
    run = mbench("agreement", scores, votes, "--out", tmp_path / "f.svg")
    assert run.returncode == 0, run.stderr
    assert "people, one against the others" in run.stdout and "Krippendorff's alpha of 2 raters: 0.0909" in run.stdout
    good = next(line.split() for line in run.stdout.splitlines() if line.startswith("quality/good"))
    assert good[1] == "0.7" and good[-2:] == ["7", "0"]
    found = mbench("agreement", scores, votes, "--json")
    assert json.loads(found.stdout) == agreement([scores], votes)
    one_line_error(mbench("agreement", scores, votes, "--out", tmp_path / "f.gif"), "f.gif", ".svg or .png")
    votes.write_text(votes.read_text().replace("both_bad", "neither"))
    one_line_error(mbench("agreement", scores, votes), "h.csv: line 5", "'neither'", "expected a, b, tie, both_bad")


def test_figure_has_a_panel_a_metric_and_names_every_model(small, tmp_path):
    result = agreement([small[0]], small[1])
    write_figure(result, tmp_path / "a.svg")
    write_figure(result, tmp_path / "b.svg")
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert text.count('id="axes_') == 2
    for word in ("quality/good", "quality/cost", "Spearman 1.00", ">x<", ">y<", ">z<"):
        assert word in text
    result["questions"][0]["metrics"]["quality/good"]["win_ratios"]["x"]["human"] = 0.9
    write_figure(result, tmp_path / "b.svg")
    assert text != (tmp_path / "b.svg").read_text()
    write_figure(result, tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
