"""The analysis of a study as rows of tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mbench.report.content import title
from mbench.report.html import plural

Result = dict[str, Any]

ENDS = ("value", "low", "high")


def counted_facts(result: Result) -> list[tuple[str, str]]:
    """Return names and values of what was collected."""
    counts, study = result["counts"], result["study"]
    wanted = f" of {study['wanted']} wanted" if study else ""
    dates = [counts[end][:10] for end in ("first", "last")]
    facts = [
        ("Answers that count", f"{counts['counted']}{wanted}"),
        ("Raters", f"{counts['raters']}{_left_out(result)}"),
        ("Prompts", str(counts["prompts"])),
        ("Given", dates[0] if dates[0] == dates[1] else f"{dates[0]} to {dates[1]}"),
        ("Suite", f"{study['suite']['name']} {study['suite']['version']}" if study else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _left_out(result: Result) -> str:
    excluded = len(result["excluded"])
    return f" ({plural(excluded, 'more rater')} left out)" if excluded else ""


def model_rows(question: Result) -> list[Result]:
    """Return a row a model, best first: what the table of a question shows."""
    models = question["models"]
    if "win_ratio" not in models[0]:
        return [_ratings_row(model) for model in models]
    ends = [abs(model["rating"][key]) for model in models for key in ENDS if model["rating"][key] is not None]
    reach = math.ceil(max(ends, default=1.0) * 10) / 10
    return [_pairs_row(model, reach) for model in models]


def _pairs_row(model: Result, reach: float) -> Result:
    rating = model["rating"]
    against = {key: None if end is None else 1 / (1 + math.exp(-end)) for key, end in rating.items()}
    return {
        "model": model["model"], "rank": _rank(model), "votes": model["votes"],
        "main": _cell(model["win_ratio"], 0, 1), "against": _cell(against, 0, 1),
        "rating": _cell(rating, -reach, reach),
    }  # fmt: skip


def _ratings_row(model: Result) -> Result:
    most = max(model["counts"]) or 1
    return {
        "model": model["model"], "rank": _rank(model), "votes": model["votes"],
        "main": _cell(model["score"], 1, 5), "counts": [(count, 100 * count / most) for count in model["counts"]],
    }  # fmt: skip


def _rank(model: Result) -> str:
    """Return a rank for reading: `2`, `2–4` where it is not sure, nothing for a model that met no other."""
    if model["best"] is None:
        return "" if model["rank"] is None else str(model["rank"])
    return str(model["best"]) if model["best"] == model["worst"] else f"{model['best']}–{model['worst']}"


def _cell(found: Mapping[str, float | None], least: float, most: float) -> Result:
    """Return a value with its interval as text, and where both lie on an axis, in percent."""
    place = {
        key: None if end is None else round(100 * min(max((end - least) / (most - least), 0), 1), 2)
        for key, end in found.items()
    }
    value, low, high = (found[key] for key in ENDS)
    return {"text": digits(value), "interval": span(low, high), "point": place["value"],
            "low": place["low"], "high": place["high"]}  # fmt: skip


def digits(value: float | None) -> str:
    """Return a number with two decimals, an em dash where it is missing."""
    return "—" if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")  # no −0.00


def estimate(found: Mapping[str, float | None]) -> str:
    """Return a value with its interval for reading: `0.41 (0.35 – 0.47)`."""
    interval = span(found["low"], found["high"])
    return f"{digits(found['value'])} ({interval})" if interval else digits(found["value"])


def span(low: float | None, high: float | None) -> str:
    """Return an interval for reading, nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"{digits(low)} {'–' if low >= 0 else 'to'} {digits(high)}"


def pair_matrix(question: Result) -> list[tuple[str, list[Result | None]]]:
    """Return how each model fared against each, best rating first; None against itself and where they never met.

    Returns:
        pairs of a model and cells with `ratio` (wins and half of the ties, over votes), `votes`, and `sure`, whether
        the interval of the difference of ratings leaves out 0.
    """
    order = [model["model"] for model in question["models"]]
    met: dict[tuple[str, str], Result] = {}
    for pair in question["pairs"]:
        votes = pair["wins"] + pair["ties"] + pair["losses"]
        ratio, difference = (pair["wins"] + pair["ties"] / 2) / votes, pair["difference"]
        sure = difference["low"] is not None and not difference["low"] <= 0 <= difference["high"]
        met[pair["first"], pair["second"]] = {"ratio": digits(ratio), "votes": votes, "sure": sure}
        met[pair["second"], pair["first"]] = {"ratio": digits(1 - ratio), "votes": votes, "sure": sure}
    return [(one, [met.get((one, other)) for other in order]) for one in order]


def metric_rows(question: Result, found: Result | None) -> list[Result]:
    """Return a row a metric, those that the question should agree with first, then by accuracy.

    Args:
        question: of `analyse`; without dimensions, all nine are expected to agree.
        found: of the question, by `mbench.agreement.agreement`; None gives no rows.
    """
    rows = [
        {
            "name": name, "title": title(name), "dimension": metric["dimension"],
            "expected": metric["is_dimension"]
            and (not question["dimensions"] or metric["dimension"] in question["dimensions"]),
            "accuracy": _cell(metric["accuracy"], 0, 1), "spearman": _cell(metric["spearman"], -1, 1),
            "with_ties": _cell(metric["accuracy_with_ties"], 0, 1),
            "votes": metric["votes"], "without_score": metric["without_score"],
            "sort": metric["accuracy"]["value"] or 0.0,
        }
        for name, metric in (found["metrics"] if found else {}).items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (not row["expected"], -row["sort"], row["name"]))
