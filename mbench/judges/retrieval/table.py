"""The card of a judge as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = {
    "auc": "AUC, own text against others",
    "r1_pool32": "R@1 in pools of 32", "r2_pool32": "R@2 in pools of 32", "r3_pool32": "R@3 in pools of 32",
    "r1_all": "R@1 among all", "r2_all": "R@2 among all", "r3_all": "R@3 among all",
    "choice10": "right one of 10, hard distractors", "calibration_error": "expected calibration error",
}  # fmt: skip
GROUPS = {"seen": "actions that were trained on", "unseen": "actions that were not trained on"}


def lines(card: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a card: what it was trained on, what to know, and a table for seen and for unseen actions."""
    yield f"trained on {card['trained_on']}"
    yield f"licence {card['licence']}"
    yield card["notes"]
    for group, words in GROUPS.items():
        if group in card["figures"]:
            measured = card["figures"][group]
            yield ""
            if "measured_on" in measured:
                yield f"measured on {measured['measured_on']}:"
            yield from _table(words, measured)


def _table(words: str, measured: dict[str, Any]) -> Iterator[str]:
    judge = measured["judge"]
    title = f"{words}: {judge['clips']} clips, {judge['texts']} texts"
    yield f"{title:52s}  {'judge':>20s}  {'linear probe':>20s}  {'chance':>7s}"
    for key, name in NAMES.items():
        if key in judge:
            chance = measured["chance"].get(key)
            guess = "—" if chance is None else f"{chance:.3f}"
            yield f"{name:52s}  {_figure(judge[key]):>20s}  {_figure(measured['linear probe'][key]):>20s}  {guess:>7s}"


def _figure(value: dict[str, float]) -> str:
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
