"""Ranks with intervals: how many models are surely better, and how many surely worse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Result = dict[str, Any]


@dataclass(frozen=True)
class Estimates:
    """A value a model, higher is better, and how wide the intervals of linear combinations are.

    Attributes:
        values: (models,).
        group: (models,) values compare within a group only.
        half: half-widths (n,) of the intervals of linear combinations (n, models); None without intervals.
        known: (models,) whether a model has votes of two raters and on two prompts: else nothing says how it would do
            elsewhere.
    """

    values: Floats
    group: Ints
    half: Callable[[Floats], Floats] | None
    known: NDArray[np.bool_]

    def of(self, contrasts: Floats) -> list[Result]:
        """Return the value and the interval of linear combinations (n, models)."""
        values = contrasts @ self.values
        if self.half is None:
            return [{"value": float(value), "low": None, "high": None} for value in values]
        ends = zip(values, self.half(contrasts), strict=True)
        return [{"value": float(v), "low": _number(v - h), "high": _number(v + h)} for v, h in ends]

    def differences(self, first: Ints, second: Ints) -> list[Result]:
        """Return the differences of the values of models, (n,) less (n,), with intervals where both are known."""
        unit = np.eye(len(self.values))
        known = self.known[first] & self.known[second]
        found = self.of(unit[first] - unit[second])
        return [one if sure else _bare(one) for one, sure in zip(found, known, strict=True)]


def known_models(models: Sequence[Ints], rater: Ints, prompt: Ints, count: int) -> NDArray[np.bool_]:
    """Return whether each of `count` models has votes of two raters and on two prompts.

    Args:
        models: arrays (votes,) of indices of models, one for each that a vote is on.
        rater: (votes,).
        prompt: (votes,).
        count: how many models there are.
    """
    own = [np.any([side == model for side in models], axis=0) for model in range(count)]
    return np.array([min(len(np.unique(rater[one])), len(np.unique(prompt[one]))) > 1 for one in own])


def _number(value: float) -> float | None:
    """Return a number, None for NaN: so few votes that most resamples had none."""
    return None if np.isnan(value) else float(value)


def _bare(found: Result) -> Result:
    """Return a value without its interval."""
    return {"value": found["value"], "low": None, "high": None}


def ranks(estimates: Estimates) -> list[Result]:
    """Return the place of each model among those of its group.

    Returns:
        for each model `group`; `rating`, its value less the mean of its group, with an interval; `rank`, by value;
        `best` and `worst`, the ends of the rank's interval: 1 + the models that are surely better, and the size of the
        group less those surely worse, where sure means that the 95 % interval of the difference leaves out 0. A model
        alone in its group has no rating and no rank; without intervals there is no `best` and no `worst`.
    """
    return [_place(estimates, index) for index in range(len(estimates.values))]


def _place(estimates: Estimates, index: int) -> Result:
    own = estimates.group == estimates.group[index]
    group = int(estimates.group[index])
    if own.sum() < 2:
        nothing = {"value": None, "low": None, "high": None}
        return {"group": group, "rating": nothing, "rank": None, "best": None, "worst": None}
    others = np.flatnonzero(own & (np.arange(len(own)) != index))
    ahead = estimates.differences(others, np.full(len(others), index))
    rating = estimates.of((np.eye(len(own))[index] - own / own.sum())[None])[0]
    sure = estimates.half is not None
    return {
        "group": group,
        "rating": rating if estimates.known[index] else _bare(rating),
        "rank": 1 + sum(other["value"] > 0 for other in ahead),
        "best": 1 + sum((other["low"] or 0) > 0 for other in ahead) if sure else None,
        "worst": int(own.sum()) - sum((other["high"] or 0) < 0 for other in ahead) if sure else None,
    }
