"""Imports every module of metrics, so that they register."""

from mbench.metrics import anatomy, body, dynamics, feet, judged, pose_quality, skating, smoothness

__all__ = ["anatomy", "body", "dynamics", "feet", "judged", "pose_quality", "skating", "smoothness"]
