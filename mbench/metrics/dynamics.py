"""How much a motion moves, and how much it trembles: the two published metrics of whole-body dynamics.

Both are per frame at 20 fps, as published: m/frame and m/frame^2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.metrics.base import metric
from mbench.motion import Motion
from mbench.motion.skeleton import PELVIS

MBENCH = "MBench, arXiv 2510.26794"


def norm(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the lengths (...) of vectors (..., 3) or (..., 2).

    Written out by component, which is several times faster than `np.linalg.norm` along a short last axis.
    """
    squares = vectors * vectors
    total = squares[..., 0] + squares[..., 1]
    return np.sqrt(total + squares[..., 2] if vectors.shape[-1] == 3 else total)


def mean_length_of_difference(joints: NDArray[np.floating], order: int) -> float:
    """Return the mean length of the order-th difference along frames of joints (T, J, 3), T > order."""
    return float(norm(np.diff(joints, n=order, axis=0)).mean(dtype=np.float64))


def _world_plus_relative(motion: Motion, order: int) -> float:
    """Return the mean length of a difference in the world plus that of joints relative to the pelvis."""
    joints = motion.joints
    relative = joints - joints[:, PELVIS : PELVIS + 1]
    return mean_length_of_difference(joints, order) + mean_length_of_difference(relative, order)


@metric("quality/jitter_degree", unit="m/frame^2", better="lower", source=MBENCH, min_frames=3)
def jitter_degree(motion: Motion) -> float | None:
    """Mean length of the second difference over frames and 22 joints, in the world plus relative to the pelvis.

    The pelvis's own zeros stay in the relative mean. Frames are 1/20 s.
    """
    return _world_plus_relative(motion, order=2)


@metric("quality/dynamic_degree", unit="m/frame", better="higher", source=MBENCH, min_frames=2)
def dynamic_degree(motion: Motion) -> float | None:
    """Mean length of the first difference over frames and 22 joints, in the world plus relative to the pelvis.

    The pelvis's own zeros stay in the relative mean. Frames are 1/20 s.
    """
    return _world_plus_relative(motion, order=1)
