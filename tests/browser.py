"""A real browser for page tests: Chromium, held to this machine, with axe-core."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

LOCAL = {"localhost", "127.0.0.1", "::1"}
SEVERE = {"serious", "critical"}
CHROMIUM = os.environ.get("MBENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium; skip where it is not installed."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("needs Chromium (apt install chromium, or set MBENCH_CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def page_of(browser: Any, base_url: str | None = None, **context: Any) -> Iterator[Any]:
    """Open a page of its own (no cookies of others); at the end, fail on whatever it did wrong.

    That is: a request that left this machine, an error in the console, an exception in a script. A request that is
    meant to be refused (4xx) makes Chromium write a console error: a test that provokes one says so by
    `page.expected.append("409")`.

    Args:
        browser: of `chromium`.
        base_url: what relative addresses start from.
        context: of Playwright's `new_context`, e.g. `viewport`, `color_scheme`, `is_mobile`, `has_touch`.
    """
    own = browser.new_context(base_url=base_url, **context)
    page = own.new_page()
    page.set_default_timeout(20_000)
    page.expected = []
    left, wrong = [], []
    own.on("request", lambda request: left.append(request.url) if _leaves(request.url) else None)
    page.on("console", lambda said: wrong.append(f"{said.text} {said.location}") if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        yield page
        page.wait_for_timeout(50)  # what is under way is reported
        assert not left, f"requests that leave this machine: {left}"
        unexpected = [text for text in wrong if not any(word in text for word in page.expected)]
        assert not unexpected, f"the page reported errors: {unexpected}"
    finally:
        own.close()


def _leaves(url: str) -> bool:
    """Whether a request is for another machine."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOCAL


def check_accessibility(page: Any, **options: Any) -> None:
    """Fail on what axe-core calls serious or critical; the page is checked as it stands now.

    Style sheets are not fetched again (`preload`): pages forbid it, and only a rule on turned screens asks for them.
    """
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, **{"options": {"preload": False}, **options}).response["violations"]
    severe = [
        {"rule": v["id"], "impact": v["impact"], "help": v["help"], "where": [n["html"][:200] for n in v["nodes"][:3]]}
        for v in found
        if v["impact"] in SEVERE
    ]
    assert not severe, json.dumps(severe, indent=1)


def file_url(path: Path) -> str:
    return path.resolve().as_uri()
