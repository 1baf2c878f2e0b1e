"""Which texts are true of the same motion, as far as their words tell: what makes a distractor fair."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mbench.datasets.base import Clip
from mbench.datasets.captions import actions_of

_SIDES = re.compile(
    r"\b(left|right|both|two|one|back|sideways|up|down|clockwise|counterclockwise)\b|\b((?:for|back)ward)s?\b"
)
# Words of which one rules out the others, unless both are said.
_RIVALS = (
    frozenset({"left", "right", "both"}),
    frozenset({"forward", "backward", "back", "sideways"}),
    frozenset({"up", "down"}),
    frozenset({"clockwise", "counterclockwise"}),
    frozenset({"one", "two", "both"}),
)
_AGAINST_THE_CLOCK = re.compile(r"\b(?:counter|anti)[- ]?clockwise\b")


@dataclass(frozen=True)
class Claim:
    """What a text says of a motion.

    Attributes:
        actions: classes of action that it names.
        sides: sides, directions and numbers that it names.
    """

    actions: frozenset[str]
    sides: frozenset[str]

    def may_hold_for(self, other: Claim) -> bool:
        """Return whether this may be true of what the other describes.

        It may if it names no action that the other does not, and no side or direction that the other rules out by
        naming another one. What the other leaves open may be so, and a text that names no known action may be true of
        anything.
        """
        return self.actions <= other.actions and not any(
            (self.sides - other.sides) & rivals and other.sides & rivals for rivals in _RIVALS
        )


@lru_cache(maxsize=100_000)
def claim_of(text: str) -> Claim:
    """Return what a caption or a label says."""
    return Claim(actions_of(text), sides_of(text))


def sides_of(text: str) -> frozenset[str]:
    """Return the sides, directions and numbers that a text names, which sentence vectors hardly tell apart."""
    plain = _AGAINST_THE_CLOCK.sub("counterclockwise", text.lower()).replace("-", " ")
    return frozenset(found[1] or found[2] for found in _SIDES.finditer(plain))


def claim_of_all(texts: Iterable[str]) -> Claim:
    """Return what several texts say of one motion."""
    claims = [claim_of(text) for text in texts]
    actions: frozenset[str] = frozenset().union(*(claim.actions for claim in claims))
    sides: frozenset[str] = frozenset().union(*(claim.sides for claim in claims))
    return Claim(actions, sides)


def claim_of_clip(clip: Clip) -> Claim:
    """Return what a clip's labels and captions say."""
    return claim_of_all([*clip.labels.values(), *(caption.text for caption in clip.captions)])
