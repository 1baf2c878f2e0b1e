"""`vimogen train`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The recipe, a YAML file.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train a network, or go on where an earlier call was stopped; print the folder of its weights.

    One GPU or the CPU: as it is. Several GPUs: accelerate launch --no-python vimogen train CONFIG.
    """
    from vimogen.training.recipe import load_recipe
    from vimogen.training.run import run_training

    silent = os.environ.get("RANK", "0") != "0"  # of several processes the first speaks
    weights = run_training(
        load_recipe(config), quiet, lambda line: None if quiet or silent else typer.echo(line, err=True)
    )
    if not silent:
        typer.echo(weights)
