"""Where a hand goes: arm angles from a point, for keys that are easier to say in metres than in degrees."""

from __future__ import annotations

from functools import cache

import numpy as np

from baselines.choreographer.solve import OFFSETS, REACH, normalised, swing
from mbench.motion.skeleton import INDEX

SHOULDER = 0.18  # metres from the middle of the chest to the shoulder joint
_UPPER, _LOWER = (float(np.linalg.norm(OFFSETS[INDEX[f"right_{name}"]])) for name in ("elbow", "wrist"))


@cache
def hand(
    right: float, forward: float, up: float, elbow: tuple[float, float, float] = (0.5, -0.4, -1.0)
) -> tuple[float, float, float, float]:
    """Return flexion, abduction, twist and elbow angle (degrees) that bring the right wrist to a point of the chest.

    The same numbers bring the left wrist to the mirrored point.

    Args:
        right: metres from the middle of the chest towards the person's right.
        forward: metres in front of the shoulder joints.
        up: metres above the shoulder joints; chin 0.12, waist -0.35.
        elbow: direction in which the elbow points.
    """
    line = np.array([right - SHOULDER, forward, up])
    length = float(np.clip(np.linalg.norm(line), 0.08, REACH * (_UPPER + _LOWER)))
    along = normalised(line)
    aside = normalised(np.array(elbow) - np.dot(elbow, along) * along)
    share = (length**2 + _UPPER**2 - _LOWER**2) / (2 * length)
    joint = along * share + aside * np.sqrt(max(_UPPER**2 - share**2, 0.0))
    return _angles(joint, along * length - joint)


def _angles(upper: np.ndarray, lower: np.ndarray) -> tuple[float, float, float, float]:
    """Return the arm angles of a right upper arm and forearm given as vectors (3,)."""
    upper, lower = normalised(upper), normalised(lower)
    angle = np.arccos(np.clip(-upper[2], -1, 1))
    axis = normalised(np.array([upper[1], -upper[0], 0.0]))  # (0, 0, -1) x upper
    flexion, sideways = np.degrees(angle * axis[:2])
    straight = swing(np.array(flexion), np.array(sideways)) @ np.array([0.0, 1.0, 0.0])
    bend = normalised(lower - np.dot(lower, upper) * upper)
    twist = np.degrees(np.arctan2(np.dot(np.cross(straight, bend), upper), np.dot(straight, bend)))
    elbow = np.degrees(np.arccos(np.clip(np.dot(upper, lower), -1, 1)))
    return float(flexion), float(-sideways), float(twist), float(elbow)
