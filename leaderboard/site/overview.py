"""The first page: every result that was measured, a table for each group that compares, then what papers report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from leaderboard.export import export
from leaderboard.published import KIND, load_published
from leaderboard.site import tables
from leaderboard.site.page import Page, Site, fingerprint
from leaderboard.site.published_page import PATH as PUBLISHED
from leaderboard.site.published_page import shown_table
from leaderboard.table import columns_of

if TYPE_CHECKING:
    from leaderboard.boards import Board
    from leaderboard.entries import Problem

PATH = "index.html"
DOWNLOADS = {"leaderboard.csv": "csv", "leaderboard.json": "json"}  # path: format of `leaderboard.export`


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview, and its tables as files."""
    inputs = [fingerprint(entry) for entry in site.entries]
    told = [left_out(site, problem) for problem in site.left_out]
    yield Page(PATH, [inputs, told], lambda: overview(site), "Overview")
    for path, written in DOWNLOADS.items():
        yield Page(path, inputs, partial(export, site.boards, written, metrics=True))


def overview(site: Site) -> str:
    """Return the overview."""
    return site.page(
        PATH,
        "overview.html",
        boards=[_board(board, number) for number, board in enumerate(site.boards, 1)],
        kinds=tables.kinds_of(site.boards),
        published_kind=KIND,
        published=shown_table(load_published()[0]),
        columns=[(column.name, column.title) for column in columns_of(site.boards[0])],
        published_path=PUBLISHED,
        downloads=DOWNLOADS,
        left_out=[left_out(site, problem) for problem in site.left_out],
        models=len({entry.name for entry in site.entries}),
        results=len(site.entries),
        newest=max(entry.date for entry in site.entries)[:10],
    )


def _board(board: Board, number: int) -> dict[str, Any]:
    """Return what the template shows of a board."""
    every = columns_of(board)
    table = tables.with_values(every)
    return {
        "id": f"board-{number}",
        "title": board.title,
        "why": board.why,
        "count": len(board.entries),
        "columns": tables.columns(board, table),
        "rows": tables.rows(board, table),
        "sorted_by": table[0].name if table else "",
        "empty": [column.title for column in every if column not in table],
        "judges": tables.judges_of(board),
        "notes": tables.notes_of(board),
    }


def left_out(site: Site, problem: Problem) -> tuple[str, str]:
    """Return the folder of a problem, from the folder of results, and why it is left out."""
    inside = problem.path.relative_to(site.results)
    return inside.as_posix() if inside.parts else problem.path.name, problem.reason.replace(f"{site.results}/", "")
