"""Pages on their way out: edited, and sent with a policy that allows the scripts they came with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.web.policy import inline_scripts, policy

Edit = Callable[[str, Scope], str]
OF_THE_FILE = ("etag", "last-modified", "content-encoding")  # headers that are no longer true of an edited page


class Pages:
    """Wraps an app: its HTML is edited and gets a Content-Security-Policy of its own; all else passes as it is.

    Args:
        app: what makes the pages.
        edit: gets the page and the request's scope and returns the page to send; None leaves it.
        evaluates: see `policy`.
    """

    def __init__(self, app: ASGIApp, edit: Edit | None = None, evaluates: bool = False) -> None:
        self.app, self.edit, self.evaluates = app, edit, evaluates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a page is held back until it is whole."""
        if scope["type"] != "http" or not _may_be_page(scope["path"]):
            return await self.app(scope, receive, send)
        unpacked = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
        held = _Held(self, scope, send)
        await self.app({**scope, "headers": unpacked}, receive, held.send)

    def finish(self, start: Message, body: bytes, scope: Scope) -> tuple[Message, bytes]:
        """Return the beginning and the body of an answer that is a page."""
        page = body.decode()
        page = page if self.edit is None else self.edit(page, scope)
        headers = MutableHeaders(scope=start)
        for name in OF_THE_FILE:
            del headers[name]
        headers["Content-Security-Policy"] = policy(inline_scripts(page), self.evaluates)
        headers["Cache-Control"] = "no-cache"
        if scope["method"] != "HEAD":
            headers["Content-Length"] = str(len(page.encode()))
        return start, page.encode()


_CONDITIONS = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}  # of a page, that is edited


def _may_be_page(path: str) -> bool:
    return PurePosixPath(path).suffix in ("", ".html")


class _Held:
    """An answer on its way: HTML is collected, other types pass."""

    def __init__(self, pages: Pages, scope: Scope, send: Send) -> None:
        self._pages, self._scope, self._send = pages, scope, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            return await self._collect(message)
        await self._send(message)

    async def _collect(self, message: Message) -> None:
        self._body += message.get("body", b"")
        if message.get("more_body") or self._start is None:
            return
        start, body = self._pages.finish(self._start, self._body, self._scope)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body if self._scope["method"] != "HEAD" else b""})
