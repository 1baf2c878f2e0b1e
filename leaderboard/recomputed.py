"""Is `result.json` what `scores.csv` gives, and `scores.csv` what the motions give? Numbers are computed again."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from typing import Any

from leaderboard.entries import Entry
from mbench.errors import PluginError, UnknownNameError
from mbench.files import sha256_of
from mbench.io import read_motion
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import METRICS, Metric
from mbench.scoring import per_motion, score_motion
from mbench.summary import pillars_of, summary_of

TOLERANCE = 1e-6  # relative; far above what numpy's versions differ by, far below what is printed
RESCORED = {"joints", "pose"}  # what a metric may need that is scored again: milliseconds a motion
ROUNDING = 1e-4  # relative: sums of float32 differ in their last digits from machine to machine
METRIC_FIELDS = (
    "value", "low", "high", "std", "n", "missing", "failed", "reasons", "unit", "better", "dimension", "is_dimension",
)  # fmt: skip
PILLAR_FIELDS = ("value", "low", "high", "n", "dimensions")


def differences(entry: Entry) -> Iterator[str]:
    """Yield a line for each number of `result.json` that is not the one that the run's rows give.

    Scores and pillars are left out where the run was scored with other anchors than this version's. Metrics that are
    not registered here, those of plugins, are left out too; see `unknown_metrics`.

    Args:
        entry: of the run.
    """
    items = [(name, item) for name in sorted(entry.metrics) if (item := _registered(name)) is not None]
    summaries = {name: summary_of(entry.metrics[name]["version"], item, entry.rows[name]) for name, item in items}
    for name, summary in summaries.items():
        yield from _compared(name, entry.metrics[name], summary, METRIC_FIELDS)
    if entry.result["anchors"] == load_anchors().version:
        yield from _scores(entry, items, summaries)
    made = sum(row.file is not None for row in entry.generations.values())
    yield from _compared("motions", entry.result, {"motions": made}, ("motions",))


def rescored(entry: Entry) -> Iterator[str]:
    """Yield a line for each value of `scores.csv` that is not the one that its motion gives.

    Metrics that read joints and rotations alone are scored again, in the versions of this package; those that need a
    body or a judge take too long. Motions that are missing, or are not those of the index, are left to other checks.

    Args:
        entry: of the run.
    """
    items = [(name, item) for name in sorted(entry.metrics) if (item := _registered(name)) is not None]
    quick = [(n, i) for n, i in per_motion(items) if i.info.needs <= RESCORED and _version(entry, n) == i.info.version]
    rows = {(row.metric, row.prompt, row.replicate): row for name, _ in quick for row in entry.rows[name]}
    for (prompt, replicate), generation in entry.generations.items():
        path = entry.motion(prompt, replicate)
        if path is None or sha256_of(path) != generation.sha256:
            continue
        own = [(name, item) for name, item in quick if (name, prompt, replicate) in rows]
        for value in score_motion(read_motion(path), own):
            told = rows[value.metric, prompt, replicate].value
            if not _same(told, value.value, ROUNDING):
                what = f"{value.metric} of {prompt}-{replicate}"
                yield f"{what} is {told!r} in scores.csv; its motion gives {value.value!r}"


def _version(entry: Entry, name: str) -> int | None:
    text = entry.metrics[name]["version"]
    return int(text) if text.isdecimal() else None


def unknown_metrics(entry: Entry) -> list[str]:
    """Return the metrics of a run that are not registered here, so that their summaries can't be computed again."""
    return [name for name in sorted(entry.metrics) if _registered(name) is None]


def _registered(name: str) -> Metric | None:
    """Return the metric that bears exactly this name, None where there is none."""
    try:
        item = METRICS.get(name)
    except (UnknownNameError, PluginError):
        return None
    return item if item.info.name == name else None


def _scores(entry: Entry, items: list[tuple[str, Metric]], summaries: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Yield what differs in the scores of dimensions and in the pillars."""
    rows = [row for name, _ in items for row in entry.rows[name]]
    order = dict.fromkeys([*entry.texts, *(row.prompt for row in rows if row.prompt)])
    scored = copy.deepcopy(dict(summaries))
    pillars = pillars_of(items, scored, rows, list(order), load_anchors())
    for name, summary in scored.items():
        if "score" in summary:
            yield from _compared(name, entry.metrics[name], summary, ("score",))
    for name in sorted({*pillars, *entry.pillars}):
        if name in pillars and name in entry.pillars:
            yield from _compared(f"pillar {name}", entry.pillars[name], pillars[name], PILLAR_FIELDS)
        else:
            where, other = ("scores.csv", "result.json") if name in pillars else ("result.json", "scores.csv")
            yield f"pillar {name}: {where} has one, {other} gives none"


def _compared(what: str, told: Mapping[str, Any], found: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        if not _same(told.get(field), found[field]):
            yield f"{what}: {field} is {told.get(field)!r} in result.json; the run's files give {found[field]!r}"


def _same(one: Any, other: Any, tolerance: float = TOLERANCE) -> bool:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (one, other))
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-9) if numbers else bool(one == other)
