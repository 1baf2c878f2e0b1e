"""From texts and reference motions to motions: a trained network with all it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from mbench.errors import ConfigError, MBenchError
from mbench.motion import Motion
from mbench.motion.representations.vimogen276 import WIDTH, smooth
from vimogen import flow
from vimogen.codec import Codec, Rows
from vimogen.conditioning import TextTokens, padded
from vimogen.decode import motion_of
from vimogen.layers import POSITIONS
from vimogen.network import LEARNED, ViMoGen

NULL = ""  # the text of the unconditional velocity


@dataclass(frozen=True)
class Request:
    """A motion to make; (text, frames, seed, reference, gate) decides it, whatever else is in the batch.

    Attributes:
        text: what to do.
        frames: at 20 fps.
        seed: of the noise.
        reference: (S, 276) at 20 fps, not normalised; None for none.
        gate: weight of the text branch, 1 text and 0 reference, `LEARNED` for what the learned gate says; None is 0
            where there is a reference, else 1.
    """

    text: str
    frames: int
    seed: int
    reference: Rows | None = None
    gate: float | None = None

    @property
    def weight(self) -> float:
        """Return the weight of the text branch."""
        if self.reference is None:
            return 1.0
        return 0.0 if self.gate is None else self.gate


@dataclass(frozen=True)
class Sampling:
    """How noise becomes motion.

    Attributes:
        steps: of the sampler.
        sampler: euler, heun (two calls of the network a step) or multistep.
        guidance: of the text branch.
        start: first noise level, before the shift; `flow.RELEASED_START` for what the release does.
        shift: of the noise levels.
        smooth: the published Gaussian along time, at the end.

    Raises:
        ConfigError: a value is out of its range.
    """

    steps: int = 50
    sampler: str = "euler"
    guidance: flow.Guidance = field(default_factory=flow.Guidance)
    start: float = 1.0
    shift: float = flow.SHIFT
    smooth: bool = True

    def __post_init__(self) -> None:
        """Check every value."""
        if self.sampler not in flow.SAMPLERS:
            raise ConfigError(f"sampler is {self.sampler!r}; expected one of {', '.join(flow.SAMPLERS)}")
        if not 1 <= self.steps <= flow.TRAINING_STEPS:
            raise ConfigError(f"steps is {self.steps}; expected 1 to {flow.TRAINING_STEPS}")
        if not 0 < self.start <= 1:
            raise ConfigError(f"start is {self.start}; expected above 0, at most 1")
        if self.shift <= 0:
            raise ConfigError(f"shift is {self.shift}; expected above 0")


class Generator:
    """A trained network with its codec and its text encoder.

    Args:
        network: put into eval mode, on the device.
        codec: of the data it was trained on.
        text: encoder of its texts.
        sampling: what `sample` does unless told otherwise.
        device: cpu, cuda, cuda:N, or auto (cuda where there is one).
    """

    def __init__(
        self, network: ViMoGen, codec: Codec, text: TextTokens, sampling: Sampling | None = None, device: str = "auto"
    ) -> None:
        self.device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        self.network = network.eval().requires_grad_(False).to(self.device)
        self.codec, self.text, self.sampling = codec, text, sampling or Sampling()

    @torch.inference_mode()
    def sample(self, requests: Sequence[Request], sampling: Sampling | None = None) -> list[Rows]:
        """Return the rows (frames, 276) of each request, in metres.

        Raises:
            MBenchError: no frames are asked for, or a reference is given to a network without that branch.
        """
        if not requests:
            return []
        how = sampling or self.sampling
        batch = _Batch(self, requests)
        grid = flow.sigmas(how.steps, how.start, how.shift)
        velocity = batch.velocity(how.guidance)
        found = flow.SAMPLERS[how.sampler](velocity, batch.noise, grid).float().cpu().numpy()
        rows = [own[: request.frames] for own, request in zip(found, requests, strict=True)]
        return [self.codec.rows(smooth(own) if how.smooth else own) for own in rows]

    def motions(self, requests: Sequence[Request], sampling: Sampling | None = None) -> list[Motion]:
        """Return the motion of each request, at 20 fps; see `sample` and `vimogen.decode`."""
        return [motion_of(rows) for rows in self.sample(requests, sampling)]

    def with_sampling(self, sampling: Sampling) -> Generator:
        """Return the same generator with another way of sampling."""
        return Generator(self.network, self.codec, self.text, sampling, str(self.device))


class _Batch:
    """Requests as tensors."""

    def __init__(self, generator: Generator, requests: Sequence[Request]) -> None:
        self.network, device = generator.network, generator.device
        self.dtype = next(self.network.parameters()).dtype
        for request in requests:
            _check(request, self.network)
        self.mask = _mask([request.frames for request in requests]).to(device)
        self.noise = torch.zeros(*self.mask.shape, WIDTH)
        for own, request in zip(self.noise, requests, strict=True):
            own[: request.frames] = flow.noise_of(request.seed, request.frames)
        self.noise = self.noise.to(device)
        texts = generator.text.tokens([*(request.text for request in requests), NULL])
        self.text, self.text_mask = (part.to(device) for part in padded(texts, generator.text.padding))
        self.gate = torch.tensor([request.weight for request in requests], device=device)
        self.reference, self.reference_mask = self._references(generator.codec, requests, device)

    def _references(
        self, codec: Codec, requests: Sequence[Request], device: torch.device
    ) -> tuple[Tensor | None, Tensor | None]:
        """Return references (B, S, 138), zeros where there is none, and which of their frames there are."""
        given = [None if r.reference is None else codec.reference(r.reference) for r in requests]
        if all(own is None for own in given):
            return None, None
        mask = _mask([1 if own is None else len(own) for own in given])  # attention needs a frame
        padded_references = torch.zeros(*mask.shape, self.network.config.ref_motion_dim)
        for place, own in zip(padded_references, given, strict=True):
            if own is not None:
                place[: len(own)] = torch.from_numpy(own)
        return padded_references.to(device), mask.to(device)

    def velocity(self, guidance: flow.Guidance) -> flow.Velocity:
        """Return the guided velocity; the network is asked once more for the null text, of samples that have a text."""
        guided = self.gate.nonzero()[:, 0]

        def at(x: Tensor, timestep: Tensor) -> Tensor:
            found = self._ask(x, timestep, slice(None), null=False)
            if not len(guided) or not guidance.acts(float(timestep[0])):
                return found
            without = self._ask(x[guided], timestep[guided], guided, null=True)
            return found.index_copy(0, guided, guidance.of(found[guided], without, self.mask[guided]))

        return at

    def _ask(self, x: Tensor, timestep: Tensor, own: slice | Tensor, null: bool) -> Tensor:
        """Return the velocity at samples `own`, given their text or the null text."""
        text = self.text[-1:].expand(len(x), -1, -1) if null else self.text[:-1][own]
        mask = self.text_mask
        if mask is not None:
            mask = mask[-1:].expand(len(x), -1) if null else mask[:-1][own]
        reference, there = self.reference, self.reference_mask
        if reference is not None and there is not None:
            reference, there = reference[own].to(self.dtype), there[own]
        found = self.network(
            x.to(self.dtype), timestep, text.to(self.dtype), self.mask[own], mask, reference, there, self.gate[own]
        )
        return found.float()


def _check(request: Request, network: ViMoGen) -> None:
    longest = POSITIONS * network.config.frames_per_token
    if not 1 <= request.frames <= longest:
        raise MBenchError(f"{request.frames} frames are asked for; expected 1 to {longest}")
    if request.reference is None:
        return
    if not 0 <= request.weight <= 1 and request.gate != LEARNED:
        raise ConfigError(f"gate is {request.gate}; expected 0 (reference) to 1 (text)")
    if request.gate == LEARNED and not network.config.soft_gate:
        raise ConfigError("gate is soft, but this model has no learned gate; expected auto, always or never")
    if not network.config.ref_motion_dim:
        raise ConfigError("a reference is given, but this model has no reference branch; leave `reference` out")
    shape = request.reference.shape
    if len(shape) != 2 or shape[1] != WIDTH or not 1 <= shape[0] <= longest:
        raise MBenchError(f"a reference has shape {shape}; expected (1 to {longest} frames, {WIDTH})")


def _mask(lengths: Sequence[int]) -> Tensor:
    """Return (B, longest), True up to each length."""
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


def steps_of(sampling: Sampling, steps: int) -> Sampling:
    """Return the sampling with another number of steps."""
    return replace(sampling, steps=steps)
