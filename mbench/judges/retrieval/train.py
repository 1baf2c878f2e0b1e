"""Training a retrieval judge and measuring it on what it never saw. This module imports torch; import it late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch

from mbench.config import resolve_path
from mbench.datasets import TextMotionDataset, load_dataset
from mbench.datasets.truth import claim_of_clip
from mbench.errors import ConfigError
from mbench.files import read_json, write_json
from mbench.judges.retrieval.examples import Batches, Example, examples_of
from mbench.judges.retrieval.features import features
from mbench.judges.retrieval.heldout import Division, divide, questions, trial
from mbench.judges.retrieval.judge import CARD, WEIGHTS
from mbench.judges.retrieval.model import RetrievalModel, load_model
from mbench.judges.retrieval.network import RetrievalNetwork, Shape, contrast
from mbench.judges.retrieval.recipe import JudgeRecipe
from mbench.judges.retrieval.sheet import asked_of, card_of, twin_of
from mbench.text import TextEncoder
from mbench.training import TrainSettings, train

Say = Callable[[str], None]
SECONDS = "seconds.json"  # how long the training took, over all the times that it was started


@dataclass(frozen=True)
class Data:
    """What a judge is trained and measured on."""

    dataset: TextMotionDataset
    division: Division
    encoder: TextEncoder


def train_judge(recipe: JudgeRecipe, quiet: bool = True, say: Say = lambda line: None) -> dict[str, Any]:
    """Train, calibrate and measure a judge; write weights, card and loss curve; return the card.

    Args:
        recipe: see there.
        quiet: no progress on stderr.
        say: told in a line what is being done.

    Raises:
        MBenchError: the data can't be read, hold too little, or the folder can't be written.
    """
    folder = Path(recipe.output)
    twin_of(recipe)  # a wrong folder is told now, not after hours of training
    data = prepared(recipe)
    network, seconds = _trained(recipe, data, folder, quiet, say)
    facts: dict[str, Any] = {
        "calibration": {}, "actions": sorted(actions_trained_on(data.division)),
        "encoder": data.encoder.hash, "encoder_name": recipe.encoder,
    }  # fmt: skip
    model = RetrievalModel(network, facts)
    model.bank = model.motions([data.dataset.motion(clip) for clip in data.division.train])
    model = as_stored(model, folder)
    say("measuring on held-out clips")
    card = card_of(recipe, data.dataset, data.division, data.encoder, model, seconds)
    model.save(folder / WEIGHTS)
    write_json(folder / CARD, card)
    return card


def prepared(recipe: JudgeRecipe) -> Data:
    """Return the data of a recipe, divided.

    Raises:
        MBenchError: no dataset there, or too few clips to train on.
    """
    dataset = load_dataset(resolve_path(recipe.data, recipe.base))
    division = divide(dataset.clips, recipe.held_out, recipe.calibrate_on, recipe.captions)
    if len(division.train) < recipe.train.batch:
        raise ConfigError(
            f"{dataset.path}: {len(division.train)} clips to train on; a batch takes train.batch: {recipe.train.batch}"
        )
    return Data(dataset, division, TextEncoder(recipe.encoder))


def actions_trained_on(division: Division) -> frozenset[str]:
    """Return the action classes that the training clips name."""
    return frozenset().union(*(claim_of_clip(clip).actions for clip in division.train))


def as_stored(model: RetrievalModel, folder: Path) -> RetrievalModel:
    """Return the model as it reads back from its file, so that what is measured is what is shipped."""
    model.save(folder / WEIGHTS)
    return load_model(folder / WEIGHTS)


def _trained(recipe: JudgeRecipe, data: Data, folder: Path, quiet: bool, say: Say) -> tuple[RetrievalNetwork, float]:
    """Return the trained network and the seconds it took, those of earlier starts among them."""
    say(f"reading {len(data.division.train)} clips")
    examples = examples_of(data.dataset, data.division.train, recipe.captions, recipe.skeletons)
    if len(examples) < 2:
        raise ConfigError(
            f"{data.dataset.path}: {len(examples)} clips of a second or more have captions; expected many"
        )
    say("encoding their captions")
    batches = Batches(examples, data.encoder, recipe.train.batch, recipe.train.seed, recipe.still)
    network = new_network(recipe, data.encoder, examples)
    fields = recipe.train.model_dump(exclude={"batch"})
    before = read_json(folder / SECONDS)["seconds"] if (folder / SECONDS).is_file() else 0.0
    start = monotonic()
    try:
        done = train(
            network, _loss, batches, TrainSettings(**fields), folder,
            evaluate=_evaluation(data), quiet=quiet,
            decides={"recipe": recipe.model_dump(exclude={"train", "output"}), "clips": len(examples)},
        )  # fmt: skip
    finally:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / SECONDS, {"seconds": before + monotonic() - start})
    assert isinstance(done, RetrievalNetwork)
    return done, before + monotonic() - start


def new_network(recipe: JudgeRecipe, encoder: TextEncoder, examples: Sequence[Example]) -> RetrievalNetwork:
    """Return the network before training; the scale of its features comes from the clips."""
    torch.manual_seed(recipe.train.seed)
    size = encoder.sentences(["a person walks"]).shape[1]
    network = RetrievalNetwork(Shape(text=size, **recipe.network.model_dump()))
    sample = [example.joints[0] for example in examples[:: max(1, len(examples) // 500)]]
    values = torch.cat([features(torch.from_numpy(joints.copy())[None])[0] for joints in sample])
    network.motion.mean.copy_(values.mean(dim=0))
    network.motion.scale.copy_(values.std(dim=0).clamp(min=1e-2))
    return network


def _loss(network: torch.nn.Module, batch: dict[str, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
    motions, texts, scale = network(batch["joints"], batch["frames"], batch["sentences"])
    loss = contrast(motions, texts, scale, batch["ignored"])
    hits = (motions.float() @ texts.float().T).argmax(dim=1) == torch.arange(len(motions), device=motions.device)
    return {"loss": loss, "temperature": 1 / scale.detach(), "top1": hits.float().mean().detach()}


def _evaluation(data: Data) -> Callable[[torch.nn.Module, int], dict[str, float]]:
    """Return what is measured during training: the validation split and the held-out actions that fit a map."""
    from mbench.judges.retrieval.measure import area_under_curve

    parts = {"seen": data.division.seen_fit, "unseen": data.division.unseen_fit}
    every = {name: questions(data.dataset, clips, data.division.train) for name, clips in parts.items()}
    asked = {name: one for name, one in every.items() if one.clips}
    for one in asked.values():  # too few texts are told now, not after hours of training
        _ = trial(one, np.zeros((len(one.clips), len(one.texts))), data.encoder).hard

    def evaluate(network: torch.nn.Module, step: int) -> dict[str, float]:
        import copy

        model = RetrievalModel(copy.deepcopy(network), {})  # type: ignore[arg-type]
        found = {}
        for name, one in asked.items():
            answers = trial(one, asked_of(model, one, data.encoder), data.encoder)
            rivals = np.array([answers.similarity[i, hard].max() for i, hard in enumerate(answers.hard)])
            found[f"{name}_auc"] = area_under_curve(answers.matching, answers.others[0])
            found[f"{name}_choice10"] = float((answers.matching > rivals).mean())
        return found

    return evaluate
