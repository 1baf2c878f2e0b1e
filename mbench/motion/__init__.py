"""Motions, the SMPL-22 skeleton, rotations, resampling and representations (numpy only)."""

from mbench.motion.motion import BENCHMARK_FPS, Motion, Pose

__all__ = ["BENCHMARK_FPS", "Motion", "Pose"]
