"""The adversarial pair: each loss moves its own part, and the moves go the right way."""

from __future__ import annotations

import pytest
import torch

from vimogen.codec import Codec
from vimogen.discriminator import Discriminator
from vimogen.kinematics import bone_offsets, posed
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.training.adversary import AdversarialObjective, Pair
from vimogen.training.objective import Objective
from vimogen.training.recipe import Recipe
from vimogen_folders import rows_of

SIZES = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "frames_per_token": 2}


def recipe_of(**change) -> Recipe:
    network = {**SIZES, "predicts": "motion"}
    return Recipe.model_validate({"data": "", "output": "", "network": network, "adversarial": 0.5, **change})


@pytest.fixture
def pair() -> Pair:
    torch.manual_seed(0)
    return Pair(ViMoGen(NetworkConfig(**SIZES, text_dim=8, predicts="motion")), Discriminator(width=16))


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.of([rows_of(seed, 30) for seed in range(4)])


@pytest.fixture(scope="module")
def batch(codec) -> dict[str, torch.Tensor]:
    rows = torch.stack([torch.from_numpy(codec.normalised(rows_of(seed, 16))) for seed in range(3)])
    mask = torch.arange(16)[None] < torch.tensor([16, 12, 9])[:, None]
    generator = torch.Generator().manual_seed(0)
    return {
        "rows": rows * mask[..., None], "mask": mask, "columns": torch.ones(3, 276),
        "text": torch.randn(3, 3, 8, generator=generator), "text_mask": torch.ones(3, 3, dtype=torch.bool),
        "reference": torch.randn(3, 16, 138, generator=generator), "reference_mask": mask,
        "gate": torch.tensor([1.0, 0.0, 1.0]),
    }  # fmt: skip


def moved(module: torch.nn.Module) -> bool:
    """Whether a loss has a gradient in the weights of a module."""
    return any(own.grad is not None and bool(own.grad.any()) for own in module.parameters())


def joints_of(seed: int) -> torch.Tensor:
    return torch.randn(2, 12, 22, 3, generator=torch.Generator().manual_seed(seed))


MASK = torch.ones(2, 12, dtype=torch.bool)


def test_the_discriminator_s_loss_moves_the_discriminator_alone(pair):
    made = joints_of(1).requires_grad_()
    own, _ = pair(judged=(joints_of(0), made, MASK))
    own.backward()
    assert moved(pair.discriminator)
    assert made.grad is None


def test_the_network_s_loss_moves_the_motion_alone(pair):
    made = joints_of(1).requires_grad_()
    _, fooled = pair(judged=(joints_of(0), made, MASK))
    fooled.backward()
    assert made.grad.abs().amax(dim=(-1, -2)).min() > 0
    assert not moved(pair.discriminator)


def test_the_network_s_loss_falls_where_the_discriminator_believes(pair):
    made, pair = joints_of(1).requires_grad_(), pair.eval()
    _, fooled = pair(judged=(joints_of(0), made, MASK))
    assert fooled.item() == pytest.approx(-pair.discriminator(made, MASK).mean().item(), abs=1e-6)
    fooled.backward()
    nearer = (made - 0.1 * made.grad / made.grad.norm()).detach()
    assert pair.discriminator(nearer, MASK).mean() > pair.discriminator(made, MASK).mean()


def test_asking_the_network_s_loss_leaves_the_spectral_norm_alone(pair):
    """Two readings of a batch, real and made, move its vectors; the third, for the network, does not."""
    twin = Discriminator(width=16)
    twin.load_state_dict(pair.discriminator.state_dict())
    pair(judged=(joints_of(0), joints_of(1), MASK))
    twin(joints_of(0), MASK), twin(joints_of(1), MASK)
    for name, value in twin.state_dict().items():
        assert torch.equal(value, pair.discriminator.state_dict()[name]), name


def gradients(pair, batch, codec, **change) -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
    """Return what the objective says, and the gradients of the network."""
    torch.manual_seed(3)
    found = AdversarialObjective(codec, recipe_of(**change))(pair, batch, step=10)
    pair.zero_grad()
    found["loss"].backward()
    return found, [own.grad.clone() for own in pair.network.parameters() if own.grad is not None]


def test_the_loss_is_that_without_an_adversary_and_both_of_its_own(pair, batch, codec):
    found, _ = gradients(pair, batch, codec)
    torch.manual_seed(3)
    plain = Objective(codec, recipe_of())(pair.network, batch, 10)
    assert set(found) == {*plain, "discriminator", "adversarial"}
    expected = plain["loss"] + found["discriminator"] + 0.5 * found["adversarial"]
    torch.testing.assert_close(found["loss"].detach(), expected.detach(), rtol=1e-4, atol=1e-5)


def test_before_it_sets_in_the_network_does_not_hear_of_it(pair, batch, codec):
    _, later = gradients(pair, batch, codec, adversarial_from=11)
    assert moved(pair.discriminator)
    torch.manual_seed(3)
    pair.zero_grad()
    Objective(codec, recipe_of())(pair.network, batch, 10)["loss"].backward()
    plain = [own.grad for own in pair.network.parameters() if own.grad is not None]
    for mine, theirs in zip(later, plain, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-7)
    _, now = gradients(pair, batch, codec, adversarial_from=10)
    assert max(float((a - b).abs().max()) for a, b in zip(now, plain, strict=True)) > 1e-6


def test_every_weight_of_both_has_a_gradient(pair, batch, codec):
    """As several GPUs need; texts only, references only, and both."""
    for gate in ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]):
        pair.zero_grad(set_to_none=True)
        AdversarialObjective(codec, recipe_of())(pair, {**batch, "gate": torch.tensor(gate)}, 0)["loss"].backward()
        assert [name for name, own in pair.named_parameters() if own.grad is None] == []


class Watched(torch.nn.Module):
    """A pair that remembers what its discriminator is given."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.pair = pair

    def forward(self, *inputs, judged=None):
        self.judged = judged
        return self.pair(*inputs, judged=judged)


def test_the_discriminator_reads_joints_on_the_true_bones(pair, batch, codec):
    watched = Watched(pair)
    AdversarialObjective(codec, recipe_of())(watched, batch, 0)
    real, made, mask = watched.judged
    truth = batch["rows"] * torch.from_numpy(codec.std) + torch.from_numpy(codec.mean)
    offsets = bone_offsets(truth, batch["mask"])
    torch.testing.assert_close(real, posed(truth, offsets))
    assert torch.equal(mask, batch["mask"])
    thighs = (made[:, :, 4] - made[:, :, 1]).norm(dim=-1)
    torch.testing.assert_close(thighs, offsets[:, 4].norm(dim=-1)[:, None].expand(-1, 16), rtol=1e-3, atol=1e-4)
