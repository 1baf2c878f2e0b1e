"""What is asked of a judge, and what becomes of answers that are none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from judges_for_tests import Chooses, Explodes, Knower, Placed, Toy, mark, marked
from mbench import Card
from mbench.errors import ConfigError, PluginError, UnknownNameError
from mbench.judges.base import Chooser, Embedder, Judge, build_judge, choose, identity, match

TEXTS = [f"text {number} of many" for number in range(6)]
MOTIONS = [marked(text) for text in TEXTS]
HERE = "judges_for_tests"


def test_the_marks_of_these_tests_differ():
    assert len({mark(text) for text in TEXTS}) == len(TEXTS)
    assert [motion.joints[0, 0, 0] for motion in MOTIONS] == [mark(text) for text in TEXTS]


# ---------------------------------------------------------------- making one


def test_a_judge_is_built_with_its_options_and_the_device():
    assert build_judge(f"{HERE}:Toy", {"version": "7"}).card.version == "7"
    assert build_judge(f"{HERE}:Placed", {}, "cuda").device == "cuda"
    assert build_judge(f"{HERE}:Placed", {"device": "cpu"}, "cuda").device == "cpu"


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("retreival", {}, UnknownNameError, ["retreival", "did you mean 'retrieval'"]),
        (f"{HERE}:Toy", {"weihgts": "a"}, ConfigError, ["weihgts", "did you mean 'weights'"]),
        (f"{HERE}:Explodes", {}, PluginError, ["could not be started", "OSError: no such weights"]),
        (f"{HERE}:NoMatch", {}, PluginError, ["is no judge", "`match`"]),
        (f"{HERE}:Nothing", {}, PluginError, ["Nothing"]),
    ],
)
def test_what_can_not_be_built_is_said_in_one_line(name, options, error, words):
    with pytest.raises(error) as told:
        build_judge(name, options)
    assert all(word in str(told.value) for word in words) and "\n" not in str(told.value)


def test_protocols_tell_what_a_judge_can_do():
    assert isinstance(Toy(), Judge) and not isinstance(Toy(), Chooser) and not isinstance(Toy(), Embedder)
    assert isinstance(Chooses(), Chooser) and isinstance(Placed("cpu"), Judge) and not isinstance(Explodes, Judge)


# ---------------------------------------------------------------- who answered


def test_identity_changes_with_whatever_the_card_says_of_answers():
    cards = [
        Card("toy", "1", "control", "a"), Card("toy", "2", "control", "a"), Card("yot", "1", "control", "a"),
        Card("toy", "1", "control", "a", weights="f" * 64), Card("toy", "2", "control", "a", weights="f" * 64),
        Card("toy", "1", "control", "a", weights="e" * 64),
    ]  # fmt: skip
    names = []
    for card in cards:
        judge = Toy()
        judge.card = card
        names.append(identity(judge))
    assert len(set(names)) == len(cards) and all(n.startswith(f"{c.name}.") for n, c in zip(names, cards, strict=True))
    assert all(len(name.split(".")[1]) == 10 for name in names)
    assert identity(Toy()) == identity(Toy(knows=False)) == names[0], "a card that says the same is the same judge"


# ---------------------------------------------------------------- match


def test_match_gives_an_answer_a_pair_in_order():
    assert match(Toy(), MOTIONS, TEXTS) == [1.0] * 6
    assert match(Toy(), MOTIONS, TEXTS[::-1]) == [0.0] * 6
    assert match(Toy(), MOTIONS, [TEXTS[0]] * 6) == [1.0, 0, 0, 0, 0, 0]
    assert match(Toy(), [], []) == []


@pytest.mark.parametrize("said", [0, 1, 0.25, True, np.float32(0.5), np.array(0.5)])
def test_any_number_from_0_to_1_is_a_probability(said):
    answers = match(Toy(says=said), MOTIONS, TEXTS)
    assert answers == [float(said)] * 6 and all(type(answer) is float for answer in answers)


@pytest.mark.parametrize("said", [math.nan, math.inf, -0.01, 1.01, 37, "0.7", "yes", [0.5], {}, 1j])
def test_what_is_no_probability_is_no_answer(said):
    for answer in match(Toy(says=said), MOTIONS, TEXTS):
        assert isinstance(answer, PluginError)
        assert "'toy' said" in str(answer) and "a probability from 0 to 1" in str(answer)


def test_exceptions_pass_as_answers():
    answers = match(Toy(unsure="2"), MOTIONS, TEXTS)
    assert isinstance(answers[2], LookupError) and answers[:2] + answers[3:] == [1.0] * 5


def test_too_few_answers_are_not_given_to_the_wrong_questions():
    with pytest.raises(PluginError, match="'toy' gave 5 answers to 6 questions"):
        match(Toy(silent="2"), MOTIONS, TEXTS)
    with pytest.raises(PluginError, match="answers to"):
        choose(Toy(silent="2"), MOTIONS, [TEXTS] * 6)


# ---------------------------------------------------------------- choose


def lists(count=3):
    """For each motion its text and others, at a place of its own."""
    return [[TEXTS[(own + shift) % 6] for shift in range(-(own % count), count - own % count)] for own in range(6)]


def test_a_judge_that_can_not_choose_picks_the_surest():
    assert choose(Toy(), MOTIONS, lists()) == [0, 1, 2, 0, 1, 2]
    assert choose(Toy(knows=False), MOTIONS, lists()) == [1, 0, 0, 1, 0, 0]
    assert choose(Toy(says=0.5), MOTIONS, lists()) == [0] * 6, "the first of equals"
    assert choose(Toy(), [], []) == []


def test_lists_of_several_lengths_are_kept_apart():
    asked = [[TEXTS[5], TEXTS[0]], [TEXTS[1]], [TEXTS[0], TEXTS[1], TEXTS[4], TEXTS[2]]]
    assert choose(Toy(), MOTIONS[:3], asked) == [1, 0, 3]


def test_no_choice_where_one_of_the_candidates_has_no_answer():
    found = choose(Toy(unsure="2"), MOTIONS, lists())
    assert [isinstance(answer, LookupError) for answer in found] == ["text 2 of many" in texts for texts in lists()]
    found = choose(Toy(says=math.nan), MOTIONS, lists())
    assert all(isinstance(answer, PluginError) for answer in found)


def test_a_judge_that_can_choose_is_asked_in_one_question():
    assert choose(Knower(), MOTIONS, lists()) == [0, 1, 2, 0, 1, 2]
    assert choose(Chooses(2), MOTIONS, lists()) == [2] * 6
    assert choose(Chooses(np.int64(1)), MOTIONS, lists()) == [1] * 6


@pytest.mark.parametrize("said", [3, -1, 0.0, 1.5, "1", None, True, math.nan, [0]])
def test_what_names_no_candidate_is_no_choice(said):
    """-1 would be the last one, True the second, if they were taken for places."""
    for answer in choose(Chooses(said), MOTIONS, lists()):
        assert isinstance(answer, PluginError)
        assert "'chooses' chose" in str(answer) and "one of 3 texts" in str(answer)


def test_a_chooser_with_too_few_choices():
    class Lazy(Chooses):
        def choose(self, motions, candidates):
            return [0] * (len(candidates) - 1)

    with pytest.raises(PluginError, match="'chooses' gave 5 answers to 6 questions"):
        choose(Lazy(), MOTIONS, lists())
