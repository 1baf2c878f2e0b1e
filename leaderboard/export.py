"""Boards as CSV, JSON, Markdown or LaTeX: a row a model, missing values empty or a dash and never 0."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from leaderboard.boards import Board
from leaderboard.entries import Entry, Problem
from leaderboard.ranking import UNRANKED, shown
from leaderboard.table import Cell, Column, columns_of
from leaderboard.text import plain
from mbench.cli.output import between, number

SCHEMA = 1
ARROWS = {"higher": "↑", "lower": "↓"}
DASH = "—"
LEGEND = (
    "Cells: value \\[95 % interval over prompts\\] #rank. A rank is 1 + the models that are better for certain; "
    "a range is what the intervals leave open. Bold: no model is better for certain."
)
FORMULA = ("=", "+", "-", "@")  # what spreadsheets take for one, at the start of a cell


def export(boards: Sequence[Board], format: str, problems: Sequence[Problem] = (), metrics: bool = False) -> str:
    """Return boards as text that ends in a newline.

    Args:
        boards: models are ranked in each by itself.
        format: `csv`, `json`, `markdown` or `latex`.
        problems: what was left out; JSON tells of it.
        metrics: whether metrics that are not among the nine dimensions get columns too.
    """
    tables = [(board, columns_of(board, metrics)) for board in boards]
    if format == "json":
        return json.dumps(document(tables, problems), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return WRITERS[format](tables)


Tables = Sequence[tuple[Board, Sequence[Column]]]


def document(tables: Tables, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return boards as JSON values; a model without a rank has null for it.

    Args:
        tables: boards with their columns.
        problems: what was left out.
    """
    left_out = [{"path": str(problem.path), "reason": problem.reason} for problem in problems]
    return {"schema": SCHEMA, "boards": [_board(*table) for table in tables], "left_out": left_out}


def _board(board: Board, columns: Sequence[Column]) -> dict[str, Any]:
    facts = ("name", "title", "unit", "better", "kind")
    return {
        "title": board.title, "why": list(board.why), "suite": dict(board.suite), "prompts": board.prompts,
        "anchors": board.anchors, "versions": dict(board.versions),
        "columns": [{fact: getattr(column, fact) for fact in facts} for column in columns],
        "models": [{**_about(board, entry), "cells": _cells(entry, columns)} for entry in board.entries],
    }  # fmt: skip


def _about(board: Board, entry: Entry) -> dict[str, str]:
    return {
        "board": board.title, "suite": board.suite["hash"], "label": board.label(entry), "model": entry.name,
        "run_id": entry.run_id, "kind": entry.kind, "version": str(entry.card["version"]), "date": entry.date,
    }  # fmt: skip


def _cells(entry: Entry, columns: Iterable[Column]) -> dict[str, dict[str, Any]]:
    cells = {column.name: asdict(column.cells[entry.key]) for column in columns}
    return {
        name: {**cell, "rank": cell["rank"] or None, "worst": cell["worst"] or None} for name, cell in cells.items()
    }


def _csv(tables: Tables) -> str:
    """Return one table of all boards; five columns a pillar or metric, empty where there is nothing."""
    names = list(dict.fromkeys(column.name for _, columns in tables for column in columns))
    fields = ("value", "low", "high", "rank", "worst")
    headings = [name if field == "value" else f"{name} {field}" for name in names for field in fields]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    about = [[_about(board, entry) for entry in board.entries] for board, _ in tables]
    writer.writerow([*(about[0][0] if about and about[0] else ()), *headings])
    for (board, columns), rows in zip(tables, about, strict=True):
        for entry, row in zip(board.entries, rows, strict=True):
            cells = _cells(entry, columns)
            numbers = [cells.get(name, {}).get(field) for name in names for field in fields]
            writer.writerow([*map(_harmless, row.values()), *("" if n is None else repr(n) for n in numbers)])
    return text.getvalue()


def _harmless(text: str) -> str:
    """Return a text on one line that no spreadsheet takes for a formula: an apostrophe before what begins like one."""
    text = plain(text)
    return f"'{text}" if text.startswith(FORMULA) else text


