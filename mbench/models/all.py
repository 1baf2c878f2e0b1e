"""Imports every built-in adapter, so that it registers."""

from mbench.models import command, controls, motions

__all__ = ["command", "controls", "motions"]
