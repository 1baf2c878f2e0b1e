"""Metrics that ask a judge: known answers, answers that are missing, and whole runs."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from judges_for_tests import CONSISTENCY, GENERALIZABILITY, PROBABILITY, Chooses, Knower, Toy, marked
from mbench.errors import ConfigError, JudgeError, NotApplicable
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.judged import chance
from mbench.scoring import ask_judge
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt

JUDGED = [CONSISTENCY, PROBABILITY, GENERALIZABILITY]
BOTH = ("motion_condition_consistency", "motion_generalizability")


def prompt_of(number: int, count: int = 9) -> Prompt:
    """A prompt with distractors that are other prompts' texts."""
    others = tuple(f"number {number + step} of many" for step in range(1, count + 1))
    return Prompt(f"p{number:03d}", f"number {number} of many", 1.0, BOTH, others)


def samples_of(count: int) -> list[Sample]:
    return [Sample(prompt, marked(prompt.text)) for prompt in map(prompt_of, range(count))]


def ask(name: str, samples: list[Sample], judge) -> list[float | None]:
    return [value.value for value in ask_judge(name, METRICS.get(name), samples, judge)]


def why(name: str, samples: list[Sample], judge) -> list[tuple[bool, str | None]]:
    return [(value.failed, value.reason) for value in ask_judge(name, METRICS.get(name), samples, judge)]


# ---------------------------------------------------------------- known answers


def test_a_judge_that_always_knows_and_one_that_never_does():
    samples = samples_of(12)
    for judge, right in ((Toy(), 1.0), (Knower(), 1.0), (Toy(knows=False), 0.0)):
        assert ask(CONSISTENCY, samples, judge) == [right] * 12
    assert ask(GENERALIZABILITY, samples, Toy()) == ask(PROBABILITY, samples, Toy()) == [1.0] * 12
    assert ask(GENERALIZABILITY, samples, Toy(knows=False)) == [0.0] * 12


def test_a_motion_of_another_prompt_is_never_picked_right():
    samples = samples_of(12)
    wrong = [Sample(a.prompt, b.motion) for a, b in zip(samples, samples[1:] + samples[:1], strict=True)]
    assert ask(CONSISTENCY, wrong, Toy()) == ask(GENERALIZABILITY, wrong, Toy()) == [0.0] * 12


def test_a_judge_that_always_takes_the_first_is_right_by_chance():
    """Of 1,000 prompts with ten texts, 100 ± 9.5 by the binomial law: four standard deviations."""
    found = ask(CONSISTENCY, samples_of(1000), Chooses(0))
    assert 62 <= sum(found) <= 138
    last = ask(CONSISTENCY, samples_of(1000), Chooses(9))
    assert 62 <= sum(last) <= 138 and not any(a and b for a, b in zip(found, last, strict=True))


def test_every_place_is_as_likely():
    places = Counter(int(np.argmax([ask(CONSISTENCY, [sample], Chooses(k))[0] for k in range(10)]))
                     for sample in samples_of(300))  # fmt: skip
    assert sorted(places) == list(range(10)) and max(places.values()) < 55  # 30 ± 5.2


def test_the_order_is_drawn_from_the_id_alone():
    samples = samples_of(40)
    turned = [
        Sample(Prompt(s.prompt.id, s.prompt.text, 9.0, BOTH, s.prompt.candidates[::-1], ("x",)), s.motion, 3)
        for s in samples
    ]
    first = ask(CONSISTENCY, samples, Chooses(0))
    assert ask(CONSISTENCY, turned, Chooses(0)) == first
    assert ask(CONSISTENCY, samples[::-1], Chooses(0)) == first[::-1]
    renamed = [Sample(Prompt(f"q{s.prompt.id}", s.prompt.text, 1.0, BOTH, s.prompt.candidates), s.motion)
               for s in samples]  # fmt: skip
    assert ask(CONSISTENCY, renamed, Chooses(0)) != first


def test_the_order_is_that_of_sorted_texts_drawn_by_the_id():
    """The same in every process: no set is iterated, whose order is another one each time."""
    samples = samples_of(60)
    expected = []
    for sample in samples:
        texts = sorted([sample.prompt.text, *sample.prompt.candidates])
        order = np.random.default_rng(seed_of("candidates", sample.prompt.id)).permutation(10)
        expected.append(float(texts[order[0]] == sample.prompt.text))
    assert ask(CONSISTENCY, samples, Chooses(0)) == expected


def test_sure_means_surer_than_a_half():
    samples = samples_of(1)
    for said, yes in ((0.0, 0.0), (0.5, 0.0), (0.5000001, 1.0), (1.0, 1.0)):
        assert ask(GENERALIZABILITY, samples, Toy(says=said)) == [yes]
        assert ask(PROBABILITY, samples, Toy(says=said)) == [said]


# ---------------------------------------------------------------- candidates


