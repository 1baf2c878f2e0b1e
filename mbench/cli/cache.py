"""`mbench cache`: what is kept on disk to be had again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mbench.cli.evaluate import Json
from mbench.cli.output import print_json, print_table
from mbench.errors import ConfigError

app = typer.Typer(help="What is kept on disk to be had again: judges' answers, fitted poses, text vectors.",
                  no_args_is_help=True)  # fmt: skip


@app.command()
def info(json: Json = False) -> None:
    """Say what the cache holds: answers by judge and model, and the size of each folder."""
    from mbench.cache import cache_folder
    from mbench.judges.cache import ResponseCache

    responses = ResponseCache()
    rows, root = responses.summary(), cache_folder()
    folders = {path.name: _size(path) for path in sorted(root.glob("*")) if path.is_dir()}
    if json:
        dated = [{**row, "oldest": _date(row["oldest"]), "newest": _date(row["newest"])} for row in rows]
        print_json({"schema": 1, "folder": str(root), "responses": dated, "folders": folders})
        return
    entries = sum(row["entries"] for row in rows)
    typer.echo(f"{responses.path}: {_answers(entries)} of judges")
    if rows:
        columns = ["judge", "model", "answers", "tokens in", "tokens out", "oldest", "newest"]
        print_table(columns, [_cells(row) for row in rows], left=2)
    print_table(["folder", "files", "MB"], [[f"{root / name}", *_shown(size)] for name, size in folders.items()])


@app.command()
def clear(
    judge: Annotated[str | None, typer.Option(help="Only answers of this judge, e.g. gemini.")] = None,
    older_than: Annotated[
        float | None, typer.Option(min=0, metavar="DAYS", help="Only answers stored more than so many days ago.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Remove judges' answers; they have to be asked, and paid for, again. Other folders are left alone."""
    from mbench.judges.cache import DamagedCache, ResponseCache

    responses = ResponseCache()
    if not yes and not _agreed(responses.path):
        raise typer.Exit
    try:
        removed = responses.clear(judge, older_than)
    except DamagedCache:
        if judge is not None or older_than is not None:
            raise
        responses.remove()
        typer.echo(f"{responses.path} was damaged and is removed")
        return
    typer.echo(f"{_answers(removed)} removed from {responses.path}")


def _answers(count: int) -> str:
    return f"{count} answer" if count == 1 else f"{count} answers"


def _agreed(path: Path) -> bool:
    """Ask whether answers are to be removed.

    Raises:
        ConfigError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError(f"answers in {path} are not removed without being asked for; expected --yes")
    return typer.confirm(f"Remove answers from {path}? They have to be asked again.")


def _size(folder: Path) -> dict[str, int]:
    """Return how many files are below a folder, and their bytes; files that vanish meanwhile don't count."""
    files = size = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                size, files = size + path.stat().st_size, files + 1
        except OSError:
            continue
    return {"files": files, "bytes": size}


def _shown(size: dict[str, int]) -> list[str]:
    return [str(size["files"]), f"{size['bytes'] / 1e6:.1f}"]


def _cells(row: dict[str, Any]) -> list[str]:
    tokens = ["—" if row[name] is None else str(row[name]) for name in ("input_tokens", "output_tokens")]
    return [row["judge"], row["model"], str(row["entries"]), *tokens, _date(row["oldest"]), _date(row["newest"])]


def _date(seconds: float) -> str:
    """Return a time as UTC, to the minute."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M")
