"""Moods: how a posture, a tempo and a gait look happy, sad, angry or tired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.controls import SLICES, WIDTH
from baselines.choreographer.gait import Gait

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Style:
    """A mood.

    Attributes:
        words: regular expression of what people call it.
        tempo: factor of the speed.
        size: factor of the amplitude.
        posture: difference from neutral posture, by control group.
        gait: factors of a gait's numbers, by field; `arm`, `length`, `bob`, …
        sway: factor of the slow sway of the body.
    """

    words: str
    tempo: float = 1.0
    size: float = 1.0
    posture: Mapping[str, Sequence[float]] = field(default_factory=dict)
    gait: Mapping[str, float] = field(default_factory=dict)
    sway: float = 1.0

    def offset(self) -> Floats:
        """Return the posture as control differences (46,)."""
        row = np.zeros(WIDTH)
        for name, value in self.posture.items():
            row[SLICES[name].start : SLICES[name].start + len(value)] = value
        return row

    def gaited(self, gait: Gait) -> Gait:
        """Return a gait as somebody in this mood walks it."""
        return replace(gait, **{name: getattr(gait, name) * factor for name, factor in self.gait.items()})


def _arms(arm: Sequence[float], collar: Sequence[float] = (0,)) -> dict[str, Sequence[float]]:
    """Return the same for both arms and both collars."""
    return {"l_arm": arm, "r_arm": arm, "l_collar": collar, "r_collar": collar}


STYLES = {
    "": Style("(?!)"),
    "sad": Style(
        r"sad(?:ly)?|depress(?:ed|ing)|unhapp(?:y|ily)|dejected(?:ly)?|gloom(?:y|ily)|sorrow(?:ful|fully)?|grie(?:f|ving)"
        r"|disappointed(?:ly)?|mournful(?:ly)?|heartbroken|melanchol(?:y|ic)",
        0.82, 0.85,
        {"spine": (14,), "neck": (18,), **_arms((4, -3), (-3, 6))},
        {"length": 0.75, "arm": 0.4, "bob": 0.6, "twist": 0.6, "lift": 0.85},
    ),
    "tired": Style(
        r"tired(?:ly)?|exhausted(?:ly)?|wear(?:y|ily)|sleep(?:y|ily)|drows(?:y|ily)|fatigued|slugg?ish(?:ly)?"
        r"|old(?:er)?|elderly",
        0.78, 0.88,
        {"spine": (18,), "neck": (6,), "root": (0, 0, -0.015), **_arms((8, -2), (-3, 8))},
        {"length": 0.68, "arm": 0.5, "lift": 0.75, "sway": 1.5},
    ),
    "happy": Style(
        r"happ(?:y|ily)|joyful(?:ly)?|joyous(?:ly)?|cheerful(?:ly)?|glad(?:ly)?|merr(?:y|ily)|excited(?:ly)?|playful(?:ly)?|joy"
        r"|enthusiastic(?:ally)?|bounc(?:y|ily)|triumphant(?:ly)?|elated(?:ly)?",
        1.08, 1.1,
        {"spine": (-4,), "neck": (-5,), **_arms((0, 4))},
        {"arm": 1.35, "bob": 1.7, "lift": 1.25, "twist": 1.3},
    ),
    "angry": Style(
        r"ang(?:ry|rily|er)|furious(?:ly)?|mad(?:ly)?|aggressive(?:ly)?|enraged|irritated|rage|annoyed|frustrat(?:ed|ion)",
        1.14, 1.05,
        {"spine": (7,), "neck": (3,), **_arms((2, 7, -14, 22), (4, 3))},
        {"arm": 1.2, "push": 0.8, "lean": 2.2, "twist": 1.4, "length": 1.08},
    ),
    "proud": Style(
        r"proud(?:ly)?|confident(?:ly)?|majestic(?:ally)?|arrogant(?:ly)?|elegant(?:ly)?|graceful(?:ly)?|strut(?:s|ting|ted)?",
        0.95, 1.08,
        {"spine": (-7,), "neck": (-4,), **_arms((-2, 5), (1, -6))},
        {"arm": 1.15, "twist": 1.5},
    ),
    "afraid": Style(
        r"afraid|scared(?:ly)?|fearful(?:ly)?|nervous(?:ly)?|anxious(?:ly)?|frightened|timid(?:ly)?|shy(?:ly)?|hesitant(?:ly)?|cold",
        0.95, 0.85,
        {"spine": (10,), "neck": (6,), "root": (0, 0, -0.02), **_arms((14, -4, -30, 45), (7, 9))},
        {"length": 0.62, "arm": 0.25, "lift": 0.8},
    ),
    "drunk": Style(
        r"drunk(?:en|enly)?|dizz(?:y|ily)|unstead(?:y|ily)|wobbl(?:y|ing|es|ed|e)|tips(?:y|ily)",
        0.85, 1.1,
        {"spine": (4, 0, 0), "neck": (6,), "root": (0, 0, -0.02), **_arms((4, 8))},
        {"length": 0.75, "wide": -1.5, "sway": 2.2, "roll": 2.0, "arm": 1.2},
        sway=4.0,
    ),
}  # fmt: skip
