"""What the playground makes of a prompt: a motion a model, as a video and as files, with its metrics."""

from __future__ import annotations

import math
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
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


Shown = tuple[Take, str] | str  # a take with a token for its files, or in a sentence why there is none


def ask(text: Any, seconds: Any, seed: Any, models: Any, style: Any, *, known: Sequence[str]) -> Asked:
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
    chosen = tuple(name for name in known if isinstance(models, list) and name in models)
    if not 1 <= len(chosen) <= MOST_MODELS:
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

    def take(self, asked: Asked, model: str) -> Shown:
        """Return what a model makes of a prompt."""
        return self._kept(asked.key(model), model, asked.style, lambda: self._generate(asked, model))

    def take_of(self, name: str, token: str, style: str, find: Callable[[str], Motion]) -> Shown:
        """Return a motion that is there already, in the form of a take.

        Args:
            name: to call it by.
            token: of the motion.
            style: one of `STYLES`.
            find: returns it.
        """
        return self._kept(hash_of([token, style]), name, style, lambda: find(token))

    def _kept(self, key: str, name: str, style: str, motion: Callable[[], Motion]) -> Shown:
        """Return a take, made now or before; whatever goes wrong is told."""
        with self._lock:
            try:
                found = self.store.get(key) or self._make(key, name, style, motion())
                return found, self.store.token(key)
            except MBenchError as error:
                return one_line(error)
            except Exception as error:  # a model's own code: whoever runs the server gets the traceback
                traceback.print_exc(file=sys.stderr)
                return f"{name} failed: {one_line(error)}"

    def _make(self, key: str, name: str, style: str, motion: Motion) -> Take:
        folder = self.store.new_folder()
        try:
            values = tuple(score_motion(motion, metrics_for_motions(None)))
            files, failed = self._write(motion, folder, style)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        take = Take(name, motion.seconds, len(motion), motion.fps, values, files, failed, note_of(motion))
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
