"""The picture of a training: its loss, and below it what was evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 20.0  # a loss that falls by more than this factor is drawn on a logarithmic axis
SMOOTH = 60  # the standard deviation of the smoothing is this part of the run


def write_curve(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Draw `loss.png` from the lines of the log; nothing where no loss was logged yet.

    Args:
        path: the PNG to make or replace.
        rows: lines with `step` and either `loss` or `evaluation`.

    Raises:
        MBenchError: the file can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    losses = [(row["step"], row["loss"]) for row in rows if row.get("loss") is not None]
    evaluations = [row for row in rows if row.get("evaluation")]
    if not losses:
        return
    panels = 2 if evaluations else 1
    figure = Figure(figsize=(8, 3.2 * panels), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    _draw_loss(axes[0], losses)
    if evaluations:
        _draw_evaluations(axes[1], evaluations)
    axes[-1].set_xlabel("step")
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=100)


def _draw_loss(axes: Axes, losses: list[tuple[int, float]]) -> None:
    """Draw the loss as logged, and smoothed."""
    from matplotlib.ticker import NullFormatter

    steps, values = zip(*losses, strict=True)
    axes.plot(steps, values, color="C0", alpha=0.35, linewidth=1, label="as logged")
    axes.plot(steps, smoothed(values), color="C0", linewidth=1.8, label="smoothed")
    if min(values) > 0 and max(values) > WIDE * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("loss")
    axes.legend(frameon=False)


def _draw_evaluations(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw every evaluated number over the steps."""
    for name in dict.fromkeys(name for row in rows for name in row["evaluation"]):
        points = [(row["step"], row["evaluation"][name]) for row in rows if row["evaluation"].get(name) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), marker=".", label=name)
    axes.set_ylabel("evaluation")
    axes.legend(frameon=False, fontsize="small")


def smoothed(values: Sequence[float]) -> list[float]:
    """Return the values smoothed by a Gaussian whose standard deviation is a part of the run."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d([float(value) for value in values], max(1.0, len(values) / SMOOTH)).tolist()
