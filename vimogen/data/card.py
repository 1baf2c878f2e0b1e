"""The card of a published folder: what is in it, where it comes from, how it was chosen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mbench.files import atomic_write, hash_of
from mbench.provenance import now, provenance
from vimogen.data.config import BuildConfig
from vimogen.data.funnel import Row
from vimogen.data.publish import MADE_BY
from vimogen.data.score import PERCENTILES
from vimogen.data.split import TEST, TRAIN, VAL

SPLITS = (TRAIN, VAL, TEST)
Table = Sequence[Sequence[str]]


def card_of(
    config: BuildConfig,
    rows: Sequence[Mapping[str, Any]],
    funnel: Sequence[Row],
    reasons: Mapping[str, Mapping[str, int]],
    scores: Mapping[str, Mapping[str, Mapping[str, float]]],
    fingerprint: str,
) -> dict[str, Any]:
    """Return the card as JSON values.

    Args:
        config: of the build.
        rows: that are published.
        funnel: clips and hours after each stage.
        reasons: why clips were left out.
        scores: percentiles of the scores of each subset, before its filter.
        fingerprint: of all of it.
    """
    settings = config.model_dump(mode="json", exclude={"run", "output"})
    return {
        "made_by": MADE_BY,
        "made_at": now(),
        "fingerprint": fingerprint,
        "config": settings,
        "config_hash": hash_of(settings),
        **_amount(rows),
        "subsets": {
            subset: {**_amount(own), "splits": _grouped(own, "split")} for subset, own in _by(rows, "subset").items()
        },
        "limits": {subset: config.limits(subset).model_dump() for subset in config.subsets},
        "sources": [
            {"source": source, "licence": licence, **_amount(own)}
            for (source, licence), own in sorted(_by(rows, "source", "licence").items())
        ],
        "licences": sorted({row["licence"] for row in rows if row["licence"]}),
        "caption_sources": dict(Counter(name for row in rows for name in row["caption_sources"]).most_common()),
        "held_out": {"patterns": list(config.held_out), **_amount([row for row in rows if row.get("held_out")])},
        "funnel": [row.__dict__ for row in funnel],
        "left_out": {subset: dict(own) for subset, own in reasons.items()},
        "scores": scores,
        "provenance": provenance(),
    }


def _amount(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"clips": len(rows), "hours": round(sum(row["seconds"] for row in rows) / 3600, 4)}


def _by(rows: Sequence[Mapping[str, Any]], *fields: str) -> dict[Any, list[Mapping[str, Any]]]:
    """Return rows by the value of a field, or by the values of several."""
    groups: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row[fields[0]] if len(fields) == 1 else tuple(row[field] for field in fields)].append(row)
    return dict(groups)


def _grouped(rows: Sequence[Mapping[str, Any]], field: str) -> dict[str, Any]:
    return {value: _amount(own) for value, own in sorted(_by(rows, field).items())}


def write_readme(path: Path, card: Mapping[str, Any]) -> None:
    """Write the card as a README with the licences on top, as dataset cards have them."""
    blocks = [_head(card), *(_section(*section) for section in _sections(card))]
    with atomic_write(path, "w") as file:
        file.write("\n\n".join(blocks) + "\n")


def _head(card: Mapping[str, Any]) -> str:
    import yaml

    top = yaml.safe_dump({"license": card["licences"], "task_categories": ["text-to-motion"]}, allow_unicode=True)
    return (
        f"---\n{top}---\n\n# Text-motion data\n\n"
        f"{card['clips']:,} clips, {card['hours']:.2f} hours, in the format of ViMoGen-228K (arXiv 2510.26794): "
        f"`motions/*.pt` hold rows of 276 numbers at 20 fps, `statistics.npz` their mean and spread. Made by "
        f"`{card['made_by']}`; `card.json` holds all that follows, the configuration and the versions of the code."
    )


def _sections(card: Mapping[str, Any]) -> list[tuple[str, list[str], Table]]:
    """Return title, columns and rows of each table."""
    splits = [
        [subset, *(_cell(own["splits"].get(split)) for split in SPLITS), _cell(own)]
        for subset, own in card["subsets"].items()
    ]
    sources = [[part["source"], part["licence"], _cell(part)] for part in card["sources"]]
    funnel = [[row["subset"], row["stage"], f"{row['clips']:,}", _hours(row["hours"])] for row in card["funnel"]]
    left = [[subset, kind, f"{count:,}"] for subset, own in card["left_out"].items() for kind, count in own.items()]
    limits = card["limits"]
    scores = [
        [subset, name, *(f"{value:.3g}" for value in own.values()), _limit(limits[subset][name])]
        for subset, parts in card["scores"].items()
        for name, own in parts.items()
    ]
    texts = [[name, f"{count:,}"] for name, count in card["caption_sources"].items()]
    held = [[", ".join(card["held_out"]["patterns"]) or "none", _cell(card["held_out"])]]
    return [
        ("Clips and hours", ["subset", *SPLITS, "all"], splits),
        ("Sources and licences", ["source", "licence", "clips, hours"], sources),
        ("Captions", ["from", "texts"], texts),
        ("Held out of the text branch", ["words", "clips, hours"], held),
        ("Left after each stage", ["subset", "stage", "clips", "hours"], funnel),
        ("Left out by", ["subset", "limit or stage", "clips"], left),
        ("Scores before the filter, and limits", ["subset", "score", *map(_rank, PERCENTILES), "limit"], scores),
    ]


def _hours(hours: float | None) -> str:
    return "—" if hours is None else f"{hours:.2f}"


def _rank(percentile: float) -> str:
    return "largest" if percentile == 100 else f"{percentile:g} %"


def _limit(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _cell(amount: Mapping[str, Any] | None) -> str:
    return "0" if amount is None else f"{amount['clips']:,}, {amount['hours']:.2f} h"


def _section(title: str, columns: list[str], rows: Table) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
