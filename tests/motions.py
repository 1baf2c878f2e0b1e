"""Random smooth motions for property tests."""

from __future__ import annotations

import numpy as np

from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import REST_OFFSETS


def posed(seed: int, frames: int = 40, fps: float = 20.0, highest_hz: float = 3.0) -> Motion:
    """Return a motion whose joints come from its pose: every angle a sum of sinusoids below `highest_hz`."""
    rng = np.random.default_rng(seed)
    times = np.arange(frames) / fps
    hz, phase = rng.uniform(0.1, highest_hz, (4, 22, 3)), rng.uniform(0, 2 * np.pi, (4, 22, 3))
    size = rng.uniform(0, 0.12, (4, 22, 3)) / hz.clip(0.5)
    waves = (size * np.sin(2 * np.pi * hz * times[:, None, None, None] + phase)).sum(axis=1)
    half = np.linalg.norm(waves, axis=-1, keepdims=True) / 2
    rotations = np.concatenate([waves / 2 * np.sinc(half / np.pi), np.cos(half)], axis=-1)
    root = np.array([0.0, 0.0, 0.95]) + times[:, None] * rng.uniform(-1, 1, 3) * (1, 1, 0) + waves[:, 0] * 0.1
    pose = Pose(rotations.astype(np.float32), REST_OFFSETS)
    joints = forward_kinematics(pose.rotations, root, pose.offsets)
    return Motion(joints, fps, pose, {"made": "for a test"})
