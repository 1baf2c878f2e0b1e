"""Bone vectors of a body at the proportions of the person in a motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.errors import MotionError
from mbench.motion.ik import fit_offsets
from mbench.motion.skeleton import JOINTS, N_JOINTS, PARENTS

Floats = NDArray[np.floating]
SHORTEST = 1e-6  # metres: in float32 joints, a shorter bone has no direction


def checked_rest(rest_offsets: ArrayLike) -> Floats:
    """Return T-pose bone vectors (22, 3) as float64, row 0 set to zero.

    Raises:
        MotionError: wrong shape, a non-finite value, or a bone of length 0: it has no direction to scale.
    """
    rest = np.array(rest_offsets, dtype=np.float64)
    if rest.shape != (N_JOINTS, 3):
        raise MotionError(f"rest offsets have shape {rest.shape}; expected ({N_JOINTS}, 3): one bone vector a joint")
    if not np.isfinite(rest).all():
        joint = int(np.argwhere(~np.isfinite(rest))[0, 0])
        raise MotionError(f"rest offsets are not finite, first at the bone to {JOINTS[joint]}; is the body file whole?")
    rest[0] = 0
    short = 1 + np.flatnonzero(np.linalg.norm(rest[1:], axis=-1) < SHORTEST)
    if len(short):
        bone = JOINTS[int(short[0])]
        raise MotionError(f"rest offsets: the bone to {bone} has length 0; expected a body whose bones have directions")
    return rest


def bone_vectors(joints: ArrayLike) -> Floats:
    """Return bone vectors (T, 22, 3), parent to joint, of joints (T, 22, 3); row 0 is zero."""
    joints = np.asarray(joints, dtype=np.float64)
    bones = joints - joints[:, np.maximum(PARENTS, 0)]
    bones[:, 0] = 0
    return bones


def size_of(joints: ArrayLike, rest: Floats) -> float:
    """Return how many times larger than the body a motion's skeleton is: the ratio of summed median bone lengths.

    Raises:
        MotionError: all joints lie in one point.
    """
    length = float(np.median(np.linalg.norm(bone_vectors(joints), axis=-1), axis=0).sum())
    if length < SHORTEST:
        raise MotionError(
            f"bones are {length:.1g} m long in all; expected a skeleton (do its joints lie in one point?)"
        )
    return length / float(np.linalg.norm(rest, axis=-1).sum())


def scaled_offsets(joints: ArrayLike, rest_offsets: ArrayLike) -> Floats:
    """Return a body's T-pose bone vectors (22, 3) at the proportions of a motion, metres.

    Left and right are measured each for itself. Bones to an only child keep the body's direction and get the motion's
    median length. The bones that leave pelvis and chest also get the directions they have in the motion, on average
    over its frames, for where a skeleton has its hips, spine and collars within the trunk is a matter of convention
    and differs by several centimetres.

    Args:
        joints: (T, 22, 3), metres.
        rest_offsets: T-pose bone vectors of the body (22, 3), metres.

    Raises:
        MotionError: the rest offsets are none (see `checked_rest`), or all joints of the motion lie in one point.
    """
    rest = checked_rest(rest_offsets)
    size = size_of(joints, rest)
    return size * fit_offsets(np.asarray(joints, dtype=np.float64) / size, rest)
