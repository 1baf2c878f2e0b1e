"""The protocol of a motion model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from mbench.card import Card
from mbench.motion import Motion
from mbench.registry import Registry
from mbench.suites.prompt import Prompt


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


__all__ = ["MODELS", "Card", "MotionModel"]

MODELS: Registry[Any] = Registry("model", ("mbench.models.all",))
