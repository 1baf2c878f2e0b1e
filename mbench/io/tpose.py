"""Whether one frame is a T-pose: legs straight, arms straight out to the sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.motion.skeleton import INDEX

_TOLERANCE = np.cos(np.radians(20))


def is_t_pose(frame: ArrayLike) -> bool:
    """Return whether joints (22, 3), in any orientation, are a T-pose within 20 degrees a bone.

    Upper arms and forearms lie along the line of the hips, thighs and shanks along the trunk.
    """
    joints = np.asarray(frame, dtype=np.float64)
    right, up = _direction(joints, "left_hip", "right_hip"), _direction(joints, "pelvis", "neck")
    along = [
        _direction(joints, f"{side}_{a}", f"{side}_{b}") @ axis
        for side, out in (("left", -right), ("right", right))
        for a, b, axis in (
            ("shoulder", "elbow", out),
            ("elbow", "wrist", out),
            ("hip", "knee", -up),
            ("knee", "ankle", -up),
        )
    ]
    return bool(min(along) > _TOLERANCE)


def _direction(joints: NDArray[np.float64], start: str, end: str) -> NDArray[np.float64]:
    """Return the unit vector between two joints."""
    vector = joints[INDEX[end]] - joints[INDEX[start]]
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
