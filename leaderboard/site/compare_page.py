"""The page on which a reader compares two results: paired differences, and both motions of a prompt side by side.

`compare.html` holds the choice; what it shows lies in scripts of `data/`, loaded when asked for, since pages that are
opened from a disk may not read other files. Differences are those of `mbench compare`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

from leaderboard.site.media import show
from leaderboard.site.model_page import RANDOM, judges_of, random_prompts
from leaderboard.site.page import COMPARE, Page, Site, dimension_path, fingerprint, model_path
from mbench.comparison import Scored, compare
from mbench.files import hash_of
from mbench.report.content import title, unit
from mbench.report.html import number
from mbench.report.overview import DIRECTION
from mbench.seeds import seed_of
from mbench.suites.prompt import DIMENSIONS

if TYPE_CHECKING:
    from leaderboard.boards import Board
    from leaderboard.entries import Entry

NUMBERS = {"first": 4, "second": 4, "difference": 4, "low": 3, "high": 3, "p_sign": 2}  # digits that are shown


@dataclass(frozen=True)
class Chosen:
    """A prompt whose videos the page shows, and why it was chosen."""

    id: str
    why: str


def pages(site: Site) -> Iterator[Page]:
    """Yield the page, a script a result, and a script a pair of results that compare."""
    prints = {entry.key: fingerprint(entry) for entry in site.entries}
    boards = [board for board in site.boards if len(board.entries) > 1]
    versions = [hash_of([board.title, *(prints[entry.key] for entry in board.entries)]) for board in boards]
    yield Page(COMPARE, versions, partial(compare_page, site, boards, versions), "Compare")
    for board, version in zip(boards, versions, strict=True):
        chosen, scored = cache(partial(choose, board)), cache(_scored)
        for entry in board.entries:
            yield Page(model_data(entry), [version, entry.key], partial(_model_script, site, entry, chosen))
        for one, other in combinations(board.entries, 2):
            inputs = [prints[one.key], prints[other.key]]
            yield Page(pair_data(one, other), inputs, partial(_pair_script, one, other, scored))


def model_data(entry: Entry) -> str:
    """Return the path of the script that holds a result's clips and values."""
    return f"data/model-{entry.slug}.js"


def pair_data(one: Entry, other: Entry) -> str:
    """Return the path of the script that holds the differences of two results, in the order of their board."""
    return f"data/pair-{one.slug}--{other.slug}.js"


def compare_page(site: Site, boards: Sequence[Board], versions: Sequence[str]) -> str:
    """Return the page.

    Args:
        site: whose page it is.
        boards: those with at least two results.
        versions: of the data of each board, so that a browser never shows those of an older build.
    """
    found = [_board(board, version[:12]) for board, version in zip(boards, versions, strict=True)]
    return site.page(COMPARE, "compare.html", boards=found, videos=site.videos, most_random=RANDOM)


def _board(board: Board, version: str) -> dict[str, Any]:
    """Return what the page knows of a board before any data is loaded."""
    texts = next((entry.texts for entry in board.entries if entry.texts), {})
    return {
        "title": board.title,
        "version": version,
        "models": [{"slug": e.slug, "label": board.label(e), "page": model_path(e)} for e in board.entries],
        "prompts": [{"id": c.id, "text": texts.get(c.id, c.id), "why": c.why} for c in choose(board)],
        "metrics": [_metric(name, facts) for name, facts in _facts(board).items()],
        "judges": {judge: notes for entry in board.entries for judge, notes in judges_of(entry).items()},
        "replicates": max(entry.result["replicates"] for entry in board.entries),
    }


def _facts(board: Board) -> dict[str, Mapping[str, Any]]:
    """Return a summary of each metric of a board, dimensions of the benchmark first and in their order."""
    order = {f"{pillar}/{dimension}": place for place, (dimension, pillar) in enumerate(DIMENSIONS.items())}
    facts = {name: summary for entry in board.entries for name, summary in entry.metrics.items()}
    return dict(sorted(facts.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def _metric(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    bare = name.split("/")[1]
    return {
        "name": name,
        "title": title(name),
        "about": f"{unit(facts['unit'])}, {DIRECTION[facts['better']]}",
        "page": dimension_path(bare) if bare in DIMENSIONS and facts["is_dimension"] else "",
    }


def choose(board: Board) -> list[Chosen]:
    """Return the prompts whose videos are shown: few, the same for all pairs of a board, so that a site stays small.

    For each dimension the prompt on which the values of the results lie farthest apart (of equal ones a random one),
    then some drawn at random. Draws are seeded by the suite.
    """
    chosen: dict[str, str] = {}
    for dimension, pillar in DIMENSIONS.items():
        spreads = [(-spread, p) for p, spread in _spreads(board, f"{pillar}/{dimension}").items() if p not in chosen]
        if spreads:
            _, prompt = min(spreads, key=lambda pair: (pair[0], seed_of("compare", board.suite["hash"], pair[1])))
            chosen[prompt] = f"the models differ most in {title(dimension).lower()}"
    for prompt in random_prompts(board.entries[0]):
        chosen.setdefault(prompt, "drawn at random")
    return [Chosen(prompt, why) for prompt, why in chosen.items()]


def _spreads(board: Board, metric: str) -> dict[str, float]:
    """Return how far apart the results' values of each prompt are; prompts where none differ are not in it."""
    values: dict[str, list[float]] = {}
    for entry in board.entries:
        for prompt, value in entry.by_prompt(metric).items():
            values.setdefault(prompt, []).append(value)
    spreads = {prompt: max(found) - min(found) for prompt, found in values.items()}
    return {prompt: spread for prompt, spread in spreads.items() if spread > 0}


def _model_script(site: Site, entry: Entry, chosen: Callable[[], list[Chosen]]) -> str:
    """Return the clips of a result for the chosen prompts, and its values for them, as text by dimension and prompt."""
    prompts = [choice.id for choice in chosen()]
    values = {f"{DIMENSIONS[name]}/{name}": entry.by_prompt(f"{DIMENSIONS[name]}/{name}") for name in entry.dimensions}
    shown = {name: {p: number(found[p]) for p in prompts if p in found} for name, found in values.items()}
    return _script("model", entry.slug, {"clips": {p: _clip(site, entry, p) for p in prompts}, "values": shown})


def _clip(site: Site, entry: Entry, prompt: str) -> dict[str, Any]:
    """Return what there is to see of a prompt, and how many frames a second."""
    shown, row = show(site, entry, prompt), entry.generations.get((prompt, 0))
    found = {"video": shown.video, "poster": shown.poster, "strip": shown.strip, "gone": shown.gone}
    return {name: value for name, value in {**found, "fps": row.fps if row else None}.items() if value}


def _pair_script(one: Entry, other: Entry, scored: Callable[[Entry], Scored]) -> str:
    """Return the comparison of two results as `mbench compare` makes it, with its numbers as text."""
    found = compare(scored(one), scored(other))
    rows = {name: {**row, "text": _texts(row)} for name, row in found["metrics"].items()}
    return _script("pair", f"{one.slug}--{other.slug}", {"metrics": rows, "left_out": found["left_out"]})


def _scored(entry: Entry) -> Scored:
    return Scored(entry.folder, entry.result, entry.rows)


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: number(row[name], digits) for name, digits in NUMBERS.items()}


def _script(kind: str, key: str, value: Any) -> str:
    """Return data as a script that hands it to `compare.js`; no text in it can end a script or start markup."""
    written = json.dumps([kind, key, value], allow_nan=False, separators=(",", ":"))
    return f"MBenchCompare.take(...{written.replace('<', chr(92) + 'u003c')});\n"
