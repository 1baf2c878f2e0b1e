"""How many clips and hours each stage leaves, as a table and a figure, and why the others were left out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mbench.files import atomic_write

LISTED = "listed"  # what the source names, before anything is left out
COLOURS = ("#4269d0", "#efb118", "#3ca951", "#ff725c", "#a463f2", "#6cc5b0")


@dataclass(frozen=True)
class Row:
    """What is left of a subset after a stage.

    Attributes:
        subset: name.
        stage: its name, or `LISTED`.
        clips: how many.
        hours: of those whose length is known; None where that of some is not.
    """

    subset: str
    stage: str
    clips: int
    hours: float | None

    @property
    def hours_text(self) -> str:
        """Return the hours for a table, a dash where they are not known."""
        return "—" if self.hours is None else f"{self.hours:.2f}"


@dataclass(frozen=True)
class Rejection:
    """A clip that was left out.

    Attributes:
        subset: name.
        clip: its key, or the name that the source gives it.
        stage: at which.
        reason: why.
    """

    subset: str
    clip: str
    stage: str
    reason: str

    @property
    def kind(self) -> str:
        """Return the reason without what is of this clip alone."""
        return self.reason.split(":")[0] if self.stage == "filter" else self.stage


def reasons(rejections: list[Rejection]) -> dict[str, dict[str, int]]:
    """Return {subset: {kind of reason: clips}}, the commonest first."""
    found: dict[str, Counter[str]] = {}
    for rejection in rejections:
        found.setdefault(rejection.subset, Counter())[rejection.kind] += 1
    return {subset: dict(counts.most_common()) for subset, counts in found.items()}


def write_rejected(path: Path, rejections: list[Rejection], scores: Mapping[str, Mapping[str, float | None]]) -> None:
    """Write a CSV of the clips that were left out, with the scores of those that have some.

    Args:
        path: of the file.
        rejections: all.
        scores: {key: {score: value}}.
    """
    names = list(next(iter(scores.values()), {}))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["subset", "clip", "stage", "reason", *names])
    for r in rejections:
        own = scores.get(r.clip, {})
        values = ["" if own.get(name) is None else f"{own[name]:.6g}" for name in names]
        writer.writerow([r.subset, r.clip, r.stage, r.reason, *values])
    _write(path, text.getvalue())


def write_table(path: Path, rows: list[Row]) -> None:
    """Write the funnel as a CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["subset", "stage", "clips", "hours"])
    writer.writerows(
        [row.subset, row.stage, row.clips, "" if row.hours is None else f"{row.hours:.4f}"] for row in rows
    )
    _write(path, text.getvalue())


def _write(path: Path, text: str) -> None:
    with atomic_write(path, "w") as file:
        file.write(text)


def draw(path: Path, rows: list[Row], why: Mapping[str, Mapping[str, int]]) -> None:
    """Draw what each stage leaves of each subset, and why clips were left out.

    Args:
        path: of the PNG.
        rows: the funnel.
        why: of `reasons`.
    """
    from matplotlib.figure import Figure

    subsets = list(dict.fromkeys(row.subset for row in rows))
    figure = Figure(figsize=(11, 0.8 + 2.6 * len(subsets)), layout="constrained")
    axes = figure.subplots(len(subsets), 2, squeeze=False, width_ratios=(3, 2))
    for (left, right), subset, colour in zip(axes, subsets, COLOURS * len(subsets), strict=False):
        own = [row for row in rows if row.subset == subset]
        _bars(left, [row.stage for row in own], [row.clips for row in own], colour)
        for place, row in enumerate(own):
            hours = "" if row.hours is None else f" · {row.hours_text} h"
            left.text(row.clips, place, f" {row.clips:,}{hours}", va="center", fontsize=8)
        left.set_title(f"{subset}: clips left after each stage", loc="left", fontsize=10)
        left.set_xlim(0, max(row.clips for row in own) * 1.3 or 1)
        counts = why.get(subset, {})
        _bars(right, list(counts) or ["nothing"], list(counts.values()) or [0], "#9498a0")
        for place, count in enumerate(counts.values()):
            right.text(count, place, f" {count:,}", va="center", fontsize=8)
        right.set_title("left out by", loc="left", fontsize=10)
        right.set_xlim(0, max(counts.values(), default=1) * 1.2)
        for axis in (left, right):  # bars of one height
            axis.set_ylim(max(len(own), len(counts)) - 0.5, -0.5)
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=130)


def _bars(axis, names: list[str], values: list[int], colour: str) -> None:  # type: ignore[no-untyped-def]
    """Draw named horizontal bars."""
    axis.barh(range(len(names)), values, color=colour, height=0.7)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(axis="x", labelsize=8)
