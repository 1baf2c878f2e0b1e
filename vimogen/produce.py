"""Clips that are asked for, made a batch at a time and written one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.config import ModelConfig
from mbench.errors import PluginError, one_line
from mbench.generate_stage import batches
from mbench.models.base import MotionModel
from mbench.models.build import build_model
from mbench.motion import Motion
from mbench.progress import progress
from vimogen.orders import Order
from vimogen.writing import check_target, write_clip

BATCH = 16  # clips sampled together


@dataclass(frozen=True)
class Clip:
    """What became of an order.

    Attributes:
        order: what was asked for.
        result: the motion, which is in the order's file, or why there is none.
        card: of the model that made it.
    """

    order: Order
    result: Motion | Exception
    card: dict[str, Any]

    @property
    def reason(self) -> str | None:
        """Return why there is no motion, or None."""
        return one_line(self.result) if isinstance(self.result, Exception) else None

    @property
    def notes(self) -> list[str]:
        """Return what a user should know of the motion: what the model says of it, and why it left a reference out."""
        from vimogen.reference.model import notes_of

        if isinstance(self.result, Exception):
            return []
        account = dict(self.result.meta.get("vimogen", {}))
        gate = account.pop("gate", {"used": True})
        left = [] if gate["used"] else [f"the reference is not followed: {'; '.join(gate['reasons']) or gate['mode']}"]
        return [*notes_of({**self.result.meta, "vimogen": account}), *left]

    def to_dict(self) -> dict[str, Any]:
        """Return the clip as JSON values."""
        prompt, result = self.order.prompt, self.result
        asked = {"text": prompt.text, "seconds": prompt.seconds, "seed": self.order.seed}
        if isinstance(result, Exception):
            return {**asked, "file": None, "reason": self.reason}
        return {
            **asked,
            "file": str(self.order.path),
            "frames": len(result),
            "fps": result.fps,
            "meta": {**result.meta},
        }


def produce(orders: Sequence[Order], config: ModelConfig, look: dict[str, Any], quiet: bool = False) -> Iterator[Clip]:
    """Yield each clip after it is made and written.

    Args:
        orders: what to make.
        config: of the model.
        look: style, view and device of pictures; the model runs on the device too.
        quiet: no progress on stderr.

    Raises:
        MBenchError: a file can't be written, or the model can't be made; before anything is sampled where it can be
            known by then.
    """
    for path in {order.path for order in orders}:
        check_target(path)
    model = build_model(config, Path(), look["device"])
    card = model.card.to_dict()
    if (prepare := getattr(model, "prepare", None)) is not None:
        prepare(list({order.prompt.id: order.prompt for order in orders}.values()))
    with progress("generate", len(orders), quiet) as advance:
        for batch in batches(orders, BATCH):
            for order, result in zip(batch, _sampled(model, batch), strict=True):
                if isinstance(result, Motion):
                    write_clip(_signed(result, order, model), order.path, **look)
                advance(1)
                yield Clip(order, result, card)


def _sampled(model: MotionModel, batch: Sequence[Order]) -> list[Motion | Exception]:
    """Return a motion or the reason for each order.

    Raises:
        PluginError: the model gave another number of motions.
    """
    results = list(model.generate([order.prompt for order in batch], [order.seed for order in batch]))
    if len(results) != len(batch):
        raise PluginError(f"model {model.card.name!r} gave {len(results)} motions for {len(batch)} prompts")
    return results


def _signed(motion: Motion, order: Order, model: MotionModel) -> Motion:
    """Return a motion that says what it is; `.npz` keeps it."""
    card = model.card
    made_by = {"name": card.name, "version": card.version, "weights": card.weights}
    return motion.with_meta(text=order.prompt.text, seconds=order.prompt.seconds, seed=order.seed, made_by=made_by)
