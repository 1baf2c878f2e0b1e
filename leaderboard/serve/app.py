"""`mbench serve`: one process with the leaderboard, the arena and the playground."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.serve.bar import bar
from leaderboard.serve.board import Board
from leaderboard.serve.models import playable
from leaderboard.serve.page import playground
from leaderboard.serve.store import Store
from leaderboard.serve.takes import Studio, Take
from leaderboard.serve.uploads import MAX_BYTES, Uploads
from leaderboard.serve.view import FILES, UPLOADS, file_name
from mbench.errors import MBenchError, one_line
from mbench.report.html import Html, tag

if TYPE_CHECKING:
    from fastapi import FastAPI

    from leaderboard.arena.app import Served
    from leaderboard.arena.service import Arena

LEADERBOARD, ARENA, PLAYGROUND, UPDATE = "leaderboard/", "arena/", "playground/", "update-leaderboard"
STATIC = Path(__file__).parent / "static"
PLAYER = Path(__file__).parents[1] / "site" / "static" / "player.js"  # the site's, videos in lockstep
OWN_FILES = {path.name: path for path in (STATIC / "playground.js", STATIC / "playground.css", PLAYER)}
OWN_TYPES = {".js": "text/javascript", ".css": "text/css"}
HEAD = (
    '<link rel="stylesheet" href="../own/playground.css"><script src="../own/player.js"></script>'
    '<script src="../own/playground.js"></script>'
)
RUNS_A_MINUTE, RUNS_AT_ONCE = 20, 10  # of a client
UPLOAD = f"/{UPLOADS}"
UPLOADS_A_MINUTE, UPLOADS_AT_ONCE = 6, 3
UPDATES_A_MINUTE, UPDATES_AT_ONCE = 6, 3


@dataclass(frozen=True)
class Parts:
    """What the app is made of.

    Attributes:
        board: the leaderboard.
        studio: of the playground.
        arena: rules and database of a study, with its folder; None without one.
        users: who may come in, {user: hash of the password}; None for everybody.
        hosts: names that the server goes by; empty for any.
        uploads: motions that visitors of the playground sent; None where they can't send any.
    """

    board: Board
    studio: Studio
    arena: tuple[Arena, Path] | None = None
    users: Mapping[str, str] | None = None
    hosts: frozenset[str] = frozenset()
    uploads: Uploads | None = None


def app_of(parts: Parts) -> FastAPI:
    """Return the app: every part under a path of its own, with a bar of links on every page."""
    from starlette.middleware import Middleware

    from leaderboard.arena.app import add_arena
    from leaderboard.arena.auth import Login
    from leaderboard.web import make_app, mount_folder, mount_page

    places = {"Leaderboard": LEADERBOARD, "Arena": ARENA, "Playground": PLAYGROUND}
    if parts.arena is None:
        del places["Arena"]
    top = bar(places, {PLAYGROUND: HEAD}, {LEADERBOARD: partial(_update_form, parts.board)})
    served = {name.lower(): f"/{place}" for name, place in places.items()}
    app = make_app(served, _checks(parts), _settings(parts), top)
    if parts.users is not None:
        app.user_middleware.append(Middleware(Login, users=parts.users))  # the innermost: refusals get the headers too
    _add_routes(app, parts)
    if parts.uploads is not None:
        _add_uploads(app, parts.uploads)
    if parts.arena is not None:
        add_arena(app, *parts.arena, f"/{ARENA}", login=parts.users is not None)
    page = playground(parts.studio, parts.uploads)
    mount_page(app, page, f"/{PLAYGROUND}", title="MBench playground", evaluates=True)
    mount_folder(app, f"/{LEADERBOARD}", parts.board.folder)
    return app


def _settings(parts: Parts) -> Any:
    from leaderboard.web import Limit, Settings

    limits = (
        Limit(f"/{PLAYGROUND}gradio_api/queue/join", RUNS_A_MINUTE, RUNS_AT_ONCE),
        Limit(UPLOAD, UPLOADS_A_MINUTE, UPLOADS_AT_ONCE),
        Limit(f"/{UPDATE}", UPDATES_A_MINUTE, UPDATES_AT_ONCE),
    )
    return Settings(
        hosts=parts.hosts, limits=limits, larger_bodies={} if parts.uploads is None else {UPLOAD: MAX_BYTES}
    )


def _checks(parts: Parts) -> dict[str, Any]:
    """Return what `/health` looks at."""
    from leaderboard.arena.app import count_votes

    checks: dict[str, Any] = {"leaderboard": parts.board.check}
    if parts.arena is not None:
        checks["database"] = partial(count_votes, parts.arena[0].database)
    return checks


def _update_form(board: Board, up: str) -> Html:
    """Return what the bar of the leaderboard's pages says: how new it is, and a button to bring it up to date."""
    board.look()
    said = (
        "Being updated; reload in a while"
        if board.building
        else f"Not up to date: {board.trouble}"
        if board.trouble
        else ""
    )
    button = tag("button", "Update", type="submit", title="Look for new results and votes")
    return tag("form", tag("span", said), button, method="post", action=up + UPDATE)


