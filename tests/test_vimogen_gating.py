"""What the learned gate is trained on: references of which some are another's and some are noise."""

from __future__ import annotations

import pytest
import torch

from vimogen.network import LEARNED, NetworkConfig, ViMoGen
from vimogen.training.gating import NOISE, NOISY, OTHERS, only_the_gate, with_wrong_references

SAMPLES = 4000


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    """Return many samples whose references are their own number, half of them shorter than the others."""
    mask = torch.ones(SAMPLES, 6, dtype=torch.bool)
    mask[::2, 4:] = False
    reference = torch.arange(SAMPLES).float()[:, None, None].expand(-1, 6, 5).clone()
    return {"reference": reference, "reference_mask": mask, "gate": torch.ones(SAMPLES), "text": torch.ones(SAMPLES, 1)}


def test_shares_of_wrong_references(batch):
    """A share p of 4,000 is known to 3 sqrt(p (1 - p) / 4000), 0.024 at most."""
    torch.manual_seed(0)
    found = with_wrong_references(batch)
    off = found["reference"] - batch["reference"]
    own, noisy = (off == 0).all(-1).all(-1), (off.abs() < 6).all(-1).all(-1) & (off != 0).any(-1).any(-1)
    others = found["reference"][:, 0, 0] == (torch.arange(SAMPLES) - 1) % SAMPLES
    noisy &= ~others
    assert others.float().mean().item() == pytest.approx(OTHERS, abs=0.024)
    assert noisy.float().mean().item() == pytest.approx(NOISY, abs=0.024)
    assert (own | others | noisy).all()
    assert off[noisy].std().item() == pytest.approx(NOISE, rel=0.02)


def test_another_s_reference_comes_with_its_mask(batch):
    torch.manual_seed(0)
    found = with_wrong_references(batch)
    others = found["reference"][:, 0, 0] == (torch.arange(SAMPLES) - 1) % SAMPLES
    assert torch.equal(found["reference_mask"][others], batch["reference_mask"].roll(1, dims=0)[others])
    assert torch.equal(found["reference_mask"][~others], batch["reference_mask"][~others])


def test_all_samples_ask_the_learned_gate_and_nothing_given_is_changed(batch):
    before = {name: value.clone() for name, value in batch.items()}
    found = with_wrong_references(batch)
    assert (found["gate"] == LEARNED).all()
    assert found["text"] is batch["text"]
    assert all(torch.equal(value, before[name]) for name, value in batch.items())


def test_only_the_gate_is_trained():
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "text_dim": 8}
    network = ViMoGen(NetworkConfig(**sizes, soft_gate=True))
    only_the_gate(network)
    names = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert names == {"soft_gate.weight", "soft_gate.bias"}
