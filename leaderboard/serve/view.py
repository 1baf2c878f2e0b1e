"""What the playground shows of takes, as HTML: every text of a user or a model is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboard.serve.takes import FORMATS, SIZE, Asked, Shown, Take
from mbench.metrics.base import METRICS
from mbench.report.content import title, unit
from mbench.report.html import Html, join, number, slug, table, tag
from mbench.report.html import row as table_row
from mbench.scoring import Value

FILES, UPLOADS = "motions", "upload-motion"  # paths of files and of the visitors' own, beside the playground's
TOKEN = "pg-token"  # id of the field that holds the token of a visitor's own motion
WHAT = {"mp4": "video", "bvh": "skeleton animation", "glb": "animated body", "npz": "joints and rotations"}


def problem(message: str) -> Html:
    """Return a message about what was asked for."""
    return tag("p", message, class_="pg-problem", role="alert")


def status(message: str) -> Html:
    """Return a message about what is under way."""
    return tag("p", message, class_="pg-status", role="status")


def chooser(suffixes: Sequence[str]) -> Html:
    """Return the field for a visitor's own file; the script sends it, and writes the token it gets into `TOKEN`."""
    label = tag("label", "Your own motion beside (optional)", for_="pg-file")
    field = tag("input", id="pg-file", type="file", accept=",".join(suffixes), data_send=f"../{UPLOADS}")
    return tag("div", label, field, tag("span", ", ".join(suffixes), role="status", id="pg-file-said"), class_="pg-own")


def results(asked: Asked, shown: Sequence[tuple[str, Shown]]) -> Html:
    """Return the takes of a prompt, as far as they are made: videos side by side, files, metrics.

    Args:
        asked: what was asked for.
        shown: model and what it made, in order.
    """
    takes = [take for _, (take, _) in _made(shown)]
    left = asked.models[len([name for name, _ in shown if name in asked.models]) :]
    done = len(asked.models) - len(left)
    going = status(f"Made {done} of {len(asked.models)}: now {left[0]}…") if left else None
    heading = tag("h2", f"“{asked.text}”", class_="pg-prompt")
    figures = tag("div", *(_figure(asked, model, made) for model, made in shown), class_="pg-figures")
    stage = tag("div", figures, _controls() if takes else None, class_="pg-stage")
    return tag("section", heading, going, stage, _metrics(takes) if takes else None, aria_label="Result")


def _made(shown: Sequence[tuple[str, Shown]]) -> list[tuple[str, tuple[Take, str]]]:
    return [(model, made) for model, made in shown if not isinstance(made, str)]


def _figure(asked: Asked, model: str, made: Shown) -> Html:
    """Return one model's part."""
    if isinstance(made, str):
        return tag("figure", tag("figcaption", tag("h3", model)), problem(made), class_="pg-figure")
    take, token = made
    caption = tag(
        "figcaption",
        tag("h3", model),
        tag("p", f"{take.seconds:.2f} s, {take.frames} frames at {take.fps:g} fps", class_="pg-small"),
        tag("p", take.note, class_="pg-small") if take.note else None,
    )
    return tag("figure", _video(asked, take, token), caption, _downloads(take, token), class_="pg-figure")


def _video(asked: Asked, take: Take, token: str) -> Html:
    if "mp4" not in take.files:
        return problem(f"No video: {take.failed['mp4']}")
    return tag(
        "video", src=address(token, "mp4"), aria_label=f"{take.model}: {asked.text}", width=SIZE, height=SIZE,
        preload="auto", muted="", loop="", playsinline="", controls="",
    )  # fmt: skip


def address(token: str, suffix: str) -> str:
    """Return the address of a file, from the playground's page."""
    return f"../{FILES}/{token}/motion.{suffix}"


def _downloads(take: Take, token: str) -> Html:
    items = []
    for suffix in FORMATS:
        if suffix in take.files:
            size = f"{take.files[suffix].stat().st_size / 1000:.0f} kB"
            link = tag("a", suffix, href=address(token, suffix), download="", title=f"{WHAT[suffix]}, {size}",
                       aria_label=f"Download {take.model} as {suffix}: {WHAT[suffix]}, {size}")  # fmt: skip
            items.append(tag("li", link))
        else:
            items.append(tag("li", f"no {suffix}: {take.failed[suffix]}"))
    return tag("ul", *items, class_="pg-files", aria_label=f"Downloads of {take.model}")


def _controls() -> Html:
    """Return what plays all videos together; the script fills it with life, and shows it."""
    speeds = [("1", "1×"), ("0.5", "½×"), ("0.25", "¼×")]
    options = [tag("option", text, value=value) for value, text in speeds]
    return tag(
        "div",
        tag("button", "Play", type="button", data_player="toggle"),
        tag("button", "◂", type="button", data_player="back", aria_label="One frame back"),
        tag("button", "▸", type="button", data_player="forward", aria_label="One frame forward"),
        tag("input", type="range", min=0, max=1000, value=0, data_player="scrub", aria_label="Moment"),
        tag("select", *options, data_player="rate", aria_label="Speed"),
        tag("output", data_player="time"),
        class_="pg-controls", hidden="", role="group", aria_label="All videos together",
    )  # fmt: skip


def _metrics(takes: Sequence[Take]) -> Html:
    """Return a table: a row a metric, dimensions of the benchmark first, a column a model."""
    values = [{value.metric: value for value in take.values} for take in takes]
    bodies = []
    for heading, dimension in (("Dimensions of the benchmark", True), ("Other metrics", False)):
        names = [name for name in sorted(values[0]) if METRICS.get(name).info.is_dimension is dimension]
        first = tag("tr", tag("th", heading, colspan=2 + len(takes), scope="rowgroup"))
        bodies.append(tag("tbody", first, *(_row(name, values) for name in names)))
    head = ["Metric", "Better", *(take.model for take in takes)]
    note = tag("p", "Of these clips alone; a leaderboard takes the mean over a suite.", class_="pg-small")
    return join(
        [tag("h2", "Metrics"), note, table("Metrics of each motion", head, bodies, "pg-table"), _missing(takes)]
    )


def _row(name: str, values: Sequence[dict[str, Value]]) -> Html:
    info = METRICS.get(name).info
    label = f"{title(name)} ({unit(info.unit)})" if info.unit else title(name)
    return table_row(label, info.better, *(number(value[name].value, 3) for value in values))


def _missing(takes: Sequence[Take]) -> Html | None:
    """Return why values are missing, once a reason."""
    why: dict[str, list[str]] = {}
    for take in takes:
        for value in take.values:
            if value.value is None:
                why.setdefault(f"{title(value.metric)}: {value.reason}", []).append(take.model)
    items = [tag("li", f"{reason} ({', '.join(models)})") for reason, models in why.items()]
    return tag("ul", *items, class_="pg-small", aria_label="Missing values") if items else None


def file_name(take: Take, asked_for: str) -> str:
    """Return what a downloaded file is called."""
    return f"{slug(take.model) or 'motion'}.{asked_for}"
