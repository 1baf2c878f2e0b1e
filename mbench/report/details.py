"""One section a metric: its distribution, its definition, its worst and best clips."""

from __future__ import annotations

from typing import Any

import numpy as np

from mbench.report.clips import clips, legend
from mbench.report.content import Content, definition, section_id, title, unit
from mbench.report.figure import distribution_svg
from mbench.report.html import Html, between, facts, join, number, prose, tag
from mbench.report.overview import DIRECTION

READING = (
    "Bars count prompts, the small marks below them are single prompts. The solid line is the mean, its band the 95 % "
    "interval; dashed lines are what the metric reads on real motion and on the control that it must catch. "
)


def details(content: Content) -> Html | None:
    """Return the sections of all metrics that have a value, None where none has."""
    parts = [_metric(content, name) for name, summary in content.metrics if summary["n"]]
    return join([tag("p", READING, legend(), class_="quiet"), *parts]) if parts else None


def _metric(content: Content, name: str) -> Html:
    values = content.by_prompt(name)
    shown = (
        [_distribution(content, name), clips(content, name)] if values else [_over_set(content.result["metrics"][name])]
    )
    return tag(
        "article",
        tag("h3", title(name), " ", tag("code", name)),
        tag("div", shown[0], _definition(content, name), class_="pair"),
        *shown[1:],
        id=section_id(name),
        aria_label=title(name),
    )


def _over_set(summary: dict[str, Any]) -> Html:
    """Return the facts of a value that the whole set has, and what it compares with."""
    again = summary.get("replications")
    spread = f"{number(again['mean'])} ± {number(again['half_width'], 2)} over {again['n']}" if again else None
    pairs = [
        ("Motions", str(summary["n_motions"]) if summary.get("n_motions") else None),
        ("Real motions", str(summary["n_reference"]) if summary.get("n_reference") else None),
        ("Real motion reads", number(summary["real"]) if summary.get("real") else None),
        ("Replications", spread),
    ]
    words = "One value for the whole set: there is no distribution over prompts."
    flags = [tag("p", flag) for flag in summary.get("flags", [])]
    return tag("div", tag("p", words, class_="quiet"), facts(pairs, "small-facts"), *flags)


def _distribution(content: Content, name: str) -> Html:
    summary = content.result["metrics"][name]
    values = np.array(list(content.by_prompt(name).values()))
    anchor = content.anchors.by_metric.get(name) if content.anchors else None
    label = f"{title(name).lower()} ({unit(summary['unit'])})"
    drawing = distribution_svg(values, summary, anchor, label, section_id(name))
    caption = f"Mean {number(summary['value'])}"
    band = f", 95 % interval {between(summary['low'], summary['high'])}" if summary["low"] is not None else ""
    control = f" Control: {anchor.control_is}." if anchor else ""
    return tag("figure", drawing, tag("figcaption", f"{caption}{band}.{control}"), class_="distribution")


def _definition(content: Content, name: str) -> Html:
    """Return what a metric measures, in words, with its source."""
    summary, info = content.result["metrics"][name], definition(name)
    if info is None:
        return tag("div", tag("p", "Its definition is not installed here.", class_="quiet"), class_="definition")
    pairs = [
        ("Unit", f"{unit(summary['unit'])}, {DIRECTION[summary['better']]}"),
        ("Informs", title(summary["dimension"]) if not summary["is_dimension"] else None),
        ("Source", info.source),
        ("Version", str(summary["version"])),
    ]
    return tag("div", prose(info.formula), facts(pairs, "small-facts"), class_="definition")
