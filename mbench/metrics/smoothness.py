"""Smoothness in SI units: jerk, and the spectral arc length of the speed of hands, feet and head.

Beyond the benchmark's own metrics. Their input is brought to 20 fps first, so a motion's frame rate does not matter as
long as the motion has nothing above 8 Hz, which resampling keeps.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mbench.errors import NotApplicable
from mbench.metrics.base import metric
from mbench.metrics.dynamics import mean_length_of_difference, norm
from mbench.motion import Motion
from mbench.motion.skeleton import INDEX

END_EFFECTORS = tuple(INDEX[name] for name in ("head", "left_wrist", "right_wrist", "left_foot", "right_foot"))
HIGHEST_FREQUENCY = 10.0  # Hz
AMPLITUDE_THRESHOLD = 0.05  # of the spectrum at 0 Hz
PADDING = 4  # powers of two
SLOWEST = 0.02  # m/s: what moves less has no speed profile


@metric(
    "quality/jerk",
    unit="m/s^3",
    better="lower",
    source="Flash and Hogan 1985, J. Neurosci. 5(7)",
    dimension="jitter_degree",
    min_frames=4,
)
def jerk(motion: Motion) -> float | None:
    """Mean length of the third derivative of position over frames and 22 joints, in the world.

    The derivative is the third difference at 20 fps divided by (1/20 s)^3.
    """
    return mean_length_of_difference(motion.joints.astype(np.float64), 3) * motion.fps**3


@metric(
    "quality/spectral_arc_length",
    unit="dimensionless",
    better="higher",
    source="Balasubramanian et al. 2015, J. NeuroEng. Rehabil. 12:112 (SPARC)",
    dimension="jitter_degree",
    min_frames=10,
)
def spectral_arc_length(motion: Motion) -> float | None:
    """SPARC, the negative arc length of the normalised spectrum of a speed profile; mean over the end effectors.

    End effectors are head, wrists and toes; their speeds are differences at 20 fps. The spectrum (zero-padded by 4
    powers of two, divided by its value at 0 Hz) is followed from 0 Hz to the last frequency, at most 10 Hz, at which
    it reaches 0.05; frequency is divided by that one. Effectors whose mean speed is below 2 cm/s are left out; where
    all are, the metric does not apply. A longer clip with more movements has a longer arc: compare equal durations.
    """
    speeds = norm(np.diff(motion.joints[:, END_EFFECTORS].astype(np.float64), axis=0)) * motion.fps
    moving = speeds[:, speeds.mean(axis=0) >= SLOWEST]
    if not moving.size:
        raise NotApplicable("head, hands and feet stand still (mean speed below 2 cm/s)")
    return float(np.mean([sparc(speed, motion.fps) for speed in moving.T]))


def sparc(speed: NDArray[np.floating], fps: float) -> float:
    """Return the spectral arc length (at most 0, nearer 0 is smoother) of a speed profile.

    Args:
        speed: (N,) with N >= 2, not negative and not all zero.
        fps: samples a second.
    """
    size = 2 ** (math.ceil(math.log2(len(speed))) + PADDING)
    frequencies = np.fft.rfftfreq(size, 1 / fps)
    within = frequencies <= HIGHEST_FREQUENCY
    spectrum = np.abs(np.fft.rfft(speed, size))[within]
    spectrum /= spectrum[0]
    last = np.flatnonzero(spectrum >= AMPLITUDE_THRESHOLD)[-1]
    return -float(np.hypot(1 / last, np.diff(spectrum[: last + 1])).sum())
