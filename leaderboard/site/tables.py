"""What tables of a board show, ready for a template: values as text, intervals as places on a scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaderboard.ranking import UNRANKED, shown
from leaderboard.site.page import dimension_path, model_path
from leaderboard.table import Cell, Column
from mbench.metrics.anchors import load_anchors
from mbench.report.html import number

if TYPE_CHECKING:
    from leaderboard.boards import Board
    from leaderboard.entries import Entry

KINDS = ("learned", "rule-based", "files", "control")  # in the order of the filter; other kinds come after them


@dataclass(frozen=True)
class Scale:
    """The ends of a column's drawings, and where real motion lies.

    Attributes:
        low: what is drawn at the left.
        high: what is drawn at the right, above `low`.
        real: what the metric reads on real motion, None where it is not known or off the scale.
    """

    low: float
    high: float
    real: float | None = None

    def place(self, value: float) -> str:
        """Return where a value is drawn, in percent of the width."""
        return f"{100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0):.1f}"


@dataclass(frozen=True)
class ShownCell:
    """A cell of a table.

    Attributes:
        text: the value.
        sort: the value as a number that reads back the same, empty where it is missing.
        interval: as text, empty where there is none.
        low, point, high: places of the drawing in percent, empty where there is none.
        rank: rank interval as text, empty where there is none.
        leads: whether no other is better for certain.
        note: what a reader must know of the value.
    """

    text: str
    sort: str = ""
    interval: str = ""
    low: str = ""
    point: str = ""
    high: str = ""
    rank: str = ""
    leads: bool = False
    note: str = ""


@dataclass(frozen=True)
class ShownColumn:
    """A heading of a table.

    Attributes:
        name: of the pillar or metric.
        title: as text.
        unit: of its values.
        better: `higher` or `lower`.
        kind: `pillar`, `dimension` or `metric`.
        about: path of the page that explains it, empty without one.
        real: place of real motion in the drawings in percent, empty where there is none.
        judged: whether a judge was asked for its values.
    """

    name: str
    title: str
    unit: str
    better: str
    kind: str
    about: str
    real: str
    judged: bool


@dataclass(frozen=True)
class ShownRow:
    """A row of a table: a result, what it is called there, the path of its page, and a cell a column."""

    entry: Entry
    label: str
    href: str
    cells: Sequence[ShownCell]


def columns(board: Board, table: Iterable[Column]) -> list[ShownColumn]:
    """Return the headings of a board's columns."""
    judged = {name for entry in board.entries for name, summary in entry.metrics.items() if summary.get("judge")}
    return [_column(board, column, column.name in judged) for column in table]


def _column(board: Board, column: Column, judged: bool) -> ShownColumn:
    scale = scale_of(board, column)
    real = "" if scale is None or scale.real is None else scale.place(scale.real)
    about = dimension_path(column.name.split("/")[1]) if column.kind == "dimension" else ""
    return ShownColumn(column.name, column.title, column.unit, column.better, column.kind, about, real, judged)


def rows(board: Board, table: Sequence[Column]) -> list[ShownRow]:
    """Return the rows of a board, the best value of the first column that has one first, missing values last."""
    scales = [scale_of(board, column) for column in table]
    return [
        ShownRow(
            entry, board.label(entry), model_path(entry),
            [cell(column, column.cells[entry.key], scale) for column, scale in zip(table, scales, strict=True)],
        )
        for entry in sorted(board.entries, key=lambda entry: _order(entry, with_values(table)[:1]))
    ]  # fmt: skip


def with_values(table: Iterable[Column]) -> list[Column]:
    """Return the columns in which any result has a value."""
    return [column for column in table if any(cell.value is not None for cell in column.cells.values())]


def _order(entry: Entry, by: Sequence[Column]) -> tuple[bool, float, str]:
    """Return what rows are sorted by: the best value of a column first, then by name."""
    values = [(column.cells[entry.key].value, -1.0 if column.better == "higher" else 1.0) for column in by]
    value, sign = values[0] if values else (None, 1.0)
    return value is None, 0.0 if value is None else sign * value, entry.key


