"""The network of a pose prior: an encoder for each joint along the kinematic tree, then an MLP to a distance.

Structure of Pose-NDF (arXiv 2207.13807) and NRDF (arXiv 2403.03122). This module imports torch; import it late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from mbench.body.prior.poses import TREE

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "softplus": lambda: nn.Softplus(beta=100),
    "relu": nn.ReLU,
    "lrelu": nn.LeakyReLU,
}
QUATERNION = 4


class DistanceField(nn.Module):
    """Unsigned distance of a pose to the manifold of real poses.

    The encoder of a joint reads its quaternion and its parent's feature; the features of all joints, one after the
    other, go through the MLP. The output has no negative values, whatever the activation.

    Args:
        feature: size of a joint's feature.
        encoder: hidden units of a joint's encoder.
        hidden: units of the layers of the MLP.
        activation: softplus (of sharpness 100, as in NRDF), relu or lrelu (Pose-NDF).
    """

    def __init__(self, feature: int, encoder: int, hidden: Sequence[int], activation: str = "softplus") -> None:
        super().__init__()
        act = ACTIVATIONS[activation]
        self.joints = nn.ModuleList(
            nn.Sequential(
                nn.Linear(QUATERNION + (feature if parent >= 0 else 0), encoder),
                act(),
                nn.Linear(encoder, feature),
                act(),
            )
            for parent in TREE
        )
        layers: list[nn.Module] = []
        for size, next_size in pairwise([len(TREE) * feature, *hidden]):
            layers += [nn.Linear(size, next_size), act()]
        last = nn.Softplus(beta=100) if activation == "softplus" else nn.ReLU()
        self.distance = nn.Sequential(*layers, nn.Linear(hidden[-1], 1), last)

    def forward(self, poses: Tensor) -> Tensor:
        """Return distances (B,), radians, of poses (B, 21, 4) as `mbench.body.prior.poses` makes them."""
        features: list[Tensor] = []
        for joint, parent in enumerate(TREE):
            own = poses[:, joint]
            features.append(self.joints[joint](own if parent < 0 else torch.cat([own, features[parent]], dim=-1)))
        distances: Tensor = self.distance(torch.cat(features, dim=-1))[:, 0]
        return distances
