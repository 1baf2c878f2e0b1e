"""The FastAPI app: who may ask, how much, and what every answer says about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mbench.errors import one_line

if TYPE_CHECKING:
    from fastapi import FastAPI

    from leaderboard.web.limits import Limit
    from leaderboard.web.pages import Edit

Check = Callable[[], Any]
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1d4ed8"/>'
    '<path d="M3 13V8h2v5zm4 0V3h2v10zm4 0V6h2v7z" fill="#fff"/></svg>'
)
MAX_BODY = 256 * 1024  # bytes; votes and prompts are a few kB


@dataclass(frozen=True)
class Settings:
    """Who may ask, and how much.

    Attributes:
        hosts: names that requests may ask for, without port; empty for any. A server that only this machine reaches
            needs its own names here: another site could point a name of its own at this machine, and read our pages.
        max_body: bytes of a request.
        larger_bodies: {path prefix: bytes}, where more is needed.
        limits: requests a client.
    """

    hosts: frozenset[str] = frozenset()
    max_body: int = MAX_BODY
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    limits: Sequence[Limit] = ()


def make_app(
    served: Mapping[str, str],
    checks: Mapping[str, Check] | None = None,
    settings: Settings = Settings(),
    edit: Edit | None = None,
) -> FastAPI:
    """Return an app with guards, security headers and `/health`, and nothing else.

    Args:
        served: {name: path} of what will be mounted, e.g. `{"arena": "/arena/"}`; `/health` tells it.
        checks: {name: function} that `/health` calls, each on a thread; one that raises makes it answer 503.
        settings: see there.
        edit: changes the HTML of every page that is mounted, before it is sent.
    """
    from fastapi import FastAPI

    from leaderboard.web.guards import BodyLimit, PathGuard, SameSite, SecurityHeaders, TrustedHost
    from leaderboard.web.limits import RateLimit

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.served, app.state.edit = dict(served), edit
    for guard, options in (
        (RateLimit, {"limits": settings.limits}),
        (BodyLimit, {"most": settings.max_body, "larger": settings.larger_bodies}),
        (SameSite, {}),
        (PathGuard, {}),
        (TrustedHost, {"hosts": settings.hosts}),
        (SecurityHeaders, {}),
    ):  # the last one sees a request first
        app.add_middleware(guard, **options)
    _add_health(app, dict(checks or {}))
    _add_icon(app)
    return app


def _add_health(app: FastAPI, checks: Mapping[str, Check]) -> None:
    """Add `/health`: 200 when all checks pass, else 503."""
    from fastapi.responses import JSONResponse

    from mbench import __version__

    @app.get("/health")
    async def health() -> JSONResponse:
        found = {name: await asyncio.to_thread(_try, check) for name, check in checks.items()}
        fine = all(value == "ok" for value in found.values())
        content = {"status": "ok" if fine else "failing", "version": __version__, "serves": app.state.served}
        return JSONResponse({**content, "checks": found}, status_code=200 if fine else 503)


def _try(check: Check) -> str:
    """Return `ok`, or in one line what a check raised."""
    try:
        check()
    except Exception as error:
        return one_line(error)
    return "ok"


def _add_icon(app: FastAPI) -> None:
    """Add the icon that browsers ask every site for."""
    from fastapi.responses import Response

    @app.get("/favicon.ico")
    async def icon() -> Response:
        return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
