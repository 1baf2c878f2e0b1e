"""A prompt suite in memory, and the registry of suites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from mbench.errors import UnknownNameError, did_you_mean
from mbench.files import hash_of
from mbench.registry import Registry
from mbench.suites.prompt import Prompt

BUILT_IN = "built-in"
SUFFIXES = (".yaml", ".yml", ".json")  # of suite files


@dataclass(frozen=True)
class Suite:
    """Prompts that are scored together.

    Attributes:
        name: of the suite; results carry it.
        version: raised whenever a prompt changes.
        description: one sentence.
        prompts: in order; `limit` of a run takes the first ones.
        licence: of the texts, empty where it is not stated.
        source: the file it was read from, `built-in`, or `code`.
        notes: what was put right while reading it, e.g. a repeated distractor.
    """

    name: str
    version: str
    description: str
    prompts: tuple[Prompt, ...]
    licence: str = ""
    source: str = "code"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of prompts."""
        return len(self.prompts)

    def __iter__(self) -> Iterator[Prompt]:
        """Iterate over the prompts."""
        return iter(self.prompts)

    def by_id(self, prompt_id: str) -> Prompt:
        """Return the prompt with an id.

        Raises:
            UnknownNameError: there is none; the nearest ids are suggested.
        """
        if prompt_id not in self._by_id:
            raise UnknownNameError(
                f"suite {self.name!r} has no prompt {prompt_id!r}{did_you_mean(prompt_id, self._by_id)}"
            )
        return self._by_id[prompt_id]

    @cached_property
    def _by_id(self) -> dict[str, Prompt]:
        return {prompt.id: prompt for prompt in self.prompts}

    @cached_property
    def hash(self) -> str:
        """Hex sha256 of all that can change a score: ids, texts, seconds, dimensions, candidates, and their order."""
        return hash_of(
            [[p.id, p.text, float(p.seconds), sorted(p.dimensions), list(p.candidates)] for p in self.prompts]
        )


SUITES: Registry[Suite | Callable[[], Suite]] = Registry("suite", ("mbench.suites.builtin",))