def test_the_text_among_its_candidates_and_repeats_change_nothing():
    plain = samples_of(60)
    messy = [
        Sample(Prompt(s.prompt.id, s.prompt.text, 1.0, BOTH, (s.prompt.candidates[3], s.prompt.text,
                                                               *s.prompt.candidates, s.prompt.text)), s.motion)
        for s in plain
    ]  # fmt: skip
    assert ask(CONSISTENCY, messy, Chooses(0)) == ask(CONSISTENCY, plain, Chooses(0))
    assert ask(CONSISTENCY, messy, Toy()) == [1.0] * 60
    assert chance([s.prompt for s in messy]) == pytest.approx(0.1)


@pytest.mark.parametrize("candidates", [(), ("number 0 of many",), ("number 0 of many",) * 3])
def test_a_prompt_without_distractors_has_no_choice(candidates):
    """Picking the right one of one is no merit."""
    alone = Sample(Prompt("alone", "number 0 of many", 1.0, BOTH, candidates), marked("number 0 of many"))
    samples = [*samples_of(2), alone]
    values = ask_judge(CONSISTENCY, METRICS.get(CONSISTENCY), samples, Knower())
    assert [v.value for v in values] == [1.0, 1.0, None]
    assert values[2].reason == "the prompt has no candidates" and not values[2].failed
    assert chance([alone.prompt]) is None and chance([s.prompt for s in samples]) == pytest.approx(0.1)
    assert ask(GENERALIZABILITY, samples, Knower()) == [1.0, 1.0, 1.0]


def test_only_prompts_without_candidates_ask_nothing():
    alone = [Sample(Prompt("a", "t", 1.0, BOTH), marked("t"))]
    function = METRICS.get(CONSISTENCY).function
    (found,) = function(alone, Toy(stops="judge"))
    assert isinstance(found, NotApplicable) and function([], Toy(stops="judge")) == []


def test_chance_is_the_mean_of_one_in_as_many():
    prompts = [prompt_of(0, 9), prompt_of(1, 1), prompt_of(2, 3)]
    assert chance(prompts) == pytest.approx((1 / 10 + 1 / 2 + 1 / 4) / 3)
    other = Prompt("q", "q", 1.0, ("motion_generalizability",), ("a", "b"))
    assert chance([*prompts, other]) == chance(prompts) and chance([other]) is None


# ---------------------------------------------------------------- answers that are none


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("fault", ["unsure", "breaks", "silent"])
def test_one_motion_without_an_answer_leaves_the_others_theirs(name, fault):
    """Asked together or one by one, by lists of answers or by a call that raises."""
    samples = [Sample(Prompt(f"{i}", f"{word} walks", 1.0, BOTH, ("they run", "they sit")), marked(f"{word} walks"))
               for i, word in enumerate(("ann", "bob", "cid", "dan"))]  # fmt: skip
    judge = Toy(**{fault: "bob dan"})
    values = ask_judge(name, METRICS.get(name), samples, judge)
    assert [v.value for v in values] == [1.0, None, 1.0, None]
    assert [v.failed for v in values] == [False, True, False, True]
    words = {"unsure": "LookupError: can't see bob walks", "breaks": "ZeroDivisionError: by bob walks",
             "silent": "answers to"}  # fmt: skip
    assert words[fault] in values[1].reason
    alone = [ask_judge(name, METRICS.get(name), [sample], judge)[0] for sample in samples]
    assert [v.value for v in alone] == [v.value for v in values]
    if fault != "silent":
        assert alone == values


@pytest.mark.parametrize("said", [math.nan, math.inf, -0.1, 1.1, "yes"])
def test_an_answer_that_is_no_probability_is_missing_not_no(said):
    for name in JUDGED:
        for failed, reason in why(name, samples_of(3), Toy(says=said)):
            assert failed and "expected a probability from 0 to 1" in reason


@pytest.mark.parametrize("said", [10, -1, None, "first"])
def test_a_choice_that_names_no_candidate_is_missing_not_wrong(said):
    for failed, reason in why(CONSISTENCY, samples_of(3), Chooses(said)):
        assert failed and "expected the index of one of 10 texts" in reason


@pytest.mark.parametrize(("how", "error"), [("judge", JudgeError), ("config", ConfigError)])
def test_a_judge_that_can_answer_nothing_stops_the_run(how, error):
    for name in JUDGED:
        with pytest.raises(error, match="the server is gone"):
            ask(name, samples_of(2), Toy(stops=how))


def test_no_motions_ask_nothing():
    for name in JUDGED:
        assert ask_judge(name, METRICS.get(name), [], Toy(stops="judge")) == []


def test_a_metric_that_gives_too_few_values_fails_them_all():
    from dataclasses import replace

    item = METRICS.get(GENERALIZABILITY)
    short = replace(item, function=lambda samples, judge: item.function(samples, judge)[:-1])
    values = ask_judge(GENERALIZABILITY, short, samples_of(3), Toy())
    assert all(v.failed and v.value is None and "gave 0 values for 1 motions" in v.reason for v in values)
