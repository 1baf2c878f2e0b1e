"""From generated rows to a motion: one skeleton, posed by the rotations, standing where the absolute columns say.

Rows say everything twice, and generated ones contradict themselves a little: rotations and positions, absolute and
integrated. Positions posed by rotations keep their bones' lengths; the absolute root does not drift.
"""

from __future__ import annotations

from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations.vimogen276 import decode
from mbench.motion.skeleton import PELVIS
from vimogen.codec import Rows


def motion_of(rows: Rows) -> Motion:
    """Return the motion of rows (T, 276), in metres: T frames at 20 fps, with pose.

    `meta` says how far absolute and integrated root are apart (`root_drift_m`, `root_drift_end_m`).

    Raises:
        MotionError: rows that are not finite or hold no rotation.
    """
    sliced = decode(rows, how="slice")
    pose = sliced.pose
    assert pose is not None  # rows always hold rotations
    joints = forward_kinematics(pose.rotations, sliced.joints[:, PELVIS], pose.offsets)
    return Motion(joints, sliced.fps, pose, {**sliced.meta, "decoded_by": "posed"})
