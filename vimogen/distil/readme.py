"""The card of a distillation as a text, the licence on top, as dataset cards have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

REJECTED, FIGURE = "rejected.jsonl", "distilled.png"


def readme_of(card: Mapping[str, Any]) -> str:
    """Return the README of a published folder, in Markdown.

    Args:
        card: content of its `card.json`.
    """
    blocks = [_head(card), *(_table(*own) for own in _tables(card) if own[1]), f"![marks by family]({FIGURE})"]
    return "\n\n".join(blocks) + "\n"


def _head(card: Mapping[str, Any]) -> str:
    import yaml

    teacher = card["teacher"]
    top = yaml.safe_dump({"license": teacher["licence"], "task_categories": ["text-to-motion"]}, allow_unicode=True)
    return (
        f"---\n{top}---\n\n# Distilled motions\n\n"
        f"{card['motions']:,} motions, {card['hours']:.2f} hours, in the format of ViMoGen-228K (arXiv 2510.26794). "
        f"`{card['made_with']}` has made them with {teacher['name']} {teacher['version']}; {card['prompts_kept']:,} of "
        f"{card['prompts']:,} prompts have one. They lie as they were sampled: `seed` and `frames` of a row give the "
        "noise that the motion came from. `index.jsonl` has every candidate's marks, "
        f"`{REJECTED}` the prompts that have no motion, `card.json` all that follows and the configuration."
    )


def _tables(card: Mapping[str, Any]) -> list[tuple[list[str], list[list[str]]]]:
    """Return columns and rows of each table."""
    kept, gate = card["kept"], card["gate"]
    marks = [[mark, *_cells(own)] for mark, own in kept.items()]
    best = [[str(own["candidates"]), *(_cells(own[mark])[0] for mark in kept)] for own in card["best_of"]]
    why = [[kind, f"{count:,}"] for kind, count in card["rejected"].items()]
    branches = [[branch, f"{count:,}"] for branch, count in card["branches"].items()]
    gated = [["followed", f"{gate['used']:,}"], *([k, f"{n:,}"] for k, n in gate["refused"].items())] if gate else []
    families = [
        [name, f"{own['motions']:,}", *(f"{own[mark]:.3f}" for mark in kept)] for name, own in card["families"].items()
    ]
    return [
        (["mark of a kept motion", "mean", "95 % interval"], marks),
        (["best of", *kept], best),
        (["branch of a kept motion", "motions"], branches),
        (["references, and what speaks against the others", "prompts"], gated),
        (["not kept for", "prompts"], why),
        (["family", "motions", *kept], families),
    ]


def _cells(mark: Mapping[str, Any]) -> tuple[str, str]:
    """Return mean and interval; there is no interval of a single prompt."""
    if mark["mean"] is None:
        return "missing", "missing"
    interval = "missing" if mark["low"] is None else f"{mark['low']:.3f} to {mark['high']:.3f}"
    return f"{mark['mean']:.3f}", interval


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *rows])
