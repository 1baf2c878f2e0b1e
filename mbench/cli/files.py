"""`mbench convert` and `mbench inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.evaluate import Json, Up
from mbench.cli.output import print_json
from mbench.errors import EXIT_MISSING


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A motion file, or a folder of them.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A file, its suffix the format; or a folder.")],
    to: Annotated[str, typer.Option(help="Format for a folder: npz, npy, bvh or glb.")] = "npz",
    up: Annotated[Up, typer.Option(help="Up axis of the source.")] = Up.auto,
    fps: Annotated[float | None, typer.Option(help="Frame rate, where the files do not hold it.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the source: m, cm, mm or inch.")] = None,
    json: Json = False,
) -> None:
    """Convert motion files from any readable format to npz, npy, bvh or glb (an animated body)."""
    from mbench.io.convert import convert as run

    suffix = f".{to.removeprefix('.')}"
    rows = run(source, target, up=None if up is Up.auto else up.value, fps=fps, unit=unit, to=suffix)
    if json:
        files = [{"source": str(s), "target": None if t is None else str(t), "reason": why} for s, t, why in rows]
        print_json({"schema": 1, "files": files})
    else:
        for file, written, why in rows:
            typer.echo(f"{file} → {written}" if written else f"missing: {file}: {why}", err=written is None)
    raise typer.Exit(EXIT_MISSING if any(why for _, _, why in rows) else 0)


def inspect(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Motion files.")],
    up: Annotated[Up, typer.Option(help="Up axis of the files.")] = Up.auto,
    fps: Annotated[float | None, typer.Option(help="Frame rate, where the files do not hold it.")] = None,
    strip: Annotated[Path | None, typer.Option(help="A folder for a filmstrip of each file, FILE.png.")] = None,
    json: Json = False,
) -> None:
    """Say what a motion file holds, and what looks suspicious in it."""
    from mbench.io.inspect import inspect_motion

    axis = None if up is Up.auto else up.value
    found = [inspect_motion(path, up=axis, fps=fps) for path in paths]
    if strip is not None:
        for path, facts in zip(paths, found, strict=True):
            facts["strip"] = str(_write_strip(path, strip, axis, fps))
    if json:
        print_json({"schema": 1, "files": found})
        return
    for facts in found:
        suspicious = facts.pop("suspicious")
        for key, value in facts.items():
            typer.echo(f"{key:>24}  {round(value, 4) if isinstance(value, float) else value}")
        for finding in suspicious:
            typer.echo(f"{'suspicious':>24}  {finding}")
        typer.echo()


def _write_strip(path: Path, folder: Path, up: str | None, fps: float | None) -> Path:
    """Write a filmstrip of a motion file and return its path."""
    from mbench.io import read_motion
    from mbench.render import render_strip, write_png

    target = folder / f"{path.name}.png"
    write_png(render_strip(read_motion(path, up=up, fps=fps)), target)
    return target
