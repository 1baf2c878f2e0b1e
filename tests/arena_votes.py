"""What tests of voting share: a clock that they set, raters who answer, everything that a database holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from leaderboard.arena.database import Database, open_database, tables
from leaderboard.arena.service import Arena
from leaderboard.arena.turns import Shown

NOON = 1_800_000_000.0  # seconds since 1970


class Clock:
    """Time that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def arena_of(made: tuple[Any, Any], where: str | None = None) -> tuple[Arena, Clock]:
    """Return the arena of a folder and a study, at noon."""
    folder, study = made
    clock = Clock()
    return Arena(study, open_database(study, where or folder), clock), clock


def enter(arena: Arena, **who: Any) -> str:
    """Return a new rater."""
    token = arena.consent(**who)
    rater = arena.rater(token=token) if token else arena.rater(**who)
    assert rater is not None
    return rater


def answers_of(arena: Arena, shown: Shown, choice: str | int | None = None) -> dict[str, Any]:
    """Return the same answer to every question of a task; the first of the study's choices if none is given."""
    return {question: choice or arena.study.choices[0] for question in shown.questions}


def trained(arena: Arena) -> str:
    """Return a new rater who is through training."""
    rater = enter(arena)
    while (shown := arena.next_task(rater).task) and shown.phase == "training":
        arena.vote(rater, shown.id, answers_of(arena, shown))
    return rater


def vote_all(arena: Arena, rater: str, choose: Callable[[Shown], Any] | None = None) -> list[Shown]:
    """Vote until nothing is left; return what was shown."""
    seen = []
    while shown := arena.next_task(rater).task:
        arena.vote(rater, shown.id, answers_of(arena, shown, choose(shown) if choose else None))
        seen.append(shown)
    return seen


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that a database holds."""
    with database.read() as db:
        return {t.name: sorted(map(tuple, db.execute(select(t))), key=repr) for t in tables.sorted_tables}
