"""Reading votes from a CSV file into the database: all of them, or none."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from leaderboard.arena import store
from leaderboard.arena.ballot import check_comment
from leaderboard.arena.clock import milliseconds
from leaderboard.arena.database import Database, raters, tasks
from leaderboard.arena.errors import Malformed
from leaderboard.arena.exchange import WINNERS, columns_of, known_answer, stored_votes, unguarded
from leaderboard.arena.study import RATINGS, Item, Study
from leaderboard.arena.table import KINDS
from mbench.errors import ConfigError, did_you_mean

RATER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
ANSWERS = {winner: answer for answer, winner in WINNERS.items()}
Key = tuple[str, str, str]  # rater, item, kind: one vote


@dataclass(frozen=True)
class Vote:
    """A vote of the file.

    Attributes:
        line: where it begins.
        left: clip.
        right: clip; of ratings None.
        seconds: as in the table.
        time: milliseconds since 1970.
        comment: as it was written by the rater.
        answers: as they are stored, by question.
    """

    line: int
    left: str
    right: str | None
    seconds: float
    time: int
    comment: str
    answers: dict[str, str]

    @property
    def same(self) -> tuple[Any, ...]:
        """Return what rows of one vote have in common."""
        return self.left, self.right, self.seconds, self.time, self.comment


def import_votes(study: Study, database: Database, path: Path) -> tuple[int, int]:
    """Store the votes of a file that `mbench arena export` wrote; return how many were new and how many were there.

    Args:
        study: the study that the votes are of.
        database: empty, or with votes of the study.
        path: the file.

    Raises:
        ConfigError: a row does not fit the study or what the database holds; nothing is stored then.
    """
    found = _votes(study, path)
    with database.write() as db:
        before = _stored(study, db)
        new = {key: vote for key, vote in found.items() if key not in before}
        for key in found.keys() - new.keys():
            if before[key] != (found[key].same, found[key].answers):
                raise ConfigError(
                    f"{path}: line {found[key].line}: rater {key[0]!r} has another answer to item {key[1]} in the "
                    "database; expected the same or none"
                )
        _store(study, db, new, path)
    return len(new), len(found) - len(new)


def _stored(study: Study, db: Connection) -> dict[Key, Any]:
    """Return the votes of the database as those of a file."""
    found: dict[Key, Any] = {}
    for row in stored_votes(study, db):
        same = (row.left, row.right, row.seconds, row.time, row.comment)
        found.setdefault((row.rater, row.item, row.kind), (same, {}))[1][row.question] = row.answer
    return found


def _store(study: Study, db: Connection, new: dict[Key, Vote], path: Path) -> None:
    """Add votes, each rater's in the order of time, after what the rater has."""
    known = set(db.execute(select(raters.c.id)).scalars())
    under_way = select(tasks.c.rater, tasks.c.item, tasks.c.kind).where(tasks.c.state.in_(("open", "skipped")))
    busy = {tuple(key) for key in db.execute(under_way)}
    last: dict[str, int] = {}
    for key, vote in sorted(new.items(), key=lambda entry: entry[1].time):
        rater, item, _ = key
        if key in busy:
            raise ConfigError(f"{path}: line {vote.line}: item {item} is open or skipped for rater {rater!r} already")
        if rater not in known:
            store.add_rater(db, None, vote.time, rater)
            known.add(rater)
        if rater not in last:
            training = len(study.of_kind("training"))
            last[rater] = max([training, *(task.position for task in store.live_tasks(db, rater))])
        last[rater] += 1
        _add(db, key, vote, last[rater])


def _add(db: Connection, key: Key, vote: Vote, position: int) -> None:
    """Add a vote as a task that was handed out and answered."""
    rater, item, kind = key
    task = "-".join(key)
    values = {"id": task, "rater": rater, "position": position, "item": item, "kind": kind, "state": "voted"}
    handed = vote.time - round(vote.seconds * 1000)
    db.execute(insert(tasks).values(left=vote.left, right=vote.right, handed=handed, expires=vote.time, **values))
    store.add_vote(db, task, vote.answers, seconds=vote.seconds, comment=vote.comment, time=vote.time)
    store.log(db, rater, task, "imported", vote.time)


