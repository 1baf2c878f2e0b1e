"""Training the learned gate: everything else of a trained network stays as it is.

A sample sees its text, and for a reference its own spoilt motion, another sample's motion, or its own so noisy that
little is left of it. Only the first is worth following; the gate learns to tell from how far the velocity is off.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vimogen.network import LEARNED
from vimogen.training.objective import Objective

OTHERS, NOISY = 0.4, 0.15  # shares of samples with another's reference, with a noisy one
NOISE = 1.0  # of noisy references, in normalised units: ten times that of spoilt ones


class GateObjective(Objective):
    """The loss of `Objective`, with references of which many are wrong, and the learned gate between the branches."""

    def __call__(self, network: nn.Module, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the loss and its parts: scalars."""
        return super().__call__(network, with_wrong_references(batch), step)


def with_wrong_references(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a batch with other references for some samples, and the learned gate for all; draws from torch."""
    reference, mask = batch["reference"], batch["reference_mask"]
    kind = torch.rand(len(reference), device=reference.device)
    others = (kind < OTHERS)[:, None]
    noisy = ((kind >= OTHERS) & (kind < OTHERS + NOISY))[:, None, None]
    mixed = torch.where(others[..., None], reference.roll(1, dims=0), reference)
    return batch | {
        "reference": mixed + noisy * NOISE * torch.randn_like(reference),
        "reference_mask": torch.where(others, mask.roll(1, dims=0), mask),
        "gate": torch.full_like(batch["gate"], LEARNED),
    }


def only_the_gate(network: nn.Module) -> None:
    """Freeze all weights but those of the learned gate."""
    for name, weight in network.named_parameters():
        weight.requires_grad_(name.startswith("soft_gate."))
