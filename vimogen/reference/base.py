"""What a reference motion is, and the protocol of what gives one for a prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from mbench.errors import MBenchError, MotionError
from mbench.motion import BENCHMARK_FPS, Motion, Pose
from mbench.motion.canonical import canonicalise
from mbench.motion.representations.rows import checked_rows
from mbench.motion.representations.vimogen276 import WIDTH, decode, encode
from mbench.motion.resample import resample
from mbench.suites.prompt import Prompt

Rows = NDArray[np.float32]


class NoReference(MBenchError):
    """Why a source has no reference for a prompt."""


class Settings(BaseModel):
    """Options of a source or of the gate: unknown fields and text for numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference motion.

    Attributes:
        rows: (S, 276) float32 at 20 fps, canonical (facing +y, lowest joint at z = 0), not normalised; read-only.
        name: of the source that gave it.
        provenance: JSON values: prompt, seed, and where the motion comes from.

    Raises:
        MotionError: rows that are not finite (S, 276) floating-point ones.
    """

    rows: Rows
    name: str
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check and freeze."""
        rows = checked_rows(self.rows, WIDTH).astype(np.float32)
        rows.setflags(write=False)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    @cached_property
    def motion(self) -> Motion:
        """The S frames of the reference, with pose, as they were encoded (nothing is integrated)."""
        return decode(self.rows, how="slice").with_meta(reference=self.name, **self.provenance)


@runtime_checkable
class ReferenceSource(Protocol):
    """Gives reference motions.

    A source that needs to know all prompts has a method `prepare(prompts)`, called once before the first batch.

    Attributes:
        name: in one or two words.
        identity: a text that is another one whenever the references may be others.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def identity(self) -> str: ...  # noqa: D102

    def references(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> list[Reference | MBenchError]:
        """Return one reference a prompt, or the error that says why there is none.

        Args:
            prompts: n prompts.
            seeds: one a prompt; (prompt, seed) decides the reference, whatever else is in the call.
        """
        ...


class Nothing:
    """The source `none`."""

    name = identity = "none"

    def references(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> list[Reference | MBenchError]:
        """Return, for each prompt, that there is no reference."""
        return [NoReference("there is no source of references")] * len(prompts)


def each(
    make: Callable[[Prompt, int], Reference], prompts: Sequence[Prompt], seeds: Sequence[int]
) -> list[Reference | MBenchError]:
    """Return what a function makes of each prompt and seed, or the error that it raised."""
    found: list[Reference | MBenchError] = []
    for prompt, seed in zip(prompts, seeds, strict=True):
        try:
            found.append(make(prompt, seed))
        except MBenchError as error:
            found.append(error)
    return found


def reference_of(
    motion: Motion,
    name: str,
    prompt: Prompt,
    seed: int,
    start: float = 0.0,
    end: float = math.inf,
    **provenance: Any,
) -> Reference:
    """Return a motion as a reference: brought to 20 fps, given rotations if it has none, cut, canonical, encoded.

    Velocities are those between frames at 20 fps, whatever the rate was before. A motion longer than the prompt asks
    for is cut; a shorter one stays as it is. Provenance says which prompt and seed it is for, and what was done.

    Args:
        motion: any motion of at least two frames at 20 fps.
        name: of the source.
        prompt: whose reference it is.
        seed: likewise.
        start: seconds at which the part that is kept begins.
        end: seconds after which nothing is kept.
        provenance: JSON values of the source.

    Raises:
        MotionError: fewer than two frames are left, or the joints fit no body.
    """
    even = resample(motion, BENCHMARK_FPS)
    first = round(start * BENCHMARK_FPS)
    wanted = first + round(prompt.seconds * BENCHMARK_FPS) + 1  # the last frame becomes the last row's velocity
    last = min(wanted, len(even), round(min(end, even.seconds) * BENCHMARK_FPS))
    if last - first < 2:
        raise MotionError(
            f"the motion has {max(0, last - first)} frame(s) at 20 fps; expected at least 2 for a reference"
        )
    part = frames_of(even, first, last)
    posed = part if part.pose is not None else part.replace(pose=_fitted(part))
    done = {"from_fps": motion.fps, "rotations": "own" if motion.pose is not None else "fitted"}
    return Reference(
        encode(canonicalise(posed, floor=True)), name, {"prompt": prompt.id, "seed": seed, **done, **provenance}
    )


def frames_of(motion: Motion, first: int, end: int) -> Motion:
    """Return frames `first` to `end` (not included) with their pose."""
    pose = motion.pose
    if pose is not None:
        pose = Pose(pose.rotations[first:end], pose.offsets)
    return motion.replace(joints=motion.joints[first:end], pose=pose)


def _fitted(motion: Motion) -> Pose:
    """Return the rotations of the default body that fit joints; they are kept on disk."""
    from mbench.body import load_body
    from mbench.body.fit import fit_pose

    return fit_pose(motion, load_body("default"))
