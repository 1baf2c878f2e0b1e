"""`model`: reference motions that another registered generator makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import field_validator

from mbench.config import ModelConfig
from mbench.errors import MBenchError, PluginError, one_line
from mbench.files import hash_of
from mbench.models.build import build_model
from mbench.motion import Motion
from mbench.suites.prompt import Prompt
from vimogen.reference.base import NoReference, Reference, Settings, each, reference_of


class ModelSettings(Settings):
    """Options of `model`.

    Attributes:
        model: a registered name, or a mapping with name, options and weights.
    """

    model: ModelConfig

    @field_validator("model", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Accept a bare name."""
        return {"name": value} if isinstance(value, str) else value


class Model:
    """Reference motions of a generator.

    What the generator says of its motion (`meta`) goes into the provenance, and every `note` in it into `notes`.

    Args:
        settings: see `ModelSettings`.
        base: relative paths of the model start here.
        device: where the model runs.

    Raises:
        MBenchError: as `mbench.models.build.build_model`.
    """

    name = "model"

    def __init__(self, settings: ModelSettings, base: Path = Path(), device: str = "auto") -> None:
        self._model = build_model(settings.model, base, device)
        self.card = self._model.card
        self._options = settings.model.options

    @property
    def identity(self) -> str:
        """Return the model's name and a hash of what decides its motions."""
        decides = [self.card.name, self.card.version, self.card.weights, self._options]
        return f"model {self.card.name} {hash_of(decides)[:10]}"

    def prepare(self, prompts: Sequence[Prompt]) -> None:
        """Tell the model all prompts, if it wants to know them."""
        if hasattr(self._model, "prepare"):
            self._model.prepare(prompts)

    def references(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> list[Reference | MBenchError]:
        """Return each prompt's motion as a reference, or why the model made none.

        Raises:
            PluginError: the model gave another number of motions.
        """
        made = list(self._model.generate(prompts, seeds))
        if len(made) != len(prompts):
            raise PluginError(f"model {self.card.name!r} gave {len(made)} motions for {len(prompts)} prompts")
        results = iter(made)
        return each(lambda prompt, seed: self._reference(next(results), prompt, seed), prompts, seeds)

    def _reference(self, made: Motion | Exception, prompt: Prompt, seed: int) -> Reference:
        if isinstance(made, Exception):
            raise NoReference(f"model {self.card.name!r} made no motion: {one_line(made)}") from made
        said: dict[str, Any] = {"model": self.card.name, "version": self.card.version, "meta": dict(made.meta)}
        if notes := list(notes_of(made.meta)):
            said["notes"] = notes
        return reference_of(made, self.name, prompt, seed, **said)


def notes_of(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text under the key `note`, however deep: what a generator did not understand or could not do."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from notes_of(value)
        elif key == "note" and isinstance(value, str) and value:
            yield value
