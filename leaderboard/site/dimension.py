"""A page a dimension."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard.site.page import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """Yield nothing yet."""
    yield from ()
