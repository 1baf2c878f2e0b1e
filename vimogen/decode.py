"""From generated rows to a motion: one skeleton, whose joints follow the absolute columns and the velocities at once.

Rows say everything twice, and generated ones contradict themselves a little. Absolute positions do not drift, but
tremble by centimetres; velocities are smooth, but their sum drifts by decimetres. The joints here are those that fit
both best, in the sense of least squares, with the errors that networks make; then a skeleton of fixed bones follows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from mbench.motion import Motion, Pose
from mbench.motion.ik import rotations_from_joints
from mbench.motion.kinematics import forward_kinematics, world_rotations
from mbench.motion.representations.vimogen276 import POSITION_VELOCITY, POSITIONS, decode
from mbench.motion.skeleton import N_JOINTS, PELVIS
from vimogen.codec import Rows
from vimogen.feet import planted

Floats = NDArray[np.float64]
TRUST = 100.0  # of velocities over positions: the variance of a position's error over that of a velocity's


def motion_of(rows: Rows, trust: float = TRUST, plant: bool = True) -> Motion:
    """Return the motion of rows (T, 276), in metres: T frames at 20 fps, with pose.

    `meta` says how far absolute and integrated root are apart (`root_drift_m`, `root_drift_end_m`).

    Args:
        rows: not normalised.
        trust: of velocities over positions, see `fused`.
        plant: hold feet that stand, see `vimogen.feet`.

    Raises:
        MotionError: rows that are not finite or hold no rotation.
    """
    sliced = decode(rows, how="slice")
    pose = sliced.pose
    assert pose is not None  # rows always hold rotations
    joints = fused(rows[:, POSITIONS], rows[:, POSITION_VELOCITY], trust).reshape(-1, N_JOINTS, 3)
    offsets = pose.offsets.astype(np.float64)
    rotations, joints = _posed(joints, offsets, world_rotations(pose.rotations))
    if plant:
        rotations, joints = _posed(planted(joints), offsets, world_rotations(rotations))
    how = {"decoded_by": "fused", "feet_planted": plant}
    kept = Pose(rotations.astype(np.float32), pose.offsets)
    return Motion(joints.astype(np.float32), sliced.fps, kept, {**sliced.meta, **how})


def _posed(joints: Floats, offsets: Floats, world: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Return local rotations that point the bones along those of the joints, and the joints that they pose."""
    rotations: Floats = rotations_from_joints(joints, offsets, world).astype(np.float64)
    return rotations, forward_kinematics(rotations, joints[:, PELVIS], offsets).astype(np.float64)


def fused(positions: NDArray[np.floating], velocities: NDArray[np.floating], trust: float) -> Floats:
    """Return the paths x (T, C) of least sum |x[t] - p[t]|^2 + trust |x[t+1] - x[t] - v[t]|^2.

    Args:
        positions: p (T, C).
        velocities: v (T, C), per frame, from a frame to the next; the last is not used.
        trust: 0 gives the positions; the larger, the more the paths are the running sums of the velocities.
    """
    frames = len(positions)
    if frames == 1:
        return positions.astype(np.float64)
    bands = np.zeros((2, frames))  # the upper band, then the diagonal
    bands[0, 1:] = -trust
    bands[1] = 1.0
    bands[1, :-1] += trust
    bands[1, 1:] += trust
    right = positions.astype(np.float64)
    steps = trust * velocities[:-1].astype(np.float64)
    right[:-1] -= steps
    right[1:] += steps
    return solveh_banded(bands, right)
