"""What looks suspicious in a motion: one short function a finding, each silent on nearly all real motion.

Each takes a motion (metres, z up) and returns one line, or None. `docs/formats.md` says how often each speaks on 2,070
real clips.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mbench.io.convention import MIN_CONFIDENCE, STATURES, UNITS, most_likely_up, stature
from mbench.io.tpose import is_t_pose
from mbench.motion.motion import Motion
from mbench.motion.skeleton import BONES, FEET, INDEX, JOINTS, PELVIS

Floats = NDArray[np.float64]
MIN_SECONDS, MIN_FRAMES = 0.5, 10
FROZEN_SECONDS = 1.0
STILL = 1e-6  # metres a frame: captured people are never that still
JUMP_SPEED = 5.0  # m/s that the pelvis is faster for one frame than around it
BONE_SPREAD = 0.05  # of a bone's length
BELOW, ABOVE = -0.08, 0.12  # metres
BACKWARDS = -0.3


def findings(motion: Motion) -> list[str]:
    """Return all that looks suspicious, one line each.

    Args:
        motion: metres, z up.
    """
    return [line for check in CHECKS if (line := check(motion)) is not None]


def very_short(motion: Motion) -> str | None:
    """Too short for most metrics: under 10 frames or half a second."""
    if len(motion) >= MIN_FRAMES and motion.seconds >= MIN_SECONDS:
        return None
    return f"very short: {len(motion)} frames, {motion.seconds:.2f} s"


def wrong_up(motion: Motion) -> str | None:
    """Another axis than z looks up, so the declared one is probably wrong."""
    axis, confidence = most_likely_up(motion.joints)
    if axis == "z" or confidence < MIN_CONFIDENCE:
        return None
    fix = ": pass up: y" if axis == "y" and motion.meta.get("up", "z") == "z" else ""
    return f"looks {axis} up as read (confidence {confidence:.2f}){fix}"


def wrong_unit(motion: Motion) -> str | None:
    """The skeleton is no person's size in metres."""
    height = stature(motion.joints)
    if STATURES[0] <= height <= STATURES[-1]:
        return None
    fitting = [u for u, metres in UNITS.items() if STATURES[0] <= height * metres <= STATURES[-1]]
    fix = f"; looks like {fitting[0]}: pass unit: {fitting[0]}" if fitting else ""
    return f"the skeleton is {height:.3g} m tall{fix}"


def t_pose_start(motion: Motion) -> str | None:
    """Frame 0 is a T-pose that the motion then leaves: a calibration frame, not part of the action."""
    start = next((t for t in range(len(motion)) if not is_t_pose(motion.joints[t])), len(motion))
    if start in (0, len(motion)):
        return None
    return f"starts in a T-pose: {start} frame{'s' if start > 1 else ''}; drop them if they are calibration"


def swapped_sides(motion: Motion) -> str | None:
    """Feet point backwards for a person whose left is left: sides swapped, or a mirrored (left-handed) file."""
    facing = forwardness(motion.joints.astype(np.float64))
    if facing > BACKWARDS:
        return None
    return f"left and right look swapped: the toes point backwards (cosine {facing:.2f}); or the file is left-handed"


def forwardness(joints: Floats) -> float:
    """Return the median cosine between where the feet point and where hips and trunk face, -1 to 1.

    Args:
        joints: (T, 22, 3) in any orientation.
    """

    def bone(start: str, end: str) -> Floats:
        return joints[:, INDEX[end]] - joints[:, INDEX[start]]

    forward = np.cross(bone("pelvis", "neck"), bone("left_hip", "right_hip"))
    toes = bone("left_ankle", "left_foot") + bone("right_ankle", "right_foot")
    lengths = np.linalg.norm(forward, axis=-1) * np.linalg.norm(toes, axis=-1)
    return float(np.median((forward * toes).sum(axis=-1) / np.maximum(lengths, 1e-9)))


def frozen(motion: Motion) -> str | None:
    """No joint moves for a second or more, which living people do not manage."""
    steps = np.linalg.norm(np.diff(motion.joints.astype(np.float64), axis=0), axis=-1).max(axis=1)
    start, length = _longest_run(steps < STILL)
    if length == 0 or length / motion.fps < FROZEN_SECONDS:
        return None
    whole = length == len(motion) - 1
    return f"frozen: no joint moves {'at all' if whole else f'for {length} frames from frame {start}'}"


def _longest_run(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """Return start and length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    best = int(lengths.argmax()) if len(lengths) else -1
    return (int(starts[best]), int(lengths[best])) if best >= 0 else (0, 0)


def root_jumps(motion: Motion) -> str | None:
    """The pelvis moves in one frame as it does neither before nor after."""
    steps = np.diff(motion.joints[:, PELVIS].astype(np.float64), axis=0)
    if len(steps) < 3:
        return None
    padded = np.pad(steps, ((2, 2), (0, 0)), mode="reflect")
    around = np.median(np.stack([padded[shift : shift + len(steps)] for shift in (0, 1, 3, 4)]), axis=0)
    excess = np.linalg.norm(steps - around, axis=-1) * motion.fps
    at = np.flatnonzero(excess > JUMP_SPEED)
    if not len(at):
        return None
    worst = int(at[excess[at].argmax()])
    more = f"; {len(at)} such frames" if len(at) > 1 else ""
    return f"the root jumps {np.linalg.norm(steps[worst]):.2f} m from frame {worst} to {worst + 1}{more}"


def bones_change(motion: Motion) -> str | None:
    """A bone changes its length."""
    spread, bone = worst_bone(motion.joints.astype(np.float64))
    return None if spread <= BONE_SPREAD else f"bone lengths change: {bone} by {100 * spread:.0f} % (one deviation)"


def worst_bone(joints: Floats) -> tuple[float, str]:
    """Return the largest standard deviation of a bone's length, relative to its mean, and the bone's name.

    Bones shorter than 2 cm are left out: some skeletons have joints in one place.
    """
    lengths = np.stack([np.linalg.norm(joints[:, c] - joints[:, p], axis=-1) for p, c in BONES], axis=1)
    mean = lengths.mean(axis=0)
    spread = np.where(mean > 0.02, lengths.std(axis=0) / np.maximum(mean, 1e-9), 0.0)
    parent, child = BONES[int(spread.argmax())]
    return float(spread.max()), f"{JOINTS[parent]} to {JOINTS[child]}"


def below_floor(motion: Motion) -> str | None:
    """The lower toe is, for a tenth of the time, clearly under the floor."""
    level = float(np.quantile(_lower_toe(motion), 0.1))
    return None if level >= BELOW else f"below the floor: toes at {level:.2f} m; is the floor at 0?"


def above_floor(motion: Motion) -> str | None:
    """Nothing touches the floor at any time."""
    level = float(motion.joints[..., 2].min())
    return None if level <= ABOVE else f"above the floor: the lowest joint never gets under {level:.2f} m"


def _lower_toe(motion: Motion) -> Floats:
    """Return the height of the lower toe in each frame (T,), metres."""
    return motion.joints[:, FEET, 2].min(axis=1).astype(np.float64)


CHECKS: tuple[Callable[[Motion], str | None], ...] = (
    very_short,
    wrong_unit,
    wrong_up,
    t_pose_start,
    swapped_sides,
    frozen,
    root_jumps,
    bones_change,
    below_floor,
    above_floor,
)
