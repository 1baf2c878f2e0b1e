"""Train the recipes of examples/ablations one after the other; a stopped run goes on where it was.

    python benchmarks/vimogen_ablations.py                       # what is done and what is left
    OMP_NUM_THREADS=1 nice python benchmarks/vimogen_ablations.py --train [--only optical no_drift] [--steps 600]

The recipes differ in data or losses only. With `--steps` the last quarter is the fall of the rate, and the adversarial
loss sets in after half of them, as in the recipes; a run that was begun with another number starts in a new folder
(`--runs`). `--data` is the folder of `vimogen data build` that they read. Results go to
`results/ablations/NAME`; vimogen_data.py and vimogen_losses.py measure them.
"""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from mbench.errors import ConfigError
from vimogen.experiments.ablations import RECIPES, is_done
from vimogen.experiments.session import run, say
from vimogen.training.recipe import Recipe, load_recipe

FOLDER = Path("examples/ablations")


def recipe_of(name: str, options: Namespace) -> Recipe:
    """Return a recipe with the folders and the number of steps of the options."""
    recipe, steps = load_recipe(options.recipes / f"{name}.yaml"), options.steps
    change: dict[str, Any] = {"data": str(options.data.resolve()), "output": str(options.runs / name)}
    if steps is not None:
        change["train"] = {**recipe.train, "steps": steps, "decay": steps // 4}
        change["adversarial_from"] = steps // 2 if recipe.adversarial else 0
    return recipe.model_copy(update=change)


def state_of(name: str, options: Namespace) -> str:
    """Return in a line how far a run is, and about how long the rest takes."""
    steps = recipe_of(name, options).settings.steps
    if is_done(options.runs, name):
        return f"{name:24} done"
    log = options.runs / name / "log.jsonl"
    text = log.read_text(encoding="utf-8") if log.is_file() else ""
    lines = map(json.loads, text[: text.rfind("\n") + 1].splitlines())  # a running training may be writing the last
    timed = [line for line in lines if "seconds" in line and line.get("step")]
    if not timed:
        return f"{name:24} {steps} steps to go"
    done, seconds = timed[-1]["step"], timed[-1]["seconds"]
    return f"{name:24} {done} of {steps} steps, about {seconds / done * (steps - done) / 60:.0f} min left"


def main() -> None:
    """Train, or say how far it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--only", nargs="+", default=list(RECIPES), help="names of recipes")
    parser.add_argument("--steps", type=int, help="of each, instead of the recipe's")
    parser.add_argument("--data", type=Path, default=Path("data/vimogen"), help="folder of vimogen data build")
    parser.add_argument("--runs", type=Path, default=Path("results/ablations"))
    parser.add_argument("--recipes", type=Path, default=FOLDER)
    options = parser.parse_args()
    if unknown := [name for name in options.only if name not in RECIPES]:
        raise ConfigError(f"--only: there is no recipe {unknown[0]!r}; expected {', '.join(RECIPES)}")
    for name in options.only:
        if options.train and not is_done(options.runs, name):
            from vimogen.training.run import run_training

            say(f"{name}:")
            run_training(recipe_of(name, options), say=say)
        sys.stdout.write(state_of(name, options) + "\n")


if __name__ == "__main__":
    run(main)
