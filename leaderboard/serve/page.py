"""The playground's page: a form, and below it what the models made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard.serve import view
from leaderboard.serve.takes import LARGEST_SEED, LONGEST, LONGEST_TEXT, SHORTEST, STYLES, Shown, Studio, ask
from leaderboard.serve.uploads import SUFFIXES, Uploads
from leaderboard.web import gradio
from mbench.errors import ConfigError

WAITING = 16  # requests in the queue; more are turned away
FIRST = ("vimogen-light", "choreographer", "static")  # chosen at first, two of those there are
EXAMPLE = "a person walks forward and waves"
YOURS = "your file"
ABOUT = (
    "Describe a motion in English and see what the models make of it, side by side. Everything runs on this server; "
    "files are removed half an hour after they were last asked for."
)


def playground(studio: Studio, uploads: Uploads | None = None) -> Any:
    """Return the page as `gradio.Blocks`.

    Args:
        studio: makes what is asked for.
        uploads: what visitors sent to see it beside; None where they can't.
    """
    gr = gradio()
    names = list(studio.models)
    with gr.Blocks(fill_width=True) as blocks:
        gr.HTML(view.tag("h1", "Playground") + view.tag("p", ABOUT), elem_classes="pg-head")
        text = gr.Textbox(label="Prompt", max_length=LONGEST_TEXT, lines=2, placeholder=EXAMPLE)
        with gr.Row():
            seconds = gr.Slider(SHORTEST, LONGEST, 4, step=0.5, label="Seconds", buttons=[], min_width=260)
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=LARGEST_SEED)
            style = gr.Radio(list(STYLES), value="Body", label="Show as")
        models = gr.CheckboxGroup(names, value=first_choice(names), label="Models")
        fields = [text, seconds, seed, models, style]
        if uploads is not None:
            gr.HTML(view.chooser(SUFFIXES))
            fields.append(gr.Textbox(label="Token of your file", elem_id=view.TOKEN, visible="hidden"))
        go = gr.Button("Generate", variant="primary")
        out = gr.HTML(elem_id="pg-out")

        def run(*values: Any) -> Iterator[str]:
            yield from run_form(studio, values[:5], uploads, *values[5:])

        gr.on(
            [go.click, text.submit], run, fields, out, concurrency_limit=1, concurrency_id="generate",
            trigger_mode="once", show_progress="minimal",
        )  # fmt: skip
    blocks.queue(max_size=WAITING)
    return blocks


def first_choice(names: Sequence[str]) -> list[str]:
    """Return the names that are chosen at first: two, if there are as many."""
    return [*[name for name in FIRST if name in names], *[name for name in names if name not in FIRST]][:2]


def run_form(
    studio: Studio, fields: Sequence[Any], uploads: Uploads | None = None, token: str | None = None
) -> Iterator[str]:
    """Yield what to show, again after each model.

    Args:
        studio: makes what is asked for.
        fields: of the form: text, seconds, seed, models, style, as the browser sent them.
        uploads: what visitors sent.
        token: of this visitor's own motion; None or empty for none.
    """
    try:
        asked = ask(*fields, known=list(studio.models))
    except ConfigError as error:
        yield view.problem(str(error))
        return
    shown: list[tuple[str, Shown]] = []
    if uploads is not None and token:
        shown.append((YOURS, studio.take_of(YOURS, token, asked.style, uploads.find)))
    yield view.results(asked, shown)
    for model in asked.models:
        shown.append((model, studio.take(asked, model)))
        yield view.results(asked, shown)
