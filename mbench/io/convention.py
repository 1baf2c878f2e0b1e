"""Which axis is up and which unit a file is in: declared by the user, else detected, else refused.

Detection is a conditional logit over the six signed axes: each gets a score from five measurements that a person
under gravity fixes (head over feet, trunk upright, one level that the body rests on, that level at 0, the lowest
joint at rest), and the softmax of the scores is the confidence. `benchmarks/convention_detection.py` fits the weights
and measures the accuracy; `docs/formats.md` states it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.errors import ConfigError, FormatError
from mbench.motion.skeleton import INDEX

Floats = NDArray[np.float64]
AXES = ("x", "-x", "y", "-y", "z", "-z")
# "cmu" is the length unit of the CMU database's ASF files and their BVH conversions: 1 / 0.45 inch.
UNITS: Mapping[str, float] = MappingProxyType({"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "cmu": 0.0254 / 0.45})
MIN_CONFIDENCE = 0.8
STATURES = (1.2, 1.4, 2.0, 2.2)  # metres: people are between the outer two, adults nearly always between the inner two

# Rotations that bring each axis up, all proper. y up becomes (-x, z, y): a person facing +z, as in SMPL and most BVH
# files, then faces +y, which is forward here.
TO_Z_UP: Mapping[str, Floats] = MappingProxyType(
    {
        "z": np.eye(3),
        "y": np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]),
        "-y": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
        "-z": np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]),
        "x": np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]),
        "-x": np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]]),
    }
)
# Weights of the columns of `up_evidence`, fitted on half of 2,070 real clips by benchmarks/convention_detection.py.
WEIGHTS = np.array([4.6, 1.2, 1.0, 1.9, 1.5])
COMMON_AXES = 2.0  # log odds of y and z against the four that are hardly used


@dataclass(frozen=True)
class Convention:
    """How a file's numbers are to be read.

    Attributes:
        up: one of `AXES`.
        up_confidence: 1 where it was declared or the format fixes it.
        metres: metres per file unit.
        unit: its name, or the number as text.
        unit_confidence: as for the axis.
    """

    up: str
    up_confidence: float
    metres: float
    unit: str
    unit_confidence: float

    @property
    def rotation(self) -> Floats:
        """Rotation (3, 3) from the file's axes to z up."""
        return TO_Z_UP[self.up]

    def meta(self) -> dict[str, Any]:
        """Return the values that are kept in a motion's `meta`."""
        return {
            "up": self.up,
            "up_confidence": round(self.up_confidence, 4),
            "unit": self.unit,
            "unit_confidence": round(self.unit_confidence, 4),
        }


def find_convention(
    joints: ArrayLike,
    up: str | None = None,
    unit: str | float | None = None,
    where: str = "joints",
    prior: Mapping[str, float] | None = None,
    usually_metres: bool = False,
) -> Convention:
    """Return the convention of joints: what is declared, and what is detected for the rest.

    Args:
        joints: (T, 22, 3), any unit and axes.
        up: `x`, `y`, `z`, `-x`, `-y`, `-z`; `auto` or None to detect.
        unit: `m`, `cm`, `mm`, `inch`, or metres per file unit; `auto` or None to detect.
        where: file name, for messages.
        prior: log odds added to axes, e.g. because a format is nearly always y up.
        usually_metres: take metres, with confidence 0, where the axis is declared and no unit makes a person: spoilt
            bodies of a weak generator are to be scored, not refused.

    Raises:
        ConfigError: an axis or unit that does not exist.
        FormatError: it can't be told from the data; the message says how to declare it.
    """
    joints = np.asarray(joints, dtype=np.float64)
    axis, confidence = _declared_axis(up), 1.0
    name, metres, unit_confidence = _unit(joints, unit, where, usually_metres and axis is not None)
    if axis is None:
        axis, confidence = most_likely_up(joints * metres, prior)
        if confidence < MIN_CONFIDENCE:
            raise FormatError(
                f"{where}: the up axis can't be told from the data ({axis} with confidence {confidence:.2f}, "
                f"{MIN_CONFIDENCE} wanted): pass up: y or up: z"
            )
    return Convention(axis, confidence, metres, name, unit_confidence)


def _declared_axis(up: str | None) -> str | None:
    """Return the axis that the user declared, None to detect it."""
    if up in (None, "auto"):
        return None
    axis = str(up).lower().removeprefix("+")
    if axis not in AXES:
        raise ConfigError(f"up is {up!r}; expected y, z or auto (or {', '.join(a for a in AXES if a not in 'yz')})")
    return axis


def _unit(joints: Floats, unit: str | float | None, where: str, or_metres: bool) -> tuple[str, float, float]:
    """Return the unit's name, metres per unit, and the confidence."""
    if unit in (None, "auto"):
        try:
            return _detected_unit(joints, where)
        except FormatError:
            if not or_metres:
                raise
            return "m", 1.0, 0.0
    if isinstance(unit, str) and unit in UNITS:
        return unit, UNITS[unit], 1.0
    try:
        metres = float(unit)
    except ValueError:
        metres = -1.0
    if isinstance(unit, bool) or not 0 < metres < float("inf"):
        raise ConfigError(f"unit is {unit!r}; expected {', '.join(UNITS)} or metres per file unit, a number > 0")
    return f"{metres:g} m", metres, 1.0


