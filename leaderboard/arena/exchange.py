"""Votes as the table of `leaderboard.arena.table`, and as CSV files.

A comment that a spreadsheet would run as a formula (it starts with = + - @, a tab or a carriage return) is written with
an apostrophe before it, and read without it; `leaderboard.arena.intake` reads the files.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from leaderboard.arena.clock import iso
from leaderboard.arena.database import Database, answers, open_database, tasks, votes
from leaderboard.arena.study import Item, Study, read_study
from leaderboard.arena.table import PAIRS, RATINGS
from mbench.errors import ConfigError
from mbench.files import atomic_write

AGREEMENT = ("prompt", "model_a", "model_b", "winner", "rater", "question")  # what `mbench agreement` reads
WINNERS = {"left": "a", "right": "b", "tie": "tie", "both_bad": "both_bad"}
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def export_votes(folder: Path, database: str | None, out: Path, agreement: bool = False) -> tuple[int, int]:
    """Write a study's votes as a CSV file; return how many rows of how many raters.

    Args:
        folder: of the study.
        database: URL, or None for the study's own.
        out: the file.
        agreement: only what `mbench agreement` reads.

    Raises:
        MBenchError: there is no study or no database, or the file can't be written.
    """
    study = read_study(folder)
    rows = read_votes(study, open_database(study, database or folder, create=False))
    if agreement:
        rows = for_agreement(study, rows)
    write_csv(out, rows, AGREEMENT if agreement else columns_of(study))
    return len(rows), len({row["rater"] for row in rows})


def columns_of(study: Study) -> tuple[str, ...]:
    """Return the columns of a study's table of votes."""
    return PAIRS if study.type == "pairs" else RATINGS


def read_votes(study: Study, database: Database) -> list[dict[str, Any]]:
    """Return the table of votes, a row an answer, by time; `seconds` is a float, `value` an int, the rest is text.

    Training, and what was skipped or undone, is not in it.
    """
    with database.read() as db:
        return [_row(study, vote) for vote in stored_votes(study, db)]


def stored_votes(study: Study, db: Connection) -> list[Any]:
    """Return what is stored of each answer that counts, by time."""
    query = (
        select(tasks, votes.c.seconds, votes.c.comment, votes.c.time, answers.c.question, answers.c.answer)
        .join(votes, votes.c.task == tasks.c.id)
        .join(answers, answers.c.task == tasks.c.id)
        .where(tasks.c.state == "voted", tasks.c.kind != "training")
    )
    place = {question.id: number for number, question in enumerate(study.questions)}
    return sorted(db.execute(query), key=lambda row: (row.time, row.rater, row.item, row.kind, place[row.question]))


def _row(study: Study, vote: Any) -> dict[str, Any]:
    """Return a row of the table."""
    item, clips = study.by_id[vote.item], study.clips
    row = {"rater": vote.rater, "question": vote.question, "item": item.id, "kind": vote.kind, "prompt": item.prompt}
    if study.type == "pairs":
        row |= {"model_a": clips[vote.left].model, "model_b": clips[vote.right].model, "winner": WINNERS[vote.answer]}
    else:
        row |= {"model": clips[vote.left].model, "value": int(vote.answer)}
    better = known_answer(study, item, vote.left)
    return row | {"better": better, "seconds": vote.seconds, "time": iso(vote.time), "comment": vote.comment}


def known_answer(study: Study, item: Item, left: str) -> str:
    """Return the column `better` of an item: empty but for attention checks.

    Args:
        study: the study.
        item: the item.
        left: the clip that was on the left.
    """
    if item.kind != "attention":
        return ""
    if study.type == "pairs":
        return "a" if left == item.better else "b"
    return "high" if item.better else "low"


def for_agreement(study: Study, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the votes that `mbench agreement` reads: of each rater, question, prompt and pair of models the first.

    Args:
        study: the study.
        rows: the table of votes.

    Raises:
        ConfigError: the study asks for ratings.
    """
    if study.type != "pairs":
        raise ConfigError(f"study {study.name!r} asks for ratings; `mbench agreement` reads votes on pairs")
    first: dict[Any, dict[str, Any]] = {}
    for row in rows:
        if row["kind"] == "pair":
            key = (row["rater"], row["question"], row["prompt"], frozenset((row["model_a"], row["model_b"])))
            first.setdefault(key, {column: row[column] for column in AGREEMENT})
    return list(first.values())


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as a CSV file in UTF-8.

    Raises:
        MBenchError: it can't be written.
    """
    with atomic_write(path, "w") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            cells = {**row, "comment": guarded(row["comment"])} if "comment" in columns else row
            writer.writerow([cells[column] for column in columns])


def guarded(comment: str) -> str:
    """Return a comment as no spreadsheet takes it for a formula."""
    return f"'{comment}" if FORMULA.match(comment) else comment


def unguarded(cell: str) -> str:
    """Return the comment of a cell: the inverse of `guarded`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
