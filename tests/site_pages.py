"""Pages of models and comparisons, made without the rest of a site; results whose every text is hostile."""

from __future__ import annotations

import json
import re
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leaderboard.site import compare_page, model_page
from leaderboard.site.build import read_site
from leaderboard.site.media import publish
from leaderboard.site.page import Site
from leaderboard.site.render import STATIC
from leaderboard_entries import edit
from mbench.io import read_motion
from mbench.render import write_video

NASTY = "</script><script>alert('x')</script><img src=x onerror=alert(1)> \"q\" & 'a' \u2028 {{ 7 * 7 }}"


def write_pages(results: Path, out: Path, videos: bool = True) -> Site:
    """Write the pages of models and of comparisons, and what they show, into a folder; return what they are made of.

    Videos are plain shades of grey that become lighter, as long as the motions: drawing bodies takes a second each.
    """
    site = read_site(results, videos)
    for page in [*model_page.pages(site), *compare_page.pages(site)]:
        path = out / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.make(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(out / "cache"))
        for clip in {clip.key: clip for clip in site.wanted.values() if videos}.values():
            write_grey(clip.path, len(read_motion(clip.motion)))
        publish(out, site.wanted)
    shutil.copytree(STATIC, out / "static", dirs_exist_ok=True)
    return site


def write_grey(path: Path, frames: int, fps: float = 20.0) -> None:
    """Write a video of shades of grey that become lighter."""
    write_video((np.full((64, 64, 3), 40 + 200 * n // frames, np.uint8) for n in range(frames)), path, fps)


def until(page: Any, expression: str, seconds: float = 20.0) -> None:
    """Wait until an expression is true; Playwright's own way needs `eval`, which the pages forbid."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(40)


def make_nasty(results: Path) -> None:
    """Put markup and scripts into every text of every run of a folder."""
    for path in results.glob("*/*/run.json"):
        name = f"{path.parent.parent.name} {NASTY}"
        edit(path, lambda run, name=name: _spoil_run(run, name))
        edit(path.with_name("result.json"), lambda result, name=name: _spoil_result(result, name))


def _spoil_run(run: dict[str, Any], name: str) -> None:
    run["card"] |= dict.fromkeys(("licence", "paper", "weights", "trained_on", "notes"), NASTY)
    run["card"] |= {"name": name, "kind": "learned"}
    run["config"] |= {"suite": NASTY, "more": [NASTY]}
    run["provenance"] = {"commit": NASTY, "command": [NASTY], "packages": {NASTY: NASTY}, "python": NASTY}
    for prompt in run["prompts"]:
        prompt |= {"text": NASTY, "tags": [*prompt["tags"], f"{prompt['id']} {NASTY}"]}


def _spoil_result(result: dict[str, Any], name: str) -> None:
    result |= {"model": name, "kind": "learned", "notes": [NASTY]}
    for number, summary in enumerate(result["metrics"].values()):
        summary |= {"reasons": {NASTY: 1}, "missing": 1, "judge": f"{number}", "judge_notes": NASTY}
        summary |= {"unit": f"{NASTY[:40]} {number}"}


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._inside in ("script", "style") else data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def assert_harmless(page: str) -> None:
    """Fail where a text of a result became markup: a script that is not ours, a handler of events, an address."""
    elements = Elements(page)
    for script in elements.all("script"):
        assert script.get("type") == "application/json" or re.match(r"(\.\./)?static/\w+\.js\?", script["src"] or "")
    handlers = [(tag, name) for tag, attributes in elements.found for name in attributes if name.startswith("on")]
    assert handlers == []
    ours = re.compile(r"(\.\./)?(media|models|dimensions|data|static)/[\w./~-]+(\?\w*)?(#.*)?$|data:,$")
    assert all(ours.match(image.get("src") or "data:,") for image in elements.all("img"))


def taken(path: Path) -> tuple[str, str, Any]:
    """Return what a script of `data/` hands to the page: kind, key and value."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("MBenchCompare.take(...[") and text.endswith("]);\n")
    assert "<" not in text and "\u2028" not in text
    kind, key, value = json.loads(text.removeprefix("MBenchCompare.take(...").removesuffix(");\n"))
    return kind, key, value
