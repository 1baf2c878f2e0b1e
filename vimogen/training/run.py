"""One training, from a recipe to a weights folder. This module imports torch; import it late."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from mbench.config import resolve_path
from mbench.errors import ConfigError
from mbench.files import whole_lines
from mbench.training import train
from vimogen.checkpoint import load_generator, save_generator
from vimogen.conditioning import SentenceTokens
from vimogen.discriminator import Discriminator
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.training.adversary import AdversarialObjective, Pair
from vimogen.training.batches import Batches
from vimogen.training.clips import TrainingClip, TrainingData, read_data, texts_of
from vimogen.training.gating import GateObjective, only_the_gate
from vimogen.training.objective import Objective
from vimogen.training.recipe import Recipe, sampling_of
from vimogen.training.validation import evaluator

REFERENCE_WIDTH = 138


def run_training(recipe: Recipe, quiet: bool = False, say: Callable[[str], None] = lambda line: None) -> Path:
    """Train, or go on where an earlier call was stopped; return the folder of the weights.

    Args:
        recipe: see there.
        quiet: no progress on stderr.
        say: told in a line what is being done.

    Raises:
        MBenchError: the data can't be read or hold nothing to train on, a setting is wrong, the folder can't be
            written, or the training diverged.
    """
    say("reading the data")
    clean = [name for name, own in recipe.subsets.items() if own.clean]
    draw = {name: own.draw for name, own in recipe.subsets.items()}
    data = read_data(recipe.folders, list(recipe.subsets), recipe.frames[0], clean, draw)
    before = None if recipe.start is None else load_generator(resolve_path(recipe.start, recipe.base), device="cpu")
    if before is not None:
        data = replace(data, codec=before.codec)  # the weights know the units of their own statistics
    clips, held = data.clips["train"], _held(data, recipe)
    text = SentenceTokens(recipe.tokens)
    texts = texts_of([*clips, *held])
    say(f"{len(clips)} clips, {len(texts)} captions (mirrored ones among them)")
    tokens = {name: own.astype(np.float32) for name, own in zip(texts, text.tokens(texts), strict=True)}
    batches = Batches(clips, tokens, data.codec, recipe)
    network = first_network(recipe, text.width, None if before is None else before.network)
    check = _check(recipe, held, data, text, tokens) if held else None
    folder = Path(recipe.output)
    trained = _trained(network, recipe, data, batches, folder, check, quiet)
    weights = folder / "weights"
    if _first_process():
        facts = facts_of(recipe, data, trained, seconds_of(folder))
        save_generator(weights, trained, data.codec, text, sampling_of(recipe.sampling), facts)
    return weights


def _held(data: TrainingData, recipe: Recipe) -> list[TrainingClip]:
    """Return the validation clips of subsets that are trained on; of a network that reads texts only, with one."""
    asked = [clip for clip in data.clips.get("val", []) if recipe.subsets[clip.subset].share]
    return [clip for clip in asked if recipe.network.reference or (clip.texts and not clip.held_out)]


def _check(
    recipe: Recipe, held: list[TrainingClip], data: TrainingData, text: SentenceTokens, tokens: dict[str, np.ndarray]
) -> Callable[[nn.Module, int], dict[str, float]]:
    """Return the evaluation on validation clips, of the subsets that have some."""
    named = {clip.subset for clip in held}
    own = recipe.model_copy(update={"subsets": {k: v for k, v in recipe.subsets.items() if k in named}})
    return evaluator(recipe, held, data.codec, text, Batches(held, tokens, data.codec, own))


def first_network(recipe: Recipe, text_width: int, before: ViMoGen | None = None) -> ViMoGen:
    """Return the network to train: from chance, the last layer at zero, or with the weights of the one before.

    Raises:
        ConfigError: that is of other sizes.
    """
    own = recipe.network
    sizes = NetworkConfig(
        dim=own.dim, ffn_dim=own.ffn_dim, num_layers=own.num_layers, num_heads=own.num_heads, text_dim=text_width,
        ref_motion_dim=REFERENCE_WIDTH if own.reference else 0,
        frames_per_token=own.frames_per_token, predicts=own.predicts, soft_gate=recipe.learn_gate,
    )  # fmt: skip
    torch.manual_seed(recipe.settings.seed)
    network = ViMoGen(sizes)
    nn.init.zeros_(network.motion_head.head.weight)
    nn.init.zeros_(network.motion_head.head.bias)
    if own.reference:
        _look_at_the_same_frame(network)
    if before is not None:
        _start_from(network, before)
    if recipe.learn_gate:
        only_the_gate(network)
    return network


def _look_at_the_same_frame(network: ViMoGen) -> None:
    """Let the queries and keys of references start as the same map, so that frames of the same place attend most.

    From chance it takes a network thousands of steps to find out which frame of a reference is which of its own.
    """
    for block in network.blocks:
        attention = block.get_submodule("ref_motion_cross_attn")
        attention.get_submodule("k").load_state_dict(attention.get_submodule("q").state_dict())


def _start_from(network: ViMoGen, before: ViMoGen) -> None:
    """Load the weights of a network of the same sizes; one that lacks the reference branch leaves that of the other.

    Raises:
        ConfigError: it is of other sizes, or lacks the reference branch itself.
    """
    for name, value in asdict(network.config).items():
        own = getattr(before.config, name)
        if own != value and not (name == "soft_gate" or (name == "ref_motion_dim" and not value)):
            raise ConfigError(f"start: holds a network with {name} {own}; the one of the recipe has {value}")
    lacks = network.load_state_dict(before.state_dict(), strict=False).missing_keys
    assert all(name.startswith("soft_gate.") for name in lacks), lacks  # all else was compared


def _trained(
    network: ViMoGen, recipe: Recipe, data: TrainingData, batches: Batches, folder: Path, check: Any, quiet: bool
) -> ViMoGen:
    decides = {"data": data.hash, "recipe": decisive(recipe)}
    module: nn.Module = Pair(network, Discriminator()) if recipe.adversarial else network
    loss = _objective(recipe)(data.codec, recipe)
    # The fused kernels of attention are slow in the backward pass on a CPU, ten times the forward one.
    kernels = [SDPBackend.MATH] if not torch.cuda.is_available() else list(SDPBackend.__members__.values())[1:]
    with sdpa_kernel(kernels):
        done = train(module, loss, batches, recipe.settings, folder, check, decides, quiet)
    return done.network if isinstance(done, Pair) else done  # type: ignore[return-value]


def _objective(recipe: Recipe) -> type[Objective]:
    if recipe.learn_gate:
        return GateObjective
    return AdversarialObjective if recipe.adversarial else Objective


def decisive(recipe: Recipe) -> dict[str, Any]:
    """Return the fields of a recipe that decide its weights, besides those that the training loop looks at itself."""
    left_out = {"train", "output", "name", "version", "licence", "notes", "data", "validate_on", "sampling"}
    return {name: value for name, value in recipe.model_dump(mode="json").items() if name not in left_out}


def _first_process() -> bool:
    """Whether this is the one process, or the first of several, that writes; asked after the training."""
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def seconds_of(folder: Path) -> float:
    """Return how long the training in a folder took, over all the times that it was started."""
    return max(json.loads(line).get("seconds", 0.0) for line in whole_lines(folder / "log.jsonl"))


def facts_of(recipe: Recipe, data: TrainingData, network: ViMoGen, seconds: float) -> dict[str, Any]:
    """Return what the card of the weights says."""
    clips = data.clips["train"]
    subsets = {
        name: {"clips": len(own), "hours": round(sum(map(len, own)) / 20 / 3600, 2)}
        for name, subset in recipe.subsets.items()
        if subset.share and (own := [clip.rows for clip in clips if clip.subset == name])
    }
    return {
        "name": recipe.name,
        "version": recipe.version,
        "licence": recipe.licence,
        "trained_on": _told(subsets, recipe, seconds),
        "parameters": sum(own.numel() for own in network.parameters()),
        "data": {"folder": ", ".join(own.name for own in data.folders), "hash": data.hash, "subsets": subsets},
        "recipe": recipe.model_dump(mode="json", exclude={"data", "output", "notes", "start"}),
        "started_from": None if recipe.start is None else Path(recipe.start).parent.name,
        "steps": recipe.settings.steps,
        "seconds": round(seconds),
        "notes": recipe.notes,
    }


def _told(subsets: dict[str, dict[str, Any]], recipe: Recipe, seconds: float) -> str:
    """Return in a sentence what a network was trained on and for how long."""
    data = ", ".join(f"{own['clips']} clips ({own['hours']} h) {name}" for name, own in subsets.items())
    settings = recipe.settings
    return f"{data}; {settings.steps} steps of {recipe.batch}, {settings.precision}, {seconds / 60:.0f} min"
