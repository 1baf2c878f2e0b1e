"""Training: a few tasks that come first, each with one fault, and feedback that says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from leaderboard.arena.attention import FAULTS
from leaderboard.arena.config import StudyConfig
from leaderboard.arena.entrants import Entrants
from leaderboard.arena.known import Known, Material, generated, kept, materials
from mbench.motion import Motion, degrade
from mbench.seeds import seed_of

ITEMS = 3  # at least
SECONDS = 3.0  # of a training motion
PROMPT = "training:"  # starts the ids of prompts that only training has; no suite's id has a colon
Ruin = Callable[[Material, np.random.Generator], Motion]


@dataclass(frozen=True)
class Lesson:
    """What a training item teaches, and how the motion that must lose is made.

    Attributes:
        name: short; of the first three, the id of the built-in question that it is about.
        text: what the built-in generator is asked for.
        ruin: makes the bad motion.
        pair: what the feedback says where two are compared.
        rating: what it says where one is rated.
        other: what the generator is asked for instead, for the motion that shows something else.
        show_good: of ratings, whether the good motion is shown.
    """

    name: str
    text: str
    ruin: Ruin
    pair: str
    rating: str
    other: str = ""
    show_good: bool = False


ABOUT_ONE = (
    Lesson(
        "text",
        "a person kicks with the right leg",
        lambda material, rng: material.other,
        "The other figure does something that the text does not ask for, however well it moves.",
        "The figure does what the text says: 4 or 5, even where the movement could be better.",
        other="a person waves with the left hand",
        show_good=True,
    ),
    Lesson(
        "natural",
        "a person walks forward",
        lambda material, rng: degrade.jitter(material.motion, 0.03, rng),
        "The other figure trembles all over, as no person does.",
        "The figure trembles all over, as no person does: 1 or 2.",
    ),
    Lesson(
        "feet",
        "a person walks in a circle",
        lambda material, rng: degrade.lift(material.motion, 0.45),
        "The other figure never touches the ground: it walks on air.",
        "The figure never touches the ground: 1 or 2, even where the rest moves well.",
    ),
)
ABOUT_ALL = (
    Lesson(
        "floating",
        "a person jumps up twice",
        lambda material, rng: FAULTS["floating"](material.motion, rng),
        "The other figure does nothing that the text says, has its knees bent backwards and floats.",
        "The figure does nothing that the text says, has its knees bent backwards and floats: 1 or 2 for everything.",
    ),
    Lesson(
        "trembling",
        "a person waves with the right hand",
        lambda material, rng: FAULTS["trembling"](material.motion, rng),
        "The other figure does nothing that the text says, floats and shakes out of shape.",
        "The figure does nothing that the text says, floats and shakes out of shape: 1 or 2 for everything.",
    ),
    Lesson(
        "sunk",
        "a person kicks with the left leg",
        lambda material, rng: FAULTS["sunk"](material.motion, rng),
        "The other figure does not do what the text says and slides, in the ground to its thighs.",
        "The figure does not do what the text says and slides, in the ground to its thighs: 1 or 2 for everything.",
    ),
)


def training(config: StudyConfig, entrants: Entrants) -> list[Known]:
    """Return the training items in order; the same ones for the same study.

    They have prompts of their own where the built-in generator is installed, else prompts of the study; without the
    generator, a study whose motions hardly move has none.

    Args:
        config: of the study.
        entrants: its runs and prompts.
    """
    plan = lessons([question.id for question in config.asked], config.together)
    material = [_generated(lesson) for lesson, _ in plan]
    if any(one is None for one in material):
        own = materials(entrants, config.seed, len(plan))
        material = [one for one, _ in zip(cycle(own), plan)]  # noqa: B905 - the cycle has no end, or there is nothing
    return [_known(lesson, one, asked, config) for (lesson, asked), one in zip(plan, material, strict=False) if one]


def lessons(ids: Sequence[str], together: bool) -> list[tuple[Lesson, tuple[str, ...]]]:
    """Return what is taught, and the ids of the questions that are asked with it.

    A fault that a built-in question is about is asked by that question, or by `overall`. Lessons on everything fill up
    to `ITEMS`; where questions are asked together there is at least one, so that raters see what a task looks like.

    Args:
        ids: of the study's questions.
        together: whether a task asks all of them.
    """
    one = [(lesson, (question,)) for lesson in ABOUT_ONE if (question := _asks(lesson, ids)) is not None]
    least = 1 if together and len(ids) > 1 else 0
    several = [
        (lesson, tuple(ids) if together else (ids[number % len(ids)],))
        for number, lesson in enumerate(ABOUT_ALL[: max(least, ITEMS - len(one))])
    ]
    return one + several


def _asks(lesson: Lesson, ids: Sequence[str]) -> str | None:
    """Return the question that a lesson is about, `overall` where it is not asked, None without both."""
    return next((id for id in (lesson.name, "overall") if id in ids), None)


def _generated(lesson: Lesson) -> Material | None:
    """Return the motions of a lesson by the built-in generator, None where it is not installed."""
    motion = generated(lesson.text, SECONDS, 0)
    other = generated(lesson.other, SECONDS, 0) if lesson.other else motion
    if motion is None or other is None:
        return None
    return Material({"id": f"{PROMPT}{lesson.name}", "text": lesson.text, "seconds": SECONDS}, motion, other)


def _known(lesson: Lesson, material: Material, asked: tuple[str, ...], config: StudyConfig) -> Known:
    """Return a lesson as a task."""
    rng = np.random.default_rng(seed_of(config.seed, "training", lesson.name))
    good = kept(material.motion, material.prompt, "real")
    bad = kept(lesson.ruin(material, rng), material.prompt, lesson.name)
    why = lesson.pair if config.type == "pairs" else lesson.rating
    return Known(material.prompt, good, bad, asked, why, lesson.show_good)
