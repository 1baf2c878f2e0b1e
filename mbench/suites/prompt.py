"""A prompt of a suite."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DIMENSIONS = {
    "jitter_degree": "quality",
    "dynamic_degree": "quality",
    "ground_penetration": "quality",
    "foot_sliding": "quality",
    "foot_floating": "quality",
    "body_penetration": "quality",
    "pose_quality": "quality",
    "motion_condition_consistency": "fidelity",
    "motion_generalizability": "generalization",
}  # the nine dimensions of the benchmark, each with its pillar


@dataclass(frozen=True)
class Prompt:
    """One line of a suite.

    Attributes:
        id: unique in the suite; a safe file name.
        text: what the motion must show.
        seconds: how long the motion should be.
        dimensions: names of the dimensions it scores, e.g. `jitter_degree`.
        candidates: distractors for the 10-way choice, the prompt itself not among them.
        tags: free labels for breakdowns, e.g. `sport`, `multi-step`.
        reference: a reference motion file, or None.
    """

    id: str
    text: str
    seconds: float
    dimensions: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    reference: Path | None = field(default=None, compare=False)
