"""Training of a pose prior. This module imports torch; import it late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mbench.body.prior.data import NoisyPoses
from mbench.body.prior.network import DistanceField
from mbench.files import atomic_write


@dataclass(frozen=True)
class Settings:
    """What decides a training, but the data.

    Attributes:
        steps: of AdamW, one batch each; the learning rate falls to 0 along a half cosine.
        batch: noisy poses a step; a quarter as many real ones, at distance 0, come on top.
        rate: highest learning rate.
        decay: weight decay.
        seed: of weights and batches.
        every: steps between checkpoints.
    """

    feature: int = 6
    encoder: int = 16
    hidden: tuple[int, ...] = (128, 128, 64)
    activation: str = "softplus"
    steps: int = 1500
    batch: int = 1024
    rate: float = 2e-3
    decay: float = 0.3
    seed: int = 0
    every: int = 500


def train(
    real: NDArray[np.floating],
    noisy: NoisyPoses,
    settings: Settings,
    checkpoint: Path,
    progress: Callable[[int, float], None],
) -> DistanceField:
    """Return a network trained to tell the distances; resumes from the checkpoint where there is one.

    Args:
        real: (M, 21, 4) poses at distance 0.
        noisy: poses with distances.
        settings: see there.
        checkpoint: file to resume from and to write every `settings.every` steps.
        progress: called with the step and the mean loss since the last call, at every checkpoint.
    """
    torch.manual_seed(settings.seed)
    network = DistanceField(settings.feature, settings.encoder, settings.hidden, settings.activation)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.rate, settings.steps, pct_start=0.05)
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule}
    first, losses = _resume(checkpoint, parts), []
    for step in range(first, settings.steps):
        loss = _loss(network, *_batch(real, noisy, settings, step))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % settings.every == 0:
            _save(checkpoint, parts, step + 1)
            progress(step + 1, float(np.mean(losses[-settings.every :])))
    return network.eval()


def _batch(
    real: NDArray[np.floating], noisy: NoisyPoses, settings: Settings, step: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return poses (B, 21, 4) and distances (B,) of a step. The step alone seeds the draw, so resuming repeats it."""
    rng = np.random.default_rng((settings.seed, step))
    rows = rng.integers(len(noisy.poses), size=settings.batch)
    zeros = rng.integers(len(real), size=settings.batch // 4)
    poses = np.concatenate([noisy.poses[rows], real[zeros]])
    distances = np.concatenate([noisy.distances[rows], np.zeros(len(zeros), dtype=np.float32)])
    return torch.from_numpy(poses), torch.from_numpy(distances)


def _loss(network: DistanceField, poses: torch.Tensor, distances: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error, as in NRDF.

    With squared errors near the manifold the field grew with the distance from the training poses on poses as real as
    they are: held-out real frames were told from ones with 10 degrees of noise far worse.
    """
    return (network(poses) - distances).abs().mean()


def _save(path: Path, parts: dict, step: int) -> None:
    with atomic_write(path) as file:
        torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, file)


def _resume(path: Path, parts: dict) -> int:
    """Load a checkpoint into the parts and return its step; 0 where there is none."""
    if not path.is_file():
        return 0
    saved = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return int(saved["step"])
