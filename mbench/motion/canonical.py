"""Moving a whole motion without changing it: turn, shift, and the canonical frame.

All functions return a new `Motion`; joints and pose move together, `meta` and the frame rate stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion.motion import Motion, Pose
from mbench.motion.skeleton import LEFT_HIP, PELVIS, RIGHT_HIP


def heading(joints: ArrayLike) -> NDArray[np.float64]:
    """Return where the person faces, by the hips: radians (T,), 0 is +y, positive turns to the person's left.

    Where the hips lie exactly above each other the angle is 0.

    Args:
        joints: (T, 22, 3) metres, z up.
    """
    joints = np.asarray(joints, dtype=np.float64)
    across = joints[:, RIGHT_HIP] - joints[:, LEFT_HIP]  # along +x when the person faces +y
    return np.arctan2(across[:, 1], across[:, 0])


def yaw(motion: Motion, radians: float) -> Motion:
    """Return the motion turned about the world's z axis, counter-clockwise seen from above.

    Args:
        motion: any motion.
        radians: the angle.
    """
    turn = Rotation.from_rotvec([0.0, 0.0, radians])
    joints = motion.joints.astype(np.float64) @ turn.as_matrix().T
    pose = motion.pose
    if pose is not None:
        rotations = pose.rotations.astype(np.float64)
        rotations[:, PELVIS] = (turn * Rotation.from_quat(rotations[:, PELVIS])).as_quat()
        pose = Pose(rotations.astype(np.float32), pose.offsets)
    return motion.replace(joints=joints, pose=pose)


def translate(motion: Motion, xyz: ArrayLike) -> Motion:
    """Return the motion shifted.

    Args:
        motion: any motion.
        xyz: metres (3,), or (T, 3) for another shift in every frame.

    Raises:
        MotionError: xyz has another shape.
    """
    shift = np.asarray(xyz, dtype=np.float64)
    if shift.shape not in ((3,), (len(motion), 3)):
        raise MotionError(f"shift has shape {shift.shape}; expected (3,) or ({len(motion)}, 3)")
    joints = motion.joints.astype(np.float64) + shift.reshape(-1, 1, 3)
    return motion.replace(joints=joints, pose=motion.pose)


def canonicalise(motion: Motion, floor: bool = False) -> Motion:
    """Return the motion facing +y with its pelvis at x = y = 0 in frame 0.

    Args:
        motion: any motion.
        floor: also shift it vertically, so that its lowest joint over all frames is at z = 0.
    """
    turned = yaw(motion, -float(heading(motion.joints[:1])[0]))
    x, y, _ = turned.joints[0, PELVIS]
    return translate(turned, (-x, -y, -turned.joints[..., 2].min() if floor else 0.0))
