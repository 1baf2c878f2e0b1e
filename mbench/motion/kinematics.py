"""Forward kinematics and rotation helpers in numpy (no torch: the joint metrics must run without it).

Quaternions are x, y, z, w, as in scipy. Rotations are local (child in parent), in the sense of SMPL: identity
everywhere is the T-pose of `mbench.motion.skeleton`, facing +y.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from mbench.motion.skeleton import PARENTS

Floats = NDArray[np.floating]


def quaternion_to_matrix(quaternions: ArrayLike) -> Floats:
    """Return rotation matrices (..., 3, 3) of quaternions (..., 4) x, y, z, w of any non-zero length."""
    q = np.asarray(quaternions, dtype=np.float64)
    return Rotation.from_quat(q.reshape(-1, 4)).as_matrix().reshape(*q.shape[:-1], 3, 3)


def matrix_to_quaternion(matrices: ArrayLike) -> Floats:
    """Return unit quaternions (..., 4) x, y, z, w of rotation matrices (..., 3, 3)."""
    m = np.asarray(matrices, dtype=np.float64)
    return Rotation.from_matrix(m.reshape(-1, 3, 3)).as_quat().reshape(*m.shape[:-2], 4)


def world_rotations(rotations: ArrayLike) -> Floats:
    """Return world rotation matrices (T, 22, 3, 3) of local quaternions (T, 22, 4)."""
    local = quaternion_to_matrix(rotations)
    world = local.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ local[:, joint]
    return world


def forward_kinematics(rotations: ArrayLike, translation: ArrayLike, offsets: ArrayLike) -> Floats:
    """Return joints (T, 22, 3) in metres.

    Args:
        rotations: local quaternions (T, 22, 4), x, y, z, w; joint 0 is the world orientation of the pelvis.
        translation: world position of the pelvis (T, 3), metres.
        offsets: bone vectors in the T-pose (22, 3), metres; row 0 is not used.
    """
    world = world_rotations(rotations)
    offsets = np.asarray(offsets, dtype=np.float64)
    joints = np.empty((*world.shape[:2], 3))
    joints[:, 0] = translation
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            joints[:, joint] = joints[:, parent] + world[:, parent] @ offsets[joint]
    return joints
