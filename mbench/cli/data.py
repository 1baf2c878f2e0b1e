"""`mbench data`: suites from text-motion datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Text-motion datasets.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `suite` a subcommand while it is the only one."""


@app.command()
def suite(
    dataset: Annotated[Path, typer.Argument(help="A folder of motion shards.")],
    out: Annotated[Path, typer.Argument(help="A new folder for suite.yaml, motions/ and model.yaml.")],
    limit: Annotated[int | None, typer.Option(min=1, help="At most N clips, drawn evenly over the actions.")] = None,
    split: Annotated[str | None, typer.Option(help="train, val or test; all where it is not given.")] = None,
    source: Annotated[str | None, typer.Option(help="One source of the dataset; all where it is not given.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
) -> None:
    """Make a suite from the captions of real motions, with the motions beside it, ready for `mbench evaluate`."""
    from mbench.suites.from_dataset import suite_from_dataset

    written = suite_from_dataset(dataset, out, limit, split, source, seed)
    typer.echo(f"{written} prompts with their motions; next: mbench evaluate {out / 'model.yaml'}")
