"""The top of the page: what was evaluated, whether it is complete, what to know, pillars, all metrics in one table."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import Any

from mbench.report.content import Content, section_id, title, unit
from mbench.report.gauge import gauge
from mbench.report.html import Html, between, facts, join, number, plural, row, table, tag
from mbench.results import FAILED, NO_MOTION

DIRECTION = {"lower": "↓ lower is better", "higher": "↑ higher is better"}
REASONS = 5  # of a metric, in the table of what is missing


def header(content: Content) -> Html:
    """Return the title and the facts of the run."""
    result = content.result
    suite = f"{result['suite']['name']} {result['suite']['version']}"
    return tag(
        "header",
        tag("p", "MBench report", class_="eyebrow"),
        tag("h1", result["model"]),
        tag("p", f"on {suite}", class_="subtitle"),
        facts([
            ("Kind", result["kind"]),
            ("Motions", f"{result['motions']} of {content.expected}"),
            ("Prompts", f"{result['prompts']}{_replicates(result['replicates'])}"),
            ("Time a motion", _time(content)),
            ("Motion length", _lengths(content)),
            ("Seed", str(_seed(content))),
            ("Run", result["run_id"]),
            ("Date", _date(content.run)),
        ]),
    )  # fmt: skip


def _replicates(count: int) -> str:
    return f" × {count} replicates" if count > 1 else ""


def _seed(content: Content) -> Any:
    return content.run.get("config", {}).get("run", {}).get("seed", "not recorded")


def _date(run: dict[str, Any]) -> str | None:
    moment = run.get("end") or run.get("start")
    return moment.replace("T", " ").replace("Z", " UTC") if moment else None


def _time(content: Content) -> str | None:
    """Return the median wall time a motion."""
    seconds = [g.seconds for g in content.generations.values() if g.seconds is not None]
    return f"{number(statistics.median(seconds), 2)} s (median)" if seconds else None


def _lengths(content: Content) -> str | None:
    """Return the shortest and longest motion."""
    lengths = [g.frames / g.fps for g in content.generations.values() if g.frames and g.fps]
    return f"{min(lengths):.1f} – {max(lengths):.1f} s" if lengths else None


def completeness(content: Content) -> Html | None:
    """Return a box that says what is missing of the run, None where nothing is."""
    items = [*_missing_motions(content), *_faults(content)]
    if content.run.get("end") is None:
        items.append("the run has not ended: it is still going, or it was stopped")
    if not items:
        return None
    listed = tag("ul", *(tag("li", item) for item in items))
    return tag("aside", tag("h2", "Incomplete"), listed, class_="box warning", aria_label="Incomplete")


def _missing_motions(content: Content) -> list[str]:
    """Return a line for all motions that are not there, and one a reason."""
    lacking = content.expected - content.result["motions"]
    if lacking <= 0:
        return []
    reasons = Counter(g.reason for g in content.generations.values() if g.file is None)
    found = [f"{plural(count, 'motion')}: {reason}" for reason, count in reasons.most_common(REASONS)]
    rest = "the scores are of the others" if content.result["motions"] else "there is nothing to score"
    return [f"{lacking} of {content.expected} motions are missing; {rest}", *found]


def _faults(content: Content) -> list[str]:
    """Return a line a metric that has no value for a motion that is there, though it should have one."""
    counts = {name: _failed(summary) for name, summary in content.metrics}
    return [
        f"{title(name)}: {plural(count, 'value')} missing that should be there"
        for name, count in counts.items()
        if count
    ]


def _failed(summary: dict[str, Any]) -> int:
    """Return how many values are missing by a fault, those of motions that are missing left out."""
    no_motion = sum(count for reason, count in summary["reasons"].items() if reason.startswith(NO_MOTION))
    return int(summary["failed"]) - no_motion


def notes(content: Content) -> Html | None:
    """Return the notes of the run in a box, None without any."""
    if not content.result["notes"]:
        return None
    listed = tag("ul", *(tag("li", note) for note in content.result["notes"]))
    return tag("aside", tag("h2", "Notes"), listed, class_="box note", aria_label="Notes")


def pillars(content: Content) -> Html | None:
    """Return the pillar scores as cards, None without any."""
    if not content.result["pillars"]:
        return None
    cards = [_pillar(name, pillar) for name, pillar in content.result["pillars"].items()]
    scale = "0 is the control that the metric must catch, 1 is real motion. Intervals are 95 %, over prompts."
    return join([tag("p", scale, class_="quiet"), tag("div", *cards, class_="cards")])


def _pillar(name: str, pillar: dict[str, Any]) -> Html:
    low, high = pillar["low"], pillar["high"]
    ends = tag("p", tag("span", "0 control"), tag("span", "1 real motion"), class_="ends")
    made_of = ", ".join(title(dimension).lower() for dimension in pillar["dimensions"])
    return tag(
        "div",
        tag("h3", name.capitalize()),
        tag("p", tag("span", f"{pillar['value']:.3f}", class_="score"), " ", tag("span", between(low, high))),
        gauge(pillar["value"], low, high, f"{name} score"),
        ends,
        tag("p", f"Mean of {made_of}; {plural(pillar['n'], 'prompt')}.", class_="quiet"),
        class_="card",
    )


def metrics_table(content: Content) -> Html:
    """Return all metrics in one table, dimensions of the benchmark first."""
    head = ["Metric", "Value", "95 % interval", "Score", "n", "Missing"]
    bodies = [
        _body(content, heading, is_dimension, len(head))
        for heading, is_dimension in (("Dimensions of the benchmark", True), ("Further looks", False))
    ]
    return table("All metrics", head, [body for body in bodies if body is not None])


def _body(content: Content, heading: str, is_dimension: bool, width: int) -> Html | None:
    rows = [_metric(content, name, s) for name, s in content.metrics if s["is_dimension"] == is_dimension]
    head = tag("tr", tag("th", heading, scope="rowgroup", colspan=width))
    return tag("tbody", head, *rows) if rows else None


def _metric(content: Content, name: str, summary: dict[str, Any]) -> Html:
    heading = tag("a", title(name), href=f"#{section_id(name)}") if summary["n"] else title(name)
    guessed = f"; guessing scores {number(summary['chance'])}" if "chance" in summary else ""
    about = tag("small", f"{unit(summary['unit'])}, {DIRECTION[summary['better']]}{guessed}")
    missing = tag("a", str(summary["missing"]), href="#missing-values") if summary["missing"] else "0"
    return row(
        join([heading, about, *_judge(summary)], " "),
        number(summary["value"]),
        between(summary["low"], summary["high"]),
        _score(content, name, summary),
        str(summary["n"]),
        missing,
    )


def _judge(summary: dict[str, Any]) -> list[Html]:
    """Return who judged and what its card warns of, next to every score that it decided."""
    if "judge" not in summary:
        return []
    who, notes = f"Judge {summary['judge']}", summary["judge_notes"]
    if summary["is_dimension"] or not notes:
        return [tag("small", f"{who}. {notes}".strip(), class_="judge")]
    return [tag("details", tag("summary", f"{who}: how far to trust it"), notes, class_="judge")]


def _score(content: Content, name: str, summary: dict[str, Any]) -> Html | str:
    """Return the anchored score as a number and a drawing, empty for what is not a dimension."""
    score = summary.get("score")
    if score is None:
        return "—" if summary["is_dimension"] else ""
    anchor = content.anchors.by_metric.get(name) if content.anchors else None
    ends: list[float | None] = [None, None]
    if anchor is not None and summary["low"] is not None:
        ends = sorted(anchor.score(summary[end]) for end in ("low", "high"))  # type: ignore[assignment]
    drawing = gauge(score, ends[0], ends[1], f"{title(name)} score")
    return tag("span", tag("span", f"{score:.3f}"), drawing, class_="scored")


def missing_values(content: Content) -> Html | None:
    """Return what has no value and why, None where nothing is missing."""
    rows = [
        row(", ".join(map(title, names)), str(count), *_kind(reason))
        for (reason, count), names in _reasons(content).items()
    ]
    if not rows:
        return None
    about = "A value that is missing counts nowhere; it is never 0."
    head = ["Metric", "Values of each", "Kind", "Reason"]
    found = table("Values that are missing, and why", head, [tag("tbody", *rows)], "reasons")
    return join([tag("p", about, class_="quiet"), found])


def _reasons(content: Content) -> dict[tuple[str, int], list[str]]:
    """Return the metrics that lack values by (reason, how many); a metric's rarer reasons become one."""
    found: dict[tuple[str, int], list[str]] = {}
    for name, summary in content.metrics:
        reasons = list(summary["reasons"].items())
        shown, rest = reasons[:REASONS], reasons[REASONS:]
        if rest:
            shown.append((f"{plural(len(rest), 'other reason')}, in scores.csv", sum(count for _, count in rest)))
        for reason, count in shown:
            found.setdefault((reason, count), []).append(name)
    return found


def _kind(reason: str) -> tuple[str, str]:
    """Return what kind of absence a reason is of, and the reason without the word for it."""
    if reason.startswith(FAILED):
        return "fault", reason.removeprefix(FAILED)
    if reason.startswith(NO_MOTION):
        return "no motion", reason.removeprefix(NO_MOTION)
    return "does not apply", reason
