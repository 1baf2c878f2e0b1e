"""One training, from a recipe to a weights folder. This module imports torch; import it late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from mbench.config import resolve_path
from mbench.files import hash_of, read_json, write_json
from mbench.training import train
from vimogen.checkpoint import load_generator, save_generator
from vimogen.conditioning import SentenceTokens
from vimogen.discriminator import Discriminator
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.training.adversary import AdversarialObjective, Pair
from vimogen.training.batches import Batches
from vimogen.training.clips import TrainingData, read_data, texts_of
from vimogen.training.objective import Objective
from vimogen.training.recipe import Recipe, sampling_of
from vimogen.training.validation import evaluator

SECONDS = "seconds.json"  # how long the training took, over all the times that it was started
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
    data = read_data(resolve_path(recipe.data, recipe.base), list(recipe.subsets), recipe.frames[0])
    clips, held = data.clips["train"], data.clips.get("val", [])
    text = SentenceTokens(recipe.tokens)
    texts = texts_of([*clips, *held])
    say(f"{len(clips)} clips, {len(texts)} captions (mirrored ones among them)")
    tokens = {name: own.astype(np.float32) for name, own in zip(texts, text.tokens(texts), strict=True)}
    batches = Batches(clips, tokens, data.codec, recipe)
    network = first_network(recipe, text.width)
    check = None
    if held:
        named = {clip.subset for clip in held}
        own = recipe.model_copy(update={"subsets": {k: v for k, v in recipe.subsets.items() if k in named}})
        check = evaluator(recipe, held, data.codec, text, Batches(held, tokens, data.codec, own))
    folder = Path(recipe.output)
    start = monotonic()
    try:
        trained = _trained(network, recipe, data, batches, folder, check, quiet)
    finally:
        spent = _add_seconds(folder, monotonic() - start)
    weights = folder / "weights"
    facts = facts_of(recipe, data, trained, spent)
    save_generator(weights, trained, data.codec, text, sampling_of(recipe.sampling), facts)
    return weights


def first_network(recipe: Recipe, text_width: int) -> ViMoGen:
    """Return the network to train: from chance, the last layer at zero, or from the weights of `start`.

    Raises:
        MBenchError: the weights are of another network.
    """
    own = recipe.network
    sizes = NetworkConfig(
        dim=own.dim, ffn_dim=own.ffn_dim, num_layers=own.num_layers, num_heads=own.num_heads, text_dim=text_width,
        ref_motion_dim=REFERENCE_WIDTH if own.reference else 0,
        frames_per_token=own.frames_per_token, predicts=own.predicts,
    )  # fmt: skip
    torch.manual_seed(recipe.settings.seed)
    network = ViMoGen(sizes)
    nn.init.zeros_(network.motion_head.head.weight)
    nn.init.zeros_(network.motion_head.head.bias)
    if recipe.start is not None:
        before = load_generator(resolve_path(recipe.start, recipe.base), device="cpu").network
        network.load_state_dict(before.state_dict())
    return network


def _trained(
    network: ViMoGen, recipe: Recipe, data: TrainingData, batches: Batches, folder: Path, check: Any, quiet: bool
) -> ViMoGen:
    decides = {"data": data.hash, "recipe": hash_of(decisive(recipe))}
    module: nn.Module = Pair(network, Discriminator()) if recipe.adversarial else network
    loss = (AdversarialObjective if recipe.adversarial else Objective)(data.codec, recipe)
    # The fused kernels of attention are slow in the backward pass on a CPU, ten times the forward one.
    kernels = [SDPBackend.MATH] if not torch.cuda.is_available() else list(SDPBackend.__members__.values())[1:]
    with sdpa_kernel(kernels):
        done = train(module, loss, batches, recipe.settings, folder, check, decides, quiet)
    return done.network if isinstance(done, Pair) else done  # type: ignore[return-value]


def decisive(recipe: Recipe) -> dict[str, Any]:
    """Return the fields of a recipe that decide its weights, besides those that the training loop looks at itself."""
    left_out = {"train", "output", "notes", "name", "data", "validate_on"}
    return {name: value for name, value in recipe.model_dump(mode="json").items() if name not in left_out}


def _add_seconds(folder: Path, seconds: float) -> float:
    """Add to the time that the training took and return the sum."""
    if not folder.is_dir():
        return seconds
    path = folder / SECONDS
    total = seconds + (read_json(path)["seconds"] if path.is_file() else 0.0)
    write_json(path, {"seconds": round(total, 1)})
    return total


def facts_of(recipe: Recipe, data: TrainingData, network: ViMoGen, seconds: float) -> dict[str, Any]:
    """Return what the card of the weights says."""
    clips = data.clips["train"]
    subsets = {
        name: {"clips": len(own), "hours": round(sum(map(len, own)) / 20 / 3600, 2)}
        for name in recipe.subsets
        if (own := [clip.rows for clip in clips if clip.subset == name])
    }
    return {
        "name": recipe.name,
        "version": recipe.version,
        "licence": recipe.licence,
        "trained_on": _told(subsets, recipe, seconds),
        "parameters": sum(own.numel() for own in network.parameters()),
        "data": {"folder": data.folder.name, "hash": data.hash, "subsets": subsets},
        "recipe": recipe.model_dump(mode="json", exclude={"data", "output", "notes"}),
        "steps": recipe.settings.steps,
        "seconds": round(seconds),
        "notes": recipe.notes,
    }


def _told(subsets: dict[str, dict[str, Any]], recipe: Recipe, seconds: float) -> str:
    """Return in a sentence what a network was trained on and for how long."""
    data = ", ".join(f"{own['clips']} clips ({own['hours']} h) {name}" for name, own in subsets.items())
    settings = recipe.settings
    return f"{data}; {settings.steps} steps of {recipe.batch}, {settings.precision}, {seconds / 60:.0f} min"
