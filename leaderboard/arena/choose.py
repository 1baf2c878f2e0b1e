"""Which item a rater gets next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from sqlalchemy import Connection

from leaderboard.arena import store
from leaderboard.arena.order import APART, attention_items, draws, order, sides
from leaderboard.arena.study import Item, Study
from leaderboard.arena.turns import Why

COUNTED = ("pair", "rating")


@dataclass(frozen=True)
class Choice:
    """What is handed out.

    Attributes:
        position: in the rater's order, from 1; training comes first.
        item: id.
        kind: the item's, or `repeat`.
        left: clip; of ratings, the only one.
        right: clip.
    """

    position: int
    item: str
    kind: str
    left: str
    right: str | None


def choose(study: Study, db: Connection, rater: str, live: Sequence[store.Task], now: int) -> Choice | Why:
    """Return what the rater gets next, or why there is nothing.

    Args:
        study: the study.
        db: a transaction that may write, so that nobody else is choosing.
        rater: id.
        live: the rater's tasks that are open, voted or skipped.
        now: milliseconds since 1970.
    """
    slots, taken = order(study, rater), {task.position for task in live}
    position = next(p for p in count(1) if p not in taken)
    if position > len(slots):
        return "limit"
    slot = slots[position - 1]
    if slot == "training":
        return _choice(study, db, rater, study.of_kind("training")[position - 1], position, now)
    if slot == "attention":
        item = attention_items(study, rater)[slots[: position - 1].count("attention")]
        return _choice(study, db, rater, item, position, now)
    if slot == "repeat" and (again := _repeat(study, rater, live, position)):
        return again
    found = _scarcest(study, db, live, now)
    return _choice(study, db, rater, found, position, now) if isinstance(found, Item) else found


def _choice(study: Study, db: Connection, rater: str, item: Item, position: int, now: int) -> Choice:
    left, right = sides(study, rater, item, store.shown_left(db, item.id, now))
    return Choice(position, item.id, item.kind, left, right)


def _repeat(study: Study, rater: str, live: Sequence[store.Task], position: int) -> Choice | None:
    """Return an earlier task of the rater with the sides exchanged, at least `APART` tasks later where there is one."""
    had = {task.item for task in live if task.kind == "repeat"}
    own = [task for task in live if task.kind in COUNTED and task.state == "voted" and task.item not in had]
    own = [task for task in own if task.position < position]
    far = [task for task in own if position - task.position >= APART] or own[:1]
    if not far:
        return None
    task = draws(study, "repeat", rater, str(position)).choice(far)
    left, right = (task.left, None) if task.right is None else (task.right, task.left)
    return Choice(position, task.item, "repeat", left, right)


def _scarcest(study: Study, db: Connection, live: Sequence[store.Task], now: int) -> Item | Why:
    """Return the item with the fewest votes that the rater has not had, the first in the schedule among equals."""
    had = {task.item for task in live}
    got = store.votes_on(db, now)
    left = [item for item in study.items if item.kind in COUNTED and item.id not in had]
    wanted = [item for item in left if got.get(item.id, 0) < item.votes]
    if wanted:
        return min(wanted, key=lambda item: got.get(item.id, 0))
    stored = store.votes_stored(db)
    return "leased" if any(stored.get(item.id, 0) < item.votes for item in left) else "complete"


def still_wanted(study: Study, db: Connection, task: store.Task, now: int) -> bool:
    """Return whether a vote on a task that was kept too long is taken: nobody else has filled its place."""
    if task.kind not in COUNTED:
        return True
    others = store.votes_on(db, now, task.item, but=task.id)
    return others.get(task.item, 0) < study.by_id[task.item].votes
