"""The pose prior: how far poses are from the manifold of real ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.body.prior.checkpoint import load_network
from mbench.body.prior.poses import smpl_quaternions
from mbench.errors import FormatError
from mbench.files import read_json, sha256_of

if TYPE_CHECKING:
    from mbench.body.prior.network import DistanceField

WEIGHTS = Path(__file__).parent / "weights" / "pose_prior.safetensors"


@dataclass(frozen=True)
class PosePrior:
    """A neural distance field over poses.

    Attributes:
        network: of the field, float64.
        sha256: of the file it was read from; results name it, for numbers of different priors are not comparable.
    """

    network: DistanceField
    sha256: str

    def distances(self, rotations: ArrayLike) -> NDArray[np.float64]:
        """Return the predicted distances (T,) of poses to their nearest real pose, >= 0, one number a frame.

        Half the angle between two rotations, mean over joints, radians. A frame's number does not depend on the
        others, nor on where the person stands and faces.

        Args:
            rotations: local quaternions (T, 22, 4), x, y, z, w, as in `Pose.rotations`; joint 0 is not read.

        Raises:
            MotionError: another shape, or values that are no rotations.
        """
        import torch

        with torch.inference_mode():
            return np.asarray(self.network(torch.from_numpy(smpl_quaternions(rotations))).numpy())


def load_prior(path: Path | None = None, activation: str | None = None) -> PosePrior:
    """Return the built-in prior, or one from a file, e.g. a public checkpoint of NRDF.

    Args:
        path: a file as `mbench.body.prior.checkpoint` describes; None for the built-in one.
        activation: softplus, relu or lrelu, where the file does not say and it is not softplus.

    Raises:
        FormatError: the file can't be read or is of another kind; the built-in one is not the one its card describes.
    """
    return _builtin() if path is None else PosePrior(load_network(path, activation), sha256_of(path))


@cache
def _builtin() -> PosePrior:
    prior = PosePrior(load_network(WEIGHTS), sha256_of(WEIGHTS))
    if prior.sha256 != card()["sha256"]:
        raise FormatError(f"{WEIGHTS}: is not the file that its card describes; install the package again")
    return prior


def card() -> dict[str, Any]:
    """Return the card of the built-in prior: data, licence, training, held-out results."""
    document: dict[str, Any] = read_json(WEIGHTS.with_suffix(".json"))
    return document
