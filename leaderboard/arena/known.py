"""Motions whose quality is known: good ones that show their text, to set ruined copies against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

import numpy as np

from leaderboard.arena.entrants import CHECK, Entrants, Shown, checked_motion
from mbench.cache import cache_folder
from mbench.errors import UnknownNameError
from mbench.files import sha256_of
from mbench.io import read_motion, write_motion
from mbench.motion import Motion, degrade

GENERATOR = "choreographer"  # the rule-based model; it tells which texts it understands
MOVES = 0.3  # metres by which some joint must leave its place, so that doing nothing is wrong
Prompt = Mapping[str, Any]  # id, text, seconds


@dataclass(frozen=True)
class Known:
    """A task whose answer is known.

    Attributes:
        prompt: id, text, seconds.
        good: the motion that must win.
        bad: the motion that must lose.
        questions: ids of those that are asked.
        why: of training, what the feedback says; empty for attention checks.
        show_good: of ratings, whether the good motion is shown and must not get below 4, or the bad one, which must
            not get above 2.
    """

    prompt: Prompt
    good: Shown
    bad: Shown
    questions: tuple[str, ...]
    why: str = ""
    show_good: bool = False


@dataclass(frozen=True)
class Material:
    """A good motion to make tasks of.

    Attributes:
        prompt: id, text, seconds.
        motion: one that shows it.
        other: one that shows something else.
    """

    prompt: Prompt
    motion: Motion
    other: Motion


def materials(entrants: Entrants, seed: int, most: int) -> list[Material]:
    """Return good motions that move, for prompts of a study, in an order that the seed decides.

    They are of the built-in generator, for the prompts that it understands; where there is none, of the models.

    Args:
        entrants: runs and prompts of the study.
        seed: of the study.
        most: how many.
    """
    prompts = shuffled(entrants.prompts, seed)
    made = ((prompt, generated(prompt["text"], prompt["seconds"], seed)) for prompt in prompts)
    own = ((prompt, _of_a_model(entrants, prompt, seed)) for prompt in prompts)
    found = _moving(made, most) or _moving(own, most)
    return [Material(prompt, motion, _other(found, index)) for index, (prompt, motion) in enumerate(found)]


def generated(text: str, seconds: float, seed: int) -> Motion | None:
    """Return the built-in generator's motion, None where it does not understand the text or is not installed."""
    from mbench.config import ModelConfig
    from mbench.models.build import build_model
    from mbench.suites.prompt import Prompt as SuitePrompt

    try:
        model = build_model(ModelConfig(name=GENERATOR))
    except UnknownNameError:
        return None
    motion = next(iter(model.generate([SuitePrompt("known", text, seconds)], [seed])))
    if isinstance(motion, Exception):
        return None
    account = motion.meta.get(GENERATOR, {})
    return motion if account.get("actions") and not account.get("unknown") else None


def kept(motion: Motion, prompt: Prompt, name: str) -> Shown:
    """Return a motion that was made here as a file, kept by its content with what else can be made again.

    Args:
        motion: the motion.
        prompt: id, text, seconds.
        name: what it shows, e.g. `real`; stands for the model, after `check:`.
    """
    digest = hashlib.sha256(motion.joints.tobytes() + np.float64(motion.fps).tobytes())
    if motion.pose is not None:
        digest.update(motion.pose.rotations.tobytes() + motion.pose.offsets.tobytes())
    path = cache_folder() / "arena-motions" / f"{digest.hexdigest()[:20]}.npz"
    if not path.exists():
        write_motion(motion, path)
    return Shown(path, sha256_of(path), str(prompt["id"]), f"{CHECK}{name}")


def shuffled(prompts: Sequence[Prompt], seed: int) -> list[Prompt]:
    """Return prompts in an order that the seed decides."""
    found = list(prompts)
    Random(f"{seed}/checks").shuffle(found)
    return found


def _moving(motions: Iterable[tuple[Prompt, Motion | None]], most: int) -> list[tuple[Prompt, Motion]]:
    """Return the first motions in which some joint leaves its place visibly."""
    return list(islice(((prompt, motion) for prompt, motion in motions if motion is not None and _moves(motion)), most))


def _moves(motion: Motion) -> bool:
    return bool(np.linalg.norm(motion.joints - motion.joints[:1], axis=-1).max() > MOVES)


def _of_a_model(entrants: Entrants, prompt: Prompt, seed: int) -> Motion:
    """Return the motion of one of the study's models, drawn."""
    entry = Random(f"{seed}/model/{prompt['id']}").choice(entrants.entries)
    return read_motion(checked_motion(entry, prompt["id"]).motion)


def _other(found: Sequence[tuple[Prompt, Motion]], index: int) -> Motion:
    """Return the motion of another prompt; of a single one, a statue."""
    return found[index - 1][1] if len(found) > 1 else degrade.freeze(found[0][1])
