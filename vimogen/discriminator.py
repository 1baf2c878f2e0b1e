"""A small discriminator of motions: real or made? It reads joints, so that it sees what people see."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.nn.utils.parametrizations import spectral_norm

from mbench.motion.skeleton import N_JOINTS, PELVIS

FPS = 20.0
KERNEL = 5


class Discriminator(nn.Module):
    """Convolutions along time over joints relative to the pelvis and velocities: a logit for each stretch of frames.

    Spectral norm (Miyato et al. 2018, arXiv 1802.05957) keeps it from growing steep.

    Args:
        width: channels.
        layers: each halves the frame rate; a logit sees 4 * 2^layers - 3 frames.
    """

    def __init__(self, width: int = 128, layers: int = 3) -> None:
        super().__init__()
        sizes = [2 * N_JOINTS * 3, *[width] * layers]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv1d(before, after, KERNEL, stride=2, padding=KERNEL // 2))
            for before, after in zip(sizes[:-1], sizes[1:], strict=True)
        )
        self.last = spectral_norm(nn.Conv1d(width, 1, 1))

    def forward(self, joints: Tensor, mask: Tensor) -> Tensor:
        """Return the mean logit over the stretches of each motion, high for real: (B,).

        Args:
            joints: (B, T, 22, 3) metres.
            mask: (B, T), True where there is a frame, from the first one on.
        """
        x = features(joints, mask).transpose(1, 2)
        there = mask[:, None].to(x.dtype)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            there = there[..., ::2]
            x = x * there
        return (self.last(x) * there).sum(dim=(1, 2)) / there.sum(dim=(1, 2))


def features(joints: Tensor, mask: Tensor) -> Tensor:
    """Return joints relative to the place of the pelvis on the ground, and velocities, m/s: (B, T, 132)."""
    ground = joints[:, :, PELVIS : PELVIS + 1] * joints.new_tensor([1.0, 1.0, 0.0])
    speed = F.pad(joints.diff(dim=1) * FPS, (0, 0, 0, 0, 0, 1))
    moves = F.pad((mask[:, 1:] & mask[:, :-1]), (0, 1))[..., None, None]
    both = torch.cat([(joints - ground) * mask[..., None, None], speed * moves], dim=2)
    return both.flatten(2)


def real_from_made(real: Tensor, made: Tensor) -> Tensor:
    """Return the hinge loss of the discriminator, a scalar, from its logits (B,) of real and of made motions."""
    return (F.relu(1 - real) + F.relu(1 + made)).mean()
