"""The arms of an experiment: models whose motions are made once and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mbench.card import Card
from mbench.config import ModelConfig
from mbench.errors import MBenchError, one_line
from mbench.files import hash_of
from mbench.io import read_motion, write_motion
from mbench.models.build import build_model
from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations.vimogen276 import decode
from mbench.motion.skeleton import BONES, PELVIS
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt
from vimogen.codec import Rows
from vimogen.experiments.prompts import Asked
from vimogen.reference.base import Reference, ReferenceSource
from vimogen.reference.build import build_reference

BATCH = 32
Say = Callable[[str], None]


class Model(Protocol):
    """What an arm needs of a model: a part of `mbench.models.base.MotionModel`."""

    card: Card

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterable[Motion | Exception]:
        """Yield the motion of each prompt, or why there is none."""
        ...


@dataclass(frozen=True)
class Arm:
    """A model under a name.

    Attributes:
        name: in the table.
        build: makes the model.
        options: JSON values that decide its motions besides its card.
    """

    name: str
    build: Callable[[], Model]
    options: Any = None

    @cached_property
    def model(self) -> Model:
        """The model, made when it is first asked for."""
        return self.build()

    @property
    def identity(self) -> str:
        """Return a text that is another one whenever weights or options are others; it does not know of the code."""
        card = replace(self.model.card, captions="")  # a path, which decides no motion
        return hash_of([card.to_dict(), self.options])[:16]


def registered(name: str, model: str, options: dict[str, Any]) -> Arm:
    """Return the arm of a registered model; options that are None are left out."""
    given = {key: value for key, value in options.items() if value is not None}
    config = ModelConfig(name=model, options=given)
    told = {key: value for key, value in given.items() if key != "weights"}  # whose hash the card holds
    return Arm(name, lambda: build_model(config), [model, told])


def raw_reference(name: str, source: Any) -> Arm:
    """Return the arm whose motions are the reference motions themselves."""
    return Arm(name, lambda: _References(build_reference(source)), source)


def by_rows(name: str, folder: Path, options: dict[str, Any] | None = None) -> Arm:
    """Return the arm of a weights folder by text alone, with how far the generated rows contradict themselves.

    Args:
        name: in the table.
        folder: of `vimogen train`.
        options: of the sampling; see `vimogen.options`.
    """
    return Arm(name, lambda: _ByRows(folder, options or {}), options or {})


class _References:
    """A source of references as a model."""

    def __init__(self, source: ReferenceSource) -> None:
        self.card = Card("reference", source.identity, "reference", "that of its source")
        self._source = source

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Yield the reference of each prompt, or why there is none."""
        for reference in self._source.references(prompts, seeds):
            yield reference.motion if isinstance(reference, Reference) else reference


class _ByRows:
    """A weights folder as a model that measures the rows before they are decoded."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        from vimogen.checkpoint import card_of, load_generator
        from vimogen.options import changed

        generator = load_generator(folder)
        self.card = card_of(folder)
        self._generator = generator.with_sampling(changed(generator.sampling, options))

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Yield the motion of each prompt with `contradictions` in its meta."""
        from vimogen.decode import motion_of
        from vimogen.generator import Request
        from vimogen.make import frames_of

        asked = [Request(prompt.text, frames_of(prompt), seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        for rows in self._generator.sample(asked):
            try:
                yield motion_of(rows).with_meta(contradictions=contradictions(rows))
            except MBenchError as error:
                yield error


def contradictions(rows: Rows) -> dict[str, float]:
    """Return how far rows contradict themselves, in millimetres.

    Args:
        rows: (T, 276), in metres.

    Returns:
        `pose_mm`, the mean distance of joints from where the rotations put them; `bones_mm`, the standard deviation of
        a bone's length over the clip, the mean of all bones.
    """
    motion = decode(rows, how="slice")
    pose, joints = motion.pose, motion.joints.astype(np.float64)
    assert pose is not None  # rows always hold rotations
    posed = forward_kinematics(pose.rotations, joints[:, PELVIS], pose.offsets)
    ends = np.array(BONES)
    bones = np.linalg.norm(joints[:, ends[:, 1]] - joints[:, ends[:, 0]], axis=-1)
    pose_mm = 1000 * float(np.linalg.norm(posed - joints, axis=-1).mean())
    return {"pose_mm": pose_mm, "bones_mm": 1000 * float(bones.std(axis=0).mean())}


def seed_for(asked: Asked, seed: int) -> int:
    """Return the seed of a prompt's motion: the same in all arms."""
    return seed_of("experiment", seed, asked.prompt.id)


def motions_of(
    arm: Arm, prompts: Sequence[Asked], work: Path, seed: int = 0, say: Say = lambda line: None
) -> list[Motion | None]:
    """Return the motion of each prompt, None where the arm makes none; those that are kept are not made again.

    Args:
        arm: which model.
        prompts: n prompts.
        work: folder of kept motions, `motions/<identity of the arm>/<id of the prompt>-<hash>.npz`.
        seed: of the experiment.
        say: told in a line how far it is, and why a motion is missing.

    Raises:
        MBenchError: the model can't be made, or a motion can't be written.
    """
    folder = work / "motions" / arm.identity
    paths = [folder / _file_name(asked, seed) for asked in prompts]
    missing = sorted((n for n, path in enumerate(paths) if not path.is_file()), key=lambda n: prompts[n].frames)
    began = time.monotonic()
    for start in range(0, len(missing), BATCH):
        part = missing[start : start + BATCH]
        _make(arm, [(prompts[n], paths[n]) for n in part], seed, say)
        say(_progress(arm.name, start + len(part), len(missing), time.monotonic() - began))
    return [read_motion(path) if path.is_file() else None for path in paths]


def _file_name(asked: Asked, seed: int) -> str:
    prompt = asked.prompt
    return f"{prompt.id}-{hash_of([prompt.text, prompt.seconds, seed])[:8]}.npz"


def _make(arm: Arm, part: Sequence[tuple[Asked, Path]], seed: int, say: Say) -> None:
    """Make and keep some motions."""
    prompts = [asked.prompt for asked, _ in part]
    made = arm.model.generate(prompts, [seed_for(asked, seed) for asked, _ in part])
    for (asked, path), motion in zip(part, made, strict=True):
        if isinstance(motion, Exception):
            say(f"{arm.name}: no motion for {asked.prompt.id}: {one_line(motion)}")
        else:
            write_motion(motion, path)


def _progress(name: str, done: int, total: int, seconds: float) -> str:
    each = seconds / done
    return f"{name}: {done}/{total}, {each:.2f} s a motion, about {each * (total - done) / 60:.1f} min left"
