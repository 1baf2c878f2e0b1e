"""A body made in code: one closed capsule a bone, in SMPL format, from the skeleton's rest offsets."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mbench.body.arrays import PARENTS_24, Arrays
from mbench.motion.representations.rows import SMPL_TO_OURS
from mbench.motion.skeleton import INDEX, JOINTS, REST_OFFSETS

Floats = NDArray[np.float64]
SIDES = 8  # vertices of a ring
RINGS = 4  # two around each end: one through the joint, one on the cap
VERTICES = SIDES * RINGS + 2  # of a capsule

# Metres, by the joint that a bone ends in, without its side.
RADII = {
    "hip": 0.07, "spine1": 0.09, "knee": 0.065, "spine2": 0.09, "ankle": 0.05, "spine3": 0.09, "foot": 0.035,
    "neck": 0.06, "collar": 0.055, "head": 0.05, "shoulder": 0.05, "elbow": 0.04, "wrist": 0.035, "hand": 0.03,
    "toes": 0.03, "crown": 0.08, "fingers": 0.025,
}  # fmt: skip
# Ends without a joint: name, the joint they hang on, and their place from it in metres, z up, facing +y.
_TIPS = (
    ("crown", "head", (0.0, 0.02, 0.10)),
    ("toes", "left_foot", (0.0, 0.05, 0.0)),
    ("toes", "right_foot", (0.0, 0.05, 0.0)),
)
_HAND = 0.09  # metres from wrist to knuckles, and from there to the fingers' middle


def _joints() -> Floats:
    """Return the 24 joints of the T-pose, z up, facing +y, the pelvis at the origin."""
    joints = np.zeros((24, 3))
    offsets = np.concatenate([REST_OFFSETS, [[-_HAND, 0, 0], [_HAND, 0, 0]]])
    for joint, parent in enumerate(PARENTS_24):
        if parent >= 0:
            joints[joint] = joints[parent] + offsets[joint]
    return joints


def _capsule(start: Floats, end: Floats, radius: float) -> Floats:
    """Return the vertices of a capsule: a pole, rings around cap, start, end and cap, a pole."""
    axis = (end - start) / np.linalg.norm(end - start)
    side = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    side /= np.linalg.norm(side)
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    ring = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(axis, side)
    slant = radius * np.sqrt(0.5)
    rings = [start - slant * axis + slant * ring, start + radius * ring, end + radius * ring]
    cap = end + slant * axis + slant * ring
    return np.concatenate([[start - radius * axis], *rings, cap, [end + radius * axis]])


def _capsule_faces() -> NDArray[np.int64]:
    """Return the triangles of a capsule, outward."""
    around = np.arange(SIDES)
    after = (around + 1) % SIDES
    first, last, pole = 1, 1 + SIDES * (RINGS - 1), VERTICES - 1
    faces = [np.stack([np.zeros(SIDES, dtype=int), first + after, first + around], axis=1)]
    for ring in range(RINGS - 1):
        low, high = 1 + ring * SIDES, 1 + (ring + 1) * SIDES
        faces.append(np.stack([low + around, low + after, high + after], axis=1))
        faces.append(np.stack([low + around, high + after, high + around], axis=1))
    faces.append(np.stack([last + around, last + after, np.full(SIDES, pole)], axis=1))
    return np.concatenate(faces)


def _bones(joints: Floats) -> list[tuple[int, int, Floats, float]]:
    """Return a capsule's joint, the joint at its end (-1 for none), the end, and the radius."""
    names = (*JOINTS, "left_hand", "right_hand")
    bones = [(PARENTS_24[j], j, joints[j], RADII[names[j].rpartition("_")[2]]) for j in range(1, 24)]
    tips = [(INDEX[joint], np.array(place), RADII[name]) for name, joint, place in _TIPS]
    tips += [(hand, np.array([sign * _HAND, 0, 0]), RADII["fingers"]) for hand, sign in ((22, -1), (23, 1))]
    return bones + [(joint, -1, joints[joint] + place, radius) for joint, place, radius in tips]


@cache
def capsule_arrays() -> Arrays:
    """Return the body's arrays in SMPL format (`mbench.body.arrays`): 28 capsules, 952 vertices, 1,792 faces.

    The regressor takes each joint as the middle of a ring around it; the one shape direction makes all 5 % larger.
    """
    joints = _joints()
    bones = _bones(joints)
    count = VERTICES * len(bones)
    vertices = (
        np.concatenate([_capsule(joints[joint], end, radius) for joint, _, end, radius in bones]) @ SMPL_TO_OURS.T
    )
    weights, regressor = np.zeros((count, 24)), np.zeros((24, count))
    for index, (joint, child, _, _) in enumerate(bones):
        first = index * VERTICES
        weights[first : first + VERTICES, joint] = 1
        if child >= 0:
            regressor[child, first + 1 + 2 * SIDES : first + 1 + 3 * SIDES] = 1 / SIDES
    regressor[0, 1 + SIDES : 1 + 2 * SIDES] = 1 / SIDES  # the first capsule starts at the pelvis
    faces = np.concatenate([_capsule_faces() + index * VERTICES for index in range(len(bones))])
    return {
        "v_template": vertices, "shapedirs": 0.05 * vertices[..., None], "posedirs": np.zeros((count, 3, 207)),
        "J_regressor": regressor, "weights": weights, "kintree_table": np.array([PARENTS_24, range(24)]), "f": faces,
    }  # fmt: skip
