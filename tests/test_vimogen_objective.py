"""The loss of a training step against one written down sample by sample, frame by frame."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vimogen import flow
from vimogen.codec import Codec
from vimogen.losses import KINEMATIC
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.training.objective import SMALLEST, Objective
from vimogen.training.recipe import Recipe
from vimogen_folders import rows_of

FRAMES = (12, 9, 7, 12)
NO_KINEMATIC = dict.fromkeys(KINEMATIC, 0.0)


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.of([rows_of(seed, 30) for seed in range(4)])


@pytest.fixture(scope="module")
def batch(codec) -> dict[str, torch.Tensor]:
    """Return four samples of two lengths and more: all columns, weighted ones, rotations only, no root."""
    rows = torch.zeros(4, 12, 276)
    for place, (own, frames) in enumerate(zip(rows, FRAMES, strict=True)):
        own[:frames] = torch.from_numpy(codec.normalised(rows_of(place, frames)))
    columns = torch.ones(4, 276)
    columns[1, 258:] = 3
    columns[2, 126:] = 0
    columns[3, 258:] = 0
    generator = torch.Generator().manual_seed(0)
    return {
        "rows": rows, "mask": torch.arange(12)[None] < torch.tensor(FRAMES)[:, None], "columns": columns,
        "text": torch.randn(4, 3, 8, generator=generator), "text_mask": torch.ones(4, 3, dtype=torch.bool),
        "reference": torch.randn(4, 12, 138, generator=generator),
        "reference_mask": torch.ones(4, 12, dtype=torch.bool), "gate": torch.tensor([1.0, 0.0, 1.0, 1.0]),
    }  # fmt: skip


def recipe_of(predicts: str = "velocity", **change) -> Recipe:
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "frames_per_token": 2, "predicts": predicts}
    return Recipe.model_validate({"data": "", "output": "", "network": sizes, **change})


def network_of(predicts: str) -> ViMoGen:
    torch.manual_seed(1)
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "frames_per_token": 2, "text_dim": 8}
    return ViMoGen(NetworkConfig(**sizes, predicts=predicts))


def drawn(rows: torch.Tensor) -> tuple[list[int], torch.Tensor]:
    """Return the indices of the noise levels and the noise that the seed 7 draws, as the objective draws them."""
    torch.manual_seed(7)
    return torch.randint(0, 1000, (len(rows),)).tolist(), torch.randn_like(rows)


def level_and_weight(index: int) -> tuple[float, float]:
    """Return the published noise level and its weight: shift 5, a bell over the timestep less its smallest value."""
    levels = [5 * s / (1 + 4 * s) for s in np.linspace(1, 0, 1001)[:-1]]
    bell = [math.exp(-2 * (level - 0.5) ** 2) for level in levels]
    return levels[index], (bell[index] - min(bell)) * 1000 / (sum(bell) - 1000 * min(bell))


def naive(network: ViMoGen, batch: dict[str, torch.Tensor], codec: Codec, recipe: Recipe) -> dict[str, float]:
    """Return every part of the loss, sample by sample."""
    indices, noise = drawn(batch["rows"])
    sums = dict.fromkeys(["flow", *(name for name, weight in recipe.losses.items() if weight)], 0.0)
    for place, index in enumerate(indices):
        level, weight = level_and_weight(index)
        own = {name: value[place : place + 1] for name, value in batch.items()}
        frames = int(own["mask"].sum())
        x = (1 - level) * own["rows"] + level * noise[place]
        with torch.no_grad():
            velocity = network(
                x, torch.tensor([1000 * level]), own["text"], own["mask"], own["text_mask"], own["reference"],
                own["reference_mask"], own["gate"],
            )  # fmt: skip
        errors = []
        for frame in range(frames):
            off = velocity[0, frame] - (noise[place, frame] - own["rows"][0, frame])
            errors.append(sum(float(w) * float(d) ** 2 for w, d in zip(own["columns"][0], off, strict=True)) / 276)
        cap = 1.0
        if recipe.network.predicts == "motion" and recipe.floor and level < recipe.floor:
            cap = (level / recipe.floor) ** 2
        sums["flow"] += np.mean(errors) * weight * cap
        if own["columns"][0, 130] == 0:
            continue
        std, mean = torch.from_numpy(codec.std), torch.from_numpy(codec.mean)
        motion = ((x - level * velocity) * std + mean)[:, :frames]
        truth = (own["rows"] * std + mean)[:, :frames]
        there = torch.ones(1, frames, dtype=torch.bool)
        for name, strength in recipe.losses.items():
            if strength:
                metres = math.sqrt(float(KINEMATIC[name](motion, truth, there)) + SMALLEST)
                sums[name] += strength * metres * weight * (1 - level) ** 2
    return {name: value / len(indices) for name, value in sums.items()}


@pytest.mark.parametrize("predicts", ["velocity", "motion"])
@pytest.mark.parametrize("floor", [0.0, 0.6])
def test_every_part_is_that_of_the_naive_loss(predicts, floor, batch, codec):
    recipe, network = recipe_of(predicts, floor=floor), network_of(predicts).eval()
    expected = naive(network, batch, codec, recipe)
    torch.manual_seed(7)
    found = Objective(codec, recipe)(network, batch, 0)
    assert set(found) == {"loss", "flow", *KINEMATIC}
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value, rel=2e-3), name
    assert found["loss"].item() == pytest.approx(sum(expected.values()), rel=2e-3)
    assert found["loss"].requires_grad
    assert not found["flow"].requires_grad


def test_noise_levels_of_the_seed_lie_on_both_sides_of_the_floor(batch):
    """So that the test above means something: a level below 0.6, one above, and all weights above 0."""
    levels = [level_and_weight(index) for index in drawn(batch["rows"])[0]]
    assert min(level for level, _ in levels) < 0.6 < max(level for level, _ in levels)
    assert all(weight > 0 for _, weight in levels)


def test_a_loss_of_weight_0_is_left_out(batch, codec):
    network = network_of("velocity").eval()
    torch.manual_seed(7)
    found = Objective(codec, recipe_of(losses={**NO_KINEMATIC, "drift": 0.5}))(network, batch, 0)
    assert set(found) == {"loss", "flow", "drift"}
    torch.manual_seed(7)
    twice = Objective(codec, recipe_of(losses={"drift": 1.0}))(network, batch, 0)
    assert twice["drift"].item() == pytest.approx(2 * found["drift"].item(), rel=1e-5)
    assert twice["flow"].item() == found["flow"].item()


class Told(torch.nn.Module):
    """A network that says what it is told, and remembers where it was asked."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.answer, self.asked = answer, []

    def forward(self, x, timestep, *others):
        self.asked.append((x, timestep))
        return self.answer(x, timestep)


