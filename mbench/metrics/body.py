"""Metrics of the skinned body: what a skeleton can't show."""

from __future__ import annotations

from mbench.body import contact
from mbench.body.mesh import Mesh
from mbench.metrics.base import metric
from mbench.motion import Motion


@metric(
    "quality/body_penetration",
    unit="%",
    better="lower",
    source="MBench, arXiv 2510.26794",
    needs={"mesh"},
)
def body_penetration(motion: Motion, mesh: Mesh) -> float | None:
    """Pairs of triangles of the skinned body that cross, per 100 triangles, mean over frames; can exceed 100 %.

    Two triangles that share a vertex do not count, nor do pairs that cross in the body's T-pose already. Each pair
    counts once. The setting `max_collisions` (of `body:`; the released code asks its collision tree for 8) counts, of
    each triangle, only its first that many pairs with triangles of a higher number.
    """
    settings = mesh.settings
    percent = contact.body_penetration(
        mesh.vertices, mesh.faces, mesh.rest_pairs, settings.max_collisions, settings.device
    )
    return float(percent.mean())
