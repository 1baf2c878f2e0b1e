"""Bones that stretch and joints that bend too far, from joint positions, so that every generator is compared.

Beyond the benchmark's own metrics. Their input is brought to 20 fps first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.errors import NotApplicable
from mbench.metrics.base import metric
from mbench.metrics.dynamics import norm
from mbench.motion import Motion
from mbench.motion.skeleton import BONES, INDEX

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

SHORTEST_BONE = 0.001  # m
TOLERANCE = 15.0  # degrees, for joint centres that are estimated and skeletons that differ
KNEE_FLEXION, ELBOW_FLEXION, NECK = 135 + TOLERANCE, 150 + TOLERANCE, 45 + TOLERANCE
KNEE_HYPEREXTENSION = 10 + 5.0  # a nearly straight knee is the best known of all angles
KNEE_DIRECTION = 40 + 20 + TOLERANCE  # turn of the shank under the knee, and of the foot under the shank
FOOT_TELLS = 20.0  # a foot nearer to the shank's direction than that does not tell where forward is
HIP_FLEXION, HIP_EXTENSION, HIP_ABDUCTION, HIP_ADDUCTION = (degrees + TOLERANCE for degrees in (120, 30, 45, 30))
TRUNK_FLEXION, TRUNK_EXTENSION, TRUNK_LATERAL, TRUNK_ROTATION = (degrees + TOLERANCE for degrees in (80, 25, 35, 45))


@metric(
    "quality/bone_length_drift",
    unit="ratio",
    better="lower",
    source="coefficient of variation of each bone; bones are rigid, see QuaterNet, arXiv 1805.06485",
    dimension="pose_quality",
    min_frames=2,
)
def bone_length_drift(motion: Motion) -> float | None:
    """How much bones change their length: its standard deviation over frames divided by its mean, mean over the bones.

    Bones shorter than 1 mm on average are left out. A motion that was resampled from another frame rate has drifts of
    its own where joints move fast, since positions are interpolated.
    """
    parents, children = np.array(BONES).T
    lengths = norm(motion.joints[:, children].astype(np.float64) - motion.joints[:, parents])
    mean = lengths.mean(axis=0)
    if not (mean >= SHORTEST_BONE).any():
        raise NotApplicable("all bones are shorter than 1 mm")
    real = mean >= SHORTEST_BONE
    return float((lengths.std(axis=0)[real] / mean[real]).mean())


def angle(a: Floats, b: Floats) -> Floats:
    """Return the angles (T,) in degrees, 0 to 180, between vectors (T, 3); 0 where one has length 0."""
    return np.degrees(np.arctan2(norm(np.cross(a, b)), (a * b).sum(axis=-1)))


def across(vectors: Floats, axes: Floats) -> Floats:
    """Return the parts (T, 3) of vectors (T, 3) at right angles to axes (T, 3) of length 1."""
    return vectors - (vectors * axes).sum(axis=-1, keepdims=True) * axes


def unit(vectors: Floats) -> Floats:
    """Return vectors (T, 3) at length 1; a zero vector stays."""
    return vectors / np.maximum(norm(vectors), 1e-9)[:, None]


class _Body:
    """Bone vectors of a motion by joint names, and the frame of its pelvis: right, forward, up (T, 3) each."""

    def __init__(self, motion: Motion) -> None:
        self._joints = motion.joints.astype(np.float64)
        self.right = unit(self.bone("left_hip", "right_hip"))
        middle = (self.at("left_hip") + self.at("right_hip")) / 2
        self.forward = unit(np.cross(self.at("spine1") - middle, self.right))
        self.up = np.cross(self.right, self.forward)

    def at(self, joint: str) -> Floats:
        """Return a joint's positions (T, 3)."""
        return self._joints[:, INDEX[joint]]

    def bone(self, start: str, end: str) -> Floats:
        """Return the vectors (T, 3) from one joint to another."""
        return self.at(end) - self.at(start)

    def lean(self, vectors: Floats, along: Floats) -> Floats:
        """Return how far vectors (T, 3) lean along an axis of the pelvis away from its up axis, -180 to 180 degrees."""
        return np.degrees(np.arctan2((vectors * along).sum(axis=-1), (vectors * self.up).sum(axis=-1)))

    def aside(self, vectors: Floats) -> Floats:
        """Return how far vectors (T, 3) point out of the pelvis's plane of symmetry to the right, -90 to 90 degrees."""
        return np.degrees(np.arcsin(np.clip((unit(vectors) * self.right).sum(axis=-1), -1, 1)))


