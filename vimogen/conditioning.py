"""Texts as the network sees them: the tokens of a text encoder, and batches of them. torch is imported late."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError
from mbench.text import TextEncoder

if TYPE_CHECKING:
    from torch import Tensor

Tokens = NDArray[np.float32]
LIMIT = 40  # tokens of a text; 1 of the 381 captions of our real capture has more


class TextTokens(Protocol):
    """A text encoder, as the generator and the training use it.

    Attributes:
        limit: tokens of a text; what is beyond is cut off.
    """

    limit: int

    @property
    def width(self) -> int:
        """Return how many numbers the vector of a token has."""
        ...

    @property
    def identity(self) -> str:
        """Return which encoder this is, as JSON with its hash: two of the same identity give the same tokens."""
        ...

    @property
    def padding(self) -> int | None:
        """Return how many tokens every text is filled up to with zeros that the network reads; None masks padding."""
        ...

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text: float32 (L, width), L >= 1, for the null text "" too.

        A text's tokens do not depend on the others.
        """
        ...


class SentenceTokens:
    """Tokens of the text encoder of `mbench.text`, computed in float64 and kept on disk.

    Args:
        limit: tokens of a text; what is beyond is cut off.
        device: cpu, cuda, cuda:N or auto.
        name: of the encoder, the packaged one by default.

    Raises:
        ConfigError: the limit is not positive, or the encoder is not installed.
    """

    padding = None

    def __init__(self, limit: int = LIMIT, device: str = "cpu", name: str | None = None) -> None:
        if limit < 1:
            raise ConfigError(f"text encoder: limit is {limit}; expected at least 1 token")
        self.limit, self._encoder = limit, TextEncoder(name, device)

    @cached_property
    def width(self) -> int:
        """Return the numbers in the vector of a token."""
        return int(self.tokens([""])[0].shape[1])

    @property
    def identity(self) -> str:
        """Return which encoder this is, as JSON."""
        return json.dumps(
            {"kind": "sentence", "name": self._encoder.name, "hash": self._encoder.hash, "limit": self.limit}
        )

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text: float32 (L, width), 1 <= L <= limit."""
        return [own[: self.limit] for own in self._encoder.tokens(texts)]


def padded(tokens: Sequence[Tokens], length: int | None = None) -> tuple[Tensor, Tensor]:
    """Return tokens as a batch (B, L, width), zeros where there is none, and which of them the network reads (B, L).

    Args:
        tokens: of each text, (L_i, width).
        length: L, of which the network reads all; by default the longest, of which it reads each text's own.

    Raises:
        ValueError: there are no texts, or one has more tokens than `length`.
    """
    import torch

    counts = torch.tensor([len(own) for own in tokens])
    longest = int(counts.max()) if len(counts) else 0
    if not 0 < longest <= (length or longest):
        raise ValueError(f"a batch of texts with {counts.tolist()} tokens; expected 1 to {length or 'any number'}")
    batch = torch.zeros(len(tokens), length or longest, tokens[0].shape[1])
    for place, own in zip(batch, tokens, strict=True):
        place[: len(own)] = torch.from_numpy(own)
    reads = counts[:, None] if length is None else torch.tensor(length)
    return batch, (torch.arange(batch.shape[1])[None] < reads).expand(len(tokens), -1)
