"""Feet that slip, in SI units, and the drift of an integrated root. Beyond the benchmark's own metrics.

Their input is brought to 20 fps first. Both foot metrics call a foot down from one frame to the next only where it is
low in both.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mbench.errors import NotApplicable
from mbench.metrics.base import metric
from mbench.metrics.dynamics import norm
from mbench.motion import Motion
from mbench.motion.skeleton import FEET

Floats = NDArray[np.floating]

LOW, FAST, WINDOW = 0.05, 0.5, 5  # m, m/s, frames
MANN_HEIGHT = 0.025  # m
HIGHEST_REST, REST_PERCENTILE = 0.06, 5  # m: a toe joint at rest is 2 to 6 cm above the floor, by skeleton
ROOT_DRIFT = "root_drift_m"


def _steps(motion: Motion) -> tuple[Floats, Floats]:
    """Return horizontal speeds in m/s and the higher of both heights in m of the toes, (T-1, 2) each."""
    feet = motion.joints[:, FEET].astype(np.float64)
    heights = np.maximum(feet[1:, :, 2], feet[:-1, :, 2])
    return norm(np.diff(feet[..., :2], axis=0)) * motion.fps, heights


def _moving_mean(values: Floats) -> Floats:
    """Return the mean of `WINDOW` rows around each row of values (N, 2), zeros beyond the ends."""
    half = WINDOW // 2
    padded = np.pad(values, ((half, half), (0, 0)))
    return np.sum([padded[i : i + len(values)] for i in range(WINDOW)], axis=0) / WINDOW


@metric(
    "quality/foot_skating_ratio",
    unit="ratio",
    better="lower",
    source="GMD, Karunratanakul et al. 2023, arXiv 2305.12577 (also used by OmniControl, arXiv 2310.08580)",
    dimension="foot_sliding",
    min_frames=2,
)
def foot_skating_ratio(motion: Motion) -> float | None:
    """Share of steps from frame to frame in which at least one foot skates.

    A foot skates where its toe is lower than 5 cm in both frames, its horizontal speed is above 0.5 m/s (2.5 cm a
    frame at 20 fps), and the mean of that speed over 5 frames around (zeros beyond the ends) is above 0.5 m/s too.
    """
    speed, height = _steps(motion)
    skates = (height < LOW) & (speed > FAST) & (_moving_mean(speed) > FAST)
    return float(skates.any(axis=1).mean())


def resting_height(motion: Motion) -> float:
    """Return the height in m at which a toe joint rests: the 5th percentile of both toes' heights, at most 6 cm.

    A toe joint lies inside the foot, 2 to 6 cm above the sole in the skeletons we have seen.
    """
    return min(float(np.percentile(motion.joints[:, FEET, 2], REST_PERCENTILE)), HIGHEST_REST)


@metric(
    "quality/foot_skate_speed",
    unit="m/s",
    better="lower",
    source="weight of MANN, Zhang et al. 2018, ACM Trans. Graph. 37(4), doi 10.1145/3197517.3201366",
    dimension="foot_sliding",
    min_frames=2,
)
def foot_skate_speed(motion: Motion) -> float | None:
    """Mean horizontal speed of the toes, weighted by how firmly they are down: sum(w v) / sum(w) over steps and feet.

    w = 2 - 2^(h / H) with H = 2.5 cm and h from 0 to H: 1 on the floor, 0 at H and above. h is the toe's height, the
    higher of the step's two frames, above where it rests: the 5th percentile of both toes' heights in the clip, at
    most 6 cm. Does not apply where no toe is ever down.
    """
    speed, height = _steps(motion)
    above = np.clip((height - resting_height(motion)) / MANN_HEIGHT, 0, 1)
    weight = 2 - 2**above
    if not weight.any():
        raise NotApplicable("the feet are never down from one frame to the next")
    return float((weight * speed).sum() / weight.sum())


@metric(
    "quality/root_drift",
    unit="m",
    better="lower",
    source="ViMoGen's motion representation, arXiv 2510.26794",
    dimension="foot_sliding",
    fps=None,
)
def root_drift(motion: Motion) -> float | None:
    """Mean distance between the root's absolute positions and those integrated from its velocities.

    Only a representation that holds both, such as the 276-dim one, can disagree with itself; its reader measures the
    distance and keeps it in the motion's `meta` as `root_drift_m`. Does not apply to other motions.
    """
    drift = motion.meta.get(ROOT_DRIFT)
    if not isinstance(drift, int | float) or not math.isfinite(drift):
        raise NotApplicable("the motion's file does not hold both absolute and integrated root positions")
    return float(drift)
