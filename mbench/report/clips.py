"""The worst and the best clips of a metric, each as prompt, value and skeleton strip."""

from __future__ import annotations

from collections.abc import Sequence

from mbench.report.content import Content
from mbench.report.html import Html, join, number, plural, tag
from mbench.results import ScoreRow

SHOWN = 3


def extremes(rows: Sequence[ScoreRow], better: str) -> tuple[list[ScoreRow], list[ScoreRow]]:
    """Return the worst clips, worst first, and the best, best first; at most `SHOWN` of each and none twice.

    Clips as good as the best one are never among the worst, so both are empty where all values are equal. Ties keep
    the order of the rows.

    Args:
        rows: of one metric, any order of values.
        better: `lower` or `higher`.
    """
    sign = 1.0 if better == "lower" else -1.0
    ranked = sorted((row for row in rows if row.value is not None), key=lambda row: sign * (row.value or 0.0))
    if not ranked or ranked[0].value == ranked[-1].value:
        return [], []
    shown = min(SHOWN, len(ranked) // 2)
    worst = sorted(ranked[len(ranked) // 2 :], key=lambda row: -sign * (row.value or 0.0))[:shown]
    return [row for row in worst if row.value != ranked[0].value], ranked[:shown]


def clips(content: Content, name: str) -> Html:
    """Return the worst and best clips of a metric, or a line that says why there are none."""
    summary = content.result["metrics"][name]
    rows = [row for row in content.rows[name] if row.prompt and row.value is not None]
    worst, best = extremes(rows, summary["better"])
    if not worst:
        return tag("p", _all_equal(rows), class_="quiet")
    bodies = summary["is_dimension"]
    groups = (_group(content, "Worst", worst, rows, bodies), _group(content, "Best", best, rows, bodies=False))
    return tag("div", *groups, class_="clips")


def _all_equal(rows: Sequence[ScoreRow]) -> str:
    if len(rows) == 1:
        return f"One clip has a value, {rows[0].prompt}: there is no worst and no best."
    return f"All {len(rows)} clips have the same value, {number(rows[0].value)}: there is no worst and no best."


def _group(content: Content, heading: str, shown: Sequence[ScoreRow], rows: Sequence[ScoreRow], bodies: bool) -> Html:
    last = shown[-1].value
    tied = sum(row.value == last for row in rows) - sum(row.value == last for row in shown)
    more = f"{plural(tied, 'more clip')} at {number(last)}" if tied else None
    items = [tag("li", _clip(content, row, bodies)) for row in shown]
    note = tag("p", more, class_="quiet") if more else None
    return tag("div", tag("h4", heading), tag("ol", *items), note, class_=f"group {heading.lower()}")


def _clip(content: Content, row: ScoreRow, bodies: bool) -> Html:
    """Return one clip as a figure: bodies where they are asked for and can be drawn, else stick figures."""
    name = row.prompt if content.result["replicates"] == 1 else f"{row.prompt} · replicate {row.replicate}"
    text = content.texts.get(row.prompt, "(its prompt is not part of this run)")
    value = tag("span", number(row.value), class_="value")
    picture = content.picture(row.prompt, row.replicate) if bodies else None
    strip = None if picture else content.strip(row.prompt, row.replicate)
    caption = tag("figcaption", value, tag("span", text, class_="prompt", dir="auto"), tag("code", name))
    shown = Html(strip) if strip else tag("p", "Its motion file is gone or has changed.", class_="gone")
    if picture:
        shown = tag("img", src=picture, alt=f"eight frames of {row.prompt}")
    return tag("figure", caption, tag("div", shown, class_="strip"))


def legend() -> Html:
    """Return what the colours and numbers of the strips mean."""
    sides = join([tag("span", "left", class_="l"), " and ", tag("span", "right", class_="r")])
    text = join(["Strips show eight frames of a clip with ", sides, " limbs, and the frames' numbers."])
    return tag("span", text, class_="legend")
