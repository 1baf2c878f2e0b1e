"""The curves of a model card: a row of panels a stage of the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.files import atomic_write
from mbench.metrics.anchors import load_anchors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = Mapping[str, list[tuple[int, float]]]
WHOLE = ("loss", "flow")  # the sum of the losses, and its largest part
NOISE = "error_at_"
STYLE = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")  # of Okabe and Ito
TITLES = ("loss", "parts of the loss", "error on validation clips", "quality of motions of validation captions")
LOOKS: tuple[dict[str, Any], ...] = (  # of every other line, so that one that lies on another shows both
    {"linestyle": "-", "linewidth": 1.9, "marker": "o", "markersize": 6, "zorder": 2.1},
    {"linestyle": (0, (3, 2)), "linewidth": 1.5, "marker": "o", "markersize": 3, "zorder": 2.2},
)
FEW, NO_MARKER = 10, {"marker": ""}  # points of a line are marked where there are fewer
WIDE = 4.0  # values that differ by more than this factor are drawn on a logarithmic axis
LOGARITHMIC = (True, True, True, False)


def points_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Return the (step, value) pairs of each number of a log; values that are missing are left out."""
    names = dict.fromkeys(name for line in lines for name in line if name != "step")
    return {
        name: [(line["step"], line[name]) for line in lines if line.get(name) is not None]
        for name in names
        if any(line.get(name) is not None for line in lines)
    }


def panels_of(curve: Mapping[str, Any]) -> list[Points]:
    """Return what is drawn in each panel of a stage.

    Metrics of quality are drawn as scores by the anchors, since their units differ: 1 is real motion, 0 the fault.
    """
    losses = points_of(curve.get("losses", []))
    checks = points_of(curve.get("evaluations", []))
    anchors = load_anchors().by_metric
    scores = {
        name: [(step, float(anchors[f"quality/{name}"].score(value))) for step, value in own]
        for name, own in checks.items()
        if f"quality/{name}" in anchors
    }
    return [
        {name: own for name, own in losses.items() if name in WHOLE},
        {name: own for name, own in losses.items() if name not in WHOLE},
        {f"noise {name.removeprefix(NOISE)}": own for name, own in checks.items() if name.startswith(NOISE)},
        scores,
    ]


def draw_curves(stages: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write a PNG: a row of panels a stage.

    Args:
        stages: each with `run` and `curve`, as `scripts/ship_weights.py` writes them.
        path: the file.

    Raises:
        MBenchError: the file can't be written.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.6 * len(TITLES), 3.3 * len(stages) + 0.1), layout="constrained")
        grid = figure.subplots(len(stages), len(TITLES), squeeze=False)
        for axes, stage in zip(grid, stages, strict=True):
            for axis, points, title, logarithmic in zip(
                axes, panels_of(stage.get("curve") or {}), TITLES, LOGARITHMIC, strict=True
            ):
                _draw(axis, points, logarithmic)
                axis.set_title(title, fontsize="medium", loc="left")
            axes[0].set_ylabel(stage.get("run", "—"), fontweight="bold", fontsize="large")
        with atomic_write(path) as file:
            figure.savefig(file, format="png", dpi=110)


def _draw(axis: Axes, points: Points, logarithmic: bool) -> None:
    """Draw the curves of a panel, or say that there are none."""
    if not points:
        axis.set_axis_off()
        axis.text(0.5, 0.5, "none", color="#8a8f98", ha="center", transform=axis.transAxes)
        return
    for number, (name, own) in enumerate(points.items()):
        look = LOOKS[number % 2] | {"color": COLOURS[number % len(COLOURS)], "label": name.replace("_", " ")}
        axis.plot(*zip(*own, strict=True), **look if len(own) < FEW else look | NO_MARKER)
    values = [value for own in points.values() for _, value in own]
    if not logarithmic:
        axis.set_ylim(-0.05, 1.05)
    elif 0 < WIDE * min(values) < max(values):
        _as_logarithm(axis)
    axis.set_xlim(left=0)
    axis.set_xlabel("step")
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17), "ncols": 3 if len(points) > 2 else 2}
    axis.legend(frameon=False, fontsize="small", columnspacing=0.8, handlelength=2.2, **below)


def _as_logarithm(axis: Axes) -> None:
    """Make the vertical axis logarithmic, with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())
