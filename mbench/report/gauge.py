"""A score from 0 to 1 as a point with its interval on a track: SVG without a view box, so that it stretches."""

from __future__ import annotations

from mbench.report.html import Html, between, number, tag


def gauge(value: float, low: float | None = None, high: float | None = None, label: str = "score") -> Html:
    """Return the drawing.

    Args:
        value: score; drawn at the nearer end where it is outside 0 to 1.
        low: lower end of its interval, or None.
        high: upper end.
        label: what is drawn, for those who can't see it.
    """
    parts = [tag("line", x1="0", x2="100%", y1="50%", y2="50%", class_="track")]
    spoken = f"{label} {number(value, 3)}"
    if low is not None and high is not None:
        parts.append(tag("line", x1=_place(low), x2=_place(high), y1="50%", y2="50%", class_="interval"))
        spoken += f", 95 % interval {between(low, high)}"
    parts.append(tag("circle", cx=_place(value), cy="50%", r=5, class_="point"))
    return tag("svg", *parts, class_="gauge", role="img", aria_label=spoken)


def _place(score: float) -> str:
    return f"{100 * min(max(score, 0.0), 1.0):.2f}%"
