"""Tables of votes as `leaderboard.arena.table` says, from a CSV file or from rows of the database."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from leaderboard.arena.study import RATINGS as VALUES
from leaderboard.arena.table import KINDS, PAIRS, RATINGS
from mbench.agreement.table import read_table
from mbench.errors import ConfigError

if TYPE_CHECKING:
    import pandas

StudyType = Literal["pairs", "ratings"]

COLUMNS: Mapping[StudyType, tuple[str, ...]] = {"pairs": PAIRS, "ratings": RATINGS}
NEEDED: Mapping[StudyType, tuple[str, ...]] = {
    "pairs": ("rater", "prompt", "model_a", "model_b", "winner"),
    "ratings": ("rater", "prompt", "model", "value"),
}
KNOWN_ANSWERS: Mapping[StudyType, tuple[str, ...]] = {"pairs": ("a", "b"), "ratings": ("high", "low")}
WINNERS = ("a", "b", "tie", "both_bad")


def table_of_rows(rows: Iterable[Mapping[str, Any]], study_type: StudyType) -> pandas.DataFrame:
    """Return rows of the database (`leaderboard.arena.exchange.read_votes`) as a table; there may be none."""
    import pandas

    return pandas.DataFrame(list(rows), columns=list(COLUMNS[study_type]))


def type_of(table: pandas.DataFrame) -> StudyType:
    """Return whether a table is of votes on pairs or of ratings."""
    return "ratings" if "value" in table else "pairs"


def read_csv(path: Path) -> pandas.DataFrame:
    """Return the table of votes of a CSV file, such as `mbench arena export` writes.

    Only a rater, a prompt, and the models with the winner or the value have to be there; then every row is a vote that
    counts, on one question, of unknown time.

    Args:
        path: the file.

    Raises:
        ConfigError: the file, the line, what was found and what was expected.
    """
    import pandas

    table = read_table(path, {*PAIRS, *RATINGS})
    study_type = type_of(table)
    missing = [column for column in NEEDED[study_type] if column not in table]
    if missing:
        found = ", ".join(column for column in table.columns if column != "line")
        raise ConfigError(f"{path}: line 1: no column {missing[0]!r} among {found}; expected rater, prompt, and "
                          "model_a, model_b, winner of pairs, or model, value of ratings")  # fmt: skip
    whole = _completed(table, study_type)
    for cells in whole.to_dict("records"):
        problem = _problem({str(column): str(cell) for column, cell in cells.items()}, study_type)
        if problem:
            raise ConfigError(f"{path}: line {cells['line']}: {problem}")
    _check_repeats(path, whole)
    if study_type == "ratings":
        whole["value"] = whole["value"].astype(int)
    whole["seconds"] = pandas.to_numeric(whole["seconds"])
    return whole[list(COLUMNS[study_type])]


def _completed(table: pandas.DataFrame, study_type: StudyType) -> pandas.DataFrame:
    """Return a table with all columns, those that may be left out filled in."""
    whole = table.copy()
    shown = ["model"] if study_type == "ratings" else ["model_a", "model_b"]
    defaults = {"kind": "rating" if study_type == "ratings" else "pair", "item": ""}
    for column in COLUMNS[study_type]:
        if column not in whole:
            whole[column] = defaults.get(column, "")
    unnamed = whole["item"] == ""
    items = [" ".join([prompt, *sorted(models)]) for prompt, *models in whole[["prompt", *shown]].to_numpy()]
    whole.loc[unnamed, "item"] = [item for item, own in zip(items, unnamed, strict=True) if own]
    return whole


def _problem(row: Mapping[str, str], study_type: StudyType) -> str:
    """Return what is wrong with a row, an empty text if nothing is."""
    empty = [column for column in NEEDED[study_type] if not row[column]]
    kinds = [kind for kind in KINDS if kind != ("pair" if study_type == "ratings" else "rating")]
    values = [str(value) for value in VALUES]
    if empty:
        return f"{empty[0]} is empty"
    if row["kind"] not in kinds:
        return f"kind is {row['kind']!r}; expected {', '.join(kinds)}"
    if row["better"] not in (KNOWN_ANSWERS[study_type] if row["kind"] == "attention" else ("",)):
        expected = " or ".join(KNOWN_ANSWERS[study_type])
        return f"better is {row['better']!r}; expected {expected} of attention checks, nothing of others"
    if study_type == "pairs" and row["winner"] not in WINNERS:
        return f"winner is {row['winner']!r}; expected {', '.join(WINNERS)}"
    if study_type == "pairs" and row["model_a"] == row["model_b"]:
        return f"model {row['model_a']!r} stands on both sides; expected two models"
    if study_type == "ratings" and row["value"] not in values:
        return f"value is {row['value']!r}; expected {', '.join(values)}"
    return "" if _is_time(row["seconds"]) else f"seconds is {row['seconds']!r}; expected a number of 0 or more"


def _is_time(text: str) -> bool:
    """Whether a cell is a number of seconds, or empty."""
    try:
        return not text or (math.isfinite(float(text)) and float(text) >= 0)
    except ValueError:
        return False


def _check_repeats(path: Path, table: pandas.DataFrame) -> None:
    """Refuse two answers of a rater to the same question about the same item."""
    keys = ["rater", "question", "item", "kind"]
    again = table[table.duplicated(keys)]
    if not again.empty:
        row = again.iloc[0]
        before = table[(table[keys] == row[keys]).all(axis=1)].iloc[0]["line"]
        raise ConfigError(
            f"{path}: line {row['line']}: rater {row['rater']!r} answers again about {row['item']!r} (first in line "
            f"{before}); expected one answer, or kind `repeat`"
        )
