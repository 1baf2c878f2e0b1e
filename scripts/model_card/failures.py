"""The failure gallery of a model card: the clips of a run that the judge believes least, and how many there are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from vimogen_sheet import COLOURS, sheet, titled

from mbench.datasets.captions import actions_of
from mbench.errors import ConfigError
from mbench.files import atomic_write
from mbench.judges.base import Judge, choose, match
from mbench.metrics.judged import YES
from mbench.motion import Motion
from mbench.results import RunFolder

WORST = 6
LEAST = 0.001  # smaller matches are not told apart
COLUMNS, WIDTH, LONGEST = 2, 760, 100  # of the picture; of a line, in letters


@dataclass(frozen=True)
class Shown:
    """A clip and what the judge says of it.

    Attributes:
        prompt: id.
        text: that was asked for.
        motion: that was made.
        match: how sure the judge is that it shows the text, 0 to 1; None where it gave no answer.
        preferred: share of the other texts of the run of which it is surer.
        seen: the text of the run that it picks.
    """

    prompt: str
    text: str
    motion: Motion
    match: float | None
    preferred: float | None
    seen: str | None


def read_clips(folder: Path, name: str, weights: str) -> tuple[list[tuple[str, str, Motion]], int]:
    """Return id, text and motion of each clip of a run, and how many motions are missing.

    Args:
        folder: of a run of `mbench evaluate`.
        name: of the model that it must be of.
        weights: hash that the model's card must have.

    Raises:
        ConfigError: no run, or one of another model or of other weights.
        MBenchError: a file is broken.
    """
    run = RunFolder(folder)
    facts = run.read_run()
    if facts is None:
        raise ConfigError(f"{folder}: holds no run.json; expected a result folder of mbench evaluate")
    found = facts["card"]["name"]
    if found != name:
        raise ConfigError(f"{folder}: is a run of {found!r}; expected one of {name!r}")
    if facts["card"]["weights"] != weights:
        raise ConfigError(f"{folder}: was made with other weights of {name}; evaluate those that the card is of")
    texts = {prompt["id"]: prompt["text"] for prompt in facts["prompts"]}
    rows = list(run.generations().values())
    there = [(row.prompt, texts[row.prompt], run.load(row)) for row in rows if row.file is not None]
    return there, len(rows) - len(there)


def judged(clips: Sequence[tuple[str, str, Motion]], judge: Judge) -> list[Shown]:
    """Return what a judge says of clips: of each with its own text, and with the texts of all others."""
    motions = [motion for _, _, motion in clips]
    texts = list(dict.fromkeys(text for _, text, _ in clips))
    sure = match(judge, [own for own in motions for _ in texts], texts * len(motions))
    table = np.array([np.nan if isinstance(own, Exception) else own for own in sure]).reshape(-1, len(texts))
    picked = choose(judge, motions, [texts] * len(motions))
    shown = []
    for (prompt, text, motion), row, pick in zip(clips, table, picked, strict=True):
        own, others = row[texts.index(text)], np.delete(row, texts.index(text))
        known = not np.isnan(own)
        preferred = float((others > own).mean()) if known and len(others) else None
        seen = None if isinstance(pick, Exception) else texts[pick]
        shown.append(Shown(prompt, text, motion, float(own) if known else None, preferred, seen))
    return shown


def worst(shown: Sequence[Shown], count: int = WORST) -> list[Shown]:
    """Return the clips of the lowest match, the lowest first; those without an answer are not among them."""
    return sorted((own for own in shown if own.match is not None), key=lambda own: (own.match, own.prompt))[:count]


def lines_of(own: Shown) -> list[str]:
    """Return what stands above a filmstrip: the text, and the match with the text that the judge picks instead."""
    if own.match is None:
        said = "no match"
    else:
        said = f"match {own.match:.2g}" if own.match >= LEAST else f"match below {LEAST:g}"
    if own.seen is not None:
        action = ", ".join(sorted(actions_of(own.seen)))
        said += f"; the judge sees {action + ': ' if action else ''}{own.seen}"
    return [textwrap.shorten(line, LONGEST, placeholder=" …") for line in (own.text, said)]


def draw_failures(shown: Sequence[Shown], path: Path, style: str = "skeleton") -> None:
    """Write a PNG with the filmstrips of clips.

    Raises:
        MBenchError: the file can't be written.
    """
    picture = sheet([titled(lines_of(own), own.motion, WIDTH, style) for own in shown], COLUMNS)
    with atomic_write(path) as file:
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, format="png", optimize=True)


def counts(shown: Sequence[Shown], missing: int) -> dict[str, Any]:
    """Return how many clips there are, do not match, and match their text less than half of the others."""
    asked = [own for own in shown if own.match is not None and own.preferred is not None]
    return {
        "clips": len(shown),
        "missing": missing,
        "asked": len(asked),
        "refused": sum(own.match <= YES for own in asked if own.match is not None),
        "below_chance": sum(own.preferred > 0.5 for own in asked if own.preferred is not None),
    }
