"""The control space in which actions are keyed: 46 numbers a frame, from which the solver makes a pose.

Angles are degrees, lengths metres. Everything is relative to a *place* (a point of the floor and a heading): x is the
person's right, y forward, z up. Actions are built as differences from neutral standing, so that two that overlap in
time add up; `NEUTRAL` plus the differences is what the solver poses.

| group | values |
|---|---|
| root | displacement of the pelvis from standing: x, y, z |
| tilt | orientation of the pelvis: pitch (forward), roll (to the right), yaw (to the left) |
| spine | of the chest against the pelvis: pitch, roll, yaw |
| neck | of the head against the chest: pitch (nod), roll, yaw |
| l_arm, r_arm | upper arm from hanging: flexion (forward), abduction (outward), outward twist; elbow flexion |
| l_collar, r_collar | shoulder girdle: raised, forward |
| l_foot, r_foot | the toe joint: x, y, z |
| l_sole, r_sole | of the foot: pitch (heel up), roll (to the right), yaw (to the left) |
| l_knee, r_knee | knee turned outward about the line from hip to ankle |
| l_hand, r_hand | a point of the place where the wrist is pinned: x, y, z, and how firmly (0 to 1) |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.motion.skeleton import INDEX, REST_OFFSETS

Floats = NDArray[np.float64]

SIZES = {
    "root": 3, "tilt": 3, "spine": 3, "neck": 3, "l_arm": 4, "r_arm": 4, "l_collar": 2, "r_collar": 2,
    "l_foot": 3, "r_foot": 3, "l_sole": 3, "r_sole": 3, "l_knee": 1, "r_knee": 1, "l_hand": 4, "r_hand": 4,
}  # fmt: skip
_ENDS = np.cumsum(list(SIZES.values()))
SLICES = {name: slice(int(end) - size, int(end)) for (name, size), end in zip(SIZES.items(), _ENDS, strict=True)}
WIDTH = int(_ENDS[-1])
UPPER = ("neck", "l_arm", "r_arm", "l_collar", "r_collar")  # what an overlaid action may take over
LEGS = ("root", "l_foot", "r_foot", "l_sole", "r_sole", "l_knee", "r_knee")

ARM = (3.0, 9.0, -20.0, 16.0)  # hanging, hands a little in front of the thighs
TOE_HEIGHT = 0.012  # of a planted toe joint; the published contact rule wants it below 0.02 m
TOE_OUT = 7.0  # degrees that the feet of a standing person point outward


def _neutral() -> Floats:
    """Return neutral standing (46,): feet under the hips, arms hanging."""
    neutral = np.zeros(WIDTH)
    hip, knee, ankle, toe = (REST_OFFSETS[INDEX[f"right_{name}"]] for name in ("hip", "knee", "ankle", "foot"))
    foot = (hip + knee + ankle)[:2] + toe[:2] @ rotation2(-TOE_OUT).T
    for side, sign in (("l_", -1), ("r_", 1)):
        neutral[SLICES[side + "arm"]] = ARM
        neutral[SLICES[side + "foot"]] = (sign * foot[0], foot[1], TOE_HEIGHT)
        neutral[SLICES[side + "sole"]] = (0, 0, -sign * TOE_OUT)
    return neutral


def other(group: str) -> str:
    """Return the group of the other side; the same name where there is none."""
    return {"l_": "r_", "r_": "l_"}.get(group[:2], group[:2]) + group[2:]


def _mirror_table() -> tuple[NDArray[np.intp], Floats]:
    """Return where each mirrored number comes from, and its sign."""
    source = np.concatenate([np.arange(WIDTH)[SLICES[other(name)]] for name in SIZES])
    signs = np.ones(WIDTH)
    for name in ("root", "l_foot", "r_foot", "l_hand", "r_hand"):
        signs[SLICES[name].start] = -1
    for name in ("tilt", "spine", "neck", "l_sole", "r_sole"):
        signs[SLICES[name].start + 1 : SLICES[name].stop] = -1
    return source, signs


_SOURCE, _SIGNS = _mirror_table()


def mirrored(controls: Floats) -> Floats:
    """Return controls (T, 46) with left and right exchanged."""
    return controls[:, _SOURCE] * _SIGNS


def moved_to(controls: Floats, places: Floats) -> Floats:
    """Return controls (T, 46) as controls of the world.

    Args:
        controls: each frame relative to a place.
        places: x, y in metres and heading in degrees, counterclockwise (T, 3).
    """
    heading = np.radians(places[:, 2])
    c, s = np.cos(heading), np.sin(heading)
    out = controls.copy()
    for name in ("root", "l_foot", "r_foot", "l_hand", "r_hand"):
        start = SLICES[name].start
        x, y = controls[:, start], controls[:, start + 1]
        out[:, start] = c * x - s * y + places[:, 0]
        out[:, start + 1] = s * x + c * y + places[:, 1]
    for name in ("tilt", "l_sole", "r_sole"):
        out[:, SLICES[name].stop - 1] += places[:, 2]
    return out


def rotation2(degrees: float) -> Floats:
    """Return the matrix (2, 2) of a counterclockwise turn in the floor plane."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


NEUTRAL = _neutral()
