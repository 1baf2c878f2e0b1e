"""`vimogen distil`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def distil(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Generator, prompts and choice, a YAML file.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Make motions for many prompts, keep the best as training data; print the folder.

    Goes on where an earlier call was stopped.
    """
    from vimogen.distil.recipe import load_distil
    from vimogen.distil.run import run_distil

    recipe = load_distil(config)
    typer.echo(run_distil(recipe, quiet, lambda line: None if quiet else typer.echo(line, err=True)))
