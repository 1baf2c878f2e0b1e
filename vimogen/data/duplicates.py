"""Clips of a subset that show one performance: nearly the same joints at the same shares of nearly the same time.

What is compared are the joints in the canonical frame, at `MOMENTS` moments spread evenly over a clip. Copies that
start or stop at other moments, or mirror images, are not found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mbench.motion.representations.vimogen276 import POSITIONS

MOMENTS = 24
BLOCK = 512  # clips compared with all others at a time
Floats = NDArray[np.float32]


def feature(rows: NDArray[np.float32]) -> Floats:
    """Return the joints of rows (T, 276) at `MOMENTS` moments, linear between frames: (MOMENTS * 66,), metres.

    Scaled so that the distance of two features is the root mean square distance of a joint.
    """
    joints = rows[:, POSITIONS].astype(np.float64)
    at = np.linspace(0, len(rows) - 1, MOMENTS)
    before = np.minimum(at.astype(np.intp), max(len(rows) - 2, 0))
    after = np.minimum(before + 1, len(rows) - 1)
    share = (at - before)[:, None]
    sampled = (1 - share) * joints[before] + share * joints[after]
    return (sampled.ravel() / np.sqrt(MOMENTS * joints.shape[1] / 3)).astype(np.float32)


def duplicates(
    features: Floats, lengths: NDArray[np.integer], order: Sequence[int], distance: float, length: float
) -> dict[int, tuple[int, float]]:
    """Return {clip: (the kept clip that it repeats, their distance)}; of copies the one first in `order` is kept.

    Args:
        features: (N, D) of `feature`.
        lengths: (N,) rows.
        order: the N clips, those first that are kept rather.
        distance: metres up to which two are one.
        length: largest difference of two lengths, as a share of the longer.
    """
    features, lengths = features[list(order)], lengths[list(order)]
    found: dict[int, tuple[int, float]] = {}
    for start in range(0, len(order), BLOCK):
        block = slice(start, start + BLOCK)
        near = _distances(features[block], features[: start + BLOCK])
        shorter = np.minimum(lengths[block, None], lengths[None, : start + BLOCK])
        longer = np.maximum(lengths[block, None], lengths[None, : start + BLOCK])
        near[shorter < (1 - length) * longer] = np.inf
        for row, candidates in enumerate(near):
            place = start + row
            earlier = [int(i) for i in np.flatnonzero(candidates[:place] <= distance) if order[i] not in found]
            if earlier:
                first = min(earlier, key=lambda i: (candidates[i], i))
                found[order[place]] = order[first], float(candidates[first])
    return found


def _distances(a: Floats, b: Floats) -> Floats:
    """Return the distances (N, M) of features (N, D) and (M, D)."""
    wide, other = a.astype(np.float64), b.astype(np.float64)
    squares = (wide**2).sum(1)[:, None] + (other**2).sum(1) - 2 * wide @ other.T
    distances: Floats = np.sqrt(np.maximum(squares, 0)).astype(np.float32)
    return distances
