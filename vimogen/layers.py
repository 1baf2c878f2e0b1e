"""The parts of ViMoGen's network: positions, norms, attention, blocks and the head.

Source: ViMoGen, arXiv 2510.26794; its blocks are those of Wan 2.1 (arXiv 2503.20314), whose weights it started from.
Tensors have the names of the released checkpoints. In shapes, B are samples, T frames, L text tokens, D the width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
    from vimogen.network import NetworkConfig

POSITIONS = 5000  # rows of the table of positions in released checkpoints


def sinusoids(places: Tensor, dim: int) -> Tensor:
    """Return the cosines, then the sines, of places at frequencies 1 ... 1/10000: (..., dim), float64 inside.

    Args:
        places: (...) timesteps from 0 to 1000.
        dim: even.
    """
    half = dim // 2
    rates = torch.exp(-math.log(10000) / half * torch.arange(half, device=places.device, dtype=torch.float64))
    angles = places.double()[..., None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class Positions(nn.Module):
    """Adds sinusoidal positions (Vaswani et al. 2017) to the frames of a motion."""

    pe: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        angles = torch.arange(POSITIONS)[:, None] * torch.exp(torch.arange(0, dim, 2) * (-math.log(10000) / dim))
        self.register_buffer("pe", torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, None])

    def forward(self, x: Tensor) -> Tensor:
        """Return x (B, T, D) with its positions."""
        return x + self.pe[: x.shape[1], 0].to(x.dtype)


class RMSNorm(nn.Module):
    """Root-mean-square norm over the last axis (Zhang & Sennrich 2019), in float32 whatever the type of x."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Return x / rms(x) * weight."""
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)).type_as(x) * self.weight


class Attention(nn.Module):
    """Attention to a context; q and k are normalised over the whole width, before it is split into heads."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(config.dim, config.dim) for _ in range(4))
        self.norm_q, self.norm_k = (RMSNorm(config.dim, config.eps) for _ in range(2))

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (B, T, D).

        Args:
            x: (B, T, D) queries.
            context: (B, S, D) keys and values.
            mask: (B, S), True where the context is there; at least one of a sample must be.
        """
        parts = self.norm_q(self.q(x)), self.norm_k(self.k(context)), self.v(context)
        q, k, v = (part.to(parts[2].dtype).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        shown = None if mask is None else mask[:, None, None, :]
        return self.o(F.scaled_dot_product_attention(q, k, v, attn_mask=shown).transpose(1, 2).flatten(-2))


class EncoderBlock(nn.Module):
    """Self-attention and feed-forward layer, both modulated by the timestep."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(config.dim, config.eps, elementwise_affine=False) for _ in range(2))
        self.self_attn = Attention(config)
        self.ffn = nn.Sequential(
            nn.Linear(config.dim, config.ffn_dim), nn.GELU(approximate="tanh"), nn.Linear(config.ffn_dim, config.dim)
        )
        self.modulation = nn.Parameter(torch.randn(1, 6, config.dim) / config.dim**0.5)

    def forward(self, x: Tensor, time: Tensor, mask: Tensor | None, conditions: Conditions | None = None) -> Tensor:
        """Return (B, T, D).

        Args:
            x: (B, T, D).
            time: (B, 6, D) shift, scale and gate of both layers.
            mask: (B, T), True where there is a frame.
            conditions: what `attend` reads.
        """
        shift1, scale1, gate1, shift2, scale2, gate2 = (self.modulation + time).chunk(6, dim=1)
        h = self.norm1(x) * (1 + scale1) + shift1
        x = x + gate1 * self.self_attn(h, h, mask)
        x = self.attend(x, conditions)
        return x + gate2 * self.ffn(self.norm2(x) * (1 + scale2) + shift2)

    def attend(self, x: Tensor, conditions: Conditions | None) -> Tensor:
        """Return x as it is; `Block` attends to its conditions here."""
        return x


@dataclass(frozen=True)
class Conditions:
    """What a block attends to besides itself.

    Attributes:
        text: (B, L, D) embedded tokens.
        text_mask: (B, L), None for all.
        reference: (B, S, D) encoded reference motion, None where there is none in the batch.
        reference_mask: (B, S), None for all.
        gate: weight of the text branch: 1 text, 0 reference, in between a blend of both; (B,) of a block, (B, blocks)
            of all.
    """

    text: Tensor
    text_mask: Tensor | None
    reference: Tensor | None
    reference_mask: Tensor | None
    gate: Tensor


class Block(EncoderBlock):
    """A block of the main stack: between its layers it attends to the text or to the reference, as the gate says."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self.norm3 = nn.LayerNorm(config.dim, config.eps)
        self.cross_attn = Attention(config)
        if config.ref_motion_dim:
            self.norm4 = nn.LayerNorm(config.dim, config.eps)
            self.ref_motion_cross_attn = Attention(config)

    def attend(self, x: Tensor, conditions: Conditions | None) -> Tensor:
        """Return x plus what each branch says to the samples that take it."""
        if conditions is None:
            return x
        c = conditions
        said = _weighted(x, c.gate, self.norm3, self.cross_attn, c.text, c.text_mask)
        if c.reference is None:
            return x + said
        other = _weighted(x, 1 - c.gate, self.norm4, self.ref_motion_cross_attn, c.reference, c.reference_mask)
        return x + said + other


def _weighted(
    x: Tensor, weight: Tensor, norm: nn.Module, attention: nn.Module, context: Tensor, mask: Tensor | None
) -> Tensor:
    """Return weight * attention(norm(x), context): (B, T, D), computed only for samples whose weight is not 0."""
    own = weight.nonzero()[:, 0]
    if len(own) == len(x):
        return weight[:, None, None].to(x.dtype) * attention(norm(x), context, mask)
    found = attention(norm(x[own]), context[own], None if mask is None else mask[own])
    return torch.zeros_like(x).index_add(0, own, (weight[own, None, None] * found).to(x.dtype))


class Head(nn.Module):
    """Norm, modulated by the timestep, and a linear layer to the columns of a frame."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim, config.eps, elementwise_affine=False)
        self.head = nn.Linear(config.dim, config.in_dim * config.frames_per_token)
        self.modulation = nn.Parameter(torch.randn(1, 2, config.dim) / config.dim**0.5)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Return the columns of the frames of each token, side by side, from x (B, T, D) and the timestep (B, D)."""
        shift, scale = (self.modulation + time[:, None]).chunk(2, dim=1)
        return self.head(self.norm(x) * (1 + scale) + shift)
