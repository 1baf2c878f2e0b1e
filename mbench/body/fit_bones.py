"""Bone vectors of a body at the proportions of the person in a motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion.ik import CHILDREN, best_rotation, fit_offsets, smallest_rotation
from mbench.motion.skeleton import FEET, INDEX, JOINTS, N_JOINTS, PARENTS

Floats = NDArray[np.floating]
CHEST = INDEX["spine3"]
COLLARS = [INDEX["left_collar"], INDEX["right_collar"]]
SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
KNEES, ANKLES = [INDEX["left_knee"], INDEX["right_knee"]], [INDEX["left_ankle"], INDEX["right_ankle"]]
SHORTEST = 1e-6  # metres: in float32 joints, a shorter bone has no direction
LEAN = 1e-3  # share of the shoulders in the turn of the chest: they decide only what its own bones leave open
RAISED = np.radians(15)  # collars raised further than this all the time have another T-pose, not another posture
# A foot that stands: metres above its lowest, m/s, cosine of the shin to the vertical.
LOW, SLOW, UPRIGHT = 0.03, 0.2, 0.8
FEWEST_STANDING = 5  # frames
STEEPEST = np.radians(25)  # the slopes of standing feet differ by less; steeper ones stand on tiptoe


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


def scaled_offsets(joints: ArrayLike, rest_offsets: ArrayLike, fps: float) -> Floats:
    """Return a body's T-pose bone vectors (22, 3) at the proportions of a motion, metres.

    Left and right are measured each for itself. Bones to an only child keep the body's direction and get the motion's
    median length. Directions are taken from the motion where skeletons differ by convention, not by posture:

    - bones that leave pelvis and chest: as they lie on average;
    - shoulders, as seen from the chest: on average within 15 degrees of the body's;
    - toes, as seen from the ankle: level where the feet stand on the floor, if they do, or as in the body.

    Args:
        joints: (T, 22, 3), metres, z up.
        rest_offsets: T-pose bone vectors of the body (22, 3), metres.
        fps: frames per second.

    Raises:
        MotionError: the rest offsets are none (see `checked_rest`), or all joints of the motion lie in one point.
    """
    rest = checked_rest(rest_offsets)
    size = size_of(joints, rest)
    joints = np.asarray(joints, dtype=np.float64) / size
    offsets = fit_offsets(joints, rest)
    offsets[SHOULDERS] = _shoulders(offsets, bone_vectors(joints))
    offsets[list(FEET)] = _toes(offsets, joints, fps)
    return size * offsets


def chest_rotations(start: Floats, offsets: Floats, bones: Floats) -> Floats:
    """Return the world rotations (T, 3, 3) of spine3: to its bones, and to the shoulders in what those leave open.

    Neck and collars may lie on one line, or have no length; then the shoulders alone say where the chest faces.

    Args:
        start: rotations (T, 3, 3) that decide what even the shoulders leave open.
        offsets: T-pose bone vectors (22, 3).
        bones: bone vectors (T, 22, 3).
    """
    own = list(CHILDREN[CHEST])
    source = np.concatenate([offsets[own], offsets[COLLARS] + offsets[SHOULDERS]])
    target = np.concatenate([bones[:, own], bones[:, COLLARS] + bones[:, SHOULDERS]], axis=1)
    return best_rotation(offsets[own], bones[:, own], best_rotation(source, target, start), LEAN)


def _shoulders(offsets: Floats, bones: Floats) -> Floats:
    """Return the bone vectors (2, 3) of the shoulders, brought near to their mean as seen from the chest."""
    trunk = list(CHILDREN[0])
    chest = chest_rotations(best_rotation(offsets[trunk], bones[:, trunk]), offsets, bones)
    seen = np.einsum("tji,tnj->ni", chest, bones[:, SHOULDERS])
    turns = Rotation.from_matrix(smallest_rotation(offsets[SHOULDERS], seen)).as_rotvec()
    angle = np.linalg.norm(turns, axis=-1, keepdims=True)
    turns *= (angle - RAISED).clip(0) / angle.clip(SHORTEST)
    return np.asarray(Rotation.from_rotvec(turns).apply(offsets[SHOULDERS]))


def _toes(offsets: Floats, joints: Floats, fps: float) -> Floats:
    """Return the bone vectors (2, 3) from ankles to toes, as steep as those of the feet when they stand."""
    feet, toes = offsets[list(FEET)], joints[:, list(FEET)]
    shins = joints[:, KNEES] - joints[:, ANKLES]
    upright = shins[..., 2] > UPRIGHT * np.linalg.norm(shins, axis=-1)
    slow = np.linalg.norm(np.diff(toes, axis=0, prepend=toes[:1]), axis=-1) * fps < SLOW
    standing = upright & slow & (toes[..., 2] < toes[..., 2].min(axis=0) + LOW)
    if standing.sum() < FEWEST_STANDING:
        return feet
    # Heels leave the floor before toes do, so the flatter of the standing frames tell the slope.
    slope = np.percentile(_slopes(toes - joints[:, ANKLES])[standing], 25)
    turn = slope - _slopes(feet).mean()
    if abs(turn) > STEEPEST:
        return feet
    return np.asarray(Rotation.from_rotvec([-turn, 0, 0]).apply(feet))


def _slopes(feet: Floats) -> Floats:
    """Return how steeply vectors (..., 3) from ankle to toe go down, radians."""
    return np.arctan2(-feet[..., 2], np.hypot(feet[..., 0], feet[..., 1]))
