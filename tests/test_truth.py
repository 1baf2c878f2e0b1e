"""Which texts may be true of one motion: what makes a distractor fair."""

from __future__ import annotations

import pytest

from mbench.datasets.base import Caption, Clip
from mbench.datasets.captions import ACTIONS, paraphrases
from mbench.datasets.truth import Claim, claim_of, claim_of_all, claim_of_clip, sides_of


def may(text: str, *described: str) -> bool:
    return claim_of(text).may_hold_for(claim_of_all(described))


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("a person walks", "a person walks"),
        ("someone is walking", "a man walks forward"),
        ("a person walks forward", "walk forward, turn left"),
        ("a person walks forwards", "a person walks forward"),
        ("a person turns anticlockwise", "a person turns counter-clockwise"),
        ("a person turns left", "a person walks, then turns left"),
        ("a person kicks", "a man kicks with his right leg and jumps"),
        ("a person walks", "an old man walks slowly and sits down"),
        ("a person kicks with the left leg", "a person kicks"),
        ("a person jumps forward", "jump"),
        ("", "a person walks"),
        ("someone moves angrily", "a person walks"),
    ],
)
def test_what_may_be_true(text, described):
    assert may(text, described)


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("a person runs", "a person walks"),
        ("a person walks and jumps", "a person walks"),
        ("a person kicks with the left leg", "a person kicks with the right leg"),
        ("a person walks backwards", "a person walks forwards"),
        ("a person waves both hands", "a person waves the left hand"),
        ("a person turns clockwise", "a person turns counterclockwise"),
        ("a person turns counter-clockwise", "a person turns clockwise"),
        ("a person jumps up", "a person jumps down"),
    ],
)
def test_what_is_not_true(text, described):
    assert not may(text, described)


def test_what_a_text_says_is_in_its_sides_and_actions():
    assert sides_of("Kick with the LEFT leg, then the right-hand one") == {"left", "right", "one"}
    assert sides_of("leftover soup, upright, bright") == frozenset()
    for word in ("counterclockwise", "counter-clockwise", "anticlockwise", "Anti-Clockwise"):
        assert sides_of(f"turn {word}") == {"counterclockwise"}
    assert sides_of("forwards, backwards") == sides_of("forward and backward") == {"forward", "backward"}
    claim = claim_of("a person walks forward and jumps twice")
    assert claim.actions == {"walk", "jump"} and claim.sides == {"forward"}
    assert claim.actions <= set(ACTIONS)


def test_a_text_holds_for_itself_and_for_more():
    """May-hold is an order: reflexive, and what holds for a part holds for the whole."""
    texts = [text for label in ("walk", "kick-left", "jump-up", "turn-right", "sit") for text in paraphrases(label)]
    for text in texts:
        claim = claim_of(text)
        assert claim.may_hold_for(claim)
        for other in texts[::7]:
            both = claim_of_all([text, other])
            assert claim.may_hold_for(both)


def test_a_clip_says_what_its_labels_and_all_its_captions_say():
    clip = Clip("a", 20, 40, (Caption("he walks"), Caption("then he kicks left", 1.0, 1.5)), labels={"content": "jump"})
    assert claim_of_clip(clip) == Claim(frozenset({"walk", "kick", "jump"}), frozenset({"left"}))
    assert claim_of_clip(Clip("b", 20, 40)) == Claim(frozenset(), frozenset()) == claim_of_all([])


def test_a_claim_of_nothing_may_be_true_of_anything():
    """A text in which no action is recognised is no fair distractor."""
    nothing = Claim(frozenset(), frozenset())
    walk = Claim(frozenset({"walk"}), frozenset())
    assert nothing.may_hold_for(walk) and nothing.may_hold_for(nothing) and not walk.may_hold_for(nothing)
