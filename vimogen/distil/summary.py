"""What a distillation's card says: how many prompts have a motion, how good it is, and what choosing has brought."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mbench.stats import mean_with_interval

Record = Mapping[str, Any]  # a line of the index
MARKS = ("match", "quality")
NO_FAMILY = "other"


def summary_of(records: Sequence[Record], rows: Sequence[Mapping[str, Any]], candidates: int) -> dict[str, Any]:
    """Return the numbers of the card as JSON values.

    Args:
        records: of all prompts.
        rows: published motions.
        candidates: a branch and prompt.
    """
    made = sum(len(record["candidates"]) for record in records)
    seconds = sum(record["seconds"] for record in records)
    return {
        "prompts": len(records),
        "prompts_kept": sum(bool(record["kept"]) for record in records),
        "motions": len(rows),
        "hours": round(sum(row["seconds"] for row in rows) / 3600, 3),
        "made": made,
        "seconds": round(seconds, 1),
        "made_per_second": round(made / seconds, 2) if seconds else None,
        "splits": dict(Counter(row["split"] for row in rows)),
        "branches": dict(Counter(row["branch"] for row in rows)),
        "rejected": dict(Counter(kind_of(record["reason"]) for record in records if not record["kept"]).most_common()),
        "gate": gate_of(records),
        "kept": {mark: spread_of(rows, mark) for mark in MARKS},
        "best_of": [{"candidates": k, **best_of(records, k, candidates)} for k in range(1, candidates + 1)],
        "families": families_of(rows),
    }


def kind_of(reason: str) -> str:
    """Return a reason without its numbers, e.g. `match` of `match is 0.1; expected at least 0.2`."""
    return re.split(r" is |:", reason)[0]


def gate_of(records: Sequence[Record]) -> dict[str, Any]:
    """Return how many references were used, and why the others were not; empty where there was no source of them."""
    said = [record["gate"] for record in records if record["gate"] is not None]
    if not said:
        return {}
    why = Counter(kind_of(reason) for own in said for reason in own["reasons"])
    return {"used": sum(own["used"] for own in said), "refused": dict(why.most_common())}


def spread_of(rows: Sequence[Mapping[str, Any]], mark: str) -> dict[str, Any]:
    """Return the mean over prompts of a mark with its 95 % interval, and its quantiles 0, 0.25, 0.5, 0.75 and 1."""
    prompts: dict[str, list[float]] = {}
    for row in rows:
        prompts.setdefault(row["prompt_id"], []).append(row[mark])
    mean, low, high = mean_with_interval(np.array([np.mean(own) for own in prompts.values()]))
    quantiles = np.quantile(_of(rows, mark), [0, 0.25, 0.5, 0.75, 1])
    return {"mean": mean, "low": low, "high": high, "quantiles": [round(float(own), 4) for own in quantiles]}


def best_of(records: Sequence[Record], k: int, candidates: int) -> dict[str, Any]:
    """Return match and quality of the best of the first k candidates of each branch, thresholds not asked.

    Args:
        records: of all prompts; those without a candidate that has a score are left out.
        k: how many.
        candidates: a branch and prompt.
    """
    chosen = []
    for record in records:
        own = [c for c in record["candidates"] if c["number"] % candidates < k and c["score"] is not None]
        if own:
            chosen.append(max(own, key=lambda candidate: candidate["score"]))
    return {
        mark: dict(zip(("mean", "low", "high"), mean_with_interval(_of(chosen, mark)), strict=True)) for mark in MARKS
    }


def _of(candidates: Sequence[Mapping[str, Any]], mark: str) -> np.ndarray:
    return np.array([candidate[mark] for candidate in candidates], dtype=np.float64)


def families_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return motions and mean marks of each family of actions."""
    names = sorted({row["family"] for row in rows})
    groups = {name: [row for row in rows if row["family"] == name] for name in names}
    return {
        name: {"motions": len(own), **{mark: round(float(_of(own, mark).mean()), 4) for mark in MARKS}}
        for name, own in groups.items()
    }
