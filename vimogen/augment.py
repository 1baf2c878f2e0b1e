"""Rows of a part of a clip, and of a mirrored one, without going back to a motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MotionError
from mbench.motion.representations.vimogen276 import (
    ORIENTATION,
    ORIENTATION_VELOCITY,
    POSITION_VELOCITY,
    POSITIONS,
    REST_PELVIS,
    ROTATIONS,
    TRANSLATION,
    TRANSLATION_VELOCITY,
    canonical_frame,
)
from mbench.motion.skeleton import MIRROR, N_JOINTS, PELVIS
from vimogen.codec import Rows

_SIGNS = np.array([1, -1, -1, 1, -1, 1], dtype=np.float32)  # of R00 R01 R10 R11 R20 R21 when x turns round
_ACROSS = np.array([-1, 1, 1], dtype=np.float32)
_BODY = [joint - 1 for joint in MIRROR[1:]]  # of the joints that have a local rotation


def canonical(rows: Rows) -> Rows:
    """Return rows (T, 276) in the canonical frame of their first one, the lowest joint of all at z = 0.

    The same as cutting the motion, canonicalising it and encoding it again.

    Raises:
        MotionError: the hips of the first frame lie above each other.
    """
    frames = len(rows)
    joints = rows[:, POSITIONS].reshape(frames, N_JOINTS, 3).astype(np.float64)
    rotation, shift = canonical_frame(joints, floor=True)
    joints = joints @ rotation.T + shift
    found = rows.copy()
    found[:, POSITIONS] = joints.reshape(frames, -1)
    for columns in (POSITION_VELOCITY, TRANSLATION_VELOCITY):
        found[:, columns] = (rows[:, columns].reshape(frames, -1, 3) @ rotation.T).reshape(frames, -1)
    found[:, ORIENTATION] = (rotation @ rows[:, ORIENTATION].reshape(frames, 3, 2)).reshape(frames, 6)
    turns = rotation @ _whole(rows[:, ORIENTATION_VELOCITY]) @ rotation.T
    found[:, ORIENTATION_VELOCITY] = turns[..., :2].reshape(frames, 6)
    found[:, TRANSLATION] = joints[:, PELVIS] - REST_PELVIS
    return found


def mirrored(rows: Rows) -> Rows:
    """Return rows (T, 276) with left and right exchanged, in the mirrored frame of the same origin."""
    frames = len(rows)
    found = rows.copy()
    found[:, ROTATIONS] = (rows[:, ROTATIONS].reshape(frames, -1, 6)[:, _BODY] * _SIGNS).reshape(frames, -1)
    for columns in (POSITIONS, POSITION_VELOCITY):
        found[:, columns] = (rows[:, columns].reshape(frames, N_JOINTS, 3)[:, list(MIRROR)] * _ACROSS).reshape(
            frames, -1
        )
    for columns in (ORIENTATION, ORIENTATION_VELOCITY):
        found[:, columns] = rows[:, columns] * _SIGNS
    found[:, TRANSLATION] = found[:, POSITIONS][:, :3] - REST_PELVIS
    found[:, TRANSLATION_VELOCITY] = rows[:, TRANSLATION_VELOCITY] * _ACROSS
    return found


def part(rows: Rows, start: int, frames: int) -> Rows:
    """Return `frames` rows from `start`, canonical.

    Raises:
        MotionError: there are not as many.
    """
    if start < 0 or start + frames > len(rows) or frames < 1:
        raise MotionError(f"rows {start} to {start + frames} are asked for; there are {len(rows)}")
    return canonical(rows[start : start + frames])


def _whole(six: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rotation matrices (T, 3, 3) of orthonormal 6D rotations (T, 6)."""
    columns = six.reshape(-1, 3, 2).astype(np.float64)
    return np.concatenate([columns, np.cross(columns[..., 0], columns[..., 1])[..., None]], axis=-1)
