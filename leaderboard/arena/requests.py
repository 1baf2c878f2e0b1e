"""What a POST to the arena may hold, and what is refused before it is read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from leaderboard.arena.ballot import COMMENT
from leaderboard.arena.errors import Malformed, NotJson, OtherSite, Refused, TooLarge

BODY = 32 * 1024  # bytes: a comment of 2,000 characters may be written as 24 kB of escapes
Model = TypeVar("Model", bound="Body")


class Body(BaseModel):
    """What a POST sends: the named fields, of their types, and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Consent(Body):
    """The rater agrees."""

    agree: bool


class Vote(Body):
    """A vote."""

    task: str = Field(max_length=64)
    answers: dict[str, str | int] = Field(max_length=32)
    comment: str = Field("", max_length=COMMENT)
    seconds: float


class Skip(Body):
    """A task that the rater does not answer."""

    task: str = Field(max_length=64)
    reason: str = Field(max_length=64)
    comment: str = Field("", max_length=COMMENT)


class Undo(Body):
    """The task to take back."""

    task: str = Field(max_length=64)


class Route(APIRoute):
    """A route that answers a refusal with its status, and a database that is away with 503."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                response = await handle(request)
            except Refused as error:
                response = _error(error.status, error.code, error.message)
            except (OperationalError, InterfaceError, PoolTimeout):
                logging.getLogger(__name__).exception("the database did not answer")
                response = _error(503, "unavailable", "Your answer could not be stored. Please try again.")
                response.headers["retry-after"] = "1"
            response.headers.setdefault("cache-control", "no-store")
            return response

        return handler


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": code, "message": message}, status)


async def body_of(request: Request) -> bytes:
    """Return the body of a POST from the page itself; read no more than a vote can have."""
    _check_site(request)
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise NotJson("Expected a body of type application/json.")
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > BODY:
            raise TooLarge(f"The request is longer than {BODY} bytes.")
    return bytes(data)


def _check_site(request: Request) -> None:
    """Refuse what another site's page sends with this rater's cookie; browsers say where a POST comes from."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin"):
        raise OtherSite("This request comes from another site.")
    if origin is not None and _host_of(origin) != request.headers.get("host", "").lower():
        raise OtherSite("This request comes from another site.")


def _host_of(origin: str) -> str | None:
    """Return the host and port of an origin, None if it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def parsed(model: type[Model], data: bytes) -> Model:
    """Return the body's fields."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part.isidentifier())
        raise Malformed(f"{where[:80]}: {first['msg']}" if where else first["msg"]) from error


JsonBody = Annotated[bytes, Depends(body_of)]
