"""The training of a model card: stages, commands, data and licences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mbench.training.settings import TrainSettings
from model_card.cells import DASH, or_dash, table
from model_card.facts import Facts
from vimogen.models import BASE

ROOT = Path(__file__).parents[2]
DISTILLED = "distilled"  # the subset of `vimogen distil`


def training(facts: Facts) -> str:
    """Return a row a stage, and the commands that repeat them."""
    stages = facts.card.get("stages") or []
    header = ("stage", "started from", "steps", "minutes", "learns", "clips and hours")
    rows = [(_stage(own), _start(own, own is stages[-1], facts), _steps(own), or_dash(_minutes(own), "{:,.0f}"),
             _objective(own.get("recipe") or {}), _amounts(own)) for own in stages]  # fmt: skip
    known = [own for own in map(_minutes, stages) if own is not None]
    total = f"{sum(known):,.0f} minutes in all" if stages and len(known) == len(stages) else f"{DASH} minutes in all"
    told = f"Machine: {or_dash(facts.card.get('machine'))}; {total}."
    again = [f"vimogen train examples/training/{own['run']}.yaml" for own in stages if _recipe_of(own)]
    given = "[the data](vimogen_data.md) and, for distilled motions, [the distillation](vimogen_light.md)"
    commands = f"\n\n```\n{chr(10).join(again)}\n```\n\nrepeat it, given {given}." if again else ""
    return f"{told}\n\n" + (table(header, rows) if stages else "The card names no stages.") + commands


def _recipe_of(stage: Mapping[str, Any]) -> bool:
    """Return whether the recipe of a stage comes along."""
    return (ROOT / "examples" / "training" / f"{stage.get('run')}.yaml").is_file()


def _stage(stage: Mapping[str, Any]) -> str:
    """Return the name of a stage, linked to its recipe where it comes along."""
    name = or_dash(stage.get("run"), "`{}`")
    return f"[{name}](../examples/training/{stage['run']}.yaml)" if _recipe_of(stage) else name


def _start(stage: Mapping[str, Any], last: bool, facts: Facts) -> str:
    """Return the run that a stage started from; `nothing` is known only where the card says so."""
    known = stage if "started_from" in stage else facts.card if last else {}
    if "started_from" not in known:
        return DASH
    return or_dash(known["started_from"], "`{}`") if known["started_from"] else "nothing"


def _steps(stage: Mapping[str, Any]) -> str:
    """Return steps, batch and precision."""
    recipe = stage.get("recipe") or {}
    precision = TrainSettings(**recipe["train"]).precision if "train" in recipe else None
    return f"{or_dash(stage.get('steps'), '{:,}')} of {or_dash(recipe.get('batch'))} clips, {or_dash(precision)}"


def _minutes(stage: Mapping[str, Any]) -> float | None:
    return None if stage.get("seconds") is None else stage["seconds"] / 60


def _objective(recipe: Mapping[str, Any]) -> str:
    """Return what a stage learns with."""
    if not recipe:
        return DASH
    paired = any(own.get("paired") for own in recipe.get("subsets", {}).values())
    flow = "the learned gate: flow loss" if recipe.get("learn_gate") else "reflow" if paired else "flow loss"
    kinematic = ", ".join(f"{name} {weight:g}" for name, weight in recipe.get("losses", {}).items() if weight)
    adversarial = f"adversarial {recipe['adversarial']:g}" if recipe.get("adversarial") else ""
    return "; ".join(filter(None, [flow, kinematic, adversarial]))


def _amounts(stage: Mapping[str, Any]) -> str:
    """Return clips and hours of each subset."""
    subsets = (stage.get("data") or {}).get("subsets") or {}
    told = [f"{name}: {or_dash(own.get('clips'), '{:,}')}, {or_dash(own.get('hours'), '{:.2f}')} h"
            for name, own in subsets.items()]  # fmt: skip
    return "; ".join(told) or DASH


def data(facts: Facts) -> str:
    """Return the sources with their licences, and what made distilled motions."""
    found = [own if isinstance(own, dict) else {"licence": own} for own in facts.card.get("sources") or []]
    header = ("source", "licence", "clips", "hours")
    rows = [(_source(own), or_dash(own.get("licence")), or_dash(own.get("clips"), "{:,}"),
             or_dash(own.get("hours"), "{:.2f}")) for own in found]  # fmt: skip
    listed = table(header, rows) if rows else f"Sources and licences of the clips: {DASH}."
    told = [_distilled(stage, found, facts.name) for stage in facts.card.get("stages") or []
            if DISTILLED in ((stage.get("data") or {}).get("subsets") or {})]  # fmt: skip
    splits = "Clips and hours of sources are of all splits; those of the stages above of the training split."
    return "\n\n".join([listed, *([splits] if rows else []), *told])


def _source(source: Mapping[str, Any]) -> str:
    name = or_dash(source.get("source"))
    return f"motions of `{name}`" if source.get("made") else name


def _distilled(stage: Mapping[str, Any], sources: Sequence[Mapping[str, Any]], name: str) -> str:
    """Return what made the motions of a stage, with a link to its own card."""
    folders = ((stage.get("data") or {}).get("folder") or "").split(", ")
    makers = sorted({own["source"] for own in sources if own.get("made") and own.get("folder") in folders})
    told = ", ".join(f"`{own}`" for own in makers) or DASH
    base = "" if name == BASE else f" Licences of the captures behind them: [{BASE}]({BASE}.md#data-and-licences)."
    return f"The motions of stage {or_dash(stage.get('run'), '`{}`')} were distilled from: {told}.{base}"
