"""Faults put into a motion on purpose: what metrics must catch. Pure and, given a seeded generator, repeatable.

Contracts of metrics, anchors of the scores and the control models use them. Faults that leave the pose right keep it;
the others drop it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.motion import Motion, Pose
from mbench.motion.skeleton import FEET, INDEX, N_JOINTS, PELVIS

Floats = NDArray[np.float64]
X, Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def _moved(motion: Motion, by: ArrayLike) -> Motion:
    """Return the motion with every frame moved by metres (3,) or (T, 1, 3); the pose stays."""
    return motion.replace(joints=(motion.joints + np.asarray(by)).astype(np.float32), pose=motion.pose)


def _frames(motion: Motion, order: NDArray[np.intp]) -> Motion:
    """Return the motion with the frames of these indices (T,), pose included."""
    pose = motion.pose and Pose(motion.pose.rotations[order], motion.pose.offsets)
    return motion.replace(joints=motion.joints[order], pose=pose)


def jitter(motion: Motion, sigma: float, rng: np.random.Generator) -> Motion:
    """Fake a trembling generator: independent Gaussian noise on every coordinate of every joint and frame.

    Args:
        motion: any motion.
        sigma: standard deviation, metres.
        rng: seeded generator.
    """
    noise = rng.standard_normal(motion.joints.shape) * sigma
    return motion.replace(joints=(motion.joints + noise).astype(np.float32))


def sink(motion: Motion, metres: float) -> Motion:
    """Fake feet under the floor: the whole motion lowered by metres."""
    return _moved(motion, -metres * Z)


def lift(motion: Motion, metres: float) -> Motion:
    """Fake a body in the air: the whole motion raised by metres."""
    return _moved(motion, metres * Z)


def ground(motion: Motion) -> Motion:
    """Put the lowest toe joint of the clip at z = 0: no fault, but what fast feet need to count as down in MBench."""
    return _moved(motion, -motion.joints[:, FEET, 2].min() * Z)


def slide(motion: Motion, metres_per_second: float) -> Motion:
    """Fake feet that slip on ice: the whole motion carried along +x at constant speed.

    Of the benchmark's Foot_Sliding only feet below 2 cm or slower than 0.2 m/s count as down; toe joints rest at 2 to
    6 cm, so slide a motion that went through `ground` where that metric is to see it.
    """
    seconds = np.arange(len(motion))[:, None, None] / motion.fps
    return _moved(motion, metres_per_second * seconds * X)


def freeze(motion: Motion, share: float = 1.0) -> Motion:
    """Fake a generator that stops: the last share of the frames repeats the first of them; 1 is a statue.

    Args:
        motion: any motion.
        share: of the frames, 0 to 1.

    Raises:
        MotionError: share outside 0 to 1.
    """
    return _frames(motion, np.minimum(np.arange(len(motion)), _first_frozen(motion, share)))


def glide(motion: Motion, share: float = 1.0, metres_per_second: float = 1.0, height: float = 0.3) -> Motion:
    """Fake a ghost: over the last share of the frames a frozen body floats along +x above the floor.

    Args:
        motion: any motion.
        share: of the frames, 0 to 1.
        metres_per_second: speed of the frozen part.
        height: metres by which the frozen part is raised.

    Raises:
        MotionError: share outside 0 to 1.
    """
    since = np.arange(len(motion)) - _first_frozen(motion, share)
    forward = np.maximum(since, 0)[:, None, None] / motion.fps * metres_per_second * X
    raised = (since >= 0)[:, None, None] * height * Z
    return _moved(freeze(motion, share), forward + raised)


def _first_frozen(motion: Motion, share: float) -> int:
    """Return the frame from which on the last share of the frames lies; the frame count where there is none."""
    if not 0 <= share <= 1:
        raise MotionError(f"share is {share}; expected 0 to 1")
    return round(len(motion) * (1 - share))


def halt(motion: Motion, depth: float, hertz: float = 2.0) -> Motion:
    """Fake stop-and-go: the same path at a speed that swings by a share of itself; at depth 1 it stops every time.

    Args:
        motion: any motion; frames between its own are interpolated linearly.
        depth: 0 to 1.
        hertz: stops a second, well below half the frame rate.

    Raises:
        MotionError: depth outside 0 to 1 (beyond it the motion would run backwards).
    """
    if not 0 <= depth <= 1:
        raise MotionError(f"depth is {depth}; expected 0 to 1")
    turns = 2 * np.pi * hertz / motion.fps
    source = np.arange(len(motion)) - depth * np.sin(turns * np.arange(len(motion))) / turns
    source = np.clip(source, 0, len(motion) - 1)
    before = np.floor(source).astype(int)
    after, part = np.minimum(before + 1, len(motion) - 1), (source - before)[:, None, None]
    return motion.replace(joints=((1 - part) * motion.joints[before] + part * motion.joints[after]).astype(np.float32))


def stretch(motion: Motion, share: float, hertz: float = 1.0) -> Motion:
    """Fake bones that are not rigid: the body grows and shrinks around the pelvis by a share of its size.

    Args:
        motion: any motion.
        share: amplitude, of every bone's length.
        hertz: of the growing and shrinking, a sine.
    """
    scale = 1 + share * np.sin(2 * np.pi * hertz * np.arange(len(motion)) / motion.fps)
    root = motion.joints[:, PELVIS : PELVIS + 1]
    return motion.replace(joints=((motion.joints - root) * scale[:, None, None] + root).astype(np.float32))


def hyperextend(motion: Motion, degrees: float) -> Motion:
    """Fake knees that bend backwards: both, by this angle from straight, in every frame, whatever the motion does.

    Each shank is laid along its thigh and turned forwards about the axis from hip to hip; the foot goes with it.

    Args:
        motion: any motion whose hips are not in one place.
        degrees: backward bend of both knees.
    """
    joints = motion.joints.astype(np.float64)
    right = joints[:, INDEX["right_hip"]] - joints[:, INDEX["left_hip"]]
    for side in ("left", "right"):
        hip, knee, ankle, foot = (INDEX[f"{side}_{part}"] for part in ("hip", "knee", "ankle", "foot"))
        shin, sole = (np.linalg.norm(joints[:, end] - joints[:, start], axis=-1, keepdims=True)
                      for start, end in ((knee, ankle), (ankle, foot)))  # fmt: skip
        down, forward = _turned(joints[:, knee] - joints[:, hip], right, np.radians(degrees))
        joints[:, ankle] = joints[:, knee] + shin * down
        joints[:, foot] = joints[:, ankle] + sole * forward
    return motion.replace(joints=joints.astype(np.float32))


def _turned(thigh: Floats, right: Floats, angle: float) -> tuple[Floats, Floats]:
    """Return unit vectors (T, 3) along a thigh and forwards of it, both turned forwards by an angle in radians."""
    down = thigh / np.linalg.norm(thigh, axis=-1, keepdims=True)
    forward = np.cross(right, down)
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    return np.cos(angle) * down + np.sin(angle) * forward, np.cos(angle) * forward - np.sin(angle) * down


def contort(motion: Motion, degrees: float, rng: np.random.Generator) -> Motion:
    """Fake a body that no person has: every joint but the pelvis turned about an axis of its own, the same all along.

    Args:
        motion: one with a pose.
        degrees: of each turn.
        rng: seeded generator of the axes.

    Raises:
        MotionError: the motion has no pose.
    """
    if motion.pose is None:
        raise MotionError("only a motion with joint rotations can be contorted; this one has joint positions only")
    axes = rng.standard_normal((N_JOINTS, 3))
    axes[PELVIS] = 0
    length = np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-12)
    turns = Rotation.from_rotvec(np.radians(degrees) * axes / length)
    local = motion.pose.rotations.astype(np.float64)
    turned = np.stack([(Rotation.from_quat(local[:, j]) * turns[j]).as_quat() for j in range(N_JOINTS)], axis=1)
    joints = forward_kinematics(turned, motion.joints[:, PELVIS], motion.pose.offsets)
    pose = Pose(turned.astype(np.float32), motion.pose.offsets)
    return motion.replace(joints=joints.astype(np.float32), pose=pose)
