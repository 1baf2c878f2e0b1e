"""Anchors: what a metric reads on real motion (score 1) and on the fault it must catch (score 0).

They put metrics of different units and directions on one scale, so that they can be averaged into pillars. The file is
`mbench/data/anchors.json`, made by `scripts/build_anchors.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.errors import ConfigError
from mbench.metrics.base import canonical_name

SCHEMA = 1
BUILTIN = Path(__file__).parents[1] / "data" / "anchors.json"


@dataclass(frozen=True)
class Anchor:
    """Two values of a metric, in its unit.

    Attributes:
        reference: mean over real motions.
        control: mean over the same motions with the fault.
        control_is: the fault, in words.
        metric_version: version of the values, with the body where one decides them (see `mbench.versions`).
    """

    reference: float
    control: float
    control_is: str
    metric_version: str = "1"

    def score(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return 1 for the reference, 0 for the control, linear between, clipped beyond; any shape."""
        return np.clip((np.asarray(values) - self.control) / (self.reference - self.control), 0.0, 1.0)


@dataclass(frozen=True)
class Anchors:
    """The anchors of a file, by metric name, and where they come from."""

    version: int
    provenance: Mapping[str, Any]
    by_metric: Mapping[str, Anchor]


def load_anchors(path: Path | None = None) -> Anchors:
    """Return the built-in anchors, or those of a file with the same fields.

    Args:
        path: another file; None for the built-in one.

    Raises:
        ConfigError: the file can't be read, has another version, lacks a field, or has an anchor without a span.
    """
    return _builtin() if path is None else _read(path)


def anchored(metric_name: str, value: float | None, version: str = "1") -> float | None:
    """Return a value as a score from 0 (the fault) to 1 (real motion) by the built-in anchors.

    Args:
        metric_name: any accepted spelling.
        value: in the metric's unit; None for missing.
        version: of the value (see `mbench.versions`).

    Returns:
        None where the value is missing, or no anchor was made with this version of the metric.
    """
    anchor = load_anchors().by_metric.get(canonical_name(metric_name))
    same = anchor is not None and anchor.metric_version == version
    return float(anchor.score(value)) if anchor is not None and same and value is not None else None


@cache
def _builtin() -> Anchors:
    return _read(BUILTIN)


def _read(path: Path) -> Anchors:
    """Return the anchors of a file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version, provenance, rows = (document[key] for key in ("version", "provenance", "anchors"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: can't be read as JSON: {error}") from error
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path}: field {error} is missing; expected version, provenance and anchors") from error
    if version != SCHEMA:
        raise ConfigError(f"{path}: version is {version!r}; this package reads version {SCHEMA}")
    if not isinstance(rows, dict):
        raise ConfigError(f"{path}: anchors is a {type(rows).__name__}; expected an object by metric name")
    return Anchors(version, provenance, {name: _anchor(path, name, row) for name, row in rows.items()})


def _anchor(path: Path, name: str, row: Any) -> Anchor:
    """Return a row as an anchor, checked."""
    try:
        anchor = Anchor(
            float(row["reference"]), float(row["control"]), str(row["control_is"]), str(row.get("metric_version", "1"))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: anchor {name!r}: {error}; expected numbers reference, control") from error
    if not abs(anchor.reference - anchor.control) > 0:
        raise ConfigError(f"{path}: anchor {name!r}: reference and control are both {anchor.reference}; no scale")
    return anchor
