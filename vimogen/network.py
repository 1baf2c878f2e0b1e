"""The network of ViMoGen: a transformer over frames whose blocks attend to a text or to a reference motion.

Source: ViMoGen, arXiv 2510.26794; its blocks are those of Wan 2.1 (arXiv 2503.20314), whose weights it started from.
Tensors have the names of the released checkpoints. In shapes, B are samples, T frames, L text tokens, D the width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.checkpoint import checkpoint

POSITIONS = 5000  # rows of the table of positions in released checkpoints
SMALLEST = 0.001  # noise level below which a velocity is not divided out of a predicted motion


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network; the defaults are those of the published one.

    Attributes:
        in_dim: columns of a frame.
        dim: width D.
        ffn_dim: width of the feed-forward layers.
        num_layers: blocks; the encoder of references has half as many.
        num_heads: attention heads.
        text_dim: of a text token.
        ref_motion_dim: columns of a frame of a reference; 0 leaves the reference branch out.
        freq_dim: sinusoidal features of the timestep.
        eps: of all norms.
        frames_per_token: consecutive frames that share a token; 1 as published. More makes the network as many times
            cheaper.
        predicts: what the last layer gives: the `velocity`, as published, or the clean `motion`, from which the
            velocity follows. A network no wider than its frames can't pass the noise that a velocity holds (Li & He
            2025, arXiv 2511.13720).
    """

    in_dim: int = 276
    dim: int = 1536
    ffn_dim: int = 8960
    num_layers: int = 30
    num_heads: int = 12
    text_dim: int = 4096
    ref_motion_dim: int = 138
    freq_dim: int = 256
    eps: float = 1e-6
    frames_per_token: int = 1
    predicts: Literal["velocity", "motion"] = "velocity"


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
        gate: (B,) weight of the text branch: 1 text, 0 reference, in between a blend of both.
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


class ViMoGen(nn.Module):
    """Velocity of the flow at a noisy motion, given a text or a reference motion.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config, dim = config, config.dim
        self.checkpointing = False  # recompute blocks in the backward pass: less memory, a third more time
        self.motion_embedding = nn.Linear(config.in_dim * config.frames_per_token, dim)
        self.motion_pos_embedding = Positions(dim)
        self.text_embedding = nn.Sequential(
            nn.Linear(config.text_dim, dim), nn.GELU(approximate="tanh"), nn.Linear(dim, dim)
        )
        self.time_embedding = nn.Sequential(nn.Linear(config.freq_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        if config.ref_motion_dim:
            self.ref_motion_embedding = nn.Linear(config.ref_motion_dim * config.frames_per_token, dim)
            self.ref_motion_pos_embedding = Positions(dim)
            self.ref_motion_encoder = nn.ModuleList(EncoderBlock(config) for _ in range(config.num_layers // 2))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.motion_head = Head(config)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        text: Tensor,
        mask: Tensor | None = None,
        text_mask: Tensor | None = None,
        reference: Tensor | None = None,
        reference_mask: Tensor | None = None,
        gate: Tensor | None = None,
    ) -> Tensor:
        """Return the velocity noise - motion, (B, T, in_dim).

        Args:
            x: (B, T, in_dim) noisy motion, normalised.
            timestep: (B,) from 0 (motion) to 1000 (noise).
            text: (B, L, text_dim) token embeddings.
            mask: (B, T), True where there is a frame; None for everywhere.
            text_mask: (B, L), True where there is a token; None for everywhere, as in the release.
            reference: (B, S, ref_motion_dim), None for none.
            reference_mask: (B, S), True where the reference has a frame.
            gate: (B,) weight of the text branch, 1 text and 0 reference; None chooses as the release does: text where
                the reference is all zeros.
        """
        features = sinusoids(timestep, self.config.freq_dim).to(self.motion_embedding.weight.dtype)
        time = self.time_embedding(features)
        steps = self.time_projection(time).unflatten(1, (6, -1))
        conditions = self._conditions(steps, text, text_mask, reference, reference_mask, gate)
        tokens, mask = self._fold(x, mask)
        h = self.motion_pos_embedding(self.motion_embedding(tokens))
        for block in self.blocks:
            h = self._run(block, h, steps, mask, conditions)
        found = self.motion_head(h, time).unflatten(-1, (-1, self.config.in_dim)).flatten(1, 2)[:, : x.shape[1]]
        if self.config.predicts == "velocity":
            return found
        return (x - found) / (timestep / 1000).clamp(min=SMALLEST)[:, None, None]

    def _fold(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return tokens (B, T / n, n columns) of n frames each, and which of them hold a frame: (B, T / n)."""
        n, frames = self.config.frames_per_token, x.shape[1]
        if n == 1:
            return x, mask
        there = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if mask is None else mask
        x = F.pad(x * there[..., None], (0, 0, 0, -frames % n))
        there = F.pad(there, (0, -frames % n))
        return x.unflatten(1, (-1, n)).flatten(2), there.unflatten(1, (-1, n)).any(dim=-1)

    def _conditions(
        self,
        steps: Tensor,
        text: Tensor,
        text_mask: Tensor | None,
        reference: Tensor | None,
        reference_mask: Tensor | None,
        gate: Tensor | None,
    ) -> Conditions:
        """Embed the text, encode the reference where a sample takes it."""
        embedded = self.text_embedding(text)
        if gate is None:
            gate = torch.ones(len(text), device=text.device) if reference is None else _no_reference(reference)
        if reference is None or not self.config.ref_motion_dim or bool((gate == 1).all()):
            return Conditions(embedded, text_mask, None, None, gate)
        folded, reference_mask = self._fold(reference, reference_mask)
        r = self.ref_motion_pos_embedding(self.ref_motion_embedding(folded))
        for block in self.ref_motion_encoder:
            r = self._run(block, r, steps, reference_mask, None)
        return Conditions(embedded, text_mask, r, reference_mask, gate)

    def _run(self, block: nn.Module, *values: Any) -> Tensor:
        if self.checkpointing and torch.is_grad_enabled():
            return checkpoint(block, *values, use_reentrant=False)
        return block(*values)


def _no_reference(reference: Tensor) -> Tensor:
    """Return 1 for samples whose reference is all zeros, else 0: (B,)."""
    return (reference == 0).flatten(1).all(dim=1).float()
