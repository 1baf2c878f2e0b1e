"""One page a dimension: what it measures, how the models do, what good and bad look like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.published import KIND, PublishedTable, load_published
from leaderboard.site import tables
from leaderboard.site.extremes import CONTROL, Candidate, candidates, extremes, more
from leaderboard.site.histogram import Axis, axis_of, histogram
from leaderboard.site.media import show
from leaderboard.site.page import Page, Site, dimension_path, fingerprint, model_path
from leaderboard.site.published_page import shown_table
from leaderboard.table import Column, columns_of
from mbench.metrics.anchors import Anchor, load_anchors
from mbench.metrics.base import METRICS, MetricInfo
from mbench.report.content import definition, title
from mbench.report.html import number, plural
from mbench.suites.prompt import DIMENSIONS

if TYPE_CHECKING:
    from leaderboard.boards import Board
    from leaderboard.entries import Entry

Floats = NDArray[np.float64]
INDEX = "dimensions/index.html"
PARTS = ("values", "doubts")  # of a published row, by column


def pages(site: Site) -> Iterator[Page]:
    """Yield the list of dimensions, and the page of each."""
    yield Page(INDEX, None, lambda: index(site), "Dimensions")
    inputs = [[fingerprint(entry) for entry in board.entries] + [board.title, *board.why] for board in site.boards]
    for dimension in DIMENSIONS:
        yield Page(dimension_path(dimension), inputs, partial(dimension_page, site, dimension))


def index(site: Site) -> str:
    """Return the page that lists the dimensions."""
    rows = [(info_of(dimension), dimension_path(dimension), anchor_of(dimension)) for dimension in DIMENSIONS]
    return site.page(INDEX, "dimensions.html", rows=rows)


def info_of(dimension: str) -> MetricInfo:
    """Return the facts of the metric that is a dimension."""
    return METRICS.get(f"{DIMENSIONS[dimension]}/{dimension}").info


def anchor_of(dimension: str) -> Anchor | None:
    """Return what a dimension reads on real motion and on its control, None where this package has no anchor of it."""
    return load_anchors().by_metric.get(f"{DIMENSIONS[dimension]}/{dimension}")


def dimension_page(site: Site, dimension: str) -> str:
    """Return the page of a dimension."""
    info = info_of(dimension)
    scored = [(number, board) for number, board in enumerate(site.boards, 1) if info.name in board.versions]
    return site.page(
        dimension_path(dimension),
        "dimension.html",
        dimension=dimension,
        info=info,
        anchor=anchor_of(dimension),
        others=[(name, dimension_path(name)) for name in DIMENSIONS],
        boards=[_board(site, board, number, info) for number, board in scored],
        published=_published(info.name),
        published_kind=KIND,
    )


def _board(site: Site, board: Board, number: int, info: MetricInfo) -> dict[str, Any]:
    """Return what the page shows of a board."""
    every = columns_of(board, metrics=True)
    column = next(column for column in every if column.name == info.name)
    axis = _axis(board, column)
    return {
        "id": f"board-{number}",
        "title": board.title,
        "why": board.why,
        "axis": axis,
        "column": tables.columns(board, [column])[0],
        "rows": [_row(row, column, axis) for row in tables.rows(board, [column])],
        "judges": [judge for judge in tables.judges_of(board) if info.dimension in judge[2]],
        "further": _further(board, every, info, number),
        **_clips(site, board, column),
    }


def _axis(board: Board, column: Column) -> Axis | None:
    """Return the axis of the drawings of a board, None where no result has a value."""
    anchors = load_anchors()
    anchor = anchors.by_metric.get(column.name) if anchors.version == board.anchors else None
    if anchor is not None and anchor.metric_version != board.versions[column.name]:
        anchor = None
    values = [_values(entry, column) for entry in board.entries]
    return axis_of(values, anchor) if any(map(len, values)) else None


def _values(entry: Entry, column: Column) -> Floats:
    """Return the values of a result, one a prompt."""
    return np.array(list(entry.by_prompt(column.name).values()), dtype=np.float64)


def _row(row: tables.ShownRow, column: Column, axis: Axis | None) -> dict[str, Any]:
    """Return a result of a board: its cell, how many values are missing, and the drawing of its values."""
    values, summary = _values(row.entry, column), row.entry.summary(column.name)
    drawn = axis is not None and summary is not None and len(values) > 0
    return {
        "row": row,
        "cell": row.cells[0],
        "found": column.cells[row.entry.key],
        "missing": summary["missing"] if summary else 0,
        "drawing": histogram(values, summary, axis, row.label) if drawn and axis and summary else "",
    }


def _further(board: Board, every: Sequence[Column], info: MetricInfo, number: int) -> dict[str, Any] | None:
    """Return a table of the other metrics that inform a dimension, None without any."""
    informing = {
        name
        for entry in board.entries
        for name, summary in entry.metrics.items()
        if summary["dimension"] == info.dimension and name != info.name
    }
    columns = [column for column in tables.with_values(every) if column.name in informing]
    if not columns:
        return None
    return {
        "id": f"further-{number}",
        "title": f"Other metrics of {title(info.name).lower()}",
        "columns": tables.columns(board, columns),
        "rows": tables.rows(board, columns),
        "sorted_by": columns[0].name,
        "definitions": [(column.title, facts) for column in columns if (facts := definition(column.name))],
    }


def _clips(site: Site, board: Board, column: Column) -> dict[str, Any]:
    """Return the best and the worst clips of a board, and what to say of them."""
    found = candidates(board.entries, column.name)
    worst, best = extremes(found, column.better)
    groups = [("Best", best), ("Worst", worst)] if worst else []
    return {
        "groups": [_group(site, board, name, chosen, found) for name, chosen in groups],
        "only_controls": all(c.entry.kind == CONTROL for c in found),
        "equal": f"{plural(len(found), 'clip')} at {number(found[0].value)}" if found and not worst else "",
    }


def _group(
    site: Site, board: Board, name: str, chosen: Sequence[Candidate], found: Sequence[Candidate]
) -> dict[str, Any]:
    """Return clips with their values, and how many more there are of the last value."""
    clips = [(show(site, c.entry, c.prompt, c.replicate), number(c.value), model_path(c.entry)) for c in chosen]
    rest = more(found, chosen)
    return {"name": name, "clips": clips, "more": f"{plural(rest, 'more clip')} at {clips[-1][1]}" if rest else ""}


def _published(metric: str) -> list[dict[str, Any]]:
    """Return the published tables that have a column for a dimension, without their other columns."""
    return [shown_table(_only(table, metric)) for table in load_published() if _stands_for(table, metric)]


def _stands_for(table: PublishedTable, metric: str) -> bool:
    return any(column.metric == metric for column in table.columns)


def _only(table: PublishedTable, metric: str) -> PublishedTable:
    """Return a table with one of its columns."""
    column = next(column for column in table.columns if column.metric == metric)
    rows = [row for row in table.rows if column.key in row.values]
    keep = [
        row.model_copy(
            update={field: {k: v for k, v in getattr(row, field).items() if k == column.key} for field in PARTS}
        )
        for row in rows
    ]
    return table.model_copy(update={"columns": [column], "rows": keep, "notes": []})
