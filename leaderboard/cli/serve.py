"""`mbench serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The folder of result folders.")],
    study: Annotated[Path | None, typer.Option(metavar="STUDY", help="The folder of a study, for the arena.")] = None,
    host: Annotated[str, typer.Option(help="Address to bind; 0.0.0.0 for every one of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any that is free.")] = 7860,
    models: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…", help="Models of the playground.", show_default="all that need nothing but their name"
        ),
    ] = None,
    auth: Annotated[
        str | None, typer.Option(metavar="FILE|none", help="Who may come in: a CSV file user,password; or everybody.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further name of this server, for a proxy before it.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Where votes are.", show_default="votes.sqlite of STUDY")
    ] = None,
    uploads: Annotated[
        bool, typer.Option(help="Let visitors show motion files of their own in the playground.")
    ] = False,
    videos: Annotated[bool, typer.Option(help="Show motions on the leaderboard as videos.")] = True,
) -> None:
    """Serve the leaderboard, the arena and a playground as one app."""
    from leaderboard.extras import need

    need("arena")
    from leaderboard.arena.app import Served
    from leaderboard.serve.app import serve as run

    served = Served(study or results, database, host, port, auth, tuple(allow_host or ()))
    chosen = None if models is None else [name.strip() for name in models.split(",") if name.strip()]
    run(results, served, study is not None, chosen, uploads, videos)
