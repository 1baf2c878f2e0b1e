"""Gradio as part of our app: no telemetry, no fonts or scripts of others, and only the routes that a page needs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

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
    r"|gradio_api/(startup-events|info/?|app_id|queue/(join|data)|cancel|reset/?|heartbeat/\w+))"
)
UPLOADS = re.compile(r"/gradio_api/upload(_progress)?")
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
    uploads: bool = False,
    evaluates: bool = False,
    **options: Any,
) -> None:
    """Mount a `gradio.Blocks`.

    Of Gradio's routes only those that a page needs are reachable: none that reads a file, fetches an address or takes
    a file. Files are shown by `mount_folder` or by a route that knows who may see them.

    Args:
        app: of `make_app`.
        blocks: the page.
        path: where, e.g. `/arena/`.
        title: of the page.
        uploads: whether files may be sent; `gradio.File` needs it.
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

    mount.app = NeededRoutes(Pages(mount.app, clean, evaluates), uploads)


class NeededRoutes:
    """Hides the routes of Gradio that our pages do not need (404)."""

    def __init__(self, app: ASGIApp, uploads: bool = False) -> None:
        self.app, self.uploads = app, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or hide the route."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if NEEDED.fullmatch(path) or (self.uploads and UPLOADS.fullmatch(path)):
            return await self.app(scope, receive, send)
        detail = "files can't be sent here" if UPLOADS.fullmatch(path) else "Not Found"
        await refusal(404, detail)(scope, receive, send)
