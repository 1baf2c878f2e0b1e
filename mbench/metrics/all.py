"""Imports every module of metrics, so that they register."""

from mbench.metrics import dynamics, feet

__all__ = ["dynamics", "feet"]
