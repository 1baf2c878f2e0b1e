"""One page a result: its card, its scores, where it is good and where it is not, clips, and how to make it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from leaderboard.site import figures
from leaderboard.site.media import Shown, show
from leaderboard.site.page import Page, Site, compare_path, dimension_path, fingerprint, model_path
from mbench.metrics.anchors import load_anchors
from mbench.report import breakdown, overview, reproduce
from mbench.report.clips import extremes
from mbench.report.content import Content, section_id, title
from mbench.report.gauge import gauge
from mbench.report.html import Html, facts, number
from mbench.results import RunFolder, ScoreRow
from mbench.seeds import seed_of
from mbench.suites.prompt import DIMENSIONS, Prompt

if TYPE_CHECKING:
    from leaderboard.boards import Board
    from leaderboard.entries import Entry

EXTREMES = 2  # worst and best clips of a dimension
RANDOM = 4  # clips drawn at random


@dataclass(frozen=True)
class ShownClip:
    """A clip with what a metric gives for it, as text; empty where none singled it out."""

    shown: Shown
    value: str = ""


@dataclass(frozen=True)
class ShownDimension:
    """A dimension of a model's page.

    Attributes:
        name: `pillar/metric`.
        about: path of the page that explains it.
        summary: of `result.json`.
        score: from 0 (control) to 1 (real motion) with its interval.
        figure: its distribution over prompts, None without values.
        worst: clips, worst first; empty where all values are equal.
        best: clips, best first.
    """

    name: str
    about: str
    summary: dict[str, Any]
    score: figures.Score
    figure: Html | None
    worst: list[ShownClip]
    best: list[ShownClip]


@dataclass(frozen=True)
class ShownMetric:
    """A row of the table of metrics: its name, summary, and a drawing of its score where it has one."""

    name: str
    summary: dict[str, Any]
    gauge: Html | None


def pages(site: Site) -> Iterator[Page]:
    """Yield the page of each result."""
    for board in site.boards:
        for entry in board.entries:
            alone = len(board.entries) == 1
            inputs = [fingerprint(entry), board.title, board.label(entry), alone]
            yield Page(model_path(entry), inputs, partial(model_page, site, board, entry))


def model_page(site: Site, board: Board, entry: Entry) -> str:
    """Return the page of a result."""
    content, scores = content_of(entry), figures.scores(entry)
    return site.page(
        model_path(entry),
        "model.html",
        entry=entry,
        label=board.label(entry),
        board=board,
        compare=compare_path(entry) if len(board.entries) > 1 else "",
        facts=facts(_facts(entry)),
        boxes=[box for box in (overview.completeness(content), overview.notes(content)) if box],
        radar=figures.radar_svg(scores, "radar"),
        pillars=overview.pillars(content),
        dimensions=[_dimension(site, entry, name, score) for name, score in scores.items() if name in entry.dimensions],
        metrics=_metrics(entry, scores),
        judges=judges_of(entry),
        clips=[ShownClip(show(site, entry, prompt)) for prompt in random_prompts(entry)],
        tags=breakdown.breakdown(content),
        missing=overview.missing_values(content),
        cards=reproduce.cards(content),
        command=reproduce.command(entry.run.get("provenance", {}).get("command", [])),
        configuration=reproduce.configuration(entry.run["config"]),
        provenance=facts(_provenance(entry), "small-facts"),
    )


def content_of(entry: Entry) -> Content:
    """Return a result as what the report of one run is made from, so that both say the same."""
    prompts = [
        Prompt(p["id"], p["text"], p["seconds"], tuple(p["dimensions"]), (), tuple(p["tags"])) for p in entry.prompts
    ]
    anchors = load_anchors()
    same = anchors if anchors.version == entry.result["anchors"] else None
    return Content(
        RunFolder(entry.folder), prompts, dict(entry.run), dict(entry.result), entry.generations, entry.rows, same
    )


def random_prompts(entry: Entry, count: int = RANDOM) -> list[str]:
    """Return prompts drawn at random: the same for all results of a suite, and in every build."""
    ids = entry.texts or {prompt: "" for prompt, _ in entry.generations}
    return sorted(ids, key=lambda prompt: (seed_of("clips", entry.suite["hash"], prompt), prompt))[:count]


def _facts(entry: Entry) -> list[tuple[str, str]]:
    """Return what the run is, as names with values."""
    result, seconds = entry.result, [g.seconds for g in entry.generations.values() if g.seconds is not None]
    replicates = f" × {result['replicates']} replicates" if result["replicates"] > 1 else ""
    run = entry.run["config"].get("run")
    return [
        ("Kind", entry.kind),
        ("Suite", f"{entry.suite['name']} {entry.suite['version']}"),
        ("Motions", f"{result['motions']} of {result['prompts'] * result['replicates']}"),
        ("Prompts", f"{result['prompts']}{replicates}"),
        ("Time a motion", f"{number(median(seconds), 2)} s (median)" if seconds else "not recorded"),
        ("Seed", str(run.get("seed", "not recorded")) if isinstance(run, dict) else "not recorded"),
        ("Run", entry.run_id),
        ("Date", entry.date.replace("T", " ").replace("Z", " UTC")),
    ]


def _metrics(entry: Entry, scores: dict[str, figures.Score]) -> list[ShownMetric]:
    """Return the metrics, dimensions of the benchmark first and in their order, the others by name."""
    order = {f"{pillar}/{dimension}": place for place, (dimension, pillar) in enumerate(DIMENSIONS.items())}
    names = sorted(entry.metrics, key=lambda name: (order.get(name, len(order)), name))
    return [ShownMetric(name, dict(entry.metrics[name]), _gauge(name, scores)) for name in names]


def _gauge(name: str, scores: dict[str, figures.Score]) -> Html | None:
    value, low, high = scores.get(name.split("/")[1], (None, None, None))
    return None if value is None else gauge(value, low, high, f"{title(name)} score")


def _dimension(site: Site, entry: Entry, dimension: str, score: figures.Score) -> ShownDimension:
    """Return what the page shows of a dimension."""
    name = f"{DIMENSIONS[dimension]}/{dimension}"
    summary = dict(entry.metrics[name])
    rows = [row for row in entry.rows[name] if row.prompt and row.value is not None]
    worst, best = (_clips(site, entry, found) for found in extremes(rows, summary["better"]))
    figure = figures.dimension_svg(entry, name, section_id(name))
    return ShownDimension(name, dimension_path(dimension), summary, score, figure, worst, best)


def _clips(site: Site, entry: Entry, rows: Sequence[ScoreRow]) -> list[ShownClip]:
    return [ShownClip(show(site, entry, row.prompt, row.replicate), number(row.value)) for row in rows[:EXTREMES]]


def judges_of(entry: Entry) -> dict[str, str]:
    """Return what the card of each judge warns of."""
    found = [metric for metric in entry.metrics.values() if metric.get("judge") and metric.get("judge_notes")]
    return {str(metric["judge"]): str(metric["judge_notes"]) for metric in found}


def _provenance(entry: Entry) -> list[tuple[str, str]]:
    """Return what made the run; what is not recorded is left out."""
    made_by, run = entry.run.get("provenance", {}), entry.run["config"].get("run")
    packages = ", ".join(f"{name} {version}" for name, version in made_by.get("packages", {}).items())
    pairs = [
        ("Commit", made_by.get("commit")),
        ("Packages", packages),
        ("Python", made_by.get("python")),
        ("Platform", made_by.get("platform")),
        ("Device", run.get("device") if isinstance(run, dict) else None),
        ("Started", entry.run["start"]),
        ("Ended", entry.date),
        ("Suite", f"{entry.suite['name']} {entry.suite['version']}, sha256 {entry.suite['hash']}"),
    ]
    return [(name, str(value)) for name, value in pairs if value]
