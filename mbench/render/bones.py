"""Joints of a T-pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.motion.skeleton import PARENTS

Floats = NDArray[np.floating]


def joints_of(offsets: Floats) -> Floats:
    """Return the joints of the T-pose (22, 3), the pelvis at the origin."""
    joints = np.zeros_like(offsets)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            joints[joint] = joints[parent] + offsets[joint]
    return joints
