"""The human-evaluation pages of a site: one a study, and a list of them where there are several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from leaderboard.analysis.analyse import analyse
from leaderboard.analysis.figure import wins_svg
from leaderboard.analysis.source import Source, read_source
from leaderboard.analysis.tables import counted_facts, estimate, metric_rows, model_rows, pair_matrix
from leaderboard.arena.ballot import SKIPS
from leaderboard.site.page import Page, Site, fingerprint, model_path
from mbench.errors import ConfigError
from mbench.files import hash_of
from mbench.report.html import slug

if TYPE_CHECKING:
    from leaderboard.entries import Entry

Result = dict[str, Any]

FOLDER = "human"
LINK = "Human evaluation"
COMMENTS = 200  # shown at most


def pages(site: Site) -> Iterator[Page]:
    """Yield the page of each study of the site, of its database in the study's folder; none without a study."""
    sources = [read_source(folder) for folder in site.studies]
    many = len(sources) > 1
    if many:
        listed = [(source.name, page_path(source).split("/")[1]) for source in sources]
        path = f"{FOLDER}/index.html"
        yield Page(path, listed, lambda: site.page(path, "human_list.html", studies=listed), LINK)
    for source in sources:
        yield _page(site, source, "" if many else LINK)


def _page(site: Site, source: Source, link: str) -> Page:
    entries = _entries(site, source)
    study = None if source.study is None else asdict(source.study)
    votes = source.table.to_json(orient="values")
    inputs = [hash_of([source.name, study, votes, dict(source.skips)]), *map(fingerprint, entries)]
    hrefs = {entry.name: model_path(entry) for entry in entries}
    path = page_path(source)

    def make() -> str:
        return site.page(path, "human.html", **content(source, _analysed(source, entries), hrefs))

    return Page(path, inputs, make, link)


def _entries(site: Site, source: Source) -> list[Entry]:
    """Return the site's results of the motions that raters saw."""
    models = {} if source.study is None else source.study.models
    return [entry for entry in site.entries if models.get(entry.name, {}).get("run_id") == entry.run_id]


def _analysed(source: Source, entries: Sequence[Entry]) -> Result:
    """Return the analysis; where no metric can be compared with the votes, the reason in its place."""
    folders = [entry.folder for entry in entries]
    try:
        return analyse(source, results=folders)
    except ConfigError as error:
        return {**analyse(source), "metrics": {"reason": str(error)}}


def page_path(source: Source) -> str:
    """Return the path of a study's page; the same in every build, and safe whatever the study is called."""
    key = source.name if source.study is None else source.study.id
    return f"{FOLDER}/{slug(source.name)[:40] or 'study'}-{hash_of(key)[:8]}.html"


def content(source: Source, result: Result, hrefs: Mapping[str, str]) -> Result:
    """Return the variables of the template `human.html`.

    Args:
        source: of the votes.
        result: of `analyse`.
        hrefs: {model: path of its page}, of models that have one.
    """
    prompts = {} if source.study is None else source.study.prompts
    questions = [_question(number, question, result) for number, question in enumerate(result["questions"], 1)]
    return {
        "result": result,
        "facts": counted_facts(result),
        "questions": questions,
        "hrefs": hrefs,
        "estimate": estimate,
        "skips": [(SKIPS.get(reason, reason), count) for reason, count in result["skips"].items()],
        "comments": [_comment(comment, prompts) for comment in result["comments"][:COMMENTS]],
    }


def _question(number: int, question: Result, result: Result) -> Result:
    """Return what the template shows of a question."""
    shown = {"id": f"question-{number}", **question, "name": question["id"]}
    if not question["votes"]:
        return shown
    shown["rows"] = model_rows(question)
    shown["matrix"] = pair_matrix(question) if result["type"] == "pairs" else None
    found = _agreement(question, result["metrics"])
    order = [model["model"] for model in question["models"]]
    expected = [row for row in metric_rows(question, found) if row["expected"]]
    shown["metrics"] = found and {
        "rows": metric_rows(question, found),
        "people": found["human"],
        "order": order,
        "panels": [
            (row, wins_svg(row["name"], found["metrics"][row["name"]], order, f"q{number}-{place}"))
            for place, row in enumerate(expected, 1)
            if found["metrics"][row["name"]]["win_ratios"]
        ],
    }
    return shown


def _agreement(question: Result, metrics: Result | None) -> Result | None:
    """Return the agreement of metrics with the answers to a question, None without."""
    if metrics is None or "reason" in metrics:
        return None
    return next((found for found in metrics["questions"] if found["question"] == question["id"]), None)


def _comment(comment: Result, prompts: Mapping[str, Mapping[str, Any]]) -> Result:
    """Return a comment with the text of its prompt."""
    text = prompts.get(comment["prompt"], {}).get("text", "")
    return {**comment, "text": text, "said": _said(comment)}


def _said(comment: Result) -> str:
    """Return what was answered along with a comment."""
    if "value" in comment:
        return f"{comment['model']}: {comment['value']}"
    left, right = comment["model_a"], comment["model_b"]
    words = {"a": f"{left} over {right}", "b": f"{right} over {left}", "tie": f"{left} and {right}: a tie"}
    return words.get(comment["winner"], f"{left} and {right}: both bad")
