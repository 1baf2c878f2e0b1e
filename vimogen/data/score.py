"""Scores by which clips are kept or left out: metrics of the benchmark, and what only a curator asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mbench.errors import NotApplicable
from mbench.metrics.base import METRICS
from mbench.motion import Motion

STILL = 0.1  # m/s: a joint that moves less than that does nothing one could name
PERCENTILES = (50, 95, 99, 99.5, 100)
METRIC_OF = {
    "jitter": "quality/jitter_degree",
    "sliding": "quality/foot_sliding",
    "penetration": "quality/ground_penetration",
    "floating": "quality/foot_floating",
    "bone_drift": "quality/bone_length_drift",
}


def speed(motion: Motion) -> float:
    """Return the highest speed of any joint from one frame to the next, m/s.

    Raises:
        NotApplicable: a single frame.
    """
    return float(_speeds(motion).max())


def static(motion: Motion) -> float:
    """Return the share of frames in which no joint moves faster than `STILL`.

    Raises:
        NotApplicable: a single frame.
    """
    return float((_speeds(motion).max(axis=1) < STILL).mean())


def _speeds(motion: Motion) -> Any:
    """Return speeds (T - 1, 22), m/s."""
    if len(motion) < 2:
        raise NotApplicable("a single frame has no speed")
    return np.linalg.norm(np.diff(motion.joints.astype(np.float64), axis=0), axis=-1) * motion.fps


OWN: dict[str, Callable[[Motion], float]] = {"speed": speed, "static": static}


def scores_of(motion: Motion, captions: Sequence[dict[str, Any]] = ()) -> dict[str, float | None]:
    """Return the scores of a clip; None where one does not apply.

    Args:
        motion: 20 fps, z up, the floor of its source at z = 0.
        captions: of the clip, each with an `end` in seconds or None.
    """
    found: dict[str, float | None] = {name: METRICS.get(metric)(motion) for name, metric in METRIC_OF.items()}
    for name, function in OWN.items():
        try:
            found[name] = function(motion)
        except NotApplicable:
            found[name] = None
    ends = [caption["end"] for caption in captions if caption.get("end") is not None]
    found["overrun"] = max(0.0, max(ends) - motion.seconds) if ends else 0.0
    return found


def percentiles(scores: Sequence[dict[str, float | None]]) -> dict[str, dict[str, float]]:
    """Return {score: {percentile: value}} over clips, for those who set limits; scores that none has are left out."""
    found = {}
    for name in scores[0] if scores else ():
        values = [value for own in scores if (value := own[name]) is not None]
        if values:
            found[name] = {f"{rank:g}": float(np.percentile(values, rank)) for rank in PERCENTILES}
    return found
