"""A person who votes in a real browser, and a server to vote at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from arena_studies import make_study
from browser import page_of
from leaderboard.arena.database import Database, answers, open_database, tasks, votes
from leaderboard.arena.service import Arena
from leaderboard.arena.study import Study
from web_servers import served

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


class Recorder:
    """Keeps all that an app answers, headers and bodies, uncompressed."""

    def __init__(self, app: Any) -> None:
        self.app, self.answers = app, []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.answers.append(b"\n".join(b": ".join(pair) for pair in message["headers"]))
            elif message["type"] == "http.response.body":
                self.answers.append(message.get("body", b""))
            await send(message)

        if scope["type"] == "http":
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
        await self.app(scope, receive, note)


class Server:
    """A study that is being served."""

    def __init__(self, url: str, study: Study, database: Database, recorder: Recorder) -> None:
        self.url, self.study, self.database, self.recorder = url, study, database, recorder

    def votes(self) -> list[dict[str, Any]]:
        """Return what is stored and was not undone, in order: a row a task."""
        query = select(tasks, votes.c.comment, votes.c.seconds).join(votes, votes.c.task == tasks.c.id)
        with self.database.read() as db:
            rows = [
                dict(row._mapping) for row in db.execute(query.where(tasks.c.state == "voted").order_by(votes.c.time))
            ]
            for row in rows:
                given = db.execute(select(answers).where(answers.c.task == row["id"]))
                row["answers"] = {answer.question: answer.answer for answer in given}
        return rows

    def counted(self) -> list[dict[str, Any]]:
        """Return the votes that are not for practice."""
        return [vote for vote in self.votes() if vote["kind"] != "training"]


@contextmanager
def serving(folder: Path, users: dict[str, str] | None = None, **study: Any) -> Iterator[Server]:
    """Make a study and serve it."""
    from leaderboard.arena.app import arena_app

    made, fixed = make_study(folder / "study", **study)
    database = open_database(fixed, made)
    recorder = Recorder(arena_app(Arena(fixed, database), made, users, {"127.0.0.1", "localhost"}))
    try:
        with served(recorder) as url:
            yield Server(url, fixed, database, recorder)
    finally:
        database.close()


class Rater:
    """What a person does on the page."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def come(self) -> Rater:
        """Open the page and wait for its first heading."""
        self.page.goto("/")
        self.page.wait_for_selector(".arena h1")
        return self

    def agree(self) -> Rater:
        self.page.get_by_role("button", name="Agree and start").click()
        self.page.wait_for_selector(".task")
        return self

    def watch(self) -> Rater:
        """Wait until answers are let in."""
        self.page.wait_for_selector(".choices button[aria-disabled=false]")
        return self

    def press(self, *keys: str) -> None:
        """Press keys that end the task, and wait until it has gone, or says what the answer was worth."""
        with self.going():
            for key in keys:
                self.page.keyboard.press(key)

    @contextmanager
    def going(self) -> Iterator[None]:
        """Wait at the end until the page is another, or says what the answer of a practice task was worth."""
        self.page.evaluate("""() => {
            const old = document.querySelector('.view').firstElementChild;
            const told = old.querySelector('.feedback');
            window.gone = () => !old.isConnected || (!told && old.querySelector('.feedback') !== null);
        }""")
        yield
        self.page.wait_for_function("window.gone()")

    def practise(self, *keys: str) -> Rater:
        """Answer the practice tasks and go on."""
        while self.page.locator(".number").inner_text().startswith("Practice"):
            self.watch().press(*keys)
            self.press("Enter")
        return self

    @property
    def number(self) -> str:
        return self.page.locator(".number").inner_text()

    @property
    def finished(self) -> bool:
        return self.page.locator("h1").inner_text() == "Thank you"

    @property
    def videos(self) -> list[str]:
        return self.page.eval_on_selector_all("video", "all => all.map((video) => video.getAttribute('src'))")

    def asks(self) -> dict[str, Any]:
        """Return what the API says of the task."""
        return json.loads(self.page.evaluate("fetch('api/task').then((answer) => answer.text())"))


@contextmanager
def rater(browser: Any, server: Server, **context: Any) -> Iterator[Rater]:
    """Give a person with a browser of their own, on the first page."""
    with page_of(browser, server.url, **context) as page:
        yield Rater(page).come()
