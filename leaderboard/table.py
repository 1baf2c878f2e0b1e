"""A board as a table: a row an entry, a column a pillar or metric, each cell with its interval and rank interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboard.boards import Board
from leaderboard.entries import Entry
from leaderboard.ranking import UNRANKED, rank_intervals
from mbench.metrics.base import PILLARS
from mbench.metrics.distribution import DEPENDS_ON_SIZE
from mbench.report.content import title as metric_title
from mbench.suites.prompt import DIMENSIONS

DIMENSION_COLUMNS = tuple(f"{pillar}/{dimension}" for dimension, pillar in DIMENSIONS.items())


@dataclass(frozen=True)
class Cell:
    """What a table shows of an entry in a column.

    Attributes:
        value: in the column's unit, None exactly when `note` says why there is none.
        low: lower end of the 95 % interval, None where there is none.
        high: upper end.
        score: 0 (control) to 1 (real motion), of pillars and dimensions.
        n: prompts with a value.
        rank: best possible rank, 0 where there is none.
        worst: worst possible rank, 0 where there is none.
        note: what a reader must know of the value: why it is missing or unranked, or of how few motions it is.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    score: float | None = None
    n: int = 0
    rank: int = UNRANKED
    worst: int = UNRANKED
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A pillar (`quality`) or a metric (`quality/jerk`).

    Attributes:
        name: of either.
        title: for a heading.
        unit: of the values; `score` for pillars.
        better: `higher` or `lower`.
        kind: `pillar`, `dimension` (one of the nine) or `metric` (any other).
        cells: by key of the entry, one for every entry of the board.
    """

    name: str
    title: str
    unit: str
    better: str
    kind: str
    cells: dict[str, Cell]


def columns_of(board: Board, metrics: bool = False) -> list[Column]:
    """Return the columns of a board: pillars, then the nine dimensions, then, if asked for, all other metrics by name.

    Pillars and dimensions are there even where no entry has a value.

    Args:
        board: whose entries are ranked against each other.
        metrics: whether metrics that are not dimensions get columns too.
    """
    others = sorted(set(board.versions) - set(DIMENSION_COLUMNS)) if metrics else []
    return [_column(board, name) for name in (*PILLARS, *DIMENSION_COLUMNS, *others)]


def _column(board: Board, name: str) -> Column:
    unit, better, kind = _facts(board, name)
    notes = {entry.key: _why_unranked(board, entry, name) for entry in board.entries}
    ranked = [entry for entry in board.entries if not notes[entry.key]]
    best, worst = rank_intervals(
        [_nan(entry.low(name)) for entry in ranked], [_nan(entry.high(name)) for entry in ranked], better
    )
    ranks = {e.key: (int(b), int(w)) for e, b, w in zip(ranked, best, worst, strict=True)}
    cells = {
        entry.key: _cell(entry, name, ranks.get(entry.key, (UNRANKED, UNRANKED)), notes[entry.key])
        for entry in board.entries
    }
    return Column(name, metric_title(name), unit, better, kind, cells)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _facts(board: Board, name: str) -> tuple[str, str, str]:
    """Return unit, direction and kind of a column."""
    if name in PILLARS:
        return "score", "higher", "pillar"
    kind = "dimension" if name in DIMENSION_COLUMNS else "metric"
    for entry in board.entries:
        if name in entry.metrics:
            return entry.metrics[name]["unit"], entry.metrics[name]["better"], kind
    from mbench.metrics.base import METRICS

    info = METRICS.get(name).info  # a dimension that nobody was scored on
    return info.unit, info.better, kind


def _cell(entry: Entry, name: str, ranks: tuple[int, int], note: str) -> Cell:
    summary = entry.summary(name) or {}
    return Cell(
        entry.value(name), entry.low(name), entry.high(name), entry.score(name), int(summary.get("n", 0)),
        *ranks, note or _gaps(entry, name),
    )  # fmt: skip


def _why_unranked(board: Board, entry: Entry, name: str) -> str:
    """Return why an entry has no rank in a column, or nothing."""
    if entry.value(name) is None:
        return _why_missing(entry, name)
    if entry.low(name) is None:
        return "one value, so no interval and no rank"
    if name in PILLARS:
        scored, most = len(entry.pillars[name]["dimensions"]), _most_dimensions(board.entries, name)
        if scored < most:
            return f"of {scored} of {most} dimensions, so not ranked"
    if name in DEPENDS_ON_SIZE and len(sizes := _sizes(board.entries, name)) > 1:
        return f"sets of {', '.join(map(str, sizes))} motions do not compare, so not ranked"
    return ""


def _most_dimensions(entries: Iterable[Entry], pillar: str) -> int:
    """Return how many dimensions the fullest score of a pillar is the mean of; a mean of fewer does not compare."""
    return max(len(entry.pillars[pillar]["dimensions"]) for entry in entries if pillar in entry.pillars)


def _sizes(entries: Sequence[Entry], name: str) -> list[int]:
    """Return the numbers of motions that a metric over the set was computed from."""
    return sorted({int(entry.metrics[name].get("n_motions", 0)) for entry in entries if entry.value(name) is not None})


def _why_missing(entry: Entry, name: str) -> str:
    summary = entry.summary(name)
    if summary is None:
        return "not scored" if "/" in name else "no dimension of it was scored"
    reasons = summary.get("reasons", {})
    return str(next(iter(reasons), "no motion has a value"))


def _gaps(entry: Entry, name: str) -> str:
    """Return how many values are missing that should be there, of a pillar those of its worst dimension, or nothing."""
    names = entry.pillars[name]["dimensions"] if name in entry.pillars else [name]
    failed = max(entry.metrics[own].get("failed", 0) if own in entry.metrics else 0 for own in names)
    return f"{failed} value{'' if failed == 1 else 's'} missing" if failed else ""
