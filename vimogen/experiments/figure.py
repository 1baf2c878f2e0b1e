"""The figure of steps: match and quality against seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.files import atomic_write
from vimogen.experiments.estimates import Estimate

COLOURS = {"euler": "#0072B2", "multistep": "#D55E00", "heun": "#009E73"}  # of Okabe and Ito, told apart by most eyes
PANELS = ("match", "quality")


@dataclass(frozen=True)
class Point:
    """A number of steps.

    Attributes:
        steps: of the sampler.
        seconds: of a clip.
        match: mean probability of the judge.
        quality: score of the pillar.
    """

    steps: int
    seconds: float
    match: Estimate
    quality: Estimate


@dataclass(frozen=True)
class Curve:
    """A sampler of a model, with its points in the order of the steps."""

    model: str
    sampler: str
    points: tuple[Point, ...]


def draw_curves(curves: Sequence[Curve], path: Path) -> None:
    """Write a PNG: a row a model, match and quality against seconds of a clip, with intervals.

    Raises:
        MBenchError: the file can't be written.
    """
    from matplotlib.figure import Figure

    models = list(dict.fromkeys(curve.model for curve in curves))
    figure = Figure(figsize=(9, 3.3 * len(models)), layout="constrained")
    grid = figure.subplots(len(models), len(PANELS), squeeze=False)
    for axes, model in zip(grid, models, strict=True):
        for axis, what in zip(axes, PANELS, strict=True):
            for curve in (curve for curve in curves if curve.model == model):
                _draw(axis, curve, what)
            axis.set(title=model, xlabel="seconds of a 5 s clip", ylabel=what)
            _as_seconds(axis)
        axes[0].legend(frameon=False)
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=130)


def _as_seconds(axis: Any) -> None:
    """Make the horizontal axis logarithmic, with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(alpha=0.3)


def _draw(axis: Any, curve: Curve, what: str) -> None:
    """Draw the points of a curve that have a value, with their number of steps."""
    there = [(point, own) for point in curve.points if (own := getattr(point, what)).value is not None]
    seconds, values = [point.seconds for point, _ in there], [own.value for _, own in there]
    spread = [[own.value - _or(own.low, own) for _, own in there], [_or(own.high, own) - own.value for _, own in there]]
    colour = COLOURS.get(curve.sampler)
    axis.errorbar(seconds, values, yerr=spread, marker="o", capsize=2, label=curve.sampler, color=colour)
    for point, own in there:
        place = (point.seconds, own.value)
        axis.annotate(str(point.steps), place, textcoords="offset points", xytext=(4, 5), fontsize=8)


def _or(end: float | None, own: Estimate) -> float:
    """Return an end of an interval, or the value itself of what has none."""
    value = own.value if end is None else end
    assert value is not None  # such points are not drawn
    return value
