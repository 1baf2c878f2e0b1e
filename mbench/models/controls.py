"""Controls: copies of good motion spoilt in one known way, which the metrics must catch.

Each takes its good motion from a folder (`folder`) or from another model (`of`, by default the choreographer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mbench.config import ModelConfig
from mbench.errors import ConfigError
from mbench.models.base import MODELS, Card, MotionModel
from mbench.models.build import build_model
from mbench.motion import Motion, degrade
from mbench.suites.prompt import Prompt

Spoil = Callable[[Motion, np.random.Generator], Motion]


class Control:
    """Good motion, spoilt.

    Args:
        folder: of the good motions, by prompt id (see the model `motions`).
        of: name of the model that makes the good motions, where there is no folder.
        up: up axis of the folder's files.
        fps: frame rate of the folder's files.
        base: the folder that a relative `folder` starts from.

    Raises:
        ConfigError: both a folder and a model are given.
    """

    name = ""
    notes = ""

    def __init__(
        self,
        folder: str | None = None,
        of: str | None = None,
        up: str | None = None,
        fps: float | None = None,
        base: Path = Path(),
    ) -> None:
        if folder is not None and of is not None:
            raise ConfigError(f"model {self.name!r}: give `folder` or `of`, not both")
        self._source = _source(folder, of, {"up": up, "fps": fps}, base)
        card = self._source.card
        self.max_replicates: int | None = getattr(self._source, "max_replicates", None)
        self.card = Card(
            name=self.name, version="1", kind="control", licence=card.licence,
            weights=card.weights, notes=f"{self.notes} Made from {card.name} {card.version}.",
            captions=card.captions,
        )  # fmt: skip

    def spoil(self, motion: Motion, generator: np.random.Generator) -> Motion:
        """Return the spoilt motion; each control has its own."""
        raise NotImplementedError

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Yield each prompt's good motion, spoilt by a draw that (prompt, seed) decides."""
        for seed, result in zip(seeds, self._source.generate(prompts, seeds), strict=True):
            yield result if isinstance(result, Exception) else self.spoil(result, np.random.default_rng(seed))


def _source(folder: str | None, of: str | None, how: dict[str, Any], base: Path) -> MotionModel:
    if folder is None:
        return build_model(ModelConfig(name=of or "choreographer"), base)
    options = {"folder": folder, **{key: value for key, value in how.items() if value is not None}}
    return build_model(ModelConfig(name="motions", options=options), base)


class Static(Control):
    """Control `static`: the first frame, held. Caught by dynamic_degree and the judges."""

    name = "static"
    notes = "The first frame, held."

    def spoil(self, motion: Motion, generator: np.random.Generator) -> Motion:
        """Return the first frame, held."""
        return degrade.freeze(motion)


class Jittered(Control):
    """Control `jittered`: noise of 2 cm on every joint and frame. Caught by jitter_degree."""

    name = "jittered"
    notes = "Gaussian noise of 2 cm on every joint and frame."

    def spoil(self, motion: Motion, generator: np.random.Generator) -> Motion:
        """Return the motion with noise."""
        return degrade.jitter(motion, 0.02, generator)


class Sliding(Control):
    """Control `sliding`: set on the floor, the whole body drifts at 0.5 m/s. Caught by foot_sliding."""

    name = "sliding"
    notes = "Set on the floor, the whole body drifts at 0.5 m/s."

    def spoil(self, motion: Motion, generator: np.random.Generator) -> Motion:
        """Return the motion with a drift."""
        return degrade.slide(degrade.ground(motion), 0.5)


class Shuffled(Control):
    """Control `shuffled`: each prompt gets the motion of another. Caught by the judges, by no quality metric."""

    name = "shuffled"
    notes = "Each prompt gets the motion of another prompt of the suite."

    def prepare(self, prompts: Sequence[Prompt]) -> None:
        """Draw, once a suite, which other prompt's motion each prompt gets; none gets its own.

        Raises:
            ConfigError: the suite has one prompt.
        """
        if len(prompts) < 2:
            raise ConfigError("model 'shuffled': the suite has 1 prompt; expected at least 2 to exchange")
        order = np.random.default_rng(0).permutation(len(prompts))
        self._other = {prompts[a].id: prompts[b] for a, b in zip(order, np.roll(order, 1), strict=True)}

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Yield the good motion of the other prompt."""
        return iter(self._source.generate([_as_long_as(self._other[p.id], p) for p in prompts], seeds))


def _as_long_as(other: Prompt, prompt: Prompt) -> Prompt:
    """Return another prompt with this one's duration, so that its length gives nothing away."""
    return replace(other, seconds=prompt.seconds)


for control in (Static, Jittered, Sliding, Shuffled):
    MODELS.add(control.name, control)
