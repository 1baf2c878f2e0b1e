"""A tiny text-motion dataset of made motions, and the recipe of a judge that learns it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from baselines.choreographer import Choreographer
from dataset_files import write_hml_motion, write_hml_text
from mbench.motion import Motion
from mbench.suites.prompt import Prompt

WORDINGS = {
    "walk": ("a person walks forward", "someone is walking ahead", "a man walks in a straight line"),
    "jump": ("a person jumps up", "someone is jumping on the spot", "a man jumps high into the air"),
    "sit": ("a person sits down", "someone is sitting down on a chair", "a man sits down slowly"),
    "kick": ("a person kicks with the right leg", "someone is kicking with the right foot", "a man does a right kick"),
    "punch": ("a person punches with the left fist", "someone is punching with the left", "a man throws a left punch"),
    "crawl": ("a person crawls on the floor", "someone is crawling ahead", "a man crawls on hands and knees"),
    "wave": ("a person waves the left hand", "someone is waving with the left arm", "a man waves at a friend"),
    "bow": ("a person bows", "someone is bowing deeply", "a man bows to the audience"),
}
HELD_OUT = ("wave", "bow")
PARTS = ("train",) * 6 + ("val",) * 2 + ("test",) * 2


def performed(text: str, seed: int, seconds: float = 2.0) -> Motion:
    (motion,) = Choreographer().generate([Prompt(f"p{seed}", text, seconds)], [seed])
    return motion


def write_dataset(folder: Path) -> Path:
    """Write ten clips of each action, with two of its wordings each, in three splits."""
    splits: dict[str, list[str]] = {}
    for action, texts in WORDINGS.items():
        for number, part in enumerate(PARTS):
            name = f"{action}{number}"
            chosen = [texts[(number + place) % 3] for place in range(2)]
            write_hml_motion(folder, name, performed(chosen[0], 100 + number, 1.6 + 0.1 * number), "new_joints")
            write_hml_text(folder, name, *(f"{text}#a/DET#0.0#0.0" for text in chosen))
            splits.setdefault(part, []).append(name)
    for part, names in splits.items():
        (folder / f"{part}.txt").write_text("\n".join(names) + "\n")
    return folder


def recipe_of(data: Path, output: Path, **change: Any) -> dict[str, Any]:
    train = {
        "steps": 60, "batch": 24, "rate": 3e-3, "warmup": 5, "ema": None, "precision": "fp32", "every": 20,
        "evaluate_every": 40, "device": "cpu",
    }  # fmt: skip
    return {
        "data": str(data), "held_out": list(HELD_OUT), "calibrate_on": ["wave"], "captions": 6, "skeletons": 2,
        "licence": "Apache-2.0", "output": str(output),
        "network": {"width": 32, "layers": 1, "heads": 2, "patch": 4, "space": 16, "dropout": 0.0},
        "train": train, **change,
    }  # fmt: skip


def write_recipe(path: Path, recipe: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(recipe))
    return path