def _detected_unit(joints: Floats, where: str) -> tuple[str, float, float]:
    """Return the unit in which the skeleton is as tall as a person; the units are so far apart that only one can be."""
    height = stature(joints)
    for name, metres in UNITS.items():
        if (confidence := unit_confidence(height * metres)) >= MIN_CONFIDENCE:
            return name, metres, confidence
    hint = f", e.g. unit: {1.7 / height:.3g} if the person is 1.70 m tall" if height > 0 else ""
    raise FormatError(
        f"{where}: the unit can't be told from the data: the skeleton is {height:.3g} units tall, a person's height in "
        f"none of {', '.join(UNITS)}: pass unit: m, or metres per file unit{hint}"
    )


def unit_confidence(metres: float) -> float:
    """Return the confidence in a unit from the stature that it gives: 1 for adults, 0 where `STATURES` ends."""
    return float(np.interp(metres, STATURES, [0.0, 1.0, 1.0, 0.0]))


def stature(joints: ArrayLike) -> float:
    """Return the standing height to the crown, in the unit of the joints (T, 22, 3), whatever the pose.

    It is 1.21 times (thigh + shank + pelvis to base of the skull along the spine), each the median over frames; the
    factor is that of `mbench.motion.skeleton.REST_OFFSETS`, 1.70 m tall, and adds head, feet and pelvis.
    """
    joints = np.asarray(joints, dtype=np.float64)
    left = _chain(joints, "left_hip", "left_knee", "left_ankle")
    right = _chain(joints, "right_hip", "right_knee", "right_ankle")
    return 1.21 * ((left + right) / 2 + _chain(joints, "pelvis", "spine1", "spine2", "spine3", "neck", "head"))


def _chain(joints: Floats, *names: str) -> float:
    """Return the length of a chain of joints: the sum of its bones' median lengths."""
    points = joints[:, [INDEX[name] for name in names]]
    return float(np.median(np.linalg.norm(np.diff(points, axis=1), axis=-1), axis=0).sum())


def most_likely_up(joints: ArrayLike, prior: Mapping[str, float] | None = None) -> tuple[str, float]:
    """Return the most likely up axis of joints (T, 22, 3) in metres and its probability, 0 to 1.

    Args:
        joints: in any orientation.
        prior: log odds added to axes.
    """
    scores = up_evidence(joints) @ WEIGHTS
    for index, axis in enumerate(AXES):
        scores[index] += (COMMON_AXES if axis in ("y", "z") else 0.0) + (prior or {}).get(axis, 0.0)
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    best = int(chances.argmax())
    return AXES[best], float(chances[best])


def up_evidence(joints: ArrayLike) -> Floats:
    """Return what speaks for each of `AXES` being up (6, 5), lengths in statures.

    Columns: height of the head over the ankles; height of the neck over the pelvis; how constant the lowest level
    of the body is over time; whether that level is near 0; how still the lowest joint is against the others.

    Args:
        joints: (T, 22, 3), metres.
    """
    joints = np.asarray(joints, dtype=np.float64)
    joints = joints / max(stature(joints), 1e-6)
    ankles = joints[:, [INDEX["left_ankle"], INDEX["right_ankle"]]].mean(axis=1)
    body = (joints[:, INDEX["head"]] - ankles).mean(axis=0)
    trunk = (joints[:, INDEX["neck"]] - joints[:, INDEX["pelvis"]]).mean(axis=0)
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    return np.array([[*_along(axis, body, trunk), *_support(_height(joints, axis), speed)] for axis in AXES])


def _height(points: Floats, axis: str) -> Floats:
    """Return coordinates along a signed axis."""
    return points[..., "xyz".index(axis[-1])] * (-1.0 if axis[0] == "-" else 1.0)


def _along(axis: str, *vectors: Floats) -> list[float]:
    """Return the components of vectors along a signed axis."""
    return [float(_height(vector, axis)) for vector in vectors]


def _support(heights: Floats, speed: Floats) -> tuple[float, float, float]:
    """Return constancy of the lowest level, its nearness to 0, stillness of the lowest joint; heights (T, 22)."""
    lowest = heights.min(axis=1)
    low, middle = np.quantile(lowest, [0.05, 0.5])
    constancy = -np.log(0.01 + np.median(np.abs(lowest - middle)))
    at_zero = np.exp(-((low / 0.05) ** 2))
    if not len(speed):
        return constancy, at_zero, 0.0
    of_lowest = np.take_along_axis(speed, heights[:-1].argmin(axis=1)[:, None], axis=1)[:, 0]
    return constancy, at_zero, float(-np.log(0.05 + of_lowest.mean() / max(speed.mean(), 1e-9)))
