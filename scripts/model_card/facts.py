"""What is known of a model, read from the folder of its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.errors import ConfigError, did_you_mean
from mbench.files import read_json
from mbench.motion import BENCHMARK_FPS
from model_card.cells import DASH
from vimogen.models import BASE, LIGHT

NAMES = (BASE, LIGHT)


@dataclass(frozen=True)
class Facts:
    """What is known of a model.

    Attributes:
        name: of the model.
        card: `card.json` of its weights.
        config: `config.json` of its weights, empty where there is none.
        files: number of files with tensors.
        size: of all of them, bytes.
    """

    name: str
    card: Mapping[str, Any]
    config: Mapping[str, Any]
    files: int
    size: int

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Return the recipe of the last stage, empty where it is not known."""
        return self.card.get("recipe") or {}

    @property
    def frames(self) -> Sequence[int] | None:
        """Return the shortest and the longest clips of the training, in frames."""
        return self.recipe.get("frames")

    @property
    def follows_references(self) -> bool | None:
        """Return whether there is a reference branch."""
        width = self.config.get("network", {}).get("ref_motion_dim")
        return self.recipe.get("network", {}).get("reference") if width is None else bool(width)

    @property
    def span(self) -> str:
        """Return how many seconds motions may last, e.g. `2 to 10`."""
        return " to ".join(f"{frames / BENCHMARK_FPS:g}" for frames in self.frames or ()) or DASH


def read_facts(name: str, weights: Path) -> Facts:
    """Return what is known of a model.

    Args:
        name: of the model.
        weights: the folder with a folder of that name.

    Raises:
        ConfigError: no such model, or a card that is no mapping.
        MBenchError: its card can't be read.
    """
    if name not in NAMES:
        raise ConfigError(f"{name}: no model of this name; expected {' or '.join(NAMES)}{did_you_mean(name, NAMES)}")
    folder = weights / name
    card = read_json(folder / "card.json")
    if not isinstance(card, dict):
        raise ConfigError(f"{folder / 'card.json'}: holds no mapping; expected what scripts/ship_weights.py writes")
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    shards = sorted(folder.glob("*.safetensors"))
    return Facts(name, card, config, len(shards), sum(shard.stat().st_size for shard in shards))
