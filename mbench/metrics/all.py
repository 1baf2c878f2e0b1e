"""Imports every module of metrics, so that they register."""

from mbench.metrics import anatomy, body, dynamics, feet, skating, smoothness

__all__ = ["anatomy", "body", "dynamics", "feet", "skating", "smoothness"]