def _add_routes(app: FastAPI, parts: Parts) -> None:
    """Add what is neither page nor folder: the front door, our scripts, files of takes, the button."""
    from fastapi import HTTPException
    from fastapi.responses import FileResponse, RedirectResponse

    @app.get("/", include_in_schema=False)
    def front() -> RedirectResponse:
        return RedirectResponse(LEADERBOARD)

    @app.get("/own/{name}", include_in_schema=False)
    def own(name: str) -> FileResponse:
        if name not in OWN_FILES:
            raise HTTPException(404)
        path = OWN_FILES[name]
        return FileResponse(path, media_type=OWN_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})

    @app.get(f"/{FILES}/{{token}}/motion.{{suffix}}", include_in_schema=False)
    def motion_file(token: str, suffix: str) -> FileResponse:
        return _file(parts.studio.store, token, suffix)

    @app.post(f"/{UPDATE}", include_in_schema=False)
    def update() -> RedirectResponse:
        parts.board.update(wait=True)
        return RedirectResponse(LEADERBOARD, status_code=303)


def _add_uploads(app: FastAPI, uploads: Uploads) -> None:
    """Add the route that takes a visitor's motion: the file as the body, its name in the address."""
    import asyncio

    from fastapi.responses import JSONResponse
    from starlette.requests import Request

    async def upload(request: Request) -> JSONResponse:
        name, data = request.query_params.get("name", ""), await request.body()
        try:
            token = await asyncio.to_thread(uploads.add, name, data)
        except MBenchError as error:
            return JSONResponse({"detail": one_line(error)}, 422)
        return JSONResponse({"token": token}, 201)

    app.add_route(UPLOAD, upload, ["POST"])


def _file(store: Store[Take], token: str, suffix: str) -> Any:
    """Return the answer with a file of a take, or raise the error that says there is none."""
    from fastapi import HTTPException
    from fastapi.responses import FileResponse

    from leaderboard.web.files import TYPES

    take = store.find(token)
    path = take.files.get(suffix) if take else None
    if take is None or path is None or not path.is_file():
        raise HTTPException(404, "there is no such file, or it was removed: generate it again")
    headers = {"Cache-Control": "private, max-age=600"}
    return FileResponse(path, media_type=TYPES[f".{suffix}"], filename=file_name(take, suffix), headers=headers)


def serve(
    results: Path,
    served: Served,
    with_study: bool,
    models: list[str] | None = None,
    uploads: bool = False,
    videos: bool = True,
) -> None:
    """Serve everything until Ctrl-C.

    Args:
        results: folder of results.
        served: who may come in, from where, and the study.
        with_study: whether there is one.
        models: of the playground, see `playable`.
        uploads: whether visitors may send motion files.
        videos: whether the leaderboard shows videos.

    Raises:
        MBenchError: nothing to show, no such model, a study that can't be used, or a port that is taken.
    """
    import typer

    from leaderboard.web import is_loopback, run
    from leaderboard.web.server import LOCAL_NAMES

    users = served.users()
    hosts = {*LOCAL_NAMES, *served.names} if is_loopback(served.host) else served.names
    found, missing = playable(models)
    for problem in missing:
        typer.echo(f"not in the playground: {problem}", err=True)
    with ExitStack() as stack:
        arena = _open(served, stack) if with_study else None
        board = Board(results, [served.study] if with_study else [], videos)
        board.prepare()
        studio = Studio(found, stack.enter_context(closing(Store[Take]())))
        parts = Parts(board, studio, arena, users, frozenset(hosts), Uploads() if uploads else None)
        app = app_of(parts)
        board.update()
        run(app, served.host, served.port, what="MBench")


def _open(served: Served, stack: ExitStack) -> tuple[Arena, Path]:
    """Return a study's rules with its database open until the stack ends, and its folder."""
    from leaderboard.arena.database import open_database
    from leaderboard.arena.service import Arena
    from leaderboard.arena.study import read_study

    study = read_study(served.study)
    database = stack.enter_context(closing(open_database(study, served.database or served.study)))
    return Arena(study, database), served.study
