"""How far raters agree with each other about the same clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.alpha import alpha
from leaderboard.analysis.raters import preferred
from leaderboard.arena.study import RATINGS
from mbench.agreement import measures
from mbench.agreement.compute import with_interval

if TYPE_CHECKING:
    import pandas

Ints = NDArray[np.int64]
Result = dict[str, Any]

MIDDLE = RATINGS[len(RATINGS) // 2]


def pair_consistency(table: pandas.DataFrame) -> Result:
    """Return how far raters agree on pairs, intervals over prompts.

    Args:
        table: votes that count, on one question.

    Returns:
        `votes` and `raters` of items with two raters or more; `accuracy`, the share of votes for a side that the
        majority of the others shares, its ties counting half; `alpha`, Krippendorff's for the answers one model, tie,
        the other model. Without such items `votes` is 0, and nothing else is there.
    """
    votes, item, prompt, prompts = preferred(table).astype(np.int64), *_units(table)
    said, others = measures.others_preference(votes, item)
    if not others.any():
        return {"votes": 0}
    counts = measures.tally(votes[others], said[others], prompt[others], prompts)
    matrices = measures.coincidences(votes, item, prompt, prompts)
    return {
        "votes": int(others.sum()),
        "raters": int(table["rater"][others].nunique()),
        "accuracy": with_interval(measures.accuracy, counts),
        "alpha": with_interval(measures.krippendorff_alpha, matrices),
    }


def rating_consistency(table: pandas.DataFrame) -> Result:
    """Return how far raters agree on ratings, intervals over prompts.

    Args:
        table: ratings that count, on one question.

    Returns:
        `votes` and `raters` of items with two raters or more, and Krippendorff's alpha for ordered answers
        (`alpha`) and for answers at equal distances (`interval_alpha`). Without such items `votes` is 0, and nothing
        else is there.
    """
    item, prompt, prompts = _units(table)
    shared = np.bincount(item)[item] > 1
    if not shared.any():
        return {"votes": 0}
    values = table["value"].to_numpy(dtype=np.int64) - MIDDLE
    matrices = measures.coincidences(values, item, prompt, prompts, len(RATINGS))
    return {
        "votes": int(shared.sum()),
        "raters": int(table["rater"][shared].nunique()),
        "alpha": with_interval(lambda m: alpha(m, "ordinal"), matrices),
        "interval_alpha": with_interval(lambda m: alpha(m, "interval"), matrices),
    }


def _units(table: pandas.DataFrame) -> tuple[Ints, Ints, int]:
    """Return the index of each vote's item, that of its prompt, and how many prompts there are."""
    item = table["item"].factorize(sort=True)[0].astype(np.int64)
    prompt, names = table["prompt"].factorize(sort=True)
    return item, prompt.astype(np.int64), len(names)
