"""Printing JSON and tables to stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table


def print_json(value: Any) -> None:
    """Print one JSON document; NaN and infinity are refused."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(columns: list[str], rows: list[list[str]], left: int = 1) -> None:
    """Print a table: rich on a terminal, aligned plain text elsewhere, never cut to a width there.

    On a terminal too narrow for it, pillars before metric names and the column of units are left out.

    Args:
        columns: headings.
        rows: cells, as many as headings.
        left: how many columns, from the first, are aligned left; the others are numbers.
    """
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        if sum(widths) + 3 * len(widths) > console.width and "unit" in columns:
            unit = columns.index("unit")
            rows = [[row[0].split("/", 1)[-1], *row[1:unit], *row[unit + 1 :]] for row in rows]
            columns, left = [name for name in columns if name != "unit"], left - 1
        console.print(_rich_table(columns, rows, left))
        return
    for row in (columns, *rows):
        cells = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        typer.echo("  ".join(cells).rstrip())


def _rich_table(columns: list[str], rows: list[list[str]], left: int) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def number(value: float | None, digits: int = 4) -> str:
    """Return a number for a table, an em dash where it is missing."""
    return "—" if value is None else f"{value:.{digits}g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.2e}"


def between(low: float | None, high: float | None) -> str:
    """Return an interval for a table, an em dash where there is none."""
    return "—" if low is None or high is None else f"[{number(low, 3)}, {number(high, 3)}]"
