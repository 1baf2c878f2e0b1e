"""The two encoders: a small transformer over frames, and a projection of a frozen text encoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mbench.judges.retrieval.features import N_FEATURES, features


@dataclass(frozen=True)
class Shape:
    """The size of the network.

    Attributes:
        width: of the transformer.
        layers: of the transformer.
        heads: of its attention.
        patch: frames a token.
        space: dimensions of the common space.
        text: dimensions of the text encoder.
        dropout: in training.
    """

    width: int = 256
    layers: int = 4
    heads: int = 4
    patch: int = 4
    space: int = 256
    text: int = 384
    dropout: float = 0.25


class MotionEncoder(nn.Module):
    """(B, T, 22, 3) joints at 20 fps to (B, space) vectors of norm 1."""

    mean: Tensor
    scale: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.patch = nn.Linear(N_FEATURES * shape.patch, shape.width)
        self.summary = nn.Parameter(torch.randn(1, 1, shape.width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            shape.width, shape.heads, 4 * shape.width, shape.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(shape.width)
        self.out = nn.Linear(2 * shape.width, shape.space)

    def forward(self, joints: Tensor, frames: Tensor) -> Tensor:
        """Return (B, space) vectors of norm 1.

        Args:
            joints: (B, T, 22, 3), each clip's last frame repeated behind its end; T a multiple of the patch.
            frames: (B,) lengths of the clips.
        """
        size = self.shape.patch
        with torch.autocast(joints.device.type, enabled=False):
            values = ((features(joints) - self.mean) / self.scale).clamp(-10, 10)
        patches = values.reshape(len(values), -1, size * N_FEATURES)
        count = torch.div(frames + size - 1, size, rounding_mode="floor")
        tokens = self.patch(patches) + positions(patches.shape[1], self.shape.width).to(patches)
        tokens = torch.cat([self.summary.expand(len(tokens), -1, -1), tokens], dim=1)
        absent = torch.arange(tokens.shape[1], device=tokens.device)[None] > count[:, None]
        seen = self.norm(self.blocks(tokens, src_key_padding_mask=absent))
        there = (~absent[:, 1:, None]).to(seen.dtype)
        mean = (seen[:, 1:] * there).sum(1) / there.sum(1)
        return functional.normalize(self.out(torch.cat([seen[:, 0], mean], dim=-1)), dim=-1)


class TextProjection(nn.Module):
    """(B, text) sentence vectors to (B, space) vectors of norm 1.

    Linear, so that sentences it was not trained on stay where the text encoder has put them among the others.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.drop = nn.Dropout(shape.dropout)
        self.linear = nn.Linear(shape.text, shape.space)

    def forward(self, sentences: Tensor) -> Tensor:
        """Return (B, space) vectors of norm 1."""
        return functional.normalize(self.linear(self.drop(sentences)), dim=-1)


class RetrievalNetwork(nn.Module):
    """Motion encoder, text projection and the learned temperature of their similarity (Radford et al. 2021)."""

    def __init__(self, shape: Shape = Shape()) -> None:
        super().__init__()
        self.shape = shape
        self.motion = MotionEncoder(shape)
        self.text = TextProjection(shape)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(
        self, joints: Sequence[Tensor], frames: Sequence[Tensor], sentences: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return motion vectors, text vectors (both (B, space), norm 1) and the scale of their similarity.

        Args:
            joints: parts (b, T, 22, 3) of the batch; see `MotionEncoder.forward`.
            frames: their lengths (b,).
            sentences: (B, text).
        """
        motions = torch.cat([self.motion(part, lengths) for part, lengths in zip(joints, frames, strict=True)])
        return motions, self.text(sentences), self.log_scale.exp().clamp(max=100.0)


def positions(count: int, width: int) -> Tensor:
    """Return (count, width) sines and cosines of the place (Vaswani et al. 2017), in float64."""
    place = torch.arange(count, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width))
    return torch.stack([torch.sin(place * rate), torch.cos(place * rate)], dim=-1).reshape(count, width)


def contrast(motions: Tensor, texts: Tensor, scale: Tensor, ignored: Tensor) -> Tensor:
    """Return the symmetric InfoNCE loss of B matching pairs (van den Oord et al. 2018).

    Args:
        motions: (B, space), norm 1.
        texts: (B, space), norm 1; row i belongs to motion i.
        scale: of the similarity, the inverse temperature.
        ignored: (B, B) true where motion i and text j are not a wrong pair although i ≠ j: false negatives.
    """
    similarity = (scale * motions.float() @ texts.float().T).masked_fill(ignored, float("-inf"))
    right = torch.arange(len(similarity), device=similarity.device)
    return (functional.cross_entropy(similarity, right) + functional.cross_entropy(similarity.T, right)) / 2
