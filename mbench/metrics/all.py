"""Imports every module of metrics, so that they register."""

from mbench.metrics import anatomy, dynamics, feet, skating, smoothness

__all__ = ["anatomy", "dynamics", "feet", "skating", "smoothness"]
