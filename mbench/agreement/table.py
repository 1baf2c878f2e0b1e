"""Reading CSV files of others, with the line of whatever is wrong."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    import pandas


def read_table(path: Path, known: Collection[str]) -> pandas.DataFrame:
    """Return a CSV file as text, stripped, with the number of each row's line in the column `line`.

    Args:
        path: a UTF-8 file whose first line names the columns.
        known: columns that it may have.

    Raises:
        ConfigError: it can't be read, has no rows, an unknown column, or a row with another number of cells.
    """
    import pandas

    header, rows = _rows(path)
    for name in header:
        if name not in known:
            hint = did_you_mean(name, known) or f"; expected some of {', '.join(sorted(known))}"
            raise ConfigError(f"{path}: line 1: unknown column {name!r}{hint}")
    if len(set(header)) < len(header):
        raise ConfigError(f"{path}: line 1: a column is there twice; found {', '.join(header)}")
    for line, cells in rows:
        if len(cells) != len(header):
            raise ConfigError(f"{path}: line {line}: {len(cells)} cells; expected {len(header)}: {', '.join(header)}")
    if not rows:
        raise ConfigError(f"{path}: holds no rows; expected {', '.join(header)} in each")
    table = pandas.DataFrame([cells for _, cells in rows], columns=header)
    table["line"] = [line for line, _ in rows]
    return table


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and the rows that are not blank with their lines."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: is no CSV file in UTF-8: {error}") from error
    filled = [(line, row) for line, row in rows if any(row)]
    if not filled:
        raise ConfigError(f"{path}: is empty; expected a CSV file with names of columns in its first line")
    return filled[0][1], filled[1:]
