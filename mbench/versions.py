"""What decides a value beside the motion: the metric's version, and the body and settings of metrics that need a mesh.

Values of different versions are never mixed, compared or ranked.
"""

from __future__ import annotations

import importlib.util

from mbench.body.mesh import MeshSettings
from mbench.body.registry import find_body
from mbench.metrics.base import Metric


def version_of(item: Metric, mesh: MeshSettings) -> str:
    """Return `1`, or for a metric that needs a mesh `1+default.df5cf1c7e0` (body and hash) and what is not the default.

    Args:
        item: the metric.
        mesh: the settings of the run.
    """
    version = str(item.info.version)
    if "mesh" not in item.info.needs:
        return version
    body = find_body(mesh.body)
    parts = [version, f"{body.name}.{body.facts()['weights'][:10]}"]
    if mesh.fit != MeshSettings.fit:
        parts.append(f"fit={mesh.fit}")
    if mesh.max_collisions is not None:
        parts.append(f"max_collisions={mesh.max_collisions}")
    return "+".join(parts)


def lacks(item: Metric) -> str | None:
    """Return what has to be installed for a metric, or None."""
    if "mesh" in item.info.needs and importlib.util.find_spec("smplx") is None:
        return "pip install 'mbench[body]'"
    return None
