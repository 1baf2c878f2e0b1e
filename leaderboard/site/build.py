"""Building the site: which pages there are, and what of them has to be written."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import leaderboard
import mbench
from leaderboard.boards import boards_of
from leaderboard.entries import read_entries
from leaderboard.site.folder import SiteFolder
from leaderboard.site.media import publish
from leaderboard.site.page import Link, Page, Site
from leaderboard.site.render import STATIC
from mbench.errors import ConfigError
from mbench.files import hash_of, sha256_of
from mbench.progress import progress

if TYPE_CHECKING:
    from leaderboard.clips import Clip
    from leaderboard.entries import Problem

# Modules of `leaderboard`, each with `pages(site) -> Iterable[Page]`, in the order of the navigation.
MODULES = (
    "site.overview", "site.model_page", "site.compare_page", "site.dimension", "site.published_page", "analysis.page",
)  # fmt: skip
SOURCES = {".py", ".html", ".css", ".js", ".json", ".yaml"}


@dataclass(frozen=True)
class Built:
    """What a build made.

    Attributes:
        path: the site's folder.
        entries: results on it.
        problems: results that are left out, and why.
        pages: paths of its pages.
        made: pages that were made anew; the others were as they had to be.
        written: files that were written.
        removed: files that were removed.
        videos: how many it holds.
        size: bytes of the whole site.
        largest: bytes of its largest page.
        seconds: that it took.
    """

    path: Path
    entries: int
    problems: tuple[Problem, ...]
    pages: tuple[str, ...]
    made: int
    written: int
    removed: int
    videos: int
    size: int
    largest: int
    seconds: float


@dataclass(frozen=True)
class Made:
    """A page as it was made: its text, and the clips that it shows, by the paths of their files."""

    path: str
    text: str
    clips: Mapping[str, Clip]


def build_site(
    results: Path,
    out: Path,
    videos: bool = True,
    workers: int = 1,
    studies: Sequence[Path] = (),
    quiet: bool = True,
) -> Built:
    """Build the site of a folder of results, or bring it up to date.

    Pages whose inputs are as they were are not made again, files whose content is the same are not written, pages of
    results that are gone are removed. A kill at any point leaves a folder that the next build puts right.

    Args:
        results: folder of results; see `leaderboard.entries.read_entries`.
        out: folder of the site; new, empty, or one that a build made.
        videos: show clips as videos, which takes about a second a clip the first time.
        workers: processes that draw videos.
        studies: folders of human-evaluation studies.
        quiet: no progress on stderr.

    Raises:
        MBenchError: there is no result that can be shown, `out` is not a site's folder, or it can't be written.
    """
    start = time.monotonic()
    folder = SiteFolder(out)
    folder.check()
    site = read_site(results, videos, studies)
    with folder.locked():
        pages = pages_of(site)
        keys = {page.path: _key(site, page) for page in pages}
        made = list(_make(site, [page for page in pages if not folder.has(page.path, keys[page.path])], quiet))
        kept = _write(folder, keys, made, workers, quiet)
        removed = folder.finish(kept)
        sizes = {path: (out / path).stat().st_size for path in kept}
    return Built(
        path=out, entries=len(site.entries), problems=tuple(site.left_out), pages=tuple(keys), made=len(made),
        written=folder.written, removed=removed, videos=sum(path.endswith(".mp4") for path in kept),
        size=sum(sizes.values()), largest=max(sizes[path] for path in keys), seconds=time.monotonic() - start,
    )  # fmt: skip


def read_site(results: Path, videos: bool = True, studies: Sequence[Path] = ()) -> Site:
    """Return what the pages of a site are made from.

    Raises:
        MBenchError: there is no result that can be shown.
    """
    entries, problems = read_entries(results)
    if not entries:
        why = f": {problems[0]}" if problems else "; expected the one that `mbench evaluate` wrote results to"
        raise ConfigError(f"{results}: holds no finished run that can be shown{why}")
    stamp = sha256_of(*sorted(STATIC.iterdir()))[:8]
    return Site(entries, boards_of(entries), problems, tuple(studies), videos, stamp=stamp, results=results)


def pages_of(site: Site) -> list[Page]:
    """Return the pages of a site, and put those with a link into its navigation."""
    pages = [page for name in MODULES for page in import_module(f"leaderboard.{name}").pages(site)]
    site.navigation = tuple(Link(page.link, page.path) for page in pages if page.link)
    return pages


def _key(site: Site, page: Page) -> str:
    """Return a hash of what decides a page: its inputs, what every page shows, and the code."""
    links = [(link.title, link.path) for link in site.navigation]
    return hash_of([page.path, page.inputs, links, site.videos, _code()])


@cache
def _code() -> str:
    """Return a hash of the packages that pages are made by."""
    roots = [Path(module.__file__ or "").parent for module in (leaderboard, mbench)]
    files = [file for root in roots for file in sorted(root.rglob("*")) if file.suffix in SOURCES]
    return hash_of([sha256_of(*files), version("jinja2"), version("matplotlib"), version("numpy")])


def _make(site: Site, pages: Sequence[Page], quiet: bool) -> Iterator[Made]:
    """Yield pages as they are made."""
    with progress("make pages", len(pages), quiet) as advance:
        for page in pages:
            site.wanted.clear()
            text = page.make()
            yield Made(page.path, text, dict(site.wanted))
            advance(1)


def _write(folder: SiteFolder, keys: Mapping[str, str], made: Sequence[Made], workers: int, quiet: bool) -> set[str]:
    """Write what is new, videos before the pages that show them; return the paths of all files of the site."""
    static = {f"static/{file.name}": file.read_bytes() for file in STATIC.iterdir()}
    clips = {path: clip for page in made for path, clip in page.clips.items()}
    old = keys.keys() - {page.path for page in made}
    kept = {*keys, *static, *clips, *(file for path in old for file in folder.files[path]["media"])}
    folder.promise(kept)
    folder.written += publish(folder.path, clips, workers, quiet)
    for path, data in static.items():
        folder.write(path, data)
    for page in made:
        folder.write(page.path, page.text.encode(), keys[page.path], sorted(page.clips))
    return kept
