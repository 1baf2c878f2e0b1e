"""The command line of ViMoGen: `vimogen`. Exit codes are those of `mbench`."""

from __future__ import annotations

import typer

from mbench.cli import run
from vimogen.cli import data, distil, generate, train

app = typer.Typer(
    name="vimogen",
    help="Text to 3D human motion. Start with: vimogen generate 'a person waves' --out wave.mp4",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(generate.generate)
app.command()(train.train)
app.command()(distil.distil)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run `vimogen` and exit with its code."""
    run(app, "vimogen")
