"""The card of a trained judge: what it was trained on, and how often it is right on what it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.datasets import Clip, TextMotionDataset
from mbench.datasets.truth import claim_of_clip
from mbench.errors import ConfigError
from mbench.files import read_json
from mbench.judges.retrieval.heldout import Division, Questions, questions, spoken, trial
from mbench.judges.retrieval.judge import CARD
from mbench.judges.retrieval.measure import CHOICES, POOL, figures
from mbench.judges.retrieval.model import RetrievalModel
from mbench.judges.retrieval.probe import Probe
from mbench.judges.retrieval.recipe import JudgeRecipe
from mbench.text import TextEncoder

Floats = NDArray[np.float64]
WEAK = 0.8  # area under the curve below which the card warns of scores on actions that were not trained on


def card_of(
    recipe: JudgeRecipe, dataset: TextMotionDataset, division: Division, encoder: TextEncoder, model: RetrievalModel,
    seconds: float,
) -> dict[str, Any]:  # fmt: skip
    """Return the card, and put the maps to probabilities into the model's facts.

    Args:
        recipe: of the training.
        dataset: trained on.
        division: of its clips.
        encoder: of texts.
        model: as it is stored.
        seconds: that the training took.
    """
    judge = {name: _judge_trial(model, dataset, clips, division, encoder) for name, clips in _parts(division).items()}
    probe = _probe_trials(dataset, division, encoder, judge)
    measured: dict[str, Any] = {}
    for name in ("seen", "unseen"):
        if judge.get(f"{name}_fit") is None or judge.get(f"{name}_test") is None:
            continue
        model.facts["calibration"][name] = judge[f"{name}_fit"][1].calibration()
        measured[name] = {
            "judge": figures(judge[f"{name}_test"][1], model.facts["calibration"][name]),
            "linear probe": figures(probe[f"{name}_test"], probe[f"{name}_fit"].calibration()),
            "chance": chance(len(judge[f"{name}_test"][1].own)),
            "actions": sorted({a for c in getattr(division, f"{name}_test") for a in claim_of_clip(c).actions}),
        }
    _take_unseen(recipe, measured, model.facts["calibration"])
    return {
        "licence": recipe.licence,
        "trained_on": _trained_on(recipe, dataset, division, model, seconds), "notes": sentence(measured),
        "figures": measured, "calibration": model.facts["calibration"], "held_out": sorted(recipe.held_out),
        "left_out": len(division.left_out), "recipe": recipe.model_dump(exclude={"output"}),
    }  # fmt: skip


def twin_of(recipe: JudgeRecipe) -> dict[str, Any] | None:
    """Return the card of the judge whose figures on unseen actions stand for this one's, None where none is named.

    Raises:
        ConfigError: that folder has no card with such figures.
    """
    if recipe.unseen_from is None:
        return None
    path = Path(recipe.unseen_from) / CARD
    twin: dict[str, Any] = read_json(path) if path.is_file() else {}
    if "unseen" not in twin.get("figures", {}):
        raise ConfigError(
            f"unseen_from: {path} has no figures on unseen actions; train that judge, with held_out, first"
        )
    return twin


def _take_unseen(recipe: JudgeRecipe, measured: dict[str, Any], maps: dict[str, Any]) -> None:
    """Take the figures and the map for unseen actions from the judge that was trained without them, if there is one."""
    if (twin := twin_of(recipe)) is not None:
        measured["unseen"], maps["unseen"] = twin["figures"]["unseen"], twin["calibration"]["unseen"]
        measured["unseen"]["measured_on"] = f"a judge of the same recipe without {', '.join(twin['held_out'])}"
    if "seen" in maps:
        maps.setdefault("unseen", maps["seen"])


def _parts(division: Division) -> dict[str, Sequence[Clip]]:
    return {name: getattr(division, name) for name in ("seen_fit", "seen_test", "unseen_fit", "unseen_test")}


def _judge_trial(
    model: RetrievalModel, dataset: TextMotionDataset, clips: Sequence[Clip], division: Division, encoder: TextEncoder
) -> Any:
    """Return (questions, trial) of the judge on some clips; None where there are too few."""
    asked = questions(dataset, clips, division.train)
    if len(asked.clips) < CHOICES:
        return None
    return asked, trial(asked, asked_of(model, asked, encoder), encoder)


def asked_of(model: RetrievalModel, asked: Questions, encoder: TextEncoder) -> Floats:
    """Return (n, m): how near the judge finds the clips and texts of some questions."""
    return model.nearness(model.motions(asked.motions), model.texts(encoder.sentences(asked.texts)))


def _probe_trials(
    dataset: TextMotionDataset, division: Division, encoder: TextEncoder, judged: dict[str, Any]
) -> dict[str, Any]:
    """Return the linear probe's trials on the same questions."""
    pairs = [(dataset.motion(clip), text) for clip in division.train if (text := spoken(clip))]
    probe = Probe([motion for motion, _ in pairs], encoder.sentences([text for _, text in pairs]))

    def one(asked: Questions) -> Any:
        return trial(asked, probe.similarity(asked.motions, encoder.sentences(asked.texts)), encoder)

    return {name: one(found[0]) for name, found in judged.items() if found is not None}


def chance(n: int) -> dict[str, Any]:
    """Return what guessing would score on n clips with a text each."""
    pools = {f"r{k}_pool32": k / POOL for k in (1, 2, 3)} if n >= POOL else {}
    return {"auc": 0.5, **pools, **{f"r{k}_all": k / n for k in (1, 2, 3)}, "choice10": 1 / CHOICES}


def _trained_on(
    recipe: JudgeRecipe, dataset: TextMotionDataset, division: Division, model: RetrievalModel, seconds: float
) -> str:
    """Return in words what the judge was trained on, for how long."""
    hours = sum(clip.seconds for clip in division.train) / 3600
    sources = ", ".join(sorted({clip.source for clip in division.train}))
    without = f", without the actions {', '.join(sorted(recipe.held_out))}" if recipe.held_out else ""
    size = sum(parameter.numel() for parameter in model.network.parameters()) / 1e6
    return (
        f"{len(division.train)} clips ({hours:.2f} h) of motion capture ({sources}){without}; "
        f"{recipe.train.steps} steps of {recipe.train.batch} pairs, {seconds / 60:.0f} min; {size:.1f} M parameters"
    )


def sentence(measured: dict[str, Any]) -> str:
    """Return what a reader of every score of the judge must know."""
    if "seen" not in measured:
        return "How often this judge is right was not measured: its data have no held-out clips."
    seen, unseen = measured["seen"]["judge"], measured.get("unseen", {}).get("judge")
    text = f"On actions it was trained on, the judge picks the right one of ten texts for {_share(seen['choice10'])}"
    if unseen is None:
        return f"{text}; for other actions this was not measured."
    text += f" of real clips, on actions it was not trained on for {_share(unseen['choice10'])} (chance 10 %)."
    if unseen["auc"]["value"] < WEAK:
        text += " Do not rank models by what it says of actions that are rare in motion capture."
    return text


def _share(figure: dict[str, float]) -> str:
    return f"{100 * figure['value']:.0f} % [{100 * figure['low']:.0f}, {100 * figure['high']:.0f}]"
