"""`mbench serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The folder of result folders.")],
) -> None:
    """Serve the leaderboard, the arena and a playground as one app."""
    raise NotImplementedError(results)