def _knee(body: _Body, side: str) -> Bools:
    """Return where a knee folds too far, or bends backwards or sideways as seen from the foot."""
    thigh = body.bone(f"{side}_hip", f"{side}_knee")
    shank = body.bone(f"{side}_knee", f"{side}_ankle")
    foot = body.bone(f"{side}_ankle", f"{side}_foot")
    fold, axis, flex = angle(thigh, shank), unit(shank), angle(foot, shank)
    wrong_way = angle(across(thigh, axis), across(foot, axis)) > KNEE_DIRECTION
    known = (flex > FOOT_TELLS) & (flex < 180 - FOOT_TELLS)
    return (fold > KNEE_FLEXION) | (wrong_way & known & (fold > KNEE_HYPEREXTENSION))


def _elbow(body: _Body, side: str) -> Bools:
    """Return where an elbow folds too far."""
    upper = body.bone(f"{side}_shoulder", f"{side}_elbow")
    return angle(upper, body.bone(f"{side}_elbow", f"{side}_wrist")) > ELBOW_FLEXION


def _hip(body: _Body, side: str) -> Bools:
    """Return where a thigh is too far forwards, backwards, outwards or inwards of the pelvis."""
    thigh = body.bone(f"{side}_hip", f"{side}_knee")
    outwards = body.aside(thigh) * (1 if side == "right" else -1)
    # Flexion is undefined for a thigh straight out to the side, but such a thigh is beyond the sideways range anyway.
    flexion = body.lean(-thigh, -body.forward)
    folded = (flexion > HIP_FLEXION) | (flexion < -HIP_EXTENSION)
    return folded | (outwards > HIP_ABDUCTION) | (outwards < -HIP_ADDUCTION)


def _trunk(body: _Body) -> Bools:
    """Return where the trunk bends or turns too far against the pelvis."""
    trunk = body.bone("pelvis", "neck")
    flexion, axis = body.lean(trunk, body.forward), unit(trunk)
    shoulders = body.bone("left_shoulder", "right_shoulder")
    turn = angle(across(shoulders, axis), across(body.right, axis))
    bent = (flexion > TRUNK_FLEXION) | (flexion < -TRUNK_EXTENSION) | (abs(body.aside(trunk)) > TRUNK_LATERAL)
    return bent | (turn > TRUNK_ROTATION)


def _neck(body: _Body) -> Bools:
    """Return where the head is bent too far against the chest."""
    return angle(body.bone("neck", "head"), body.bone("spine1", "spine3")) > NECK


@metric(
    "quality/joint_limit_violation",
    unit="ratio",
    better="lower",
    source="ranges of AAOS, Joint Motion: Method of Measuring and Recording, 1965, plus 15 degrees",
    dimension="pose_quality",
)
def joint_limit_violation(motion: Motion) -> float | None:
    """Share of (frame, joint) pairs bent beyond the human range, over knees, elbows, hips, trunk and neck (8 joints).

    Angles in degrees from joint positions, published range + tolerance:

    - knee: folded over 135 + 15, or bent by over 10 + 5 in a direction more than 75 off the foot's, seen along the
      shank: backwards or sideways (not judged where the foot points along the shank within 20);
    - elbow: folded over 150 + 15 (which way it bends, positions do not tell);
    - hip: thigh against the pelvis: flexed over 120 + 15, extended over 30 + 15, out over 45 + 15, in over 30 + 15;
    - trunk: pelvis to neck against the pelvis: forwards 80 + 15, backwards 25 + 15, sideways 35 + 15; shoulders
      turned against the hips by over 45 + 15;
    - neck to head against the chest: 45 + 15 any way.

    Shoulders are not judged (they reach nearly everywhere), nor ankles and wrists (their neutral angle differs between
    skeletons by more than their range, or needs joints that the skeleton does not have).
    """
    body = _Body(motion)
    if norm(body.bone("left_hip", "right_hip")).max() < SHORTEST_BONE:
        raise NotApplicable("both hips are in one place")
    sides = [check(body, side) for check in (_knee, _elbow, _hip) for side in ("left", "right")]
    return float(np.mean([*sides, _trunk(body), _neck(body)]))
