"""Building the site: which pages there are, and what of them has to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leaderboard.site.page import Page, Site

# A module of pages gives `pages(site) -> Iterable[Page]`. They are imported when a site is built.
MODULES: tuple[str, ...] = ("overview", "dimension")


def page_makers() -> list[Callable[[Site], Iterable[Page]]]:
    """Return the functions that give the pages of a site."""
    from importlib import import_module

    return [import_module(f"leaderboard.site.{name}").pages for name in MODULES]
