"""`mbench leaderboard`."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _about() -> None:
    """Build a leaderboard from result folders, export it, check a submission."""
