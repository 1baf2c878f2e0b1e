"""The page of numbers that papers report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leaderboard.published import PublishedTable, load_published
from leaderboard.site.page import Page, Site

PATH = "published.html"


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    yield Page(PATH, None, lambda: page(site), "Published numbers")


def page(site: Site) -> str:
    """Return the page: every table as its source prints it."""
    return site.page(PATH, "published.html", published=[shown_table(table) for table in load_published()])


def shown_table(table: PublishedTable) -> dict[str, Any]:
    """Return what the template shows of a table of a paper: values with the digits of their column, doubts as notes."""
    doubts = list(dict.fromkeys(doubt for row in table.rows for doubt in row.doubts.values()))
    digits = {
        column.key: max(
            len(repr(row.values[column.key]).split(".")[1]) for row in table.rows if column.key in row.values
        )
        for column in table.columns
    }
    return {"table": table, "doubts": doubts, "digits": digits}
