"""What a prompt asks for: one `Move` an action, and the registry of actions that can answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from baselines.choreographer.journey import Journey
from baselines.choreographer.phrase import Phrase


@dataclass(frozen=True)
class Move:
    """One action of a plan. Empty or None: the prompt does not say.

    Attributes:
        action: name of a registered action.
        side: left, right or both.
        count: how many times, or how many steps.
        direction: forward, backward, left, right, up, down, circle or place.
        degrees: how far to turn.
        tempo: factor of the speed, 1 as it comes.
        size: factor of the amplitude, 1 as it comes.
        during: actions on top of this one, at the same time.
    """

    action: str
    side: str = ""
    count: int | None = None
    direction: str = ""
    degrees: float | None = None
    tempo: float = 1.0
    size: float = 1.0
    during: tuple[Move, ...] = ()


Score = Phrase | Journey
Maker = Callable[[Move], Score]
_HIS = r"(?:his |her |their |its |the |both |one |an? |two )*(?:left |right )?"


@dataclass(frozen=True)
class Action:
    """A registered action.

    Attributes:
        name: of the action, a word or two with underscores.
        words: regular expression of what people call it, matched against lower-case text.
        make: keys or journey of a move; written for the right side and the right-hand direction, which are mirrored.
        sided: what "left" and "right" mean: hand, foot, way (a direction of travel), or nothing.
        default: the side where a prompt names none: right, both, or "" for whichever the clip prefers.
    """

    name: str
    words: re.Pattern[str]
    make: Maker = field(repr=False)
    sided: str = ""
    default: str = ""


ACTIONS: dict[str, Action] = {}


def action(name: str, *words: str, sided: str = "", default: str = "") -> Callable[[Maker], Maker]:
    """Register the function that makes an action.

    Args:
        name: a word or two with underscores.
        words: regular expressions of what people call it, lower case; `<his>` stands for possessives and sides.
        sided: see `Action`.
        default: see `Action`.
    """
    pattern = "|".join(words).replace("<his>", _HIS)

    def decorate(make: Maker) -> Maker:
        ACTIONS[name] = Action(name, re.compile(rf"\b(?:{pattern})\b"), make, sided, default)
        return make

    return decorate


def forms(*verbs: str) -> str:
    """Return a regular expression of the inflections of regular English verbs, and of given irregular forms.

    `wave` gives wave, waves, waved, waving; `hop` gives hopped and hopping as well; a verb of several words inflects
    the first (`pick up`). A form with `|` is taken as it is.
    """
    return "|".join(verb if "|" in verb else _inflected(verb) for verb in verbs)


def _inflected(verb: str) -> str:
    """Return the inflections of one verb."""
    head, _, tail = verb.partition(" ")
    tail = rf" {tail}" if tail else ""
    if head.endswith("e"):
        return rf"{head[:-1]}(?:e|es|ed|ing|eing){tail}"
    if head.endswith("y") and head[-2] not in "aeou":
        return rf"{head[:-1]}(?:y|ies|ied|ying){tail}"
    return rf"{head}(?:s|es|{head[-1]}?ed|{head[-1]}?ing)?{tail}"
