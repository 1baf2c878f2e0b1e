"""Curves through keys: minimum-jerk segments, and slow seeded noise.

Between two keys a curve is the quintic polynomial that meets their values, velocities and accelerations. With both at
zero this is the minimum-jerk profile of Flash and Hogan (1985); with the velocity and acceleration of a thrown body
at both ends it is the parabola itself, so that jumps are ballistic without a special case.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Rows: p0, v0, a0, a1, v1, p1; columns: powers of the phase from 0 to 5.
_QUINTIC = np.array(
    [
        [1, 0, 0, -10, 15, -6],
        [0, 1, 0, -6, 8, -3],
        [0, 0, 0.5, -1.5, 1.5, -0.5],
        [0, 0, 0, 0.5, -1, 0.5],
        [0, 0, 0, -4, 7, -3],
        [0, 0, 0, 10, -15, 6],
    ]
)


def min_jerk(phase: ArrayLike) -> Floats:
    """Return the minimum-jerk rise from 0 to 1 at a phase, which is clipped to [0, 1]."""
    s = np.clip(phase, 0.0, 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2)


def flowing_velocities(times: Floats, values: Floats) -> Floats:
    """Return a velocity (K, D) for each key: zero at turning points and ends, flowing through keys in between.

    The harmonic mean of the neighbouring slopes (Fritsch and Butland, 1984) keeps a curve from overshooting its keys.
    """
    velocities = np.zeros_like(values)
    if len(times) > 2:
        slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
        before, after = slopes[:-1], slopes[1:]
        product, total = before * after, before + after
        velocities[1:-1] = np.where(product > 0, 2 * product / np.where(total == 0, 1, total), 0)
    return velocities


def curve(
    at: Floats,
    times: ArrayLike,
    values: ArrayLike,
    velocities: ArrayLike | None = None,
    accels: ArrayLike | None = None,
) -> Floats:
    """Return the curve (T, D) through keys.

    Args:
        at: times (T,), seconds; before the first and after the last key the curve rests.
        times: of the keys (K,), seconds, strictly rising.
        values: at the keys (K, D).
        velocities: at the keys (K, D), per second; NaN or None where the curve shall flow.
        accels: at the keys (K, D), per second squared; None for zero.
    """
    keys, points = np.asarray(times, float), np.asarray(values, float)
    flow = flowing_velocities(keys, points)
    speeds = flow if velocities is None else np.where(np.isnan(velocities), flow, velocities)
    pushes = np.zeros_like(points) if accels is None else np.asarray(accels, float)
    if len(keys) == 1:
        return np.repeat(points, len(at), axis=0)
    index = np.clip(np.searchsorted(keys, at, side="right") - 1, 0, len(keys) - 2)
    span = (keys[index + 1] - keys[index])[:, None]
    phase = np.clip((at - keys[index])[:, None] / span, 0, 1)
    weights = (phase ** np.arange(6)) @ _QUINTIC.T
    rows = (points[index], speeds[index] * span, pushes[index] * span**2)
    ends = (pushes[index + 1] * span**2, speeds[index + 1] * span, points[index + 1])
    return sum(weights[:, [i]] * row for i, row in enumerate((*rows, *ends)))


def drift(rng: np.random.Generator, times: Floats, width: int, slow: float = 0.12, fast: float = 0.45) -> Floats:
    """Return slow noise (T, width) of unit variance: five sinusoids a channel with random frequency and phase.

    Args:
        rng: the source of frequencies and phases.
        times: seconds (T,).
        width: number of channels.
        slow: lowest frequency, Hz.
        fast: highest frequency, Hz.
    """
    frequency = rng.uniform(slow, fast, (5, width))
    phase = rng.uniform(0, 2 * np.pi, (5, width))
    return np.sin(2 * np.pi * frequency * times[:, None, None] + phase).sum(axis=1) * np.sqrt(2 / 5)
