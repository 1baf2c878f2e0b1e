"""Feet and floor: the three published metrics, from pelvis and toe joints, floor at z = 0, per frame at 20 fps.

Thresholds are float32, as in the published results: a foot exactly at one of them must fall on the same side.
A velocity is the difference to the next frame; the last one is repeated so that every frame has one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mbench.metrics.base import metric
from mbench.metrics.dynamics import MBENCH, norm
from mbench.motion import Motion
from mbench.motion.skeleton import FEET, PELVIS

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

BELOW_FLOOR = np.float32(-0.005)  # m
CONTACT_SPEED, CONTACT_HEIGHT = np.float32(0.01), np.float32(0.02)  # m/frame, m
ROOT_STILL, FOOT_STILL = np.float32(0.001), np.float32(1.2e-4)  # m/frame
RATIO_LOW, RATIO_HIGH, RATIO_GLIDING = np.float32(0.6), np.float32(1.75), np.float32(0.4)
EPSILON = np.float32(1e-6)
SHORTEST_FLIGHT = 4  # frames
MOST_PEAKS = 2


def per_frame_velocity(points: Floats) -> Floats:
    """Return velocities (T, ..., 3) in m/frame of points (T, ..., 3), T >= 2, the last one repeated."""
    steps = points[1:] - points[:-1]
    return np.concatenate([steps, steps[-1:]])


def contact(feet: Floats, velocity: Floats) -> Bools:
    """Return whether each foot is in contact (T, 2): slower than 1 cm/frame or lower than 2 cm.

    Args:
        feet: toe positions (T, 2, 3), metres.
        velocity: of the same (T, 2, 3), m/frame.
    """
    return (norm(velocity) < CONTACT_SPEED) | (feet[..., 2] < CONTACT_HEIGHT)


def runs(mask: Bools) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first frames and the frames after the last of the runs of true values of a mask (T,)."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _long_runs(mask: Bools) -> list[tuple[int, int]]:
    """Return (start, stop) of the runs of at least `SHORTEST_FLIGHT` frames."""
    starts, stops = runs(mask)
    long = stops - starts >= SHORTEST_FLIGHT
    return list(zip(starts[long].tolist(), stops[long].tolist(), strict=True))


@metric("quality/ground_penetration", unit="m", better="lower", source=MBENCH)
def ground_penetration(motion: Motion) -> float | None:
    """Mean depth of the toe joints that are more than 5 mm under the floor, over those frames and feet; 0 without any.

    A toe counts when z < -0.005 m; its depth is abs(z), from the floor.
    """
    heights = motion.joints[:, FEET, 2]
    below = heights[heights < BELOW_FLOOR]
    return float(-below.mean(dtype=np.float64)) if below.size else 0.0


@metric("quality/foot_sliding", unit="m/frame", better="lower", source=MBENCH, min_frames=2)
def foot_sliding(motion: Motion) -> float | None:
    """Mean horizontal speed of the toes while in contact, in m/frame at 20 fps, averaged over the two feet.

    A foot is in contact where it moves less than 1 cm/frame or is lower than 2 cm. Each foot's sum of speeds is
    divided by its number of contact frames plus 1e-6, so a foot that is never in contact adds 0.
    """
    feet = motion.joints[:, FEET]
    velocity = per_frame_velocity(feet)
    down = contact(feet, velocity)
    slid = (norm(velocity[..., :2]) * down).sum(axis=0)
    return float((slid / (down.sum(axis=0) + EPSILON)).mean())


@dataclass(frozen=True)
class _Gait:
    """What Foot_Floating reads: contacts and speed ratios of both feet (T, 2), root speed (T,), left toe (T, 3)."""

    down: Bools
    bad: Bools
    ratio: Floats
    root_still: Bools
    left: Floats

    @classmethod
    def of(cls, motion: Motion) -> _Gait:
        root, feet = motion.joints[:, PELVIS], motion.joints[:, FEET]
        velocity = per_frame_velocity(feet)
        root_speed = norm(per_frame_velocity(root))
        ratio = norm(per_frame_velocity(feet - root[:, None])) / (root_speed + EPSILON)[:, None]
        still = root_speed < ROOT_STILL
        implausible = (ratio < RATIO_LOW) | (ratio > RATIO_HIGH)
        bad = ~still[:, None] & (norm(velocity) > FOOT_STILL) & implausible
        return cls(contact(feet, velocity), bad, ratio, still, feet[:, 0])


@metric("quality/foot_floating", unit="ratio", better="lower", source=MBENCH, min_frames=2)
def foot_floating(motion: Motion) -> float | None:
    """Share of frames whose feet do not carry the body: (n1 + n2 / 2 + n3) / T; can exceed 1.

    With r the root's speed, f a foot's and q the foot's speed relative to the root divided by r + 1e-6, a foot is bad
    where r >= 0.001, f > 1.2e-4 m/frame and q is outside 0.6 to 1.75.

    - n1: frames where all feet that are in contact (one or two) are bad.
    - n2: frames with q < 0.4 in a foot's flights of 4 frames or more, both feet summed; a flight in which the root
      stands still (r < 0.001) more than half of the time is skipped.
    - n3: frames of the common flights of both feet (4 or more) in which the left foot swerves: the angle between its
      displacement since take-off and its whole displacement has more than 2 peaks.
    """
    gait = _Gait.of(motion)
    flights = _long_runs(~(gait.down[:, 0] | gait.down[:, 1]))
    swerving = sum(stop - start for start, stop in flights if _swerves(gait.left[start:stop]))
    gliding = _gliding(gait, 0) + _gliding(gait, 1)
    return float((_unsupported(gait) + gliding / 2 + swerving) / len(motion))


def _unsupported(gait: _Gait) -> int:
    """Return n1, the frames that have a foot in contact and no good foot in contact."""
    some = gait.down.any(axis=1)
    good = (gait.down & ~gait.bad).any(axis=1)
    return int(np.count_nonzero(some & ~good))


def _gliding(gait: _Gait, foot: int) -> int:
    """Return one foot's part of n2, the frames of its flights in which it hardly moves relative to the root."""
    total = 0
    for start, stop in _long_runs(~gait.down[:, foot]):
        if 2 * np.count_nonzero(gait.root_still[start:stop]) <= stop - start:
            total += int(np.count_nonzero(gait.ratio[start:stop, foot] < RATIO_GLIDING))
    return total


def _swerves(path: Floats) -> bool:
    """Return whether a path (N, 3), N >= 2, changes direction more than `MOST_PEAKS` times on its way."""
    displacement = path[1:] - path[0]
    direction = displacement / (norm(displacement) + EPSILON)[:, None]
    cosine = np.clip((direction * direction[-1]).sum(axis=1), -1, 1)
    return count_peaks(np.degrees(np.arccos(cosine))) > MOST_PEAKS


def count_peaks(values: NDArray[np.floating]) -> int:
    """Return the number of local maxima of values (N,), a flat top counting once, as `scipy.signal.find_peaks`."""
    slope = np.sign(np.diff(values))
    slope = slope[slope != 0]
    return int(np.count_nonzero((slope[:-1] > 0) & (slope[1:] < 0)))
