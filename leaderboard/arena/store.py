"""What the rules of the arena ask of the database, a small query each. The caller holds the transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from leaderboard.arena.database import LIVE, answers, events, raters, tasks, votes

Task = Row[Any]  # of arena_tasks
FAR_FUTURE = 1 << 62  # no lease is that long


def rater_of(db: Connection, key: str) -> str | None:
    """Return the id of the rater with a hashed cookie or login name."""
    return db.execute(select(raters.c.id).where(raters.c.key == key)).scalar()


def add_rater(db: Connection, key: str | None, now: int, rater: str | None = None) -> str:
    """Add a rater under a random id, or a given one; return the id."""
    rater = rater or f"r{secrets.token_hex(8)}"  # starts with a letter: spreadsheets read 12e34567 as a number
    db.execute(insert(raters).values(id=rater, key=key, created=now))
    return rater


def task_of(db: Connection, task: str, rater: str) -> Task | None:
    """Return a rater's task; None also if it is another rater's."""
    return db.execute(select(tasks).where(tasks.c.id == task, tasks.c.rater == rater)).one_or_none()


def live_tasks(db: Connection, rater: str) -> list[Task]:
    """Return a rater's tasks that are open, voted or skipped, in order; `undo` of each is the one to take back."""
    query = select(tasks, raters.c.last.label("undo")).join(raters, raters.c.id == tasks.c.rater)
    return list(db.execute(query.where(tasks.c.rater == rater, tasks.c.state.in_(LIVE)).order_by(tasks.c.position)))


def counted(now: int) -> ColumnElement[bool]:
    """Return the condition of tasks that count towards the votes wanted on an item: voted, or under way in time."""
    under_way = and_(tasks.c.state == "open", tasks.c.expires > now)
    return and_(tasks.c.kind.in_(("pair", "rating")), or_(tasks.c.state == "voted", under_way))


def votes_on(db: Connection, now: int, item: str | None = None, but: str | None = None) -> dict[str, int]:
    """Return how many votes each item has or is about to get, of one item if asked, one task left out if asked."""
    query = select(tasks.c.item, func.count()).where(counted(now)).group_by(tasks.c.item)
    if item is not None:
        query = query.where(tasks.c.item == item, tasks.c.id != but)
    return {name: count for name, count in db.execute(query)}


def votes_stored(db: Connection) -> dict[str, int]:
    """Return how many votes each item has."""
    return votes_on(db, FAR_FUTURE)


def shown_left(db: Connection, item: str, now: int) -> dict[str, int]:
    """Return how often each clip of an item was on the left."""
    query = select(tasks.c.left, func.count()).where(counted(now), tasks.c.item == item).group_by(tasks.c.left)
    return {clip: count for clip, count in db.execute(query)}


def has_clip(db: Connection, rater: str, clip: str) -> bool:
    """Return whether a rater was ever given a task with a clip."""
    where = (tasks.c.rater == rater, or_(tasks.c.left == clip, tasks.c.right == clip))
    return db.execute(select(tasks.c.id).where(*where).limit(1)).scalar() is not None


def hand_out(db: Connection, now: int, expires: int, values: Mapping[str, Any]) -> Task:
    """Add an open task with `rater`, `position`, `item`, `kind`, `left` and `right`; return it."""
    task = secrets.token_urlsafe(12)
    row = {"id": task, "handed": now, "expires": expires, "state": "open", **values}
    return db.execute(insert(tasks).values(row).returning(*tasks.c)).one()


def renew(db: Connection, task: str, expires: int) -> None:
    """Keep a task for its rater until a later time."""
    db.execute(update(tasks).where(tasks.c.id == task).values(expires=expires))


def close(db: Connection, task: Task, state: str, now: int, **detail: Any) -> None:
    """Say what became of a task; a vote or a skip can then be taken back, anything before it no longer."""
    db.execute(update(tasks).where(tasks.c.id == task.id).values(state=state))
    if state != "expired" and task.kind != "training":
        last = None if state == "undone" else task.id
        db.execute(update(raters).where(raters.c.id == task.rater).values(last=last))
    if state != "voted":  # arena_votes says so
        log(db, task.rater, task.id, state, now, **detail)


def last_task(db: Connection, rater: str) -> str | None:
    """Return the task that the rater can take back."""
    return db.execute(select(raters.c.last).where(raters.c.id == rater)).scalar()


def add_vote(db: Connection, task: str, given: Mapping[str, str], **values: Any) -> None:
    """Add a vote with `seconds`, `server_seconds`, `comment` and `time`, and its answers."""
    db.execute(insert(votes).values(task=task, **values))
    db.execute(insert(answers), [{"task": task, "question": q, "answer": a} for q, a in given.items()])


def vote_of(db: Connection, task: str) -> tuple[dict[str, str], str, int]:
    """Return the answers, the comment and the time of the vote on a task that was voted on."""
    vote = db.execute(select(votes).where(votes.c.task == task)).one()
    found = db.execute(select(answers.c.question, answers.c.answer).where(answers.c.task == task))
    return {question: answer for question, answer in found}, vote.comment, vote.time


def log(db: Connection, rater: str, task: str | None, what: str, now: int, **detail: Any) -> None:
    """Add a line to the history."""
    text = json.dumps(detail, sort_keys=True)
    db.execute(insert(events).values(rater=rater, task=task, what=what, detail=text, time=now))
