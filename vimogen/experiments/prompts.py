"""The prompts of experiments, each with nine distractors that name other actions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from mbench.datasets.captions import actions_of
from mbench.datasets.vimogen228k import UNIFIED
from mbench.errors import ConfigError, FormatError
from mbench.files import read_json
from mbench.io.pt import pt_rows
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.representations.vimogen276 import decode
from mbench.seeds import seed_of
from mbench.suites.load import load_suite
from mbench.suites.prompt import Prompt
from vimogen.data.prompts.lexicon import is_held_out

DISTRACTORS = 9
SHORTEST, LONGEST = 40, 200  # frames of the clips that networks are trained on
REAL = "optical"  # the subset of motion capture


@dataclass(frozen=True)
class Asked:
    """A prompt of an experiment.

    Attributes:
        prompt: with its distractors as candidates.
        actions: that it names; prompts that share none may be each other's distractors.
        held_out: whether it names an action that text training leaves out.
        clip: the motion file of the real clip that the text is the caption of; None for other prompts.
    """

    prompt: Prompt
    actions: frozenset[str]
    held_out: bool = False
    clip: Path | None = None

    @property
    def frames(self) -> int:
        """Return the frames of its motion, at 20 fps."""
        return round(self.prompt.seconds * BENCHMARK_FPS)

    @property
    def real(self) -> Motion:
        """Return the real motion, as long as the prompt asks.

        Raises:
            ConfigError: the prompt is no caption of a real clip.
            FormatError: its file is damaged.
        """
        if self.clip is None:
            raise ConfigError(f"prompt {self.prompt.id} is no caption of a real clip")
        return decode(pt_rows(self.clip)[: self.frames], how="slice")


@cache
def harvested() -> tuple[Asked, ...]:
    """Return the harvested prompts that the rule-based source of references understands, in the order of the file."""
    text = files("vimogen.data.prompts").joinpath("harvested.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    found = [
        Asked(Prompt(row["id"], row["text"], float(row["seconds"])), frozenset(row["actions"]), row["held_out"])
        for row in rows
        if row["understood"]
    ]
    return tuple(with_distractors(found))


def drawn(prompts: Sequence[Asked], limit: int, seed: int = 0) -> list[Asked]:
    """Return at most `limit` prompts, whose ids decide whether they are drawn, by id."""
    order = sorted(prompts, key=lambda asked: seed_of("drawn", seed, asked.prompt.id))
    return sorted(order[:limit], key=lambda asked: asked.prompt.id)


def held_out(limit: int, seed: int = 0) -> list[Asked]:
    """Return harvested prompts of actions that text training leaves out."""
    return drawn([asked for asked in harvested() if asked.held_out], limit, seed)


def held_in(limit: int, seed: int = 0) -> list[Asked]:
    """Return harvested prompts of actions that text training has."""
    return drawn([asked for asked in harvested() if not asked.held_out], limit, seed)


def suite(name: str = "mbench-mini") -> list[Asked]:
    """Return the prompts of a suite with the suite's own distractors, where it has some."""
    return [
        Asked(prompt, frozenset(actions_of(prompt.text)), is_held_out(prompt.text))
        for prompt in load_suite(name).prompts
    ]


def captions(folder: Path, limit: int, splits: Sequence[str] = ("val", "test"), seed: int = 0) -> list[Asked]:
    """Return captions of real clips that were not trained on, each text once, held-out actions left out.

    Args:
        folder: of `vimogen data build`.
        limit: how many at most.
        splits: of the clips.
        seed: of the draw.

    Raises:
        MBenchError: the folder holds no listing, or no such clip.
    """
    texts: dict[str, Asked] = {}
    for asked in _captioned(folder, splits):
        texts.setdefault(asked.prompt.text, asked)
    if not texts:
        raise FormatError(f"{folder}: holds no captioned {REAL} clip of {' or '.join(splits)} with {SHORTEST} frames")
    return drawn(with_distractors(list(texts.values())), limit, seed)


def _captioned(folder: Path, splits: Sequence[str]) -> Iterator[Asked]:
    """Yield each clip's first caption, with the clip."""
    for row in read_json(folder / UNIFIED):
        texts = row.get("motion_text_annot") or []
        if row.get("subset") != REAL or row.get("split") not in splits or row.get("held_out") or not texts:
            continue
        clip = folder / row["motion_path"]
        frames = min(len(pt_rows(clip)), LONGEST)
        if frames >= SHORTEST:
            name = str(row["id"]).replace("/", "-")
            yield Asked(Prompt(name, texts[0], frames / BENCHMARK_FPS), frozenset(actions_of(texts[0])), False, clip)


def with_distractors(prompts: Sequence[Asked]) -> list[Asked]:
    """Return the prompts, each with the texts of nine others that share no action with it or with each other.

    A prompt that names no known action, or has fewer than nine such others, has none: no choice is asked of it. The
    draw follows from the prompt's id.
    """
    return [_with(asked, prompts) for asked in prompts]


def _with(asked: Asked, pool: Sequence[Asked]) -> Asked:
    order = np.random.default_rng(seed_of("distractors", asked.prompt.id)).permutation(len(pool))
    candidates = tuple(_apart(asked, (pool[index] for index in order))) if asked.actions else ()
    if len(candidates) < DISTRACTORS:
        candidates = ()
    return replace(asked, prompt=replace(asked.prompt, candidates=candidates))


def _apart(asked: Asked, others: Iterable[Asked]) -> Iterator[str]:
    """Yield up to nine texts of prompts that share no action with the prompt or with each other."""
    taken, count = set(asked.actions), 0
    for other in others:
        if count == DISTRACTORS:
            return
        if other.actions and not taken & other.actions:
            taken |= other.actions
            count += 1
            yield other.prompt.text
