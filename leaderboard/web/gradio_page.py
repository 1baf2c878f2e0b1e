"""Gradio as part of our app: no telemetry, no fonts or scripts of others, and only the routes that a page needs."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.web.guards import refusal
from leaderboard.web.pages import Pages

if TYPE_CHECKING:
    from fastapi import FastAPI

QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
SYSTEM_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Arial", "sans-serif")
SYSTEM_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")
READABLE = {  # text in grey at a contrast of 4.5 and more, which Gradio's own is not
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_300",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_300",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "*neutral_400",
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
    "button_primary_background_fill_dark": "*primary_700",
    "button_primary_background_fill_hover_dark": "*primary_600",
}
NEEDED = re.compile(
    r"/(|config|theme\.css|manifest\.json|favicon\.ico|robots\.txt|(assets|static|svelte)/.+"
    r"|gradio_api/(startup-events|info/?|app_id|queue/(join|data)|heartbeat/\w+))"
)
EVENTS = "/gradio_api/queue/join"
FOREIGN = re.compile(r'\s*<(?:meta\s+(?:property="og:|name="twitter:)|link rel="manifest")[^>]*?/>', re.DOTALL)


def gradio() -> Any:
    """Import and return gradio, its telemetry switched off before that."""
    os.environ.update(QUIET)
    import gradio as module

    return module


def theme() -> Any:
    """Return Gradio's plain theme in the fonts of the reader's machine: none is fetched."""
    gr = gradio()
    plain = gr.themes.Base(font=SYSTEM_FONT, font_mono=SYSTEM_MONO, primary_hue="blue", neutral_hue="slate")
    return plain.set(**READABLE)


def mount_page(
    app: FastAPI,
    blocks: Any,
    path: str,
    title: str,
    evaluates: bool = False,
    **options: Any,
) -> None:
    """Mount a `gradio.Blocks`.

    Of Gradio's routes only those that a page needs are reachable: none that reads a file, fetches an address or takes
    a file, so components that show or take files do not work. Files are shown by `mount_folder`, or by a route that
    knows who may see them.

    Args:
        app: of `make_app`.
        blocks: the page.
        path: where, e.g. `/arena/`.
        title: of the page.
        evaluates: whether the page has `gradio.HTML` or events with `js=`, whose scripts make functions from text.
        options: of `gradio.mount_gradio_app`, e.g. `css`, `head`, `theme`.
    """
    gr = gradio()
    blocks.title = title
    options = {"theme": theme(), "footer_links": [], "run_history": False, "ssr_mode": False, "show_error": False,
               "mcp_server": False, "pwa": False, "enable_monitoring": False, **options}  # fmt: skip
    gr.mount_gradio_app(app, blocks, path.rstrip("/"), **options)
    mount: Any = app.routes[-1]

    def clean(page: str, scope: Scope) -> str:
        page = FOREIGN.sub("", page)
        return app.state.edit(page, scope) if app.state.edit else page

    mount.app = NeededRoutes(Pages(mount.app, clean, evaluates))


class NeededRoutes:
    """Hides the routes of Gradio that our pages do not need (404), and refuses events that name files (400).

    For Gradio, an object with a `path` in an event, for whatever component, is a file: it would copy one of this
    machine, or fetch one from an address, before our own function is asked.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, hide the route or refuse the event."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if not NEEDED.fullmatch(path):
            return await refusal(404, "Not Found")(scope, receive, send)
        if path == EVENTS:
            try:
                event = json.loads(await Request(scope, receive).body())
            except (ValueError, RecursionError):
                return await refusal(400, "the event is not JSON")(scope, receive, send)
            if _names_file(event):
                return await refusal(400, "events of this page carry no files")(scope, receive, send)
            receive = _again(json.dumps(event).encode(), receive)  # read by Gradio as it was read here
        await self.app(scope, receive, send)


def _names_file(value: Any) -> bool:
    """Whether a JSON value has an object with a `path` anywhere."""
    if isinstance(value, dict):
        return "path" in value or any(map(_names_file, value.values()))
    return isinstance(value, list) and any(map(_names_file, value))


def _again(body: bytes, rest: Receive) -> Receive:
    """Return a `receive` that gives a body that was read already, then what comes after it."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await rest()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
