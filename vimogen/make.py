"""From prompts to motions: what is asked of a generator, and what comes with the motion. It imports torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mbench.errors import ConfigError, MBenchError
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.representations.vimogen276 import decode as decode_rows
from mbench.suites.prompt import Prompt
from vimogen.codec import Rows
from vimogen.decode import motion_of
from vimogen.gate import Decision
from vimogen.generator import Generator, Request
from vimogen.network import LEARNED
from vimogen.options import told
from vimogen.reference.base import frames_of as cut

SHORTEST, LONGEST = 40, 200  # frames of the clips that networks are trained on
Decoding = Literal["fused", "slice", "integrate"]
DECODINGS = ("fused", "slice", "integrate")


@dataclass(frozen=True)
class Maker:
    """Makes motions of prompts.

    Attributes:
        generator: with the sampling to use.
        decode: how rows become joints: `fused`, by positions and velocities at once (`vimogen.decode`); by the absolute
            positions (`slice`); by the velocities (`integrate`), as published.

    Raises:
        ConfigError: another decoding.
    """

    generator: Generator
    decode: Decoding = "fused"

    def __post_init__(self) -> None:
        """Check the decoding."""
        if self.decode not in DECODINGS:
            raise ConfigError(f"decode is {self.decode!r}; expected {', '.join(DECODINGS)}")

    def motions(
        self, prompts: Sequence[Prompt], seeds: Sequence[int], decisions: Sequence[Decision | None] | None = None
    ) -> Iterator[Motion | MBenchError]:
        """Yield the motion of each prompt at 20 fps, or why there is none; all of them are made at once.

        Args:
            prompts: n prompts.
            seeds: one a prompt.
            decisions: what the gate says of each prompt's reference; None where nobody asked it.
        """
        decided = decisions if decisions is not None else [None] * len(prompts)
        asked = [_request(*one) for one in zip(prompts, seeds, decided, strict=True)]
        rows = iter(self.generator.sample([request for request in asked if isinstance(request, Request)]))
        for prompt, request, decision in zip(prompts, asked, decided, strict=True):
            yield self._motion(prompt, next(rows), decision) if isinstance(request, Request) else request

    def _motion(self, prompt: Prompt, rows: Rows, decision: Decision | None) -> Motion | MBenchError:
        """Return the motion of generated rows, or that they are none."""
        try:
            made = motion_of(rows) if self.decode == "fused" else decode_rows(rows, self.decode)
        except MBenchError as error:
            return error
        return cut(made, 0, frames_of(prompt)).with_meta(vimogen=self._account(prompt.text, decision))

    def _account(self, text: str, decision: Decision | None) -> dict[str, Any]:
        """Return what is to be known of a motion, as JSON values."""
        account: dict[str, Any] = {"sampling": told(self.generator.sampling)}
        if decision is not None:
            account["gate"] = decision.to_dict()
        encoder = self.generator.text
        if len(encoder.tokens([text])[0]) >= encoder.limit:
            account["note"] = f"the text fills the {encoder.limit} tokens that are read; what is beyond them is not"
        return account


def frames_of(prompt: Prompt) -> int:
    """Return how many frames at 20 fps a prompt asks for.

    Raises:
        ConfigError: none, or more than the networks were trained on.
    """
    longest = LONGEST / BENCHMARK_FPS
    frames = round(prompt.seconds * BENCHMARK_FPS) if math.isfinite(prompt.seconds) else 0
    if 1 <= frames <= LONGEST:
        return frames
    hint = f"; the networks are trained on clips of up to {longest:g} s" if frames > LONGEST else ""
    raise ConfigError(f"seconds is {prompt.seconds:g}; expected {1 / BENCHMARK_FPS:g} to {longest:g}{hint}")


def _request(prompt: Prompt, seed: int, decision: Decision | None) -> Request | MBenchError:
    """Return what the generator is asked, or why it can't be."""
    try:
        frames = max(frames_of(prompt), SHORTEST)  # shorter motions are the beginning of the shortest
    except ConfigError as error:
        return error
    if not prompt.text.strip():
        return ConfigError("the text is empty; expected what the person does")
    if decision is None or decision.rows is None:
        return Request(prompt.text, frames, seed)
    return Request(prompt.text, frames, seed, decision.rows, LEARNED if decision.weight is None else decision.weight)
