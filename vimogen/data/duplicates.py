"""Clips of a subset that show one performance: nearly the same joints at the same shares of nearly the same time.

What is compared are the joints in the canonical frame, at `MOMENTS` moments spread evenly over a clip. Copies that
start or stop at other moments are not found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mbench.motion.representations.vimogen276 import POSITIONS
from mbench.motion.skeleton import MIRROR, N_JOINTS

MOMENTS = 24
BLOCK = 512  # clips compared with all others at a time
ACROSS = np.array([-1, 1, 1], dtype=np.float32)  # x turns round
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Copy:
    """What a clip repeats.

    Attributes:
        of: index of the clip that is kept.
        metres: their distance.
        mirrored: whether it is its mirror image.
    """

    of: int
    metres: float
    mirrored: bool


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
    return (sampled.ravel() / np.sqrt(MOMENTS * N_JOINTS)).astype(np.float32)


def mirrored_feature(features: Floats) -> Floats:
    """Return the features (N, D) of the mirror images of clips with features (N, D)."""
    joints = features.reshape(-1, MOMENTS, N_JOINTS, 3)[:, :, list(MIRROR)]
    return (joints * ACROSS).reshape(len(features), -1)


def duplicates(
    features: Floats, lengths: NDArray[np.integer], order: list[int], distance: float, length: float
) -> dict[int, Copy]:
    """Return {clip: what it repeats}; of copies the one first in `order` is kept.

    Args:
        features: (N, D) of `feature`.
        lengths: (N,) rows.
        order: the N clips, those first that are kept rather.
        distance: metres up to which two are one.
        length: largest difference of two lengths, as a share of the longer.
    """
    features, lengths = features[order], lengths[order]
    mirror = mirrored_feature(features)
    found: dict[int, Copy] = {}
    for start in range(0, len(order), BLOCK):
        block, before = slice(start, start + BLOCK), slice(start + BLOCK)
        same = _distances(features[block], features[before])
        turned = _distances(mirror[block], features[before])
        unlike = _unlike(lengths[block], lengths[before], length)
        near = np.where(unlike, np.inf, np.minimum(same, turned))
        for row, candidates in enumerate(near):
            place = start + row
            kept = [int(i) for i in np.flatnonzero(candidates[:place] <= distance) if order[i] not in found]
            if kept:
                first = kept[int(candidates[kept].argmin())]
                by_mirror = bool(turned[row, first] < same[row, first])
                found[order[place]] = Copy(order[first], float(candidates[first]), by_mirror)
    return found


def _unlike(a: NDArray[np.integer], b: NDArray[np.integer], share: float) -> NDArray[np.bool_]:
    """Return where lengths (N,) and (M,) differ by more than a share of the longer: (N, M)."""
    shorter, longer = np.minimum(a[:, None], b), np.maximum(a[:, None], b)
    return shorter < (1 - share) * longer


def _distances(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Return the distances (N, M) of features (N, D) and (M, D)."""
    wide, other = a.astype(np.float64), b.astype(np.float64)
    squares = (wide**2).sum(1)[:, None] + (other**2).sum(1) - 2 * wide @ other.T
    distances: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return distances
