"""Joint rotations from joint positions by swing: each joint turns as little as its bones allow.

Positions do not say how a bone is turned about itself. A joint with one child gets the smallest rotation, from where
its parent (or a first guess) leaves it, that points its bone the right way; the pelvis and spine3, which have three
children, get the best fit to all of them (Kabsch, Acta Cryst. A32, 1976).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.motion.kinematics import matrix_to_quaternion, quaternion_to_matrix
from mbench.motion.motion import Motion, Pose
from mbench.motion.skeleton import N_JOINTS, PARENTS, REST_OFFSETS

Floats = NDArray[np.floating]
CHILDREN = tuple(tuple(c for c in range(N_JOINTS) if PARENTS[c] == joint) for joint in range(N_JOINTS))
_TIE = 1e-6  # weight of the starting rotation against the bones: it decides only what they leave open
_LEAN = 1e-2


def fit_pose_swing(motion: Motion) -> Pose:
    """Return rotations and offsets whose forward kinematics gives the joints of a motion.

    Exact (float32) where bone lengths, and the triangle at pelvis and spine3, are constant over time.

    Args:
        motion: its own pose, if any, is not used.
    """
    joints = motion.joints.astype(np.float64)
    offsets = fit_offsets(joints)
    rotations = rotations_from_joints(joints, offsets)
    return Pose(rotations.astype(np.float32), offsets.astype(np.float32))


def fit_offsets(joints: ArrayLike, rest: ArrayLike = REST_OFFSETS) -> Floats:
    """Return T-pose bone vectors (22, 3) of joints (T, 22, 3), metres.

    A single child lies in the direction of the rest pose at the median bone length; the children of pelvis and
    spine3 lie as they do on average, once each frame is aligned to the rest pose (Procrustes).

    Args:
        joints: (T, 22, 3), metres.
        rest: T-pose bone vectors (22, 3) whose directions are taken.
    """
    joints = np.asarray(joints, dtype=np.float64)
    bones = _bones(joints)
    rest = np.asarray(rest, dtype=np.float64)
    direction = rest / np.linalg.norm(rest, axis=-1, keepdims=True).clip(1e-9)
    offsets = direction * np.median(np.linalg.norm(bones, axis=-1), axis=0)[:, None]
    pelvis: Floats = np.broadcast_to(np.eye(3), (len(joints), 3, 3))
    for children in (list(c) for c in CHILDREN if len(c) > 1):
        offsets[children] = _mean_shape(offsets[children], bones[:, children], pelvis)
        pelvis = best_rotation(offsets[children], bones[:, children], pelvis)
    return offsets


def _mean_shape(rest: Floats, bones: Floats, start: Floats) -> Floats:
    """Return the mean of bone vectors (T, N, 3), each frame aligned, turned as near to `rest` (N, 3) as it goes.

    The first alignment leans on `start` (T, 3, 3): in some skeletons neck and collars lie on one line, about which
    noise alone would turn them.
    """
    shape = rest
    for tie in (_LEAN, _TIE, _TIE):
        turn = best_rotation(shape, bones, start, tie)
        shape = np.einsum("tji,tnj->tni", turn, bones).mean(axis=0)
    return shape @ best_rotation(rest, shape[None], tie=_LEAN)[0]


def rotations_from_joints(joints: ArrayLike, offsets: ArrayLike, guess: ArrayLike | None = None) -> Floats:
    """Return local quaternions (T, 22, 4), x, y, z, w, that point the T-pose bones along those of the joints.

    Joints without children (head, toes, wrists) keep the guess, or do not turn.

    Args:
        joints: (T, 22, 3), metres, z up.
        offsets: T-pose bone vectors (22, 3), metres.
        guess: world rotations (T, 22, 3, 3) to turn from, e.g. for a known twist; by default each joint starts
            from its parent's.
    """
    bones, offsets = _bones(np.asarray(joints, dtype=np.float64)), np.asarray(offsets, dtype=np.float64)
    world = np.empty((len(bones), N_JOINTS, 3, 3))
    local = np.empty_like(world)
    for joint, parent in enumerate(PARENTS):
        above = world[:, parent] if parent >= 0 else np.broadcast_to(np.eye(3), world[:, 0].shape)
        start = above if guess is None else np.asarray(guess, dtype=np.float64)[:, joint]
        world[:, joint] = _turned(start, offsets, bones, list(CHILDREN[joint]))
        local[:, joint] = above.swapaxes(-1, -2) @ world[:, joint]
    return matrix_to_quaternion(local)


def _bones(joints: Floats) -> Floats:
    """Return bone vectors (T, 22, 3), parent to joint; row 0 is zero."""
    bones = joints - joints[:, np.maximum(PARENTS, 0)]
    bones[:, 0] = 0
    return bones


def _turned(start: Floats, offsets: Floats, bones: Floats, children: list[int]) -> Floats:
    """Return the world rotations (T, 3, 3) of a joint, starting from `start`."""
    if not children:
        return start
    if len(children) > 1:
        return best_rotation(offsets[children], bones[:, children], start)
    child = children[0]
    return smallest_rotation(start @ offsets[child], bones[:, child]) @ start


def smallest_rotation(source: ArrayLike, target: ArrayLike) -> Floats:
    """Return the smallest rotations (T, 3, 3) that point vectors (T, 3) along others (T, 3).

    Where a vector has no length the rotation is none; where the two are opposite it is a half turn about some axis
    perpendicular to them.
    """
    a, b = _unit(np.asarray(source, dtype=np.float64)), _unit(np.asarray(target, dtype=np.float64))
    axis, cosine = np.cross(a, b), (a * b).sum(axis=-1)
    quaternions = np.concatenate([axis, 1 + cosine[:, None]], axis=-1)
    opposite = cosine < -1 + 1e-12
    side = np.cross(a, np.eye(3)[np.abs(a).argmin(axis=-1)])
    quaternions[opposite] = np.concatenate([side, np.zeros((len(side), 1))], axis=-1)[opposite]
    quaternions[(a == 0).all(axis=-1) | (b == 0).all(axis=-1)] = (0, 0, 0, 1)
    return quaternion_to_matrix(quaternions)


def _unit(vectors: Floats) -> Floats:
    """Return vectors of length 1, or zero where they had (almost) none."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), 0.0)


def best_rotation(source: ArrayLike, target: ArrayLike, start: ArrayLike | None = None, tie: float = _TIE) -> Floats:
    """Return the proper rotations (T, 3, 3) that take vectors (N, 3) nearest to vectors (T, N, 3), least squares.

    What the vectors leave open (they may lie on one line) is taken from `start` (T, 3, 3), by default no rotation;
    `tie` is its weight.

    Source: Kabsch, "A solution for the best rotation to relate two sets of vectors", Acta Cryst. A32, 1976.
    """
    source = np.asarray(source, dtype=np.float64)
    covariance = np.einsum("tni,nj->tij", np.asarray(target, dtype=np.float64), source)
    covariance += (tie * (source**2).sum() + 1e-12) * (np.eye(3) if start is None else np.asarray(start))
    u, _, vt = np.linalg.svd(covariance)
    u[..., -1] *= np.linalg.det(u @ vt)[..., None]
    return u @ vt
