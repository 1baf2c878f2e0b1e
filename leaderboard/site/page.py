"""What a site is made of: pages, each a path, what decides it, and a function that writes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from leaderboard.site.render import render
from mbench import __version__
from mbench.files import hash_of, sha256_of
from mbench.report.html import slug

if TYPE_CHECKING:
    from leaderboard.boards import Board
    from leaderboard.clips import Clip
    from leaderboard.entries import Entry, Problem

MEDIA = "media"
_FINGERPRINTS: WeakKeyDictionary[Entry, str] = WeakKeyDictionary()  # every page of dimensions asks for all of them
COMPARE = "compare.html"


@dataclass(frozen=True)
class Link:
    """An entry of the navigation: what it says, and its path from the site's root."""

    title: str
    path: str


@dataclass(frozen=True)
class Page:
    """One file of the site.

    Attributes:
        path: from the site's root, with `/`.
        inputs: everything that decides its text, as a JSON value (hashes of files rather than their content); the
            code of the packages is added to it. A page whose inputs are as they were is not made again.
        make: return its text. What it adds to `Site.wanted` are the videos and pictures that it shows.
        link: what the navigation of every page calls it; empty for none.
    """

    path: str
    inputs: Any
    make: Callable[[], str]
    link: str = ""


@dataclass
class Site:
    """What page modules get.

    Attributes:
        entries: the measured results, by model name, then run id.
        boards: groups of entries that can be ranked together.
        left_out: results that could not be read, and why.
        studies: folders of human-evaluation studies.
        videos: whether pages show videos.
        navigation: of every page.
        stamp: of the static files; changes when they do.
        results: the folder that the results were read from.
        wanted: what the page that is being made shows, by path from the site's root; see `leaderboard.site.media`.
    """

    entries: Sequence[Entry]
    boards: Sequence[Board]
    left_out: Sequence[Problem] = ()
    studies: Sequence[Path] = ()
    videos: bool = True
    navigation: Sequence[Link] = ()
    stamp: str = ""
    results: Path = Path()
    wanted: dict[str, Clip] = field(default_factory=dict)

    def page(self, path: str, template: str, **context: Any) -> str:
        """Return a template that extends `base.html` as the text of a page.

        Args:
            path: of the page, from the site's root.
            template: its name.
            context: its variables; `root`, `here`, `navigation`, `stamp` and `version` are there already.
        """
        base: Mapping[str, Any] = {
            "root": "../" * path.count("/"), "here": path, "navigation": self.navigation, "stamp": self.stamp,
            "version": __version__,
        }  # fmt: skip
        return render(template, **base, **context)


def model_path(entry: Entry) -> str:
    """Return the path of a result's page."""
    return f"models/{entry.slug}.html"


def compare_path(one: Entry, other: Entry | None = None) -> str:
    """Return the address that compares two results, or one with another that the reader chooses."""
    return f"{COMPARE}#a={one.slug}" + (f"&b={other.slug}" if other else "")


def dimension_path(name: str) -> str:
    """Return the path of a dimension's page: `foot_sliding` → `dimensions/foot-sliding.html`."""
    return f"dimensions/{slug(name)}.html"


def fingerprint(entry: Entry) -> str:
    """Return a hash of everything that pages show of a result: its files, and which motions are there."""
    if entry not in _FINGERPRINTS:
        files = [entry.folder / name for name in ("run.json", "result.json", "scores.csv", "motions/index.jsonl")]
        motions = sorted(
            (file.name, file.stat(follow_symlinks=False).st_size) for file in os.scandir(entry.folder / "motions")
        )
        _FINGERPRINTS[entry] = hash_of([entry.key, sha256_of(*files), motions])
    return _FINGERPRINTS[entry]
