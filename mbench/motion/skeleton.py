"""The SMPL-22 skeleton: joint names, tree and a neutral T-pose.

Frame: metres, z up, right-handed. In the T-pose the person faces +y, so x is the person's right
and the arms lie along x.
"""

from __future__ import annotations

import numpy as np

JOINTS = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
    "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
INDEX = {name: index for index, name in enumerate(JOINTS)}
N_JOINTS = len(JOINTS)
BONES = tuple((parent, child) for child, parent in enumerate(PARENTS) if parent >= 0)
MIRROR = tuple(
    INDEX[name.replace("left", "?").replace("right", "left").replace("?", "right")] for name in JOINTS
)  # MIRROR[j] is the joint on the other side

PELVIS, LEFT_FOOT, RIGHT_FOOT, HEAD = 0, 10, 11, 15
FEET = (LEFT_FOOT, RIGHT_FOOT)
LEFT_HIP, RIGHT_HIP = 1, 2

# Bone vectors (parent to joint, metres) of a neutral adult, about 1.70 m to the crown. Segment lengths follow the
# proportions of Drillis and Contini (1966); the layout of spine, collars and toes is ours.
_REST = {
    "pelvis": (0.0, 0.0, 0.0),
    "left_hip": (-0.085, 0.0, -0.085),
    "right_hip": (0.085, 0.0, -0.085),
    "spine1": (0.0, -0.015, 0.105),
    "left_knee": (-0.010, 0.0, -0.405),
    "right_knee": (0.010, 0.0, -0.405),
    "spine2": (0.0, 0.010, 0.135),
    "left_ankle": (0.005, -0.015, -0.400),
    "right_ankle": (-0.005, -0.015, -0.400),
    "spine3": (0.0, 0.005, 0.060),
    "left_foot": (-0.015, 0.125, -0.060),
    "right_foot": (0.015, 0.125, -0.060),
    "neck": (0.0, -0.015, 0.210),
    "left_collar": (-0.070, -0.010, 0.115),
    "right_collar": (0.070, -0.010, 0.115),
    "head": (0.0, 0.030, 0.085),
    "left_shoulder": (-0.110, -0.010, 0.040),
    "right_shoulder": (0.110, -0.010, 0.040),
    "left_elbow": (-0.260, 0.0, 0.0),
    "right_elbow": (0.260, 0.0, 0.0),
    "left_wrist": (-0.250, 0.0, 0.0),
    "right_wrist": (0.250, 0.0, 0.0),
}
REST_OFFSETS = np.array([_REST[name] for name in JOINTS], dtype=np.float32)
REST_OFFSETS.setflags(write=False)
