"""`report.html`: a finished run as one self-contained page that works without scripts and without a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from mbench.files import atomic_write
from mbench.report.html import Html, section, slug, tag
from mbench.results import RunFolder
from mbench.suites.prompt import Prompt

NAME = "report.html"


def write_report(folder: RunFolder, prompts: Sequence[Prompt], pictures: bool = False) -> Path:
    """Write `report.html` of a finished run and return its path; the same folder gives the same bytes.

    Args:
        folder: of a run that has a `result.json`.
        prompts: of the run, in the order of the suite.
        pictures: draw bodies for the worst clips of each dimension, where the renderer is installed.

    Raises:
        MBenchError: the run is not finished, one of its files is broken, or the page can't be written.
    """
    text = page(folder, prompts, pictures and find_spec("warp") is not None and find_spec("smplx") is not None)
    path = folder.path / NAME
    with atomic_write(path, "w") as file:
        file.write(text)
    return path


def page(folder: RunFolder, prompts: Sequence[Prompt], pictures: bool = False) -> str:
    """Return the whole page; see `write_report`."""
    from mbench.report import breakdown, details, distance, overview, reproduce
    from mbench.report.content import read_content

    content = read_content(folder, prompts, pictures)
    bodies = {
        "Pillars": overview.pillars(content),
        "Metrics": overview.metrics_table(content),
        "By prompt tag": breakdown.breakdown(content),
        "By distance from training data": distance.distance(content),
        "Metric by metric": details.details(content),
        "Missing values": overview.missing_values(content),
        "How to reproduce": reproduce.reproduce(content),
        "Cards": reproduce.cards(content),
    }
    there = {title: body for title, body in bodies.items() if body is not None}
    boxes = (overview.completeness(content), overview.notes(content))
    sections = (section(title, body) for title, body in there.items())
    body = tag("body", overview.header(content), _navigation(there), tag("main", *boxes, *sections))
    return f"<!doctype html>\n{tag('html', _head(content.result['model']), body, lang='en')}\n"


def _navigation(titles: Iterable[str]) -> Html:
    """Return links to the sections."""
    links = [tag("li", tag("a", title, href=f"#{slug(title)}")) for title in titles]
    return tag("nav", tag("ul", *links), aria_label="Sections")


def _head(model: str) -> Html:
    style = (files("mbench.report") / "style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{model} · MBench report"),
        tag("style", Html(style)),
    )