def _markdown(tables: Tables) -> str:
    """Return a heading and a table a board."""
    return "\n".join("\n".join(_markdown_board(*table)) + "\n" for table in tables)


def _markdown_board(board: Board, columns: Sequence[Column]) -> list[str]:
    headings = ["model", *(f"{_md(_heading(column))} {ARROWS[column.better]}" for column in columns)]
    rows = [
        [_md(board.label(entry)), *(_md_cell(column.cells[entry.key]) for column in columns)]
        for entry in board.entries
    ]  # fmt: skip
    ruler = ["---", *("---:" for _ in columns)]
    why = ["Not ranked with the first board:", "", *(f"- {_md(line)}" for line in board.why), ""] if board.why else []
    lines = [f"| {' | '.join(cells)} |" for cells in (headings, ruler, *rows)]
    return [f"## {_md(board.title)}", "", *why, *lines, "", LEGEND]


def _heading(column: Column) -> str:
    return column.title if column.kind == "pillar" else f"{column.title} ({column.unit})"


def _md_cell(cell: Cell) -> str:
    if cell.value is None:
        return DASH
    value = f"**{number(cell.value)}**" if cell.rank == 1 else number(cell.value)
    parts = [value, between(cell.low, cell.high) if cell.low is not None else "", _rank(cell)]
    return " ".join(filter(None, parts)).replace("[", "\\[").replace("]", "\\]")


def _rank(cell: Cell) -> str:
    return "" if cell.rank == UNRANKED else f"#{shown(cell.rank, cell.worst)}"


def _md(text: str) -> str:
    """Return a text as Markdown that shows it and nothing else, on one line."""
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    unlinked = escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", unlinked)


def _latex(tables: Tables) -> str:
    """Return a table a board, of the package booktabs; bold is what has rank 1."""
    head = "% needs \\usepackage{booktabs,graphicx}; bold: no model is better for certain (95 % intervals)\n"
    return head + "\n".join("\n".join(_latex_board(*table)) + "\n" for table in tables)


def _latex_board(board: Board, columns: Sequence[Column]) -> list[str]:
    arrows = {"higher": r"$\uparrow$", "lower": r"$\downarrow$"}
    headings = ["Model", *(f"{_tex(_heading(column))} {arrows[column.better]}" for column in columns)]
    rows = [
        [_tex(board.label(entry)), *(_tex_cell(column.cells[entry.key]) for column in columns)]
        for entry in board.entries
    ]  # fmt: skip
    why = [f"% not ranked with the first board: {_tex(line)}" for line in board.why]
    return [
        *why, r"\begin{table}", r"\centering\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{_tex(board.title)}. Value, 95\,\% interval, rank.}}",
        r"\resizebox{\linewidth}{!}{%", rf"\begin{{tabular}}{{l{'r' * len(columns)}}}", r"\toprule",
        *(f"{' & '.join(cells)} \\\\" for cells in (headings,)), r"\midrule",
        *(f"{' & '.join(cells)} \\\\" for cells in rows),
        r"\bottomrule", r"\end{tabular}}", r"\end{table}",
    ]  # fmt: skip


def _tex_cell(cell: Cell) -> str:
    if cell.value is None:
        return "---"
    value = rf"\textbf{{{number(cell.value)}}}" if cell.rank == 1 else number(cell.value)
    interval = "" if cell.low is None else rf"{{\tiny [{between(cell.low, cell.high)[1:-1]}]}}"
    rank = "" if cell.rank == UNRANKED else rf"{{\tiny {shown(cell.rank, cell.worst).replace('–', '--')}}}"
    return " ".join(filter(None, [value, interval, rank]))


TEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': "{''}", "—": "---", "–": "--",
    "\N{REPLACEMENT CHARACTER}": "?",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}  # fmt: skip


def _tex(text: str) -> str:
    """Return a text as LaTeX that shows it and runs nothing, on one line; powers of units are set as powers."""
    escaped = "".join(TEX.get(char, char) for char in plain(text))
    return re.sub(r"\\textasciicircum\{\}(\d)", r"$^{\1}$", escaped)


WRITERS: dict[str, Callable[[Tables], str]] = {"csv": _csv, "markdown": _markdown, "latex": _latex}
