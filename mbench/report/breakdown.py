"""Scores by prompt tag: where a model is good and where it is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.report.content import Content, title, unit
from mbench.report.html import Html, between, join, number, row, table, tag
from mbench.stats import bootstrap_weights, interval, weighted_means

Floats = NDArray[np.float64]
MOST_TAGS = 40


def breakdown(content: Content) -> Html | None:
    """Return a table with a row a tag and a column a dimension, None where no prompt has a tag."""
    tags = _tags(content)
    names = [name for name, summary in content.metrics if summary["is_dimension"] and content.by_prompt(name)]
    if not tags or not names:
        return None
    groups = [{prompt.id for prompt in content.prompts if label in prompt.tags} for label in tags]
    columns = [_column(content, name, groups) for name in names]
    sizes = [str(len(group)) for group in groups]
    rows = [row(*cells) for cells in zip(tags, sizes, *columns, strict=True)]
    about = "Means over the prompts with a tag, with 95 % intervals; a prompt can have several tags."
    whole = table("Means by prompt tag", ["Tag", "Prompts", *_headings(content, names)], [tag("tbody", *rows)])
    return join([tag("p", about, class_="quiet"), whole])


def _headings(content: Content, names: list[str]) -> list[Html]:
    metrics = content.result["metrics"]
    return [join([title(name), tag("small", unit(metrics[name]["unit"]))], " ") for name in names]


def _tags(content: Content) -> list[str]:
    """Return the most frequent tags, most frequent first, then by name; a tag that all prompts have tells nothing."""
    counts: dict[str, int] = {}
    for prompt in content.prompts:
        for label in set(prompt.tags):
            counts[label] = counts.get(label, 0) + 1
    some = [label for label, count in counts.items() if count < len(content.prompts)]
    return sorted(some, key=lambda label: (-counts[label], label))[:MOST_TAGS]


def tag_means(values: dict[str, float], groups: list[set[str]]) -> list[tuple[float, float | None, float | None, int]]:
    """Return (mean, low, high, n) of the values in each group; (NaN, None, None, 0) for a group without any.

    All prompts are resampled at once, so that tags share the draws. An interval needs two values.

    Args:
        values: by prompt.
        groups: prompts of each group.
    """
    array = np.array(list(values.values()))
    member = np.array([[prompt in group for group in groups] for prompt in values], dtype=bool)
    spread = np.where(member, array[:, None], np.nan)
    drawn = weighted_means(spread, bootstrap_weights(len(array)))
    found = []
    for index in range(len(groups)):
        inside = array[member[:, index]]
        low, high = interval(drawn[:, index]) if len(inside) > 1 else (None, None)
        found.append((float(inside.mean()) if len(inside) else np.nan, low, high, len(inside)))
    return found


def _column(content: Content, name: str, groups: list[set[str]]) -> list[Html]:
    found = tag_means(content.by_prompt(name), groups)
    return [_cell(*entry, len(group)) for entry, group in zip(found, groups, strict=True)]


def _cell(mean: float, low: float | None, high: float | None, n: int, of: int) -> Html:
    """Return a mean with its interval; the number of prompts where some of the tag's have no value."""
    if n == 0:
        return tag("span", "—")
    about = [between(low, high, 2) if low is not None else "", f"n {n}" if n < of else ""]
    return join([number(mean, 3), tag("small", ", ".join(filter(None, about)))], " ")
