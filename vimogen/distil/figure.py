"""A picture of distilled motions: their marks by family of actions, and what choosing among candidates has brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mbench.files import atomic_write
from mbench.seeds import seed_of

COLOURS = {"match": "#4269d0", "quality": "#3ca951"}
TITLES = {"match": "match: how sure the judge is", "quality": "quality: 0 fault, 1 real motion"}
SPREAD = 0.28  # of the dots of a family across its line


def draw(path: Path, rows: Sequence[Mapping[str, Any]], best_of: Sequence[Mapping[str, Any]]) -> None:
    """Draw match and quality of the kept motions by family, the families of the surest match on top.

    Args:
        path: of the PNG.
        rows: published motions.
        best_of: of `vimogen.distil.summary.summary_of`.
    """
    from matplotlib.figure import Figure

    groups = _by_family(rows)
    figure = Figure(figsize=(12, 1.6 + 0.34 * max(len(groups), 8)), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(4, 4, 2.4))
    for axis, mark in ((left, "match"), (middle, "quality")):
        _strips(axis, groups, mark)
    left.set_yticks(range(len(groups)), [f"{name} ({len(own)})" for name, own in groups.items()], fontsize=8)
    middle.set_yticks(range(len(groups)), [""] * len(groups))
    _curve(right, best_of)
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=130)


def _by_family(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each family, those of the surest match first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["family"], []).append(row)
    return dict(sorted(groups.items(), key=lambda own: -float(np.median([row["match"] for row in own[1]]))))


def _strips(axis: Any, groups: Mapping[str, Sequence[Mapping[str, Any]]], mark: str) -> None:
    """Draw a dot a motion, the median as a line, the first family on top."""
    for place, (name, own) in enumerate(groups.items()):
        values = np.array([row[mark] for row in own])
        across = np.random.default_rng(seed_of(name)).uniform(-SPREAD, SPREAD, len(values))
        axis.scatter(values, place + across, s=6, alpha=0.35, color=COLOURS[mark], linewidths=0)
        axis.plot([np.median(values)] * 2, [place - 0.4, place + 0.4], color="#1b1e23", linewidth=1.6)
    axis.set(xlim=(-0.02, 1.02), ylim=(len(groups) - 0.5, -0.5))
    _plain(axis, TITLES[mark])


def _curve(axis: Any, best_of: Sequence[Mapping[str, Any]]) -> None:
    """Draw the mean marks of the best of k candidates, with their intervals."""
    counts = [own["candidates"] for own in best_of]
    for mark, colour in COLOURS.items():
        marks = [own[mark] for own in best_of]
        axis.plot(counts, [own["mean"] for own in marks], color=colour, marker="o", markersize=4, label=mark)
        if all(own["low"] is not None for own in marks):
            axis.fill_between(
                counts,
                [own["low"] for own in marks],
                [own["high"] for own in marks],
                color=colour,
                alpha=0.18,
                linewidth=0,
            )
    axis.set(xticks=counts, ylim=(0, 1), xlabel="candidates")
    axis.legend(frameon=False, fontsize=8)
    _plain(axis, "the best of k, all prompts")


def _plain(axis: Any, title: str) -> None:
    axis.set_title(title, loc="left", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)
    axis.grid(axis="x", color="#e4e6ea", linewidth=0.6)
    axis.set_axisbelow(True)
