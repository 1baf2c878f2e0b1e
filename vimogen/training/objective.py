"""The loss of a training step: flow matching with the published weights, and what the decoded motion contradicts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mbench.motion.representations.vimogen276 import POSITIONS
from vimogen import flow
from vimogen.codec import Codec
from vimogen.losses import KINEMATIC
from vimogen.training.recipe import Recipe

SMALLEST = 1e-8  # m^2, under the root of a kinematic loss: its slope stays finite at 0


@dataclass(frozen=True)
class Step:
    """What a step has computed, for losses to read.

    Attributes:
        sigma: (B,) noise levels.
        motion: (B, T, 276) the motion that the network points to, in metres.
        truth: (B, T, 276) the true one.
        mask: (B, T).
    """

    sigma: Tensor
    motion: Tensor
    truth: Tensor
    mask: Tensor


class Objective:
    """Called as `mbench.training.train` calls a loss.

    Args:
        codec: of the data.
        recipe: of the training.
    """

    def __init__(self, codec: Codec, recipe: Recipe) -> None:
        self.recipe = recipe
        self.mean, self.std = torch.from_numpy(codec.mean), torch.from_numpy(codec.std)
        self.sigmas, self.weights = flow.sigmas(flow.TRAINING_STEPS)[:-1], flow.training_weights()

    def __call__(self, network: nn.Module, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the loss and its parts: scalars."""
        parts, _ = self.parts(network, batch)
        return {"loss": torch.stack(list(parts.values())).sum(), **{name: own.detach() for name, own in parts.items()}}

    def parts(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[dict[str, Tensor], Step]:
        """Return the weighted parts of the loss, and what they were computed from."""
        rows, mask = batch["rows"], batch["mask"]
        self._to(rows.device)
        drawn = torch.randint(0, flow.TRAINING_STEPS, (len(rows),), device=rows.device)
        sigma, weight = self.sigmas[drawn], self.weights[drawn]
        noise = _noise(batch)
        x = flow.noisy(rows, noise, sigma)
        velocity = network(
            x, flow.timesteps(sigma), batch["text"], mask, batch["text_mask"],
            batch["reference"], batch["reference_mask"], batch["gate"],
        ).float()  # fmt: skip
        errors = ((velocity - (noise - rows)).square() * batch["columns"][:, None]).mean(-1)
        parts = {"flow": (_over_frames(errors, mask) * weight * self._cap(sigma)).mean()}
        motion = flow.motion_of(x, velocity, sigma) * self.std + self.mean
        done = Step(sigma, motion, rows * self.std + self.mean, mask)
        return parts | self._kinematic(done, weight, batch["columns"]), done

    def _cap(self, sigma: Tensor) -> Tensor:
        """Return 1, and below the floor what keeps the weight of an error in the motion, 1 / sigma^2, from growing."""
        if self.recipe.network.predicts == "velocity" or not self.recipe.floor:
            return torch.ones_like(sigma)
        return (sigma / self.recipe.floor).clamp(max=1).square()

    def _kinematic(self, step: Step, weight: Tensor, columns: Tensor) -> dict[str, Tensor]:
        """Return the kinematic losses: means of metres, not of their squares, less so the noisier the sample was.

        In squares they drown the flow loss at the start of a training and are nothing at its end.
        """
        share = weight * (1 - step.sigma).square() * (columns[:, POSITIONS.start] > 0)
        return {
            name: strength * ((KINEMATIC[name](step.motion, step.truth, step.mask) + SMALLEST).sqrt() * share).mean()
            for name, strength in self.recipe.losses.items()
            if strength
        }

    def _to(self, device: torch.device) -> None:
        if self.mean.device != device:
            for name in ("mean", "std", "sigmas", "weights"):
                setattr(self, name, getattr(self, name).to(device))


def _noise(batch: dict[str, Tensor]) -> Tensor:
    """Return fresh noise (B, T, 276), for paired samples their own."""
    noise = torch.randn_like(batch["rows"])
    return torch.where(batch["paired"][:, None, None], batch["noise"], noise) if "paired" in batch else noise


def _over_frames(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of values (B, T) over the frames that are there: (B,)."""
    there = mask.to(values.dtype)
    return (values * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
