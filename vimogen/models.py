"""ViMoGen as registered models: `vimogen-base`, which may follow reference motions, and `vimogen-light`.

torch is imported when a model is made, so that models are listed quickly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.card import Card
from mbench.config import resolve_path
from mbench.errors import ConfigError, MBenchError
from mbench.files import hash_of, sha256_of
from mbench.motion import Motion
from mbench.suites.prompt import Prompt

if TYPE_CHECKING:
    from vimogen.gate import Gate
    from vimogen.generator import Generator
    from vimogen.make import Decoding, Maker

SHIPPED = Path(__file__).parent / "weights"
BASE, LIGHT = "vimogen-base", "vimogen-light"
PAPER = "ViMoGen, arXiv 2510.26794"
RELEASED = ("weights", "text_encoder", "statistics")  # what `released` names


class ViMoGenLight:
    """The distilled student of ViMoGen: a text alone, in a few steps.

    Motions last up to 10 s; one of less than 2 s is the beginning of a motion of 2 s, since no shorter ones were
    trained on.

    Args:
        weights: a folder that `vimogen train` or `vimogen distil` wrote; None for the shipped one.
        steps: of the sampler; None for what the weights say.
        sampling: what else to do otherwise than the weights say; see `vimogen.options`.
        decode: how rows become joints; see `vimogen.make.Maker`.
        dtype: of the network: float32, bfloat16 or float16.
        device: `cpu`, `cuda`, `cuda:N`, or `auto` (CUDA where there is a GPU).

    Raises:
        ConfigError: no such weights, or an option that is out of its range.
        FormatError: a file of the weights is damaged.
    """

    def __init__(
        self,
        weights: str | None = None,
        steps: int | None = None,
        sampling: Mapping[str, Any] | None = None,
        decode: Decoding = "fused",
        dtype: str = "float32",
        device: str = "auto",
    ) -> None:
        generator, self.card = _of_folder(LIGHT, weights, device, dtype)
        self._maker = _maker(generator, steps, sampling, decode)

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterable[Motion | Exception]:
        """Yield the motion of each prompt at 20 fps, with pose; see `mbench.models.base.MotionModel`."""
        return self._maker.motions(prompts, seeds)


class ViMoGenBase:
    """ViMoGen: follows the text, or a reference motion where one passes the gate.

    Motions last as long as those of `vimogen-light`. What the gate decided, and why, is in the motion's
    `meta["vimogen"]["gate"]`.

    Args:
        weights: as for `vimogen-light`.
        released: the published checkpoint instead: a mapping with `weights`, `text_encoder` (a folder of UMT5) and
            `statistics` (mean and std); see `vimogen.released`.
        reference: where reference motions come from, see `vimogen.reference.build`; None follows the text alone.
        gate: `auto`, `always`, `never`, `soft`, or a mapping; see `vimogen.gate`.
        steps: as for `vimogen-light`.
        sampling: likewise.
        decode: likewise.
        dtype: likewise.
        device: likewise.
        base: relative paths of `released`, `reference` and `gate` start here.

    Raises:
        ConfigError: no such weights, or an option that is out of its range.
        FormatError: a file of the weights is damaged.
    """

    def __init__(
        self,
        weights: str | None = None,
        released: Mapping[str, str] | None = None,
        reference: Any = None,
        gate: Any = "auto",
        steps: int | None = None,
        sampling: Mapping[str, Any] | None = None,
        decode: Decoding = "fused",
        dtype: str = "float32",
        device: str = "auto",
        base: Path = Path(),
    ) -> None:
        from vimogen.gate import build_gate
        from vimogen.reference.build import NONE, build_reference

        if weights is not None and released is not None:
            raise ConfigError(f"model {BASE!r}: give `weights` or `released`, not both")
        self._gate = build_gate(gate, base, device)
        self._source = None if reference in (None, NONE) else build_reference(reference, base, device)
        if released is not None:
            generator, self.card = _of_release(released, base, device, dtype)
        else:
            generator, self.card = _of_folder(BASE, weights, device, dtype)
        self._maker = _maker(generator, steps, sampling, decode)
        if self._source is not None:
            _check_branches(generator, self._gate, self.card.name)
            note = f"References: {self._source.identity}, {self._gate.identity}."
            self.card = replace(self.card, notes=f"{self.card.notes} {note}".strip())
            if hasattr(self._source, "prepare"):
                self.prepare = self._source.prepare  # only where a source wants to know all prompts

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterable[Motion | Exception]:
        """Yield the motion of each prompt at 20 fps, with pose; see `mbench.models.base.MotionModel`.

        Raises:
            JudgeError: the judge of the gate can answer nothing at all.
        """
        if self._source is None:
            return self._maker.motions(prompts, seeds)
        from vimogen.gate import decide

        references = self._source.references(prompts, seeds)
        return self._maker.motions(prompts, seeds, decide(references, prompts, self._gate))


def _of_folder(name: str, weights: str | None, device: str, dtype: str) -> tuple[Generator, Card]:
    """Return the generator and the card of a folder, by default of the shipped one."""
    from vimogen.checkpoint import CONFIG, card_of, load_generator

    folder = SHIPPED / name if weights is None else Path(weights).expanduser()
    if weights is None and not (folder / CONFIG).is_file():
        raise ConfigError(
            f"model {name!r}: there are no weights in {folder}; name a folder of `vimogen train` as `weights`"
        )
    _check_device(device)
    return load_generator(folder, device, dtype), card_of(folder)


def _of_release(released: Any, base: Path, device: str, dtype: str) -> tuple[Generator, Card]:
    """Return the generator of the published checkpoint, and a card for it."""
    if not isinstance(released, Mapping) or set(released) != set(RELEASED):
        found = ", ".join(map(str, released)) if isinstance(released, Mapping) else repr(released)
        raise ConfigError(f"model {BASE!r}: released holds {found or 'nothing'}; expected {', '.join(RELEASED)}")
    from vimogen.released import load_released

    _check_device(device)
    weights, text_encoder, statistics = (resolve_path(str(released[name]), base) for name in RELEASED)
    generator = load_released(weights, text_encoder, statistics, device, dtype)
    codec = [values.tobytes().hex() for values in (generator.codec.mean, generator.codec.std)]
    files = hash_of([sha256_of(weights), codec, generator.text.identity])
    card = Card("vimogen-released", "1", "learned", "that of the release", paper=PAPER, weights=files)
    return generator, card


def _check_branches(generator: Generator, gate: Gate, name: str) -> None:
    """Refuse references that a network can't follow, and a gate that it does not have."""
    sizes = generator.network.config
    if not sizes.ref_motion_dim:
        raise ConfigError(f"model {name!r} has no reference branch; leave `reference` out")
    if gate.settings.mode == "soft" and not sizes.soft_gate:
        raise ConfigError(f"gate: found soft, but model {name!r} has no learned gate; expected auto, always or never")


def _maker(generator: Generator, steps: int | None, sampling: Mapping[str, Any] | None, decode: Decoding) -> Maker:
    """Return what makes motions, with another sampling where one is asked for."""
    from vimogen.make import Maker
    from vimogen.options import changed

    if sampling is not None and not isinstance(sampling, Mapping):
        raise ConfigError(f"sampling is {sampling!r}; expected a mapping, e.g. {{guidance: 2.5}}")
    values = {**(sampling or {}), **({} if steps is None else {"steps": steps})}
    return Maker(generator.with_sampling(changed(generator.sampling, values)) if values else generator, decode)


def _check_device(device: str) -> None:
    """Refuse a device that is not here before anything is loaded."""
    from mbench.text import torch_device

    try:
        torch_device(device)
    except (MBenchError, ValueError) as error:
        raise ConfigError(f"device is {device!r}, which is not here; use auto or cpu") from error
