"""Imports every module of metrics, so that they register."""

from mbench.metrics import (
    anatomy,
    body,
    distribution,
    dynamics,
    feet,
    judged,
    pose_quality,
    retrieval,
    skating,
    smoothness,
)

__all__ = ["anatomy", "body", "distribution", "dynamics", "feet", "judged", "pose_quality", "retrieval", "skating",
           "smoothness"]  # fmt: skip