def test_the_right_velocity_costs_nothing(batch, codec):
    """x - rows = s (noise - rows): the velocity follows from x and s. Feet of made motions slide: no contact."""
    network = Told(lambda x, timestep: (x - batch["rows"]) / (timestep / 1000)[:, None, None])
    torch.manual_seed(7)
    found = Objective(codec, recipe_of(losses={"posing": 1.0, "velocity": 1.0, "drift": 1.0}))(network, batch, 0)
    assert found["flow"].item() < 1e-6
    for name in ("posing", "velocity", "drift"):
        assert found[name].item() < 2e-3  # metres: rounding, and the root of SMALLEST


def test_padding_has_no_gradient(batch, codec):
    answers = torch.zeros_like(batch["rows"]).requires_grad_()
    torch.manual_seed(7)
    Objective(codec, recipe_of())(Told(lambda x, timestep: answers), batch, 0)["loss"].backward()
    assert not answers.grad[~batch["mask"]].any()
    assert answers.grad[batch["mask"]].abs().amax(dim=-1).min() > 0


def test_columns_that_are_not_asked_have_no_gradient(batch, codec):
    """Neither by the flow nor by the kinematic losses: sample 2 knows its rotations only."""
    answers = torch.zeros_like(batch["rows"]).requires_grad_()
    torch.manual_seed(7)
    Objective(codec, recipe_of())(Told(lambda x, timestep: answers), batch, 0)["loss"].backward()
    assert not answers.grad[2, :, 126:].any()
    assert answers.grad[2, :7, :126].any()
    assert answers.grad[3, :, 126:258].any()


def test_a_root_of_weight_0_keeps_the_kinematic_losses(batch, codec):
    without_root = {**batch, "columns": batch["columns"][3:].expand(4, -1)}
    torch.manual_seed(7)
    found = Objective(codec, recipe_of(root=0.0))(network_of("velocity"), without_root, 0)
    assert all(found[name] > 0 for name in KINEMATIC)


def test_noise_levels_are_the_published_ones(batch, codec):
    network = Told(lambda x, timestep: torch.zeros_like(x))
    objective, levels = Objective(codec, recipe_of(losses=NO_KINEMATIC)), []
    torch.manual_seed(0)
    for _ in range(500):
        objective(network, batch, 0)
    levels = torch.cat([timestep for _, timestep in network.asked])
    allowed = flow.timesteps(flow.sigmas(1000)[:-1])
    assert torch.isin(levels, allowed).all()
    assert (levels > 500).float().mean().item() == pytest.approx(5 / 6, abs=0.03)  # s > 1/2 iff even > 1/6
