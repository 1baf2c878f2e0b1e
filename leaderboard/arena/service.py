"""The rules of voting, without HTTP: who gets what next, and what a vote, a skip and an undo do.

A rater goes through training, then through tasks in an order of their own (`leaderboard.arena.order`). A task is handed
out once and stays the same over reloads. It is kept for the rater for `lease_seconds`, which counts as a vote when the
item with the fewest votes is looked for; so no item gets more votes than wanted. When the time is over and the vote
comes after all, it is taken if the item still wants one, and refused if others have judged it since.

Every method is one transaction; what it returns is on the disk.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from leaderboard.arena import store
from leaderboard.arena.ballot import SKIPS, check_comment, check_seconds, checked, is_right
from leaderboard.arena.choose import Choice, choose, still_wanted
from leaderboard.arena.database import Database
from leaderboard.arena.errors import Conflict, ConsentNeeded, Gone, Malformed, Unknown
from leaderboard.arena.order import keyed_hash, length
from leaderboard.arena.study import Study
from leaderboard.arena.turns import Progress, Receipt, Shown, Turn, Why


class Arena:
    """A study being voted on.

    Args:
        study: the study.
        database: its votes.
        clock: seconds since 1970; tests give their own.
    """

    def __init__(self, study: Study, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.study, self.database, self._clock = study, database, clock
        self._raters: dict[str, str] = {}  # by key, as read before: a rater never changes and is never deleted
        self._lease = round(study.lease_seconds * 1000)

    def _now(self) -> int:
        return round(self._clock() * 1000)

    def rater(self, token: str | None = None, login: str | None = None) -> str | None:
        """Return the id of the rater with a cookie's token or a login name, None if there is none yet."""
        if token is None and login is None:
            return None
        key = self._key(token, login)
        if key not in self._raters:
            with self.database.read() as db:
                found = store.rater_of(db, key)
            if found is None:
                return None
            self._raters[key] = found
        return self._raters[key]

    def consent(self, token: str | None = None, login: str | None = None) -> str | None:
        """Note that someone has read the instructions and agrees; return the token of a new rater's cookie.

        Before this nothing of anybody is stored. Raters who did so before stay who they are: None.
        """
        with self.database.write() as db:
            known = token is not None or login is not None
            if known and store.rater_of(db, self._key(token, login)) is not None:
                return None
            new = None if login is not None else secrets.token_urlsafe(32)
            now = self._now()
            store.log(db, store.add_rater(db, self._key(new, login), now), None, "consented", now)
            return new

    def _key(self, token: str | None, login: str | None) -> str:
        """Return what stands for a rater in the database: a stolen copy of it lets nobody in."""
        if login is not None:
            return keyed_hash(self.study, "login", login)
        return keyed_hash(self.study, "token", token or "")

    def next_task(self, rater: str) -> Turn:
        """Return the rater's open task, handing out another if there is none; else why there is none."""
        with self.database.write() as db:
            now = self._now()  # not before: waiting for the database may take a moment
            live = store.live_tasks(db, rater)
            task = self._open(db, live, now) or self._another(db, rater, live, now)
            progress = self._progress(live)
        if isinstance(task, str):
            return Turn(None, task, progress)
        return Turn(self._shown(task), None, progress)

    def _open(self, db: Connection, live: list[store.Task], now: int) -> store.Task | None:
        """Return the first open task, kept for longer; close those that took too long and are no longer wanted."""
        for task in [task for task in live if task.state == "open"]:
            if task.expires > now or still_wanted(self.study, db, task, now):
                if task.expires < now + self._lease / 2:
                    store.renew(db, task.id, now + self._lease)
                return task
            store.close(db, task, "expired", now)
            live.remove(task)
        return None

    def _another(self, db: Connection, rater: str, live: Sequence[store.Task], now: int) -> store.Task | Why:
        found = choose(self.study, db, rater, live, now)
        if not isinstance(found, Choice):
            return found
        return store.hand_out(db, now, now + self._lease, {"rater": rater, **vars(found)})

    def _shown(self, task: store.Task) -> Shown:
        item, training = self.study.by_id[task.item], len(self.study.of_kind("training"))
        in_training = task.kind == "training"
        return Shown(
            id=task.id,
            phase="training" if in_training else "study",
            number=task.position if in_training else task.position - training,
            prompt=item.prompt,
            questions=item.questions,
            clips=(task.left,) if task.right is None else (task.left, task.right),
        )

    @property
    def tasks(self) -> int:
        """Return how many tasks a rater gets at most, training not counted."""
        return length(self.study)

    def may_watch(self, rater: str, clip: str) -> bool:
        """Return whether a clip belongs to a task that the rater has or had."""
        with self.database.read() as db:
            return store.has_clip(db, rater, clip)

    def progress(self, rater: str) -> Progress:
        """Return how far the rater is."""
        with self.database.read() as db:
            return self._progress(store.live_tasks(db, rater))

    def _progress(self, live: Sequence[store.Task]) -> Progress:
        done = [task.kind for task in live if task.state != "open"]
        training, undo = done.count("training"), live[0].undo if live else None
        return Progress(len(done) - training, self.tasks, training, len(self.study.of_kind("training")), undo)

    def vote(
        self, rater: str, task: str, answers: Mapping[str, str | int], comment: str = "", seconds: float = 0.0
    ) -> Receipt:
        """Store a vote; the same one again changes nothing and gets the same receipt.

        Args:
            rater: id.
            task: id.
            answers: of each question, one of the study's choices.
            comment: up to 2,000 characters.
            seconds: from the task on the screen to the vote, as the browser measured; at most what the server did.

        Raises:
            Malformed: an answer that is no choice, a question too many or missing, a comment that is too long.
            Unknown: no such task of this rater.
            Conflict: the task was answered otherwise, skipped or taken back.
            Gone: the task was kept too long and is no longer wanted.
        """
        check_comment(comment)
        check_seconds(seconds)
        with self.database.write() as db:
            now, found = self._now(), self._own(db, task, rater)
            given = checked(self.study, self.study.by_id[found.item], answers)
            if found.state == "voted":
                *before, when = store.vote_of(db, task)
                if before != [given, comment]:
                    raise Conflict("You have answered this already, with another answer. Reload the page to go on.")
                return self._receipt(found, given, when)
            self._check_open(db, found, now)
            waited = max(0, now - found.handed) / 1000  # a clock may be set back
            took = round(min(seconds, waited), 3)
            store.add_vote(db, task, given, seconds=took, server_seconds=waited, comment=comment, time=now)
            store.close(db, found, "voted", now)
            return self._receipt(found, given, now)

    def _own(self, db: Connection, task: str, rater: str) -> store.Task:
        found = store.task_of(db, task, rater)
        if found is None:
            raise Unknown("There is no such task. Reload the page to go on.")
        return found

    def _check_open(self, db: Connection, task: store.Task, now: int) -> None:
        """Refuse what was closed before, and what took too long while others have judged it."""
        if task.state in ("skipped", "undone"):
            raise Conflict(f"This task was {task.state} before. Reload the page to go on.")
        if task.state == "expired" or (task.expires <= now and not still_wanted(self.study, db, task, now)):
            raise Gone("This took longer than we could keep it for you, and others have judged it since. Thank you.")

    def _receipt(self, task: store.Task, given: Mapping[str, str], when: int) -> Receipt:
        if task.kind != "training":
            return Receipt(task.id, when)
        item = self.study.by_id[task.item]
        right = all(is_right(self.study, item, task.left, answer) for answer in given.values())
        sides = {task.left: "left", task.right: "right"} if self.study.type == "pairs" else {}
        return Receipt(task.id, when, (right, item.why), sides.get(item.better))

    def skip(self, rater: str, task: str, reason: str, comment: str = "") -> None:
        """Close a task without a vote; the same again changes nothing.

        Raises:
            Malformed: the reason is none of `SKIPS`.
            Unknown: no such task of this rater.
            Conflict: the task was answered or taken back.
        """
        if reason not in SKIPS:
            raise Malformed("Please choose a reason.")
        check_comment(comment)
        with self.database.write() as db:
            now, found = self._now(), self._own(db, task, rater)
            if found.state in ("skipped", "expired"):
                return
            if found.state != "open":
                raise Conflict(f"This task was {found.state} before. Reload the page to go on.")
            store.close(db, found, "skipped", now, reason=reason, comment=comment)

    def undo(self, rater: str, task: str) -> None:
        """Take back the last vote or skip and open the task again; the same again changes nothing.

        What was said stays in the database, marked as undone. Only the last one: not two in a row, and not training.

        Raises:
            Unknown: no such task of this rater.
            Conflict: it is not the last one.
            Gone: it was skipped, and others have taken its place.
        """
        with self.database.write() as db:
            now, found = self._now(), self._own(db, task, rater)
            if found.state == "undone":
                return
            if store.last_task(db, rater) != task:
                raise Conflict("Only the last answer can be taken back.")
            if found.state == "skipped" and not still_wanted(self.study, db, found, now):
                raise Gone("Others have this one now.")
            store.close(db, found, "undone", now)
            columns = ("rater", "position", "item", "kind", "left", "right")
            values: dict[str, Any] = {column: getattr(found, column) for column in columns}
            store.hand_out(db, now, now + self._lease, values)


def need(rater: str | None) -> str:
    """Return the rater.

    Raises:
        ConsentNeeded: there is none yet.
    """
    if rater is None:
        raise ConsentNeeded("Please read the instructions first.")
    return rater
