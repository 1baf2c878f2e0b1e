"""What raters are asked and told: the built-in questions, in words for people who know nothing of motion models."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from leaderboard.arena.study import Question

StudyType = Literal["pairs", "ratings"]

_TEXT = ("motion_condition_consistency", "motion_generalizability")
_NATURAL = ("jitter_degree", "dynamic_degree", "pose_quality", "body_penetration")
_FEET = ("foot_sliding", "foot_floating", "ground_penetration")

_PAIRS = (
    Question(
        "overall",
        "Which motion is better, all in all?",
        "Imagine that you ordered an animation with this text: which of the two would you take?",
    ),
    Question(
        "text",
        "Which motion does what the text says?",
        "Count only what is done, with which side of the body, how often and in which order; not how good it looks.",
        _TEXT,
    ),
    Question(
        "natural",
        "Which motion moves more like a real person?",
        "Trembling, jerks, stiffness, impossible poses and body parts that pass through each other are bad.",
        _NATURAL,
    ),
    Question(
        "feet",
        "In which motion do the feet behave better on the ground?",
        "Feet that slide, float above the ground or sink into it are bad. Use the side view and slow motion.",
        _FEET,
    ),
)

_RATINGS = (
    Question(
        "overall",
        "How good is this motion, all in all?",
        "1: you would not use it for this text; 5: you would take it as it is.",
    ),
    Question(
        "text",
        "How well does the motion do what the text says?",
        "Count only what is done. 1: something else, or nothing; 3: a part of it; 5: all of it.",
        _TEXT,
    ),
    Question(
        "natural",
        "How much does it move like a real person?",
        "1: no person could move like this; 3: partly stiff, jerky or trembling; 5: like a real person.",
        _NATURAL,
    ),
    Question(
        "feet",
        "How well do the feet behave on the ground?",
        "1: they float, sink or slide all the time; 3: now and then; 5: they stand and step as on a real floor.",
        _FEET,
    ),
)

BUILT_IN: Mapping[StudyType, Mapping[str, Question]] = MappingProxyType(
    {"pairs": {q.id: q for q in _PAIRS}, "ratings": {q.id: q for q in _RATINGS}}
)
IDS = tuple(BUILT_IN["pairs"])

INSTRUCTIONS: Mapping[StudyType, str] = MappingProxyType(
    {
        "pairs": (
            "Computer programs were given a text and made a figure move as the text says. You will see two such motions"
            " at a time, for the same text, and say which is better.\n\n"
            "Read the text first. Then watch both motions to the end, as often as you like; slow motion and the side"
            " view help. The two can have different lengths: that alone makes neither better.\n\n"
            "Judge the movement, not the look of the figure: blue is its left, orange its right. Objects that the text"
            " speaks of are not drawn.\n\n"
            "Choose left or right where you see a difference, even a small one. Choose a tie where both are equally"
            " good, and both bad where neither will do. A few examples with the answer come first."
        ),
        "ratings": (
            "Computer programs were given a text and made a figure move as the text says. You will see one such motion"
            " at a time and say how good it is, from 1 (bad) to 5 (good).\n\n"
            "Read the text first. Then watch the motion to the end, as often as you like; slow motion and the side view"
            " help.\n\n"
            "Judge the movement, not the look of the figure: blue is its left, orange its right. Objects that the text"
            " speaks of are not drawn.\n\n"
            "Use the whole scale: 1 and 5 are meant to be given. A few examples with the answer come first."
        ),
    }
)
