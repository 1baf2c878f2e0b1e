"""From moves to a motion: compose, solve, and forward kinematics of the neutral skeleton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from baselines.choreographer.compose import compose
from baselines.choreographer.moves import Move
from baselines.choreographer.solve import pose
from mbench.motion import BENCHMARK_FPS, Motion, Pose
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import REST_OFFSETS


def perform(
    moves: Sequence[Move], seconds: float, seed: int = 0, mood: str = "", meta: Mapping[str, Any] | None = None
) -> Motion:
    """Return a motion (20 fps, with pose) of moves done one after the other.

    The person starts at the origin, facing +y, z up, on toes 0.012 m above the floor z = 0.

    Args:
        moves: at least one.
        seconds: how long; round(20 * seconds) frames are made, at least one.
        seed: variation of amplitude, tempo, sway, and of the hand where no move names one.
        mood: a name of `styles.STYLES`, or "".
        meta: JSON values to travel with the motion.
    """
    frames = max(round(seconds * BENCHMARK_FPS), 1)
    rotations, root = pose(compose(moves, mood, frames, np.random.default_rng(seed)))
    root[:, :2] -= root[0, :2]
    joints = forward_kinematics(rotations, root, REST_OFFSETS).astype(np.float32)
    return Motion(joints, BENCHMARK_FPS, Pose(rotations.astype(np.float32), REST_OFFSETS), meta or {})
