"""The page of the arena: a Gradio app of one component, which does the voting in the browser by the JSON API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leaderboard.web import gradio

STATIC = Path(__file__).parent / "static"
START = """
const base = new URL(props.value, document.baseURI);
import(new URL("scripts/arena.js", base)).then((arena) => arena.start(element.querySelector(".arena"), base.href));
"""


def voting_panel(base: str = "./") -> Any:
    """Return the component in which people vote, a `gradio.HTML`. No text of a study goes through Gradio's templates.

    Args:
        base: where the API, the videos and the scripts are, relative to the page; with a slash at the end.
    """
    return gradio().HTML(
        base,
        html_template='<div class="arena"><p>The study is being loaded. It needs JavaScript.</p></div>',
        css_template=(STATIC / "arena.css").read_text(encoding="utf-8"),
        js_on_load=START,
        head=f'<script src="{base}scripts/player.js"></script>',
        apply_default_css=False,
    )


def arena_page(base: str = "./") -> Any:
    """Return the page, a `gradio.Blocks`.

    Args:
        base: see `voting_panel`.
    """
    with gradio().Blocks(analytics_enabled=False) as page:
        voting_panel(base)
    return page
