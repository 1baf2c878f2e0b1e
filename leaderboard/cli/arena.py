"""`mbench arena`."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _about() -> None:
    """Let people compare motions: create a study, serve it, report what they said."""
