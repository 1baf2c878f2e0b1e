"""How plausible poses are: the distance of the fitted body to the manifold of real poses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mbench.metrics.base import metric
from mbench.motion import Motion

if TYPE_CHECKING:
    from mbench.body.mesh import Mesh

SCALE = 10.0  # of the published score


@metric(
    "quality/pose_quality",
    unit="radians x 10",
    better="lower",
    source="MBench, arXiv 2510.26794; NRDF, arXiv 2403.03122",
    needs={"mesh", "pose prior"},
)
def pose_quality(motion: Motion, mesh: Mesh) -> float | None:
    """Mean over frames of the predicted distance of the fitted pose to its nearest real pose, times 10.

    The distance is half the angle between two rotations, mean over the 21 joints under the pelvis, radians; a neural
    distance field trained on real motion predicts it. Where the body stands and faces does not count. Numbers of
    different priors, or of rotations fitted in different ways, are not comparable.
    """
    from mbench.body.prior import load_prior

    rotations, _ = mesh.pose
    prior = load_prior(Path(mesh.settings.prior) if mesh.settings.prior else None)
    return SCALE * float(prior.distances(rotations).mean())
