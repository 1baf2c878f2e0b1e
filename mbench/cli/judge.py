"""`mbench train-judge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.evaluate import Json
from mbench.cli.output import print_json


def train_judge(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A recipe, e.g. examples/judge.yaml.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: Json = False,
) -> None:
    """Train a retrieval judge on a text-motion dataset and measure it on held-out clips; a second run carries on."""
    from mbench.judges.retrieval.recipe import load_recipe
    from mbench.judges.retrieval.table import lines

    recipe = load_recipe(config)
    from mbench.judges.retrieval.train import train_judge as run

    card = run(recipe, quiet, (lambda line: None) if quiet else (lambda line: typer.echo(line, err=True)))
    if json:
        print_json({"schema": 1, "output": recipe.output, **card})
        return
    for line in lines(card):
        typer.echo(line)
    typer.echo(f"\njudge: {{name: retrieval, options: {{weights: {recipe.output}}}}}")
