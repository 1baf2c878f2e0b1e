"""The recipes of examples/ablations: which there are, and the weights of their runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mbench.errors import MBenchError

ALL = "optical_synthetic_video"  # all data, all kinematic losses
OF_DATA = ("optical", "optical_synthetic", ALL)
OF_LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "all": ALL,
        "without posing": "no_posing",
        "without velocity": "no_velocity",
        "without drift": "no_drift",
        "without contact": "no_contact",
        "none": "no_losses",
        "all and adversarial": "adversarial",
    }
)
RECIPES = tuple(dict.fromkeys([*OF_DATA, *OF_LOSSES.values()]))


def is_done(runs: Path, name: str) -> bool:
    """Return whether the run of a recipe has written its weights."""
    return (runs / name / "weights" / "config.json").is_file()


def weights_of(runs: Path, name: str) -> Path:
    """Return the weights of a recipe's run.

    Raises:
        MBenchError: it is not done.
    """
    if not is_done(runs, name):
        raise MBenchError(f"{runs / name}: holds no weights; run python benchmarks/vimogen_ablations.py --train first")
    return runs / name / "weights"
