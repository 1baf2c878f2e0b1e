"""Poses as a prior reads them: 21 joint quaternions in SMPL's axes, and the distance between two of them.

The order is that of NRDF and Pose-NDF, so that their networks and ours read the same input: SMPL joints 1 to 21 (the
orientation of the pelvis is left out), each w, x, y, z with w >= 0, in axes x left, y up, z forward.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion.skeleton import MIRROR, N_JOINTS, PARENTS

Floats = NDArray[np.floating]
N_ROTATIONS = N_JOINTS - 1
TREE = tuple(parent - 1 for parent in PARENTS[1:])  # -1: the joint hangs on the pelvis


def smpl_quaternions(rotations: ArrayLike) -> Floats:
    """Return poses (T, 21, 4) of local rotations (T, 22, 4), as in `Pose.rotations`: float64, unit length.

    Raises:
        MotionError: another shape, no frames, a non-finite value or a quaternion of length 0.
    """
    q = np.asarray(rotations, dtype=np.float64)
    if q.ndim != 3 or q.shape[1:] != (N_JOINTS, 4) or not len(q):
        raise MotionError(f"pose rotations have shape {q.shape}; expected (T, {N_JOINTS}, 4) with T >= 1")
    length = np.linalg.norm(q, axis=-1, keepdims=True)
    if not np.isfinite(length).all() or (length < 1e-6).any():
        frame, joint, _ = np.argwhere(~np.isfinite(length) | (length < 1e-6))[0]
        raise MotionError(
            f"pose rotations: the quaternion of frame {frame}, joint {joint} is not finite or has length 0"
        )
    x, y, z, w = np.moveaxis((q / length)[:, 1:], -1, 0)
    return canonical(np.stack([w, -x, z, y], axis=-1))


def canonical(poses: ArrayLike) -> Floats:
    """Return the one of q and -q (..., 4), w first, whose first component that is not 0 is positive."""
    q = np.asarray(poses)
    first = (np.abs(q) > 1e-12).argmax(axis=-1)[..., None]
    return np.where(np.take_along_axis(q, first, axis=-1) < 0, -q, q)


def to_rotation(poses: ArrayLike) -> Rotation:
    """Return the rotations of quaternions (..., 4), w first, all in one row."""
    return Rotation.from_quat(np.asarray(poses)[..., [1, 2, 3, 0]].reshape(-1, 4))


def from_rotation(rotation: Rotation) -> Floats:
    """Return poses (T, 21, 4) of T x 21 rotations in one row."""
    return canonical(rotation.as_quat()[:, [3, 0, 1, 2]].reshape(-1, N_ROTATIONS, 4))


def mirrored(poses: ArrayLike) -> Floats:
    """Return poses (T, 21, 4) seen in a mirror: left and right exchanged, the plane of symmetry kept."""
    swapped = np.asarray(poses)[:, [joint - 1 for joint in MIRROR[1:]]]
    return canonical(swapped * np.array([1, 1, -1, -1]))


def geodesic(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the distance (...) between poses (..., 21, 4): half the angle between two rotations, mean over joints.

    Radians, 0 to pi / 2. Source: NRDF, arXiv 2403.03122.
    """
    cosine = np.abs(np.einsum("...i,...i->...", np.asarray(a), np.asarray(b)))
    return np.arccos(np.minimum(cosine, 1.0)).mean(axis=-1)
