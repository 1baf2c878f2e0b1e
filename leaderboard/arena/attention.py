"""Attention checks: tasks that look like the others and have a known answer.

A good motion stands against a copy that is ruined in everything that can be asked, so that nobody who looks is of
another opinion: a figure that does nothing, in a pose that nobody can take, above or below the ground.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from leaderboard.arena.config import StudyConfig
from leaderboard.arena.entrants import CHECK, Entrants, checked_motion, finished
from leaderboard.arena.known import Known, Material, kept, materials, shuffled
from leaderboard.arena.schedule import crossed
from leaderboard.entries import Entry
from mbench.config import resolve_path
from mbench.errors import ConfigError
from mbench.motion import Motion, degrade
from mbench.seeds import seed_of

Fault = Callable[[Motion, np.random.Generator], Motion]


def floating(motion: Motion, rng: np.random.Generator) -> Motion:
    """Return a statue with knees bent backwards that glides through the air."""
    return degrade.glide(degrade.hyperextend(motion, 60), 1.0, 1.0, 0.5)


def trembling(motion: Motion, rng: np.random.Generator) -> Motion:
    """Return a statue above the ground that shakes out of shape."""
    return degrade.jitter(degrade.lift(degrade.freeze(motion), 0.3), 0.08, rng)


def sunk(motion: Motion, rng: np.random.Generator) -> Motion:
    """Return a statue that slides about, in the ground to its thighs."""
    return degrade.slide(degrade.sink(degrade.freeze(motion), 0.6), 0.7)


FAULTS: Mapping[str, Fault] = {"floating": floating, "sunk": sunk, "trembling": trembling}


def attention_checks(config: StudyConfig, entrants: Entrants, count: int) -> list[Known]:
    """Return attention checks, as many as asked for or as can be made; the same ones for the same study.

    Without `attention_runs` they are motions of the built-in rule-based generator for prompts of the study that it
    understands, or of the study's models where there are none, against ruined copies.

    Args:
        config: of the study.
        entrants: its runs and prompts.
        count: how many.

    Raises:
        ConfigError: none can be made.
    """
    if count == 0:
        return []
    found = _made(config, entrants, count) if config.attention_runs is None else _of_runs(config, entrants)
    if not found:
        raise ConfigError(
            "attention: no prompt of the study has a motion to set against a ruined one; "
            "give other `attention_runs`, or `attention: 0`"
        )
    ids = tuple(question.id for question in config.asked)
    asked = [ids] if config.together else [(id,) for id in ids]
    return [replace(known, questions=asked[i % len(asked)]) for i, known in enumerate(found[:count])]


def _made(config: StudyConfig, entrants: Entrants, count: int) -> list[Known]:
    """Return good motions against ruined copies of them; each motion comes once before any comes again."""
    good, names = materials(entrants, config.seed, count), sorted(FAULTS)
    pairs = islice(crossed(len(good), len(names)), count)
    return [_ruined(good[row], names[column], config.seed) for row, column in pairs]


def _ruined(material: Material, fault: str, seed: int) -> Known:
    """Return a good motion against a ruined copy."""
    rng = np.random.default_rng(seed_of(seed, str(material.prompt["id"]), fault))
    good = kept(material.motion, material.prompt, "real")
    return Known(material.prompt, good, kept(FAULTS[fault](material.motion, rng), material.prompt, fault), ())


def _of_runs(config: StudyConfig, entrants: Entrants) -> list[Known]:
    """Return a check for each prompt that both runs have a motion for; of ratings, good and bad ones take turns."""
    real, control = (_run(config, which, entrants) for which in ("real", "control"))
    prompts = [p for p in shuffled(entrants.prompts, config.seed) if all(_has(e, p["id"]) for e in (real, control))]
    found = []
    for number, prompt in enumerate(prompts):
        good = replace(checked_motion(real, prompt["id"]), model=f"{CHECK}real")
        bad = replace(checked_motion(control, prompt["id"]), model=f"{CHECK}control")
        found.append(Known(prompt, good, bad, (), show_good=number % 2 == 1))
    return found


def _has(entry: Entry, prompt: str) -> bool:
    row = entry.generations.get((prompt, 0))
    return row is not None and row.file is not None


def _run(config: StudyConfig, which: str, entrants: Entrants) -> Entry:
    """Return a run that attention checks come from.

    Raises:
        ConfigError: there is not exactly one, or it is of another suite than the study's.
    """
    folder: Path = resolve_path(getattr(config.attention_runs, which), config.base)
    found = finished(folder)
    if len(found) > 1:
        raise ConfigError(f"attention_runs.{which}: {folder} holds {len(found)} runs; expected one")
    if found[0].suite["hash"] != entrants.entries[0].suite["hash"]:
        raise ConfigError(f"attention_runs.{which}: {folder} ran on another suite than {entrants.entries[0].folder}")
    return found[0]
