"""The protocol of a motion model, and what its card says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

from mbench.motion import Motion
from mbench.registry import Registry
from mbench.suites.prompt import Prompt


@dataclass(frozen=True)
class Card:
    """What a model, judge, body or dataset is.

    Attributes:
        name: registered name.
        version: raised whenever its output for the same input changes.
        kind: learned, rule-based, control or files.
        paper: citation or link, empty where there is none.
        licence: of code and weights.
        weights: sha256 of the weights (or of the files), empty where there are none.
        trained_on: data, steps, time; empty for what was not trained.
        notes: anything a reader of its numbers must know.
    """

    name: str
    version: str
    kind: str
    licence: str
    paper: str = ""
    weights: str = ""
    trained_on: str = ""
    notes: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return asdict(self)


@runtime_checkable
class MotionModel(Protocol):
    """A text-to-motion model. A plugin is one class with `card` and `generate`.

    The class is made once a run with the YAML's `options` as keyword arguments, plus `weights` if the YAML gives them
    and `device` if it takes one; where a model runs never decides what it makes. A model that needs to know all
    prompts of the suite has a method `prepare(prompts)`, called once before the first batch.
    """

    card: Card

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterable[Motion | Exception]:
        """Yield one motion a prompt, in order.

        Args:
            prompts: a batch.
            seeds: one a prompt; (prompt, seed) decides the motion, whatever else is in the batch.

        Yields:
            the motion, z up, in metres, or the exception that says why there is none for this prompt.
        """
        ...


MODELS: Registry[Any] = Registry("model", ("mbench.models.all",))