def scale_of(board: Board, column: Column) -> Scale | None:
    """Return the scale of a column's drawings: 0 to 1 for scores, else from the lowest to the highest end.

    Real motion widens the scale by as much as the values span at most, so that it never flattens them.
    """
    if column.kind == "pillar":
        return Scale(0.0, 1.0)
    ends = [end for c in column.cells.values() for end in (c.value, c.low, c.high) if end is not None]
    if not ends:
        return None
    low, high = min(ends), max(ends)
    span = (high - low) or abs(high) or 1.0
    real = _real(board, column.name)
    if real is not None and low - span <= real <= high + span:
        low, high = min(low, real), max(high, real)
    margin = 0.04 * ((high - low) or span)
    return Scale(low - margin, high + margin, real if real is not None and low <= real <= high else None)


def _real(board: Board, metric: str) -> float | None:
    """Return what a metric reads on real motion, None where this package's anchors are not those of the board."""
    anchors = load_anchors()
    anchor = anchors.by_metric.get(metric)
    same = (
        anchor is not None and anchors.version == board.anchors and anchor.metric_version == board.versions.get(metric)
    )
    return anchor.reference if same and anchor is not None else None


def cell(column: Column, found: Cell, scale: Scale | None) -> ShownCell:
    """Return a cell as it is shown."""
    if found.value is None or scale is None:
        return ShownCell("—", note=found.note)
    low, point, high = (scale.place(end) if end is not None else "" for end in (found.low, found.value, found.high))
    ranked, pillar = found.rank != UNRANKED, column.kind == "pillar"
    return ShownCell(
        f"{found.value:.3f}" if pillar else short(found.value, 3),
        repr(found.value),
        _interval(found, pillar),
        low,
        point,
        high,
        shown(found.rank, found.worst) if ranked else "",
        found.rank == 1,
        found.note,
    )


def _interval(found: Cell, pillar: bool) -> str:
    """Return an interval as text, scores with as many digits each."""
    if found.low is None or found.high is None:
        return ""
    if pillar:
        return f"{found.low:.2f}–{found.high:.2f}"
    low, high = short(found.low, 2), short(found.high, 2)
    return f"{low} to {high}" if found.low < 0 or "e" in low + high else f"{low}–{high}"


def short(value: float, digits: int) -> str:
    """Return a number for a narrow cell: as many digits as asked for, whole numbers for hundreds and more."""
    return f"{value:.0f}".replace("-", "\N{MINUS SIGN}") if 1e2 <= abs(value) < 1e6 else number(value, digits)


def kinds_of(boards: Iterable[Board]) -> list[str]:
    """Return the kinds of models on some boards, in the order of the filter."""
    found = {entry.kind for board in boards for entry in board.entries}
    return [*(kind for kind in KINDS if kind in found), *sorted(found - set(KINDS))]


def judges_of(board: Board) -> list[tuple[str, str, list[str]]]:
    """Return the judges of a board's dimensions: who, what its card warns of, and the names of the dimensions."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for entry in board.entries:
        for dimension, summary in entry.dimensions.items():
            if summary.get("judge"):
                who = str(summary["judge"]), str(summary.get("judge_notes") or "")
                found.setdefault(who, {})[dimension] = None
    return [(judge, notes, list(names)) for (judge, notes), names in found.items()]


def notes_of(board: Board) -> list[tuple[str, str]]:
    """Return what readers must know of a board's results: each note once, and which results it is of."""
    found: dict[str, list[str]] = {}
    for entry in board.entries:
        for note in dict.fromkeys(entry.result.get("notes", [])):
            found.setdefault(note, []).append(board.label(entry))
    every = len(board.entries)
    return [(note, "all results" if len(of) == every > 1 else ", ".join(of)) for note, of in found.items()]
