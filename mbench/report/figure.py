"""The distribution of a metric over prompts as a small SVG whose colours and font are the page's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.metrics.anchors import Anchor
from mbench.report.html import Html, between, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

INK, BAR, MEAN, REAL, CONTROL = "#010101", "#010102", "#010103", "#010104", "#010105"
VARIABLES = {INK: "--muted", BAR: "--bar", MEAN: "--accent", REAL: "--real", CONTROL: "--control"}
FEWEST_BARS, MOST_BARS = 5, 30
FEW = 5  # values, below which bars say nothing
RUG_STEPS = 800  # marks closer than this part of the axis look the same
REACH = 0.6  # an anchor farther from the values than this part of their span is drawn as an arrow at the edge
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "mbench",
    "svg.fonttype": "none",
    "path.simplify": False,
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def distribution_svg(
    values: Floats, summary: Mapping[str, Any], anchor: Anchor | None, label: str, prefix: str, rug: bool = True
) -> Html:
    """Return a histogram with a rug, the mean and its interval, and the anchors as lines.

    Args:
        values: (prompts,), at least one.
        summary: of the metric, as in `result.json`.
        anchor: of the metric, or None.
        label: of the horizontal axis.
        prefix: of the ids in the SVG, unique in the page.
        rug: draw a mark a prompt, which is more than half of a figure of 450 prompts.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 2.4))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.075, 0.21, 0.9, 0.58))
        _frame(axes, label)
        low, high = _limits(values, anchor)
        _bars(axes, values)
        if rug:
            _rug(axes, values, low, high)
        axes.set_xlim(low, high)
        _mean(axes, summary)
        if anchor is not None:
            _line(axes, anchor.reference, "real motion", REAL, 1.12)
            _line(axes, anchor.control, "control", CONTROL, 1.01)
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    return for_page(buffer.getvalue(), _description(values, summary, anchor, label), prefix)


def _frame(axes: Axes, label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(label)
    axes.set_ylabel("prompts")
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.tick_params(axis="y", length=0)


def _limits(values: Floats, anchor: Anchor | None) -> tuple[float, float]:
    """Return the ends of the axis: the values, and the anchors that are not far from them."""
    low, high = float(values.min()), float(values.max())
    span = (high - low) or abs(high) or 1.0
    near = [a for a in _ends(anchor) if low - REACH * span <= a <= high + REACH * span]
    low, high = min([low, *near]), max([high, *near])
    margin = 0.05 * ((high - low) or span)
    return low - margin, high + margin


def _ends(anchor: Anchor | None) -> list[float]:
    return [] if anchor is None else [anchor.reference, anchor.control]


def _bars(axes: Axes, values: Floats) -> None:
    """Draw the histogram; its bars are as wide as Freedman and Diaconis (1981) say, within reason."""
    finest = np.diff(np.linspace(values.min(), values.max(), MOST_BARS + 1))
    if len(values) < FEW or not (finest > 0).all():  # too few, equal, or nearer than floats can tell apart
        axes.set_yticks([])
        axes.set_ylabel("")
        axes.set_ylim(0, 1)
        return
    count = int(np.clip(len(np.histogram_bin_edges(values, "auto")) - 1, FEWEST_BARS, MOST_BARS))
    counts, edges = np.histogram(values, count)
    axes.bar(edges[:-1], counts, np.diff(edges) * 0.94, align="edge", color=BAR)
    axes.set_ylim(-0.09 * counts.max(), counts.max() * 1.08)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= counts.max() * 1.08])


def _rug(axes: Axes, values: Floats, low: float, high: float) -> None:
    """Draw one short mark a value, all in one path; marks that would coincide are drawn once."""
    step = (high - low) / RUG_STEPS
    places = np.unique(np.round((values - low) / step)) * step + low
    across = axes.get_xaxis_transform()
    x = np.repeat(places, 3)
    y = np.tile([0.0, 0.055, np.nan], len(places))
    axes.plot(x, y, color=MEAN, linewidth=0.8, transform=across, solid_capstyle="butt")


def _mean(axes: Axes, summary: Mapping[str, Any]) -> None:
    """Draw the mean, and its interval as a band."""
    axes.axvline(summary["value"], color=MEAN, linewidth=1.6)
    if summary["low"] is not None:
        axes.axvspan(summary["low"], summary["high"], color=MEAN, alpha=0.22, linewidth=0)
    _mark(axes, summary["value"], f"mean {number(summary['value'], 3)}", MEAN, 1.23)


def _line(axes: Axes, value: float, name: str, colour: str, y: float) -> None:
    """Draw an anchor as a dashed line labelled at height y, or as an arrow at the edge it lies beyond."""
    low, high = axes.get_xlim()
    if low <= value <= high:
        axes.axvline(value, color=colour, linewidth=1.2, linestyle=(0, (4, 3)))
        _mark(axes, value, f"{name} {number(value, 3)}", colour, y)
    else:
        edge, text = (low, f"← {name} {number(value, 3)}") if value < low else (high, f"{name} {number(value, 3)} →")
        _mark(axes, edge, text, colour, y)


def _mark(axes: Axes, x: float, text: str, colour: str, y: float) -> None:
    """Write a label above the axes, aligned so that it stays inside the figure."""
    low, high = axes.get_xlim()
    place = (x - low) / (high - low)
    side = "left" if place < 0.2 else "right" if place > 0.8 else "center"
    axes.text(x, y, text, color=colour, ha=side, va="bottom", transform=axes.get_xaxis_transform())


def _description(values: Floats, summary: Mapping[str, Any], anchor: Anchor | None, label: str) -> str:
    """Return what the figure shows, for those who can't see it."""
    parts = [
        f"Distribution of {label} over {len(values)} prompts, from {number(float(values.min()))} "
        f"to {number(float(values.max()))}, mean {number(summary['value'])}"
    ]
    if summary["low"] is not None:
        parts.append(f"95 % interval {between(summary['low'], summary['high'])}")
    if anchor is not None:
        parts.append(f"real motion {number(anchor.reference, 3)}, control {number(anchor.control, 3)}")
    return "; ".join(parts)


def for_page(svg: str, description: str, prefix: str) -> Html:
    """Return matplotlib's SVG as an element of a page: its colours, its font, ids of its own, nothing external."""
    from html import escape

    body = svg[svg.index("<svg") :]
    view = re.search(r'viewBox="[^"]+"', body)
    inner = body[body.index(">") + 1 :]
    inner = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", inner, flags=re.DOTALL)
    inner = re.sub(r'\bid="', f'id="{prefix}-', inner)
    inner = re.sub(r'xlink:href="#', f'href="#{prefix}-', inner).replace("url(#", f"url(#{prefix}-")
    inner = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1", inner)
    inner = re.sub(r"font-family: [^;\"]+;? ?", "", inner)
    inner = re.sub(r"\s*\n\s*", " ", inner)
    for colour, variable in VARIABLES.items():
        inner = inner.replace(colour, f"var({variable})")
    opening = f'<svg role="img" aria-label="{escape(description)}" {view.group(0) if view else ""}>'
    return Html(opening + inner.strip())