def _votes(study: Study, path: Path) -> dict[Key, Vote]:
    """Return the votes of a file by rater, item and kind, checked."""
    found: dict[Key, Vote] = {}
    for line, row in _rows(path, columns_of(study)):
        try:
            key, vote = _vote(study, line, row)
            other = found.setdefault(key, vote)
            if other is not vote:
                _join(other, vote)
        except (ValueError, Malformed) as error:
            raise ConfigError(f"{path}: line {line}: {error}") from error
    for (_, item, _), vote in found.items():
        missing = [question for question in study.by_id[item].questions if question not in vote.answers]
        if missing:
            raise ConfigError(f"{path}: line {vote.line}: the vote has no row of question {', '.join(missing)}")
    return found


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a file with their lines."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if sorted(header) != sorted(columns):
                expected = ", ".join(columns)
                raise ConfigError(f"{path}: line 1: columns are {', '.join(header)}; expected {expected}")
            rows, start = [], reader.line_num + 1
            for cells in reader:
                if len(cells) != len(header):
                    raise ConfigError(f"{path}: line {start}: {len(cells)} cells; expected {len(header)}")
                rows.append((start, dict(zip(header, cells, strict=True))))
                start = reader.line_num + 1
            return rows
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: is no CSV file in UTF-8: {error}") from error


def _vote(study: Study, line: int, row: dict[str, str]) -> tuple[Key, Vote]:
    """Return a row as a vote with one answer.

    Raises:
        ValueError: it does not fit the study.
        Malformed: so does the comment.
    """
    item = study.by_id.get(row["item"])
    if item is None:
        raise ValueError(f"item {row['item']!r} is none of the study; expected votes of this study")
    if row["kind"] not in KINDS or row["kind"] not in (item.kind, "repeat" if item.votes else item.kind):
        raise ValueError(f"kind is {row['kind']!r}; item {item.id} is of kind {item.kind}")
    if not RATER.fullmatch(row["rater"]):
        raise ValueError(f"rater is {row['rater']!r}; expected up to 64 letters, digits and _ . : -")
    if row["question"] not in item.questions:
        hint = did_you_mean(row["question"], item.questions) or f"; expected one of {', '.join(item.questions)}"
        raise ValueError(f"question is {row['question']!r}, which item {item.id} does not ask{hint}")
    if row["prompt"] != item.prompt:
        raise ValueError(f"prompt is {row['prompt']!r}; item {item.id} is of prompt {item.prompt!r}")
    left, right, answer = _of_pair(study, item, row) if study.type == "pairs" else _of_rating(study, item, row)
    if row["better"] != known_answer(study, item, left):
        raise ValueError(f"better is {row['better']!r}; the study says {known_answer(study, item, left)!r}")
    comment = unguarded(row["comment"])
    check_comment(comment)
    time, seconds = milliseconds(row["time"]), _seconds(row["seconds"])
    vote = Vote(line, left, right, seconds, time, comment, {row["question"]: answer})
    return (row["rater"], item.id, row["kind"]), vote


def _of_pair(study: Study, item: Item, row: dict[str, str]) -> tuple[str, str, str]:
    """Return the clips on the left and on the right, and the answer."""
    shown = (row["model_a"], row["model_b"])
    for left, right in (item.clips, item.clips[::-1]):
        if (study.clips[left].model, study.clips[right].model) == shown:
            break
    else:
        models = " and ".join(study.clips[clip].model for clip in item.clips)
        raise ValueError(f"models are {shown[0]!r} and {shown[1]!r}; item {item.id} shows {models}")
    if row["winner"] not in ANSWERS:
        raise ValueError(f"winner is {row['winner']!r}; expected {', '.join(ANSWERS)}")
    return left, right, ANSWERS[row["winner"]]


def _of_rating(study: Study, item: Item, row: dict[str, str]) -> tuple[str, None, str]:
    """Return the clip, None and the answer."""
    model = study.clips[item.clips[0]].model
    if row["model"] != model:
        raise ValueError(f"model is {row['model']!r}; item {item.id} shows {model}")
    if row["value"] not in map(str, RATINGS):
        raise ValueError(f"value is {row['value']!r}; expected a whole number from {RATINGS[0]} to {RATINGS[-1]}")
    return item.clips[0], None, row["value"]


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"seconds is {text!r}; expected a number, not negative")
    return value


def _join(vote: Vote, row: Vote) -> None:
    """Add another row's answer to a vote."""
    if vote.same != row.same:
        raise ValueError(f"differs from line {vote.line} of the same vote in its models, seconds, time or comment")
    again = set(vote.answers) & set(row.answers)
    if again:
        raise ValueError(f"answers question {', '.join(again)} again (first in line {vote.line} of the same vote)")
    vote.answers.update(row.answers)
