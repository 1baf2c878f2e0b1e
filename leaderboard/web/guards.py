"""Guards around the whole app, as plain ASGI: who asks, for which path, from which site, with how many bytes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.web.policy import policy

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def refusal(status: int, detail: str, **headers: str) -> JSONResponse:
    """Return an answer in the form of FastAPI's own errors: `{"detail": …}`."""
    return JSONResponse({"detail": detail}, status, headers)


class SecurityHeaders:
    """Adds the headers that keep a page to its own site; a page that knows its own policy keeps that."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", policy())
            await send(message)

        await self.app(scope, receive, complete if scope["type"] == "http" else send)


class TrustedHost:
    """Refuses names that this server does not go by (421)."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = frozenset()) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["type"] == "http" and self.hosts:
            name = _host_name(Headers(scope=scope).get("host", ""))
            if name not in self.hosts:
                known = ", ".join(sorted(self.hosts))
                answer = refusal(421, f"this server is not {name!r} but {known}; `--allow-host` adds a name")
                return await answer(scope, receive, send)
        await self.app(scope, receive, send)


def _host_name(header: str) -> str:
    """Return the name of a Host header, without its port."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


class PathGuard:
    """Refuses paths that no page of ours has (400): upwards, absolute, with backslashes or control characters.

    Once decoded and twice, since what lies behind may decode again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["type"] == "http" and not _is_plain(scope["path"]):
            return await refusal(400, "the path is not one of a page or file here")(scope, receive, send)
        await self.app(scope, receive, send)


def _is_plain(path: str) -> bool:
    """Whether a decoded path has no part that leads elsewhere."""
    again = unquote(path)
    for text in (path, again, unquote(again)):
        if "\\" in text or "//" in text or any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
            return False
        if any(part in (".", "..") for part in text.split("/")):
            return False
    return True


class SameSite:
    """Refuses what another site's page sends here (403): votes and runs come from our own pages, or from no page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and _is_foreign(Headers(scope=scope)):
            return await refusal(403, "sent by a page of another site")(scope, receive, send)
        await self.app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site's page sends this; `Sec-Fetch-Site` is for https and localhost only."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class _TooLargeError(Exception):
    """A body that turned out larger than allowed while it was read."""


class BodyLimit:
    """Refuses bodies over a number of bytes (413), whether or not they say how long they are.

    Args:
        app: what it guards.
        most: bytes.
        larger: {path prefix: bytes} where more is allowed.
    """

    def __init__(self, app: ASGIApp, most: int, larger: Mapping[str, int]) -> None:
        self.app, self.most, self.larger = app, most, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes, or refuse it."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = next((n for prefix, n in self.larger.items() if scope["path"].startswith(prefix)), self.most)
        answer = refusal(413, f"the request is larger than {most} bytes")
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdecimal() or int(told) > most:
            return await answer(scope, receive, send)
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, _counted(receive, most), note)
        except _TooLargeError:
            if not started:
                await answer(scope, receive, send)


def _counted(receive: Receive, most: int) -> Receive:
    """Return a `receive` that raises when a body has more bytes than allowed."""
    seen = 0

    async def count() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _TooLargeError
        return message

    return count
