"""Win ratios by people against win ratios by a metric, one dot a model, as an SVG in the colours of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from mbench.report.content import title
from mbench.report.figure import BAR, INK, MEAN, NO_METADATA, STYLE, for_page
from mbench.report.html import Html, between, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE = 2.9  # inches


def wins_svg(name: str, metric: Mapping[str, Any], order: Sequence[str], prefix: str) -> Html:
    """Return a panel: each model as a dot with its number.

    Args:
        name: of the metric, `pillar/metric`.
        metric: of `mbench.agreement.agreement`.
        order: models in the order of their numbers, from 1.
        prefix: of the ids in the SVG, unique in the page.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(SIDE, SIDE))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.17, 0.15, 0.8, 0.8))
        _frame(axes)
        for index, model in enumerate(order, 1):
            if model in metric["win_ratios"]:
                ratios = metric["win_ratios"][model]
                axes.plot(ratios["metric"], ratios["human"], "o", color=MEAN, markersize=5, clip_on=False)
                _number(axes, ratios["metric"], ratios["human"], index)
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    svg = for_page(buffer.getvalue(), describe(name, metric), prefix)
    return Html(re.sub(r'<g id="[^"]*">', "<g>", svg))  # nothing refers to groups; a third of the size


def _frame(axes: Axes) -> None:
    axes.patch.set_visible(False)
    axes.plot([0, 1], [0, 1], color=BAR, linewidth=1.2, zorder=0, clip_on=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xticks([0, 0.5, 1], labels=["0", "0.5", "1"])
    axes.set_yticks([0, 0.5, 1], labels=["0", "0.5", "1"])
    axes.set_xlabel("win ratio by the metric")
    axes.set_ylabel("win ratio by people")
    axes.spines[["top", "right"]].set_visible(False)


def _number(axes: Axes, x: float, y: float, index: int) -> None:
    """Write a model's number beside its dot, on the side with room."""
    side = "left" if x < 0.9 else "right"
    axes.annotate(
        str(index), (x, y), xytext=(5 if side == "left" else -5, 4), textcoords="offset points", ha=side, color=INK
    )


def describe(name: str, metric: Mapping[str, Any]) -> str:
    """Return what a panel shows, for those who can't see it."""
    models = "; ".join(
        f"{model} {number(ratios['metric'], 2)} and {number(ratios['human'], 2)}"
        for model, ratios in metric["win_ratios"].items()
    )
    rho = metric["spearman"]
    said = "undefined" if rho["value"] is None else f"{number(rho['value'], 2)} ({between(rho['low'], rho['high'], 2)})"
    return f"Win ratios of models by {title(name)} and by people: {models}. Spearman's rho {said}"
