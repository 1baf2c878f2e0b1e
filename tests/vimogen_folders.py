"""Published folders of a few made clips, as `vimogen data build` writes them, and tiny recipes that train on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from mbench.motion.canonical import canonicalise
from mbench.motion.representations.vimogen276 import encode
from motions import posed
from vimogen.codec import Codec, Rows
from vimogen.training.recipe import Recipe, load_recipe

TINY = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "frames_per_token": 4}
TRAIN = {"steps": 6, "warmup": 2, "every": 2, "log_every": 2, "evaluate_every": 3, "precision": "fp32", "device": "cpu"}


def rows_of(seed: int, frames: int) -> Rows:
    """Return rows (frames, 276) of a made motion, canonical."""
    return encode(canonicalise(posed(seed, frames + 1), floor=True))


def row_of(number: int, **change: Any) -> dict[str, Any]:
    """Return a row of the listing; `change` replaces or adds fields."""
    return {
        "id": f"c{number:02d}", "subset": "optical", "split": "val" if number % 4 == 3 else "train",
        "motion_text_annot": [f"a person turns left {number} times", "someone moves"],
        "video_text_annot": None, "motion_path": f"motions/c{number:02d}.pt", **change,
    }  # fmt: skip


def write_folder(folder: Path, rows: list[dict[str, Any]] | None = None, shortest: int = 24) -> Path:
    """Write a published folder: a motion of `shortest` frames, one more for each row, and its listing."""
    rows = [row_of(number) for number in range(12)] if rows is None else rows
    (folder / "motions").mkdir(parents=True)
    motions = [rows_of(number, shortest + number) for number in range(len(rows))]
    for row, motion in zip(rows, motions, strict=True):
        torch.save(torch.from_numpy(motion), folder / row["motion_path"])
    codec = Codec.of(motions)
    np.savez(folder / "statistics.npz", mean=codec.mean, std=codec.std)
    (folder / "ViMoGen-228K.json").write_text(json.dumps(rows))
    return folder


def recipe_values(folder: Path, **change: Any) -> dict[str, Any]:
    """Return the YAML values of a recipe that trains a tiny network on `folder`/data into `folder`/run."""
    return {
        "data": "data", "output": str(folder / "run"), "network": TINY, "tokens": 8, "frames": [20, 30], "batch": 4,
        "train": TRAIN, "validate_on": 2, **change,
    }  # fmt: skip


def write_recipe(folder: Path, **change: Any) -> Path:
    """Write `folder`/recipe.yaml and return its path."""
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe_values(folder, **change)))
    return path


def recipe_of(folder: Path, **change: Any) -> Recipe:
    """Return the recipe of `write_recipe`, loaded."""
    return load_recipe(write_recipe(folder, **change))
