"""The bar on top of every page of the app: links, so that each page has an address of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.types import Scope

from leaderboard.web.pages import Edit
from mbench.report.html import Html, join, tag

STYLE = """
.mb-bar { background: #0f172a; color: #fff; font: 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.mb-bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; padding: 0 1.25rem; }
.mb-bar ul { display: flex; flex-wrap: wrap; gap: 0 0.25rem; margin: 0; padding: 0; list-style: none; }
.mb-bar form { display: flex; align-items: center; gap: 0.75rem; padding: 0.25rem 0; }
.mb-bar form { font-size: 0.875rem; overflow-wrap: anywhere; }
.mb-bar button { font: inherit; padding: 0.25rem 0.625rem; border-radius: 6px; cursor: pointer; }
.mb-bar button { color: #fff; background: #26324d; border: 1px solid #5b6b8c; }
.mb-bar a { display: block; padding: 0.625rem 0.75rem; color: #dbe4f5; text-decoration: none; }
.mb-bar a:hover { color: #fff; text-decoration: underline; }
.mb-bar a:focus-visible, .mb-bar button:focus-visible { outline: 2px solid #fff; outline-offset: -4px; }
.mb-bar a[aria-current] { color: #fff; font-weight: 600; box-shadow: inset 0 -3px #93a7ff; }
"""
BODY = re.compile(r"(<body[^>]*>)", re.IGNORECASE)


def bar(
    places: Mapping[str, str],
    heads: Mapping[str, str] | None = None,
    notes: Mapping[str, Callable[[str], Html]] | None = None,
) -> Edit:
    """Return an edit that puts the bar onto a page.

    Args:
        places: {name: path from the top, e.g. `playground/`} in order.
        heads: {place: markup for the head of its pages}.
        notes: {place: function that gets the way up to the top, and returns what else its bar has}.
    """

    def edit(page: str, scope: Scope) -> str:
        path = _whole_path(scope)
        up = "../" * path.count("/") or "./"
        place = next((place for place in places.values() if path.startswith(place)), "")
        note = (notes or {}).get(place)
        top = _links(places, place, up, note(up) if note else None)
        if note is not None:
            page = page.replace("form-action 'none'", "form-action 'self'", 1)  # the site's own; notes have forms
        head = f"<style>{STYLE}</style>{(heads or {}).get(place, '')}"
        page = BODY.sub(lambda found: f"{found[1]}{top}", page, count=1)
        return page.replace("</head>", f"{head}</head>", 1)

    return edit


def _whole_path(scope: Scope) -> str:
    """Return the path of a request below the top of the app, whatever it is mounted at."""
    top = scope.get("app_root_path", "")
    return str(scope["path"]).removeprefix(top).lstrip("/")


def _links(places: Mapping[str, str], here: str, up: str, note: Html | None) -> Html:
    """Return the bar; addresses are relative, for servers that stand below a path."""
    items = [
        tag("li", tag("a", name, href=up + place, aria_current="page" if place == here else None))
        for name, place in places.items()
    ]
    return tag("div", tag("nav", tag("ul", join(items)), aria_label="MBench"), note, class_="mb-bar")
