"""`mbench arena report`: the human-evaluation page of one study, into a site or a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leaderboard.analysis.page import LINK, content, page_path
from leaderboard.analysis.source import Source
from leaderboard.site.folder import SiteFolder
from leaderboard.site.page import Link, Site
from leaderboard.site.render import STATIC
from mbench.files import sha256_of

COMMAND = "mbench arena report"
OVERVIEW = "index.html"


def write_report(source: Source, result: dict[str, Any], out: Path) -> Path:
    """Write the page, and what it needs beside it; return its path. Other pages of the folder stay as they are.

    `mbench leaderboard build --study` writes the same page with links to the models' pages, and links it from all.

    Args:
        source: of the votes.
        result: of `leaderboard.analysis.analyse`.
        out: the folder of a site, or a new one.

    Raises:
        MBenchError: the folder holds something else, another build holds it, or it can't be written.
    """
    static = {f"static/{file.name}": file.read_bytes() for file in sorted(STATIC.iterdir())}
    path = page_path(source)
    folder = SiteFolder(out)
    folder.check()
    with folder.locked():
        text = _page(source, result, path, alone=OVERVIEW not in folder.files)
        folder.promise([path, *static])
        for name, data in static.items():
            folder.write(name, data)
        folder.write(path, text.encode(), COMMAND)
        folder.finish([*folder.files])
    return out / path


def _page(source: Source, result: dict[str, Any], path: str, alone: bool) -> str:
    site = Site(entries=(), boards=(), stamp=sha256_of(*sorted(STATIC.iterdir()))[:8])
    site.navigation = [Link(LINK, path)] if alone else [Link("Overview", OVERVIEW), Link(LINK, path)]
    home = {"home": path} if alone else {}
    return site.page(path, "human.html", made_by=COMMAND, **home, **content(source, result, {}))
