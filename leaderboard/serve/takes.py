"""What the playground makes of a prompt: a motion a model, as a video and as files, with its metrics."""

from __future__ import annotations

import math
import shutil
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderboard.serve.models import Playable
from leaderboard.serve.store import Store
from mbench.errors import ConfigError, MBenchError, PluginError, one_line
from mbench.files import hash_of
from mbench.motion import Motion
from mbench.scoring import Value, metrics_for_motions, score_motion
from mbench.suites.prompt import Prompt

LONGEST_TEXT = 300  # characters
SHORTEST, LONGEST = 0.5, 20.0  # seconds
LARGEST_SEED = 2**32 - 1
MOST_MODELS = 4  # side by side
STYLES = {"Body": "mesh", "Skeleton": "skeleton"}
FORMATS = ("mp4", "bvh", "glb", "npz")
SIZE = 384  # pixels of a side


@dataclass(frozen=True)
class Asked:
    """What somebody asked for; see `ask`."""

    text: str
    seconds: float
    seed: int
    models: tuple[str, ...]
    style: str

    def key(self, model: str) -> str:
        """Return what decides a take of a model."""
        return hash_of([self.text, self.seconds, self.seed, model, self.style])


@dataclass(frozen=True)
class Take:
    """What a model made of a prompt.

    Attributes:
        model: name.
        seconds: of the motion.
        frames: likewise.
        fps: frames a second.
        values: its metrics.
        files: {format: path}.
        failed: {format: why there is no file}.
        note: what the model says about this motion, empty for nothing.
    """

    model: str
    seconds: float
    frames: int
    fps: float
    values: tuple[Value, ...]
    files: Mapping[str, Path]
    failed: Mapping[str, str]
    note: str = ""


def ask(text: Any, seconds: Any, seed: Any, models: Any, style: Any, known: Sequence[str]) -> Asked:
    """Return what was asked for, if it can be made.

    Args:
        text: the prompt; blanks around it and line breaks in it do not count.
        seconds: how long.
        seed: with the prompt it decides the motion.
        models: names.
        style: one of `STYLES`.
        known: names of the models there are.

    Raises:
        ConfigError: the field, what was found and what is expected.
    """
    text = " ".join(text.split()) if isinstance(text, str) else ""
    if not text:
        raise ConfigError("The prompt is empty; describe a motion, for example: a person walks forward and waves.")
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"The prompt has {len(text)} characters; expected up to {LONGEST_TEXT}.")
    if not _is_number(seconds) or not SHORTEST <= seconds <= LONGEST:
        raise ConfigError(f"Seconds is {_shown(seconds)}; expected {SHORTEST:g} to {LONGEST:g}.")
    if not _is_number(seed) or seed != int(seed) or not 0 <= seed <= LARGEST_SEED:
        raise ConfigError(f"Seed is {_shown(seed)}; expected a whole number from 0 to {LARGEST_SEED}.")
    chosen = tuple(dict.fromkeys(models)) if isinstance(models, list) else ()
    if not 1 <= len(chosen) <= MOST_MODELS or not set(chosen) <= set(known):
        raise ConfigError(f"{len(chosen)} models are chosen; expected 1 to {MOST_MODELS} of {', '.join(known)}.")
    if style not in STYLES:
        raise ConfigError(f"Show as is {_shown(style)}; expected {' or '.join(STYLES)}.")
    return Asked(text, float(seconds), int(seed), chosen, style)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    """Return a value in few words."""
    return "empty" if value is None else repr(value)[:40]


class Studio:
    """Makes takes, one at a time, and keeps them for a while: the same request is answered at once.

    Args:
        models: to choose from.
        store: of what was made.
        device: where bodies are drawn, see `mbench.render.render`.
    """

    def __init__(self, models: Sequence[Playable], store: Store[Take], device: str = "auto") -> None:
        self.models = {model.name: model for model in models}
        self.store, self.device = store, device
        self._lock = threading.Lock()

    def take(self, asked: Asked, model: str) -> tuple[Take, str] | str:
        """Return what a model makes of a prompt with a token for its files, or in a sentence why there is nothing."""
        key = asked.key(model)
        with self._lock:
            try:
                found = self.store.get(key) or self._make(asked, model, key)
                return found, self.store.token(key)
            except MBenchError as error:
                return one_line(error)
            except Exception as error:  # a model's own code: whoever runs the server gets the traceback
                traceback.print_exc(file=sys.stderr)
                return f"{model} failed: {one_line(error)}"

    def _make(self, asked: Asked, model: str, key: str) -> Take:
        motion = self._generate(asked, model)
        folder = self.store.new_folder()
        try:
            values = tuple(score_motion(motion, metrics_for_motions(None)))
            files, failed = self._write(motion, folder, asked.style)
            take = Take(model, motion.seconds, len(motion), motion.fps, values, files, failed, note_of(motion))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.store.put(key, take, folder)
        return take

    def _generate(self, asked: Asked, model: str) -> Motion:
        """Return a model's motion, or raise what it gave instead."""
        prompt = Prompt(id="playground", text=asked.text, seconds=asked.seconds)
        found = next(iter(self.models[model].model.generate([prompt], [asked.seed])), None)
        if isinstance(found, Exception):
            raise found
        if not isinstance(found, Motion):
            raise PluginError(f"model {model!r} gave {type(found).__name__}; expected a Motion")
        return found

    def _write(self, motion: Motion, folder: Path, style: str) -> tuple[dict[str, Path], dict[str, str]]:
        """Write a motion in every format; return the files, and why others could not be written."""
        from mbench.io import write_motion
        from mbench.render import render, write_video

        files, failed = {}, {}
        for suffix in FORMATS:
            path = folder / f"motion.{suffix}"
            try:
                if suffix == "mp4":
                    pictures = render(motion, style=STYLES[style], size=SIZE, device=self.device)
                    write_video(pictures, path, motion.fps)
                else:
                    write_motion(motion, path)
                files[suffix] = path
            except MBenchError as error:
                failed[suffix] = one_line(error)
        return files, failed


def note_of(motion: Motion) -> str:
    """Return the `note` that a model left in a motion's `meta`, at the top or one level down; else nothing."""
    below = [value for value in motion.meta.values() if isinstance(value, Mapping)]
    notes = [level["note"] for level in (motion.meta, *below) if isinstance(level.get("note"), str)]
    return notes[0] if notes else ""
