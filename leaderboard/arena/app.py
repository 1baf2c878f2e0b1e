"""The arena as an app of its own: page, API and videos of one study; and `mbench arena serve`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.errors import ConfigError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from leaderboard.arena.database import Database
    from leaderboard.arena.service import Arena

PLAYER = Path(__file__).parents[1] / "site" / "static" / "player.js"  # the site's, videos in lockstep
SCRIPTS = ("arena.js", "client.js", "dom.js", "task.js", "views.js")


@dataclass(frozen=True)
class Served:
    """What is served, and to whom.

    Attributes:
        study: the study's folder.
        database: URL of the votes; None for `votes.sqlite` of the folder.
        host: address to bind.
        port: 0 for any that is free.
        auth: the file of users, the word `none`, or nothing said.
        names: further names of this server, for a proxy or tunnel before it.
        share_nothing: refuse any address or name by which other machines get in.
    """

    study: Path
    database: str | None = None
    host: str = "127.0.0.1"
    port: int = 7860
    auth: str | None = None
    names: tuple[str, ...] = ()
    share_nothing: bool = False

    def users(self) -> dict[str, str] | None:
        """Return the users who may vote, None for everybody.

        Raises:
            ConfigError: other machines reach the server and nothing was said of who may vote, or the file is broken.
        """
        from leaderboard.arena.auth import read_users
        from leaderboard.web import is_loopback

        reached = not is_loopback(self.host)
        if self.share_nothing and (reached or self.names):
            raise ConfigError("other machines get in by --host or --allow-host, which --share-nothing forbids")
        if reached and self.auth is None:
            raise ConfigError(
                f"host is {self.host!r}, which other machines reach; say who may vote: --auth users.csv, or "
                "--auth none for everybody"
            )
        return None if self.auth in (None, "none") else read_users(Path(str(self.auth)))


def add_arena(app: FastAPI, arena: Arena, folder: Path, path: str = "/", login: bool = False) -> None:
    """Add a study to an app: the page, its scripts, the API and the videos.

    Args:
        app: of `leaderboard.web.make_app`.
        arena: the rules and the database.
        folder: of the study.
        path: of the page, with a slash at both ends; everything else is below it.
        login: whether `leaderboard.arena.auth.Login` guards the app; a login is then the rater.
    """
    from leaderboard.arena.api import router
    from leaderboard.arena.auth import user_of
    from leaderboard.arena.page import STATIC, arena_page
    from leaderboard.web import mount_page

    app.include_router(router(arena, folder, user_of if login else None), prefix=path.rstrip("/"))
    _add_scripts(app, path, {**{name: STATIC / name for name in SCRIPTS}, PLAYER.name: PLAYER})
    mount_page(app, arena_page(), path, title="Arena", evaluates=True, css_paths=STATIC / "page.css")


def _add_scripts(app: FastAPI, path: str, files: Mapping[str, Path]) -> None:
    """Serve the page's scripts, and no other file."""
    from fastapi import HTTPException
    from fastapi.responses import FileResponse

    @app.get(f"{path}scripts/{{name}}", include_in_schema=False)
    def script(name: str) -> FileResponse:
        if name not in files:
            raise HTTPException(404)
        return FileResponse(files[name], media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def arena_app(arena: Arena, folder: Path, users: Mapping[str, str] | None = None, hosts: Iterable[str] = ()) -> FastAPI:
    """Return an app of one study.

    Args:
        arena: the rules and the database.
        folder: of the study.
        users: who may vote, {user: hash of the password}; None for everybody.
        hosts: the names that the server goes by; empty for any.
    """
    from starlette.middleware import Middleware

    from leaderboard.arena.auth import Login
    from leaderboard.web import Settings, make_app

    checks = {"database": lambda: count_votes(arena.database)}
    app = make_app({"arena": "/"}, checks, Settings(hosts=frozenset(hosts)))
    if users is not None:
        app.user_middleware.append(Middleware(Login, users=users))  # the innermost: refusals get the headers too
    add_arena(app, arena, folder, login=users is not None)
    return app


def count_votes(database: Database) -> tuple[int, int]:
    """Return how many tasks were answered, training not counted, and by how many raters."""
    from sqlalchemy import distinct, func, select

    from leaderboard.arena.database import tasks

    query = select(func.count(), func.count(distinct(tasks.c.rater)))
    with database.read() as db:
        votes, raters = db.execute(query.where(tasks.c.state == "voted", tasks.c.kind != "training")).one()
    return votes, raters


def study_to_serve(study: Path | None, demo: bool) -> Path:
    """Return the folder of the study that a command line asks for; the demo's is made if it is not there yet.

    Raises:
        ConfigError: neither a study nor the demo was asked for.
    """
    from leaderboard.arena.demo import make_demo

    if demo:
        return make_demo(study, quiet=False)
    if study is None:
        raise ConfigError("no study was named; expected a folder that `mbench arena create` made, or --demo")
    return study


def serve(served: Served) -> None:
    """Serve a study until Ctrl-C; then print how many votes there are.

    Raises:
        ConfigError: the study, the users or the database can't be used, or the port is taken.
    """
    import typer

    from leaderboard.arena.database import NAME, open_database
    from leaderboard.arena.service import Arena
    from leaderboard.arena.study import read_study
    from leaderboard.web import is_loopback, run
    from leaderboard.web.server import LOCAL_NAMES

    study, users = read_study(served.study), served.users()
    hosts = {*LOCAL_NAMES, *served.names} if is_loopback(served.host) else served.names
    database = open_database(study, served.database or served.study)
    try:
        run(arena_app(Arena(study, database), served.study, users, hosts), served.host, served.port, what=study.name)
        votes, raters = count_votes(database)
        typer.echo(f"{_count(votes, 'vote')} of {_count(raters, 'rater')} in {served.database or served.study / NAME}")
    finally:
        database.close()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
