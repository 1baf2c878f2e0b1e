"""The values of a metric over prompts as a small drawing, one a model, all on one axis: SVG that stretches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mbench.metrics.anchors import Anchor
from mbench.report.html import Html, between, number, tag

Floats = NDArray[np.float64]
BINS = 48
REACH = 0.5  # an anchor farther from the values than this part of their span does not widen the axis
CUT = 0.005  # part of all values at either end that may lie beyond the axis, so that one of them does not flatten it
WIDTH, HEIGHT = 480.0, 40.0
BAND = 7.0  # of the interval, at the foot


@dataclass(frozen=True)
class Axis:
    """What all drawings of a metric share.

    Attributes:
        low: left end.
        high: right end.
        real: what the metric reads on real motion, None where it is not known or beyond the axis.
        control: what it reads on the control.
        cut: whether any value lies beyond the axis.
    """

    low: float
    high: float
    real: float | None = None
    control: float | None = None
    cut: bool = False

    def place(self, value: float) -> float:
        """Return where a value is drawn, in units of the drawing; those beyond the axis at its ends."""
        return float(WIDTH * np.clip((value - self.low) / (self.high - self.low), 0.0, 1.0))


def axis_of(columns: Sequence[Floats], anchor: Anchor | None = None) -> Axis:
    """Return an axis for the values of several models.

    Args:
        columns: values of each model, together at least one.
        anchor: of the metric; it widens the axis where it is near.
    """
    values = np.concatenate(columns)
    low, high = (float(end) for end in np.quantile(values, [CUT, 1 - CUT]))
    if low == high:
        low, high = float(values.min()), float(values.max())
    span = (high - low) or abs(high) or 1.0
    ends = [] if anchor is None else [anchor.reference, anchor.control]
    near = [end for end in ends if low - REACH * span <= end <= high + REACH * span]
    low, high = min([low, *near]), max([high, *near])
    margin = 0.02 * ((high - low) or span)
    low, high = low - margin if low < 0 else max(low - margin, 0.0), high + margin
    real, control = (end if end in near else None for end in ends) if ends else (None, None)
    return Axis(low, high, real, control, bool(values.min() < low or values.max() > high))


def histogram(values: Floats, summary: Mapping[str, float | None], axis: Axis, label: str) -> Html:
    """Return the drawing of one model: bars as high as the tallest, the mean as a line with its interval at its foot.

    Args:
        values: one a prompt, at least one.
        summary: `value`, `low` and `high` of the metric.
        axis: of all models.
        label: what is drawn, for those who can't see it.
    """
    parts = [_bars(values, axis), *_marks(axis)]
    mean, low, high = summary["value"], summary["low"], summary["high"]
    if low is not None and high is not None:
        left, right = axis.place(low), axis.place(high)
        parts.append(
            tag(
                "rect",
                x=f"{left:.1f}",
                y=HEIGHT - BAND,
                width=f"{max(right - left, 1):.1f}",
                height=BAND,
                class_="band",
            )
        )
    if mean is not None:
        parts.append(_line(axis.place(mean), "mean"))
    view = f"0 0 {WIDTH:g} {HEIGHT:g}"
    return tag(
        "svg", *parts, viewBox=view, preserveAspectRatio="none", role="img", class_="histogram",
        aria_label=f"{label}: {describe(values, summary)}",
    )  # fmt: skip


def describe(values: Floats, summary: Mapping[str, float | None]) -> str:
    """Return what a drawing shows, in words."""
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
    spread = f"median {number(median, 3)}, quartiles {between(float(q1), float(q3), 3)}"
    return f"{len(values)} prompts, mean {number(summary['value'], 3)}, {spread}"


def _bars(values: Floats, axis: Axis) -> Html:
    """Return all bars as one path; values beyond the axis count in the bars at its ends."""
    counts, _ = np.histogram(np.clip(values, axis.low, axis.high), BINS, (axis.low, axis.high))
    tops = HEIGHT * (1 - 0.96 * counts / counts.max())
    width = WIDTH / BINS
    steps = [f"M{i * width:g} {HEIGHT:g}V{tops[i]:.1f}h{width:g}V{HEIGHT:g}z" for i in range(BINS) if counts[i]]
    return tag("path", d="".join(steps), class_="bars")


def _marks(axis: Axis) -> list[Html]:
    marks = {"real": axis.real, "control": axis.control}
    return [_line(axis.place(value), name) for name, value in marks.items() if value is not None]


def _line(x: float, class_: str) -> Html:
    return tag("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=0, y2=HEIGHT, class_=class_)
