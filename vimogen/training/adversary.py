"""The adversarial loss: a discriminator that learns beside the network, from the same batches.

Both are one module with one optimizer. The discriminator's loss reads motions without their gradient, and the
network's reads the discriminator's weights without theirs, so that neither changes the other's part.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vimogen.discriminator import Discriminator, real_from_made
from vimogen.kinematics import bone_offsets, posed
from vimogen.network import ViMoGen
from vimogen.training.objective import Objective, Step


class Pair(nn.Module):
    """A network and its discriminator.

    Args:
        network: makes motions.
        discriminator: reads them.
    """

    def __init__(self, network: ViMoGen, discriminator: Discriminator) -> None:
        super().__init__()
        self.network, self.discriminator = network, discriminator

    def forward(self, *inputs: Any, judged: tuple[Tensor, Tensor, Tensor] | None = None) -> Any:
        """Return the velocity; or, of (real joints, made joints, mask), the discriminator's and the network's loss."""
        if judged is None:
            return self.network(*inputs)
        real, made, mask = judged
        own = real_from_made(self.discriminator(real, mask), self.discriminator(made.detach(), mask))
        fixed = {name: weight.detach() for name, weight in self.discriminator.named_parameters()}
        fixed |= {name: buffer.clone() for name, buffer in self.discriminator.named_buffers()}
        return own, -functional_call(self.discriminator, fixed, (made, mask)).mean()


class AdversarialObjective(Objective):
    """The loss of `Objective`, plus how surely the discriminator sees through the motions, plus its own.

    The recipe's `adversarial` is the weight, `adversarial_from` the first step at which the network hears of it.
    """

    def __call__(self, network: nn.Module, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the loss and its parts: scalars."""
        parts, done = self.parts(network, batch)
        own, fooled = network(judged=(*_joints(done), done.mask))
        weight = self.recipe.adversarial if step >= self.recipe.adversarial_from else 0.0
        loss = torch.stack(list(parts.values())).sum() + own + weight * fooled
        named = parts | {"discriminator": own, "adversarial": fooled}
        return {"loss": loss, **{name: value.detach() for name, value in named.items()}}


def _joints(step: Step) -> tuple[Tensor, Tensor]:
    """Return the true joints and those that the made rotations pose, with the true bones: (B, T, 22, 3)."""
    offsets = bone_offsets(step.truth, step.mask)
    return posed(step.truth, offsets), posed(step.motion, offsets)
