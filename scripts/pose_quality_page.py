"""Write the measured tables of docs/pose_quality.md from the card of the pose prior.

    python scripts/pose_quality_page.py

They stand between `<!-- held out -->` and `<!-- end -->`; the text around them is written by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mbench.body.prior import card

PAGE = Path(__file__).parents[1] / "docs" / "pose_quality.md"
NO_FAULT = {"clips", "real", "distance"}


def percent(values: list[float | None]) -> str:
    """Return a share with its interval, e.g. `98 % [95, 100]`."""
    value, low, high = (None if number is None else round(100 * number) for number in values)
    return f"{value} % [{low}, {high}]"


def number(values: list[float | None]) -> str:
    """Return a value with its interval, e.g. `0.93 [0.90, 0.95]`."""
    value, low, high = (f"{number:.2f}" for number in values if number is not None)
    return f"{value} [{low}, {high}]"


def table(kinds: dict[str, dict[str, Any]]) -> str:
    """Return the table of a group of clips: pairs, areas and scores of each kind of rotations side by side."""
    names = list(kinds)
    head = " | ".join(f"pairs, {name} | AUC | score" for name in names)
    lines = [f"| fault | {head} |", "|---" * (1 + 3 * len(names)) + "|"]
    real = " | ".join(f"| | {results['real']['score'][1]:.2f}" for results in kinds.values())
    lines.append(f"| none | {real} |")
    for fault in (name for name in kinds[names[0]] if name not in NO_FAULT):
        rows = [results[fault] for results in kinds.values()]
        cells = (f"{percent(row['pairs'])} | {number(row['auc'])} | {row['score'][1]:.2f}" for row in rows)
        lines.append(f"| {fault} | {' | '.join(cells)} |")
    return "\n".join(lines)


def section(group: str, kinds: dict[str, dict[str, Any]]) -> str:
    """Return the heading, table and correlations of a group of clips."""
    clips = next(iter(kinds.values()))["clips"]
    correlations = "; ".join(
        f"{name}: Pearson {number(results['distance']['pearson'])}, Spearman {number(results['distance']['spearman'])}"
        for name, results in kinds.items()
    )
    return f"### {group} ({clips} clips)\n\n{table(kinds)}\n\nPredicted and true, {correlations}."


def main() -> None:
    """Rewrite the page."""
    text = "\n\n".join(section(group, kinds) for group, kinds in card()["held_out"].items())
    page = PAGE.read_text(encoding="utf-8")
    start, end = "<!-- held out -->", "<!-- end -->"
    written = re.sub(f"{start}.*?{end}", lambda _: f"{start}\n{text}\n{end}", page, flags=re.DOTALL)
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
