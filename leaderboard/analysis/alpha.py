"""Krippendorff's alpha for ordered answers, such as ratings from 1 to 5."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]


def alpha(matrix: Floats, level: Level) -> Floats:
    """Return Krippendorff's alpha (2011, Computing Krippendorff's Alpha-Reliability): 1 is agreement, 0 is chance.

    Args:
        matrix: (..., answers, answers) coincidences of `mbench.agreement.measures.coincidences`.
        level: how far apart answers are: `nominal` 0 or 1, `interval` the squared difference of their numbers,
            `ordinal` the squared number of answers given between them, the two themselves counted half.

    Returns:
        (...); NaN where no unit has two answers, or where all answers are the same.
    """
    margins = matrix.sum(axis=-1)
    n = margins.sum(axis=-1)
    apart = _distances(margins, level)
    observed = (matrix * apart).sum(axis=(-2, -1)) * (n - 1)
    expected = (margins[..., :, None] * margins[..., None, :] * apart).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - observed / expected, np.nan)


def _distances(margins: Floats, level: Level) -> Floats:
    """Return the squared distances between answers: (..., answers, answers)."""
    answers = np.arange(margins.shape[-1], dtype=np.float64)
    if level == "nominal":
        return np.broadcast_to(1 - np.eye(len(answers)), (*margins.shape, len(answers)))
    if level == "interval":
        squares = (answers[:, None] - answers[None, :]) ** 2
        return np.broadcast_to(squares, (*margins.shape, len(answers)))
    middle = np.cumsum(margins, axis=-1) - margins / 2  # answers below each, and half of its own
    return (middle[..., :, None] - middle[..., None, :]) ** 2
