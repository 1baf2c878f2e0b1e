"""What decides a value beside the motion: the metric's version, and the body and settings of metrics that need a mesh.

Values of different versions are never mixed, compared or ranked.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mbench.body.mesh import MeshSettings
from mbench.body.prior.score import card
from mbench.body.registry import find_body
from mbench.errors import ConfigError
from mbench.files import sha256_of
from mbench.judges.base import Judge, identity
from mbench.metrics.base import Metric
from mbench.metrics.reference import find_reference, load_reference


def version_of(item: Metric, mesh: MeshSettings, judge: Judge | None = None) -> str:
    """Return `1`, or for a metric that needs a mesh `1+default.df5cf1c7c0` (body and hash) and what else decides it.

    Args:
        item: the metric.
        mesh: the settings of the run.
        judge: of the run; its name and hash are part of the version of what it decides.

    Raises:
        MBenchError: no such body, or no such file of a body or a pose prior.
    """
    version = str(item.info.version)
    if "judge" in item.info.needs and judge is not None:
        version = f"{version}+{identity(judge)}"
        if "reference set" in item.info.needs and find_reference(judge) is not None:
            version = f"{version}+reference.{load_reference(judge).hash[:10]}"
    if "mesh" not in item.info.needs:
        return version
    body = find_body(mesh.body)
    parts = [version, f"{body.name}.{body.facts()['weights'][:10]}"]
    if "pose prior" in item.info.needs:
        parts.append(f"prior.{_prior_hash(mesh.prior)[:10]}")
    if mesh.fit != MeshSettings.fit:
        parts.append(f"fit={mesh.fit}")
    if mesh.max_collisions is not None:
        parts.append(f"max_collisions={mesh.max_collisions}")
    return "+".join(parts)


def _prior_hash(path: str | None) -> str:
    """Return the sha256 of a pose prior's weights."""
    if path is None:
        return str(card()["sha256"])
    if not Path(path).is_file():
        raise ConfigError(f"body.prior: {path}: there is no such file")
    return sha256_of(Path(path))


def lacks(item: Metric) -> str | None:
    """Return what has to be installed for a metric, or None."""
    if "mesh" in item.info.needs and importlib.util.find_spec("smplx") is None:
        return "pip install 'mbench[body]'"
    return None
