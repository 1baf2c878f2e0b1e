"""`vimogen data`: training data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vimogen.data.build import Built

app = typer.Typer(help="Training data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Training data."""


@app.command()
def build(
    config: Annotated[Path, typer.Argument(help="A YAML such as examples/vimogen_data.yaml.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Ingest, score, filter, caption, split and publish training data.

    The same command again carries on where the last one stopped, and redoes only what a changed setting decides.
    """
    from vimogen.data.build import build as run
    from vimogen.data.config import load_build

    _print(run(load_build(config), quiet))


def _print(built: Built) -> None:
    """Print what each stage left, and where it lies."""
    from mbench.cli.output import print_table

    rows = [[row.subset, row.stage, f"{row.clips:,}", row.hours_text] for row in built.funnel]
    print_table(["subset", "after", "clips", "hours"], rows, left=2)
    what = "published" if built.changed else "nothing to do: already published"
    typer.echo(f"\n{what}: {built.folder} ({len(built.rows):,} clips)")


@app.command()
def prompts(
    out: Annotated[Path, typer.Option("--out", help="JSON lines to write; numbers and a figure are put beside it.")],
    count: Annotated[int, typer.Option("--count", min=1, help="How many prompts, at most.")] = 3300,
    seed: Annotated[int, typer.Option("--seed", help="Of all that is drawn.")] = 0,
    source: Annotated[str, typer.Option("--source", help="The registered model that is asked.")] = "choreographer",
) -> None:
    """Harvest prompts that cover what people do, none of them a prompt of the benchmark.

    Each says whether the source does all of what it asks for.
    """
    from vimogen.data.prompts.coverage import write_coverage
    from vimogen.data.prompts.harvest import harvest, write_prompts

    found = harvest(count, seed, source)
    write_prompts(found.prompts, out)
    numbers = write_coverage(found, out, seed)
    typer.echo(f"{out}: {numbers['prompts']:,} prompts of {numbers['sentences']:,} sentences")
    typer.echo(f"understood by {source}: {numbers['understood']:,}; of held-out actions: {numbers['held_out']:,}")
    typer.echo(f"actions: {numbers['actions']} of {numbers['actions_in_lexicon']}; clusters: {numbers['clusters']}")
