"""`bank`: reference motions are clips of a text-motion dataset whose captions are nearest to the prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mbench.config import resolve_path
from mbench.datasets import Caption, Clip, TextMotionDataset, load_dataset
from mbench.errors import ConfigError, MBenchError
from mbench.files import hash_of
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt
from mbench.text import TextEncoder
from vimogen.reference.base import NoReference, Reference, Settings, each, reference_of

DIGITS = 6  # of a similarity: captions that say the same are equally near


class BankSettings(Settings):
    """Options of `bank`.

    Attributes:
        bank: a dataset that `mbench data info` reads.
        least: cosine of the text encoder below which no caption is near enough.
        nearest: how many captions (with those equally near) the seed draws from.
        exclude: splits that are left out.
        shortest: seconds that a caption must speak of.
        encoder: see `mbench.text.TextEncoder`; None for the default.
    """

    bank: str
    least: Annotated[float, Field(ge=-1, le=1)] = 0.7
    nearest: Annotated[int, Field(ge=1)] = 1
    exclude: list[str] = ["test"]
    shortest: Annotated[float, Field(ge=0)] = 1.0
    encoder: str | None = None


class Entry(NamedTuple):
    """A caption and its clip."""

    clip: Clip
    caption: Caption


@dataclass(frozen=True)
class Found:
    """What the bank gives for a prompt.

    Attributes:
        entry: caption and clip.
        similarity: cosine of prompt and caption.
    """

    entry: Entry
    similarity: float


class Bank:
    """Reference motions of captioned clips.

    A clip that is longer than the prompt asks for is cut to a part that the seed draws.

    Args:
        settings: see `BankSettings`.
        base: a relative path starts here.
        device: where the text encoder runs.

    Raises:
        FormatError: no dataset.
        ConfigError: no caption is left.
    """

    name = "bank"

    def __init__(self, settings: BankSettings, base: Path = Path(), device: str = "auto") -> None:
        self._settings = settings
        self.dataset: TextMotionDataset = load_dataset(resolve_path(settings.bank, base))
        self.entries = list(self._entries())
        if not self.entries:
            splits = ", ".join(sorted({clip.split or "none" for clip in self.dataset}))
            raise ConfigError(
                f"reference bank: {self.dataset.path} has no caption of at least {settings.shortest:g} s outside "
                f"{settings.exclude}; its splits are {splits}"
            )
        self._encoder = TextEncoder(settings.encoder, device)

    @cached_property
    def identity(self) -> str:
        """Return a hash of settings, clips and captions, and of the encoder."""
        options = self._settings.model_dump(exclude={"bank", "encoder"})
        rows = [[e.clip.id, e.clip.frames, e.caption.text, *e.clip.span(e.caption)] for e in self.entries]
        return f"bank {self.dataset.name} {hash_of([options, rows, self._encoder.hash])[:10]}"

    def references(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> list[Reference | MBenchError]:
        """Return, for each prompt, the clip of a caption that is near to it."""
        wanted = dict(zip((p.text for p in prompts), self._encoder.sentences([p.text for p in prompts]), strict=True))
        return each(lambda p, seed: self._reference(self._found(p.text, wanted[p.text], seed), p, seed), prompts, seeds)

    def _entries(self) -> Iterator[Entry]:
        """Yield the captions that may be used, in the order of the dataset."""
        for clip in self.dataset:
            if clip.split in self._settings.exclude:
                continue
            for caption in clip.captions:
                start, end = clip.span(caption)
                if end - start >= self._settings.shortest:
                    yield Entry(clip, caption)

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        """Sentence vectors of all captions (n, d), of norm 1."""
        vectors = self._encoder.sentences([entry.caption.text for entry in self.entries])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _found(self, text: str, vector: NDArray[np.float32], seed: int) -> Found:
        """Return an entry among the nearest, drawn by the seed."""
        similarity = np.round(self._vectors @ (vector / np.linalg.norm(vector)), DIGITS)
        best = float(similarity.max())
        if best < self._settings.least:
            text_of_best = self.entries[int(similarity.argmax())].caption.text
            raise NoReference(
                f"no caption is near enough: the nearest, {text_of_best!r}, has similarity {best:.3f}; expected at "
                f"least {self._settings.least:g}"
            )
        last = np.sort(similarity)[::-1][: self._settings.nearest][-1]
        near = np.flatnonzero(similarity >= max(float(last), self._settings.least))
        chosen = int(np.random.default_rng(seed_of("bank", text, seed)).choice(near))
        return Found(self.entries[chosen], float(similarity[chosen]))

    def _reference(self, found: Found, prompt: Prompt, seed: int) -> Reference:
        clip, caption = found.entry
        start, end = clip.span(caption)
        slack = max(0.0, end - start - prompt.seconds)
        start += slack * np.random.default_rng(seed_of("part", prompt.text, seed)).random()
        provenance = {
            "dataset": self.dataset.name, "clip": clip.id, "caption": caption.text, "split": clip.split,
            "licence": clip.licence, "similarity": found.similarity, "from_second": round(start, 3),
        }  # fmt: skip
        motion = self.dataset.motion(clip)
        return reference_of(motion, self.name, prompt, seed, start, end, **provenance)
