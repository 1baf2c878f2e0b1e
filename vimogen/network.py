"""The network of ViMoGen: a transformer over frames whose blocks attend to a text or to a reference motion.

Source: ViMoGen, arXiv 2510.26794; its blocks are those of Wan 2.1 (arXiv 2503.20314), whose weights it started from.
Tensors have the names of the released checkpoints. In shapes, B are samples, T frames, L text tokens, D the width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.checkpoint import checkpoint

from vimogen.layers import Block, Conditions, EncoderBlock, Head, Positions, sinusoids

LEARNED = -1.0  # in place of a gate's weight: the learned gate weighs the branches
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
        soft_gate: has a learned gate, which weighs both branches in each block by what the text and the reference say.
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
    soft_gate: bool = False


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
        if config.soft_gate:
            self.soft_gate = nn.Linear(2 * dim, config.num_layers)

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
            gate: (B,) weight of the text branch, 1 text and 0 reference, `LEARNED` for what the learned gate says;
                None chooses as the release does: text where the reference is all zeros.
        """
        features = sinusoids(timestep, self.config.freq_dim).to(self.motion_embedding.weight.dtype)
        time = self.time_embedding(features)
        steps = self.time_projection(time).unflatten(1, (6, -1))
        conditions = self._conditions(steps, text, text_mask, reference, reference_mask, gate)
        tokens, mask = self._fold(x, mask)
        h = self.motion_pos_embedding(self.motion_embedding(tokens))
        for block, weight in zip(self.blocks, conditions.gate.unbind(dim=-1), strict=True):
            h = self._run(block, h, steps, mask, replace(conditions, gate=weight))
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
        weights = gate[:, None].expand(-1, self.config.num_layers)
        unread = bool((gate == 1).all()) and not torch.is_grad_enabled()  # in training every weight gets a gradient
        if reference is None or not self.config.ref_motion_dim or unread:
            return Conditions(embedded, text_mask, None, None, weights)
        r, reference_mask = self._encoded(steps, reference, reference_mask, (gate != 1).nonzero()[:, 0])
        if self.config.soft_gate:
            both = torch.cat([_mean(embedded, text_mask), _mean(r, reference_mask)], dim=-1)
            weights = torch.where(weights == LEARNED, self.soft_gate(both).float().sigmoid(), weights)
        return Conditions(embedded, text_mask, r, reference_mask, weights)

    def _encoded(
        self, steps: Tensor, reference: Tensor, mask: Tensor | None, own: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Return references (B, S, D) and their mask, encoded for the samples `own`, which read them; 0 for others."""
        folded, mask = self._fold(reference, mask)
        r = self.ref_motion_pos_embedding(self.ref_motion_embedding(folded[own]))
        for block in self.ref_motion_encoder:
            r = self._run(block, r, steps[own], None if mask is None else mask[own], None)
        return r.new_zeros(len(folded), *r.shape[1:]).index_copy(0, own, r), mask

    def _run(self, block: nn.Module, *values: Any) -> Tensor:
        if self.checkpointing and torch.is_grad_enabled():
            return checkpoint(block, *values, use_reentrant=False)
        return block(*values)


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mean of x (B, L, D) over its tokens that are there: (B, D)."""
    if mask is None:
        return x.mean(dim=1)
    there = mask[..., None].to(x.dtype)
    return (x * there).sum(dim=1) / there.sum(dim=1)


def _no_reference(reference: Tensor) -> Tensor:
    """Return 1 for samples whose reference is all zeros, else 0: (B,)."""
    return (reference == 0).flatten(1).all(dim=1).float()
