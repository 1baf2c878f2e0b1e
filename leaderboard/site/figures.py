"""Figures of a model: its nine scores as a radar, and the distribution of a dimension over prompts."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

from mbench.metrics.anchors import load_anchors
from mbench.report.content import title, unit
from mbench.report.figure import BAR, FEW, INK, MEAN, NO_METADATA, STYLE, distribution_svg, for_page
from mbench.report.html import Html, between, number
from mbench.suites.prompt import DIMENSIONS

if TYPE_CHECKING:
    from matplotlib.projections.polar import PolarAxes

    from leaderboard.entries import Entry

Score = tuple[float | None, float | None, float | None]  # value, low, high
WRAP = 14  # characters of a line of a label


def scores(entry: Entry) -> dict[str, Score]:
    """Return the score of each of the nine dimensions with its 95 % interval, from 0 (control) to 1 (real motion).

    The interval is that of the metric, mapped by the same anchors; None for what is missing.
    """
    anchors = load_anchors()
    by_metric = anchors.by_metric if anchors.version == entry.result["anchors"] else {}
    found: dict[str, Score] = {}
    for dimension, pillar in DIMENSIONS.items():
        name = f"{pillar}/{dimension}"
        low, high, anchor = entry.low(name), entry.high(name), by_metric.get(name)
        ends: list[float | None] = [None, None]
        if anchor is not None and low is not None and entry.score(name) is not None:
            ends = sorted(float(anchor.score(end)) for end in (low, high))  # type: ignore[assignment, arg-type]
        found[dimension] = (entry.score(name), ends[0], ends[1])
    return found


def radar_svg(values: Mapping[str, Score], prefix: str) -> Html:
    """Return the scores of a model as a radar: the middle is 0, the edge 1; a missing score leaves a gap.

    Args:
        values: of `scores`.
        prefix: of the ids in the SVG, unique in the page.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 4.4))
        figure.patch.set_visible(False)
        axes: PolarAxes = figure.add_axes((0.2, 0.14, 0.6, 0.72), projection="polar")  # type: ignore[assignment]
        _frame(axes, list(values))
        _draw(axes, list(values.values()))
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    return for_page(buffer.getvalue(), describe(values), prefix)


def describe(values: Mapping[str, Score]) -> str:
    """Return what a radar shows, for those who can't see it."""
    parts = [
        f"{title(name)} {number(value, 2)}{f' ({between(low, high, 2)})' if low is not None else ''}"
        if value is not None
        else f"{title(name)} missing"
        for name, (value, low, high) in values.items()
    ]
    return f"Scores from 0 (control) to 1 (real motion), with 95 % intervals: {'; '.join(parts)}"


def _angles(count: int) -> list[float]:
    return [float(angle) for angle in np.linspace(0, 2 * np.pi, count, endpoint=False)]


def _frame(axes: PolarAxes, names: list[str]) -> None:
    """Draw the rings and write the dimensions around them, the first at the top, clockwise."""
    from textwrap import fill

    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_ylim(0, 1)
    axes.patch.set_visible(False)
    axes.spines["polar"].set_color(BAR)
    axes.grid(color=BAR, linewidth=0.8)
    axes.set_yticks([0.25, 0.5, 0.75, 1.0], labels=["", "0.5", "", "1"])
    axes.set_rlabel_position(180 / len(names))
    axes.set_xticks(_angles(len(names)), labels=[])
    for angle, name in zip(_angles(len(names)), names, strict=True):
        across, up = np.sin(angle), np.cos(angle)
        side = "center" if abs(across) < 0.1 else "left" if across > 0 else "right"
        height = "bottom" if up > 0.9 else "top" if up < -0.9 else "center"
        axes.text(angle, 1.08, fill(title(name), WRAP, break_long_words=False), ha=side, va=height, color=INK)


def _draw(axes: PolarAxes, values: list[Score]) -> None:
    """Draw the scores as a closed line with a point each, and their intervals along the spokes."""
    angles = _angles(len(values))
    heights = [np.nan if value is None else value for value, _, _ in values]
    axes.plot([*angles, angles[0]], [*heights, heights[0]], color=MEAN, linewidth=1.6)
    if not np.isnan(heights).any():
        axes.fill(angles, heights, color=MEAN, alpha=0.14, linewidth=0)
    axes.plot(angles, heights, "o", color=MEAN, markersize=4.5, clip_on=False, zorder=5)
    for angle, (_, low, high) in zip(angles, values, strict=True):
        if low is not None and high is not None:
            axes.plot([angle, angle], [low, high], color=MEAN, linewidth=4, alpha=0.35, solid_capstyle="butt")


def dimension_svg(entry: Entry, name: str, prefix: str) -> Html | None:
    """Return the distribution of a metric over the prompts of a run, None where no prompt has a value.

    Args:
        entry: the run.
        name: `pillar/metric`.
        prefix: of the ids in the SVG, unique in the page.
    """
    values = np.array(list(entry.by_prompt(name).values()))
    if not len(values):
        return None
    anchors, summary = load_anchors(), entry.metrics[name]
    same = anchors.version == entry.result["anchors"]
    anchor = anchors.by_metric.get(name) if same else None
    label = f"{title(name).lower()} ({unit(summary['unit'])})"
    return distribution_svg(values, summary, anchor, label, prefix, rug=len(values) < FEW)
