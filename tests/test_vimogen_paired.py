"""Subsets whose motions are trained against the noise that they were made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mbench.errors import MBenchError
from mbench.motion.canonical import canonicalise
from mbench.motion.representations.vimogen276 import encode
from motions import posed
from vimogen import flow
from vimogen.codec import Codec
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.training.batches import Batches
from vimogen.training.clips import TrainingClip
from vimogen.training.objective import Objective
from vimogen.training.recipe import Recipe, SubsetRecipe

TOKENS = {text: np.ones((2, 8), np.float32) for text in ("a person walks", "")}


def rows_of(frames: int) -> np.ndarray:
    return encode(canonicalise(posed(frames, frames + 1), floor=True))


@pytest.fixture(scope="module")
def clips():
    """Return captured clips, and generated ones that are longer than a training's parts are."""
    captured = [TrainingClip(f"c{n}", "optical", rows_of(40 + n), ("a person walks",), False) for n in range(3)]
    made = [
        TrainingClip(f"m{n}", "distilled", rows_of(50 + n) + np.float32(0.25), ("a person walks",), False, seed=n)
        for n in range(3)
    ]
    return [*captured, *made]


def recipe_of(**subsets: SubsetRecipe) -> Recipe:
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 1, "num_heads": 2, "predicts": "velocity", "reference": False}
    losses = dict.fromkeys(Recipe(data="", output="").losses, 0.0)
    return Recipe.model_validate(
        {"data": "", "output": "", "network": sizes, "subsets": subsets, "frames": (20, 30), "batch": 8}
        | {"losses": losses}
    )


@pytest.fixture(scope="module")
def mixed(clips):
    """Return the batches of a recipe with a paired subset and another one."""
    recipe = recipe_of(optical=SubsetRecipe(), distilled=SubsetRecipe(text=1.0, paired=True))
    return Batches(clips, TOKENS, Codec.of([clip.rows for clip in clips]), recipe)


def test_paired_samples_are_whole_clips_with_the_noise_of_their_seed(clips, mixed):
    made = {len(clip.rows): clip for clip in clips if clip.subset == "distilled"}
    seen = set()
    for step in range(12):
        batch = mixed(step)
        for index in range(8):
            frames = int(batch["mask"][index].sum())
            if not batch["paired"][index]:
                assert frames == 30
                assert not batch["noise"][index].any()
                continue
            seen.add(frames)
            expected = mixed.codec.normalised(made[frames].rows)
            np.testing.assert_array_equal(batch["rows"][index, :frames].numpy(), expected)
            noise = flow.noise_of(made[frames].seed, frames)
            torch.testing.assert_close(batch["noise"][index, :frames], noise, rtol=0, atol=0)
    assert seen == set(made)


def test_the_objective_takes_the_noise_of_paired_samples_alone(mixed):
    """The network is asked at x = (1 - s) rows + s noise: x gives the noise back."""
    batch = next(own for own in map(mixed, range(20)) if 0 < int(own["paired"].sum()) < 8)
    asked = {}

    def network(x, timestep, *others):
        asked["noise"] = (x - batch["rows"]) / (timestep / 1000)[:, None, None] + batch["rows"]
        return torch.zeros_like(x)

    torch.manual_seed(0)
    Objective(mixed.codec, mixed.recipe).parts(network, batch)
    paired = batch["paired"]
    torch.testing.assert_close(asked["noise"][paired], batch["noise"][paired], rtol=0, atol=2e-2)
    others = asked["noise"][~paired][batch["mask"][~paired]]
    assert others.std() == pytest.approx(1, abs=0.05)


def test_without_a_paired_subset_nothing_is_added(clips):
    batches = Batches(clips, TOKENS, Codec.of([clip.rows for clip in clips]), recipe_of(optical=SubsetRecipe()))
    assert not {"noise", "paired"} & batches(0).keys()


def test_a_paired_subset_of_captured_clips_is_refused(clips):
    recipe = recipe_of(optical=SubsetRecipe(paired=True))
    with pytest.raises(MBenchError, match="row c0 has no seed; paired subsets are those of `vimogen distil`"):
        Batches(clips, TOKENS, Codec.of([clip.rows for clip in clips]), recipe)


def test_a_generated_motion_starts_from_the_noise_of_its_seed():
    """A network that says that the velocity is 0 leaves the noise as it is."""
    from vimogen.generator import Generator, Request, Sampling

    class Words:
        width, identity, padding = 8, "{}", None

        def tokens(self, texts):
            return [np.ones((2, 8), np.float32) for _ in texts]

    network = ViMoGen(NetworkConfig(dim=16, ffn_dim=16, num_layers=1, num_heads=2, text_dim=8, ref_motion_dim=0))
    torch.nn.init.zeros_(network.motion_head.head.weight)
    torch.nn.init.zeros_(network.motion_head.head.bias)
    codec = Codec(np.zeros(276, np.float32), np.ones(276, np.float32))
    generator = Generator(network, codec, Words(), Sampling(steps=1, smooth=False), "cpu")
    short, long = generator.sample([Request("a", 5, 3), Request("b", 9, 4)])
    np.testing.assert_array_equal(short, flow.noise_of(3, 5).numpy())
    np.testing.assert_array_equal(long, flow.noise_of(4, 9).numpy())
