"""Folders of files that the server shows, and nothing beside them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from leaderboard.web.pages import Pages

if TYPE_CHECKING:
    from fastapi import FastAPI

SITE = frozenset(
    {".html", ".css", ".js", ".json", ".csv", ".svg", ".png", ".jpg", ".webp", ".ico", ".mp4", ".txt", ".md"}
)
TYPES = {
    ".js": "text/javascript",
    ".mp4": "video/mp4",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".bvh": "text/plain",
    ".glb": "model/gltf-binary",
    ".npz": "application/zip",
}


class Folder(StaticFiles):
    """Files of some suffixes below a folder; links that lead out, and names that begin with a dot, are not found."""

    def __init__(self, folder: Path, suffixes: Iterable[str] = SITE, html: bool = True) -> None:
        for suffix, kind in TYPES.items():  # not what this machine's own table says
            mimetypes.add_type(kind, suffix)
        super().__init__(directory=folder, html=html, check_dir=False)
        self.suffixes = frozenset(suffixes)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or raise the error that says there is none."""
        if path != "." and not self._is_shown(Path(path)):
            raise HTTPException(404)
        return await super().get_response(path, scope)

    def _is_shown(self, path: Path) -> bool:
        """Whether a path may name a file of ours; without a suffix it is a folder, shown by its index.html."""
        hidden = any(part.startswith(".") for part in path.parts)
        return not hidden and (path.suffix.lower() in self.suffixes or (self.html and not path.suffix))


def mount_folder(app: FastAPI, path: str, folder: Path, suffixes: Iterable[str] = SITE, html: bool = True) -> None:
    """Serve the files of a folder.

    Args:
        app: of `make_app`.
        path: where, e.g. `/leaderboard/`.
        folder: with the files; it may be filled later.
        suffixes: that are served, lower case, with the dot.
        html: whether a folder shows its `index.html`.
    """
    app.mount(path.rstrip("/"), Pages(Folder(folder, suffixes, html), app.state.edit), name=path)
