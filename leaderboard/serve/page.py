"""The playground's page: a form, and below it what the models made."""

# Annotations are not postponed here: Gradio looks for `gr.Request` among them, which is imported inside a function.
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leaderboard.serve import view
from leaderboard.serve.takes import LARGEST_SEED, LONGEST, LONGEST_TEXT, SHORTEST, STYLES, Studio, ask
from leaderboard.web import gradio
from mbench.errors import ConfigError

WAITING = 16  # requests in the queue; more are turned away
FIRST = ("vimogen-light", "choreographer", "static")  # chosen at first, two of those there are
ABOUT = (
    "Describe a motion in English and see what the models make of it, side by side. Everything runs on this server; "
    "files are removed half an hour after they were last asked for."
)


def playground(studio: Studio) -> Any:
    """Return the page as `gradio.Blocks`.

    `?prompt=…&seconds=…&seed=…` in its address fills the form.

    Args:
        studio: makes what is asked for.
    """
    gr = gradio()
    names = list(studio.models)
    with gr.Blocks(fill_width=True) as blocks:
        gr.HTML(view.tag("h1", "Playground") + view.tag("p", ABOUT), elem_classes="pg-head")
        text = gr.Textbox(
            label="Prompt", max_length=LONGEST_TEXT, lines=2, placeholder="a person walks forward and waves"
        )
        with gr.Row():
            seconds = gr.Slider(SHORTEST, LONGEST, 4, step=0.5, label="Seconds", buttons=[])
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=LARGEST_SEED)
            style = gr.Radio(list(STYLES), value="Body", label="Show as")
        models = gr.CheckboxGroup(names, value=first_choice(names), label="Models")
        go = gr.Button("Generate", variant="primary")
        out = gr.HTML(elem_id="pg-out")

        def run(*fields: Any) -> Iterator[str]:
            yield from run_form(studio, fields)

        gr.on(
            [go.click, text.submit], run, [text, seconds, seed, models, style], out, concurrency_limit=1,
            concurrency_id="generate", trigger_mode="once", show_progress="minimal",
        )  # fmt: skip

        def fill(request: gr.Request) -> list[Any]:
            return [gr.skip() if value is None else value for value in from_address(request.query_params)]

        blocks.load(fill, None, [text, seconds, seed], show_progress="hidden")
    blocks.queue(max_size=WAITING)
    return blocks


def first_choice(names: Sequence[str]) -> list[str]:
    """Return the names that are chosen at first: two, if there are as many."""
    return [*[name for name in FIRST if name in names], *[name for name in names if name not in FIRST]][:2]


def run_form(studio: Studio, fields: Sequence[Any]) -> Iterator[str]:
    """Yield what to show, again after each model.

    Args:
        studio: makes what is asked for.
        fields: of the form: text, seconds, seed, models, style, as the browser sent them.
    """
    try:
        asked = ask(*fields, known=list(studio.models))
    except ConfigError as error:
        yield view.problem(str(error))
        return
    shown: list[tuple[str, view.Shown]] = []
    yield view.results(asked, shown)
    for model in asked.models:
        shown.append((model, studio.take(asked, model)))
        yield view.results(asked, shown)


def from_address(query: Mapping[str, str]) -> tuple[str | None, float | None, int | None]:
    """Return prompt, seconds and seed of a page's address, None for what is missing or out of range."""
    text, seconds, seed = query.get("prompt"), _number(query.get("seconds")), _number(query.get("seed"))
    return (
        text[:LONGEST_TEXT] if text else None,
        seconds if seconds is not None and SHORTEST <= seconds <= LONGEST else None,
        int(seed) if seed is not None and 0 <= seed <= LARGEST_SEED else None,
    )


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
