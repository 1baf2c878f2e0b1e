"""Judged scores against the distance of prompts from the training data: does the model hold beyond what it saw?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.distance_stage import read_distances
from mbench.report.content import Content, section_id, title, unit
from mbench.report.figure import MEAN, NO_METADATA, STYLE, for_page
from mbench.report.html import Html, between, join, number, plural, row, table, tag

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

READING = (
    "Each mark is a prompt: its score against the cosine distance of its text to the nearest training caption, where 0 "
    "is the same sentence. Lines are means of the nearest, middle and farthest third of the prompts, their bands 95 % "
    "intervals. "
)
AGAINST = "The distance is to the {count} captions of: {name}. {own}"
OWN = "These are what this model was trained on, as its card or the configuration says."
NOT_OWN = "The model does not list its own, so this tells of unusual prompts, not of what this model has seen."


def distance(content: Content) -> Html | None:
    """Return the section, None for runs without judged scores."""
    found = content.result.get("generalization_by_distance")
    if found is None:
        return None
    if "metrics" not in found:
        return tag("p", f"Distances could not be computed: {found['reason']}")
    reference = found["reference"]
    own = OWN if reference["own"] else NOT_OWN
    about = AGAINST.format(count=f"{reference['captions']:,}", name=reference["name"], own=own)
    distances = read_distances(content.folder.path)
    figures = [_figure(content, name, facts, distances) for name, facts in found["metrics"].items()]
    return join([tag("p", READING, about, class_="quiet"), *figures, _table(content, found["metrics"])])


def _figure(content: Content, name: str, facts: Mapping[str, Any], distances: Mapping[str, float]) -> Html | None:
    """Return the drawing of a metric with its correlation; None where no prompt has both, or `distance.csv` is gone."""
    scores = content.by_prompt(name)
    both = [prompt for prompt in scores if prompt in distances]
    if not both:
        return None
    label = f"{title(name).lower()} ({unit(content.result['metrics'][name]['unit'])})"
    points = np.array([[distances[prompt], scores[prompt]] for prompt in both])
    drawing = distance_svg(points, facts, label, f"d-{section_id(name)}")
    caption = f"{title(name)}: {_correlation(facts)}, {plural(facts['n'], 'prompt')}."
    return tag("figure", drawing, tag("figcaption", caption), class_="distribution")


def _correlation(facts: Mapping[str, Any]) -> str:
    found = facts["spearman"]
    if found["value"] is None:
        return "no rank correlation, since one of the two does not vary"
    return f"Spearman {number(found['value'], 2)} ({between(found['low'], found['high'], 2)})"


def _table(content: Content, metrics: Mapping[str, Any]) -> Html:
    head = ["Metric", "Distance", "Prompts", "Mean", "95 % interval"]
    rows = [
        row(
            title(name),
            between(group["from"], group["to"], 2),
            str(group["n"]),
            number(group["value"], 3),
            between(group["low"], group["high"]),
        )
        for name, facts in metrics.items()
        for group in facts["groups"]
    ]
    return table("Means by thirds of distance", head, [tag("tbody", *rows)])


def distance_svg(points: Floats, facts: Mapping[str, Any], label: str, prefix: str) -> Html:
    """Return a scatter of scores against distance, with the means of groups of prompts.

    Args:
        points: (prompts, 2) distance and score, at least one.
        facts: of the metric, as in `result.json`.
        label: of the vertical axis.
        prefix: of the ids in the SVG, unique in the page.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 2.8))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.1, 0.18, 0.87, 0.76))
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("cosine distance to the nearest training caption")
        axes.set_ylabel(label)
        axes.plot(points[:, 0], points[:, 1], "o", color=MEAN, alpha=0.35, markersize=4, markeredgewidth=0)
        _groups(axes, facts["groups"])
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    return for_page(buffer.getvalue(), _description(points, facts, label), prefix)


def _groups(axes: Axes, groups: Sequence[Mapping[str, Any]]) -> None:
    """Draw each group's mean over its distances, its interval as a band."""
    for group in groups:
        ends = [group["from"], group["to"]]
        axes.plot(ends, [group["value"]] * 2, color=MEAN, linewidth=1.8, solid_capstyle="projecting")
        if group["low"] is not None:
            axes.fill_between(ends, group["low"], group["high"], color=MEAN, alpha=0.18, linewidth=0)


def _description(points: Floats, facts: Mapping[str, Any], label: str) -> str:
    """Return what the figure shows, for those who can't see it."""
    means = ", ".join(
        f"{number(g['value'], 3)} from {number(g['from'], 2)} to {number(g['to'], 2)}" for g in facts["groups"]
    )
    return (
        f"{label} of {plural(len(points), 'prompt')} against their distance from the training data; "
        f"{_correlation(facts)}; means by distance: {means}"
    )
