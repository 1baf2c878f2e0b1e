"""`vimogen generate`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli.output import print_json
from mbench.errors import EXIT_INTERRUPTED, EXIT_MISSING, ConfigError

if TYPE_CHECKING:
    from vimogen.produce import Clip


def generate(
    out: Annotated[Path, typer.Option(help="File: .mp4, .png, .bvh, .glb, .npz, .npy or .pt.", show_default=False)],
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What the person does.", show_default=False)
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long, at most 10.")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another motion.")] = 0,
    num: Annotated[int, typer.Option(min=1, help="Motions of each text, with seeds from --seed on.")] = 1,
    prompts: Annotated[Path | None, typer.Option(help="A file: a text a line, or seconds, a tab and a text.")] = None,
    model: Annotated[str | None, typer.Option(help="A model or a folder of weights; vimogen-light if none.")] = None,
    reference: Annotated[str | None, typer.Option(help="To follow: a model (choreographer), a file, a folder.")] = None,
    gate: Annotated[str | None, typer.Option(help="Is it followed? auto, always, never, soft.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Of the sampler.")] = None,
    style: Annotated[str, typer.Option(help="Of pictures: skeleton or mesh.")] = "skeleton",
    view: Annotated[str | None, typer.Option(help="Of pictures: fixed, follow, front or side.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make motions of a text, or of a file of texts, and print the paths; old files are replaced.

    Several motions get numbers: walk-0.mp4, walk-1.mp4, …
    """
    from vimogen.orders import model_config, orders_of, reference_config, texts_of
    from vimogen.produce import produce

    source, file = reference_config(reference)
    config = model_config(model, {"reference": source, "gate": gate, "steps": steps})
    orders = orders_of(texts_of(text, prompts, seconds), out, seed, num, file)
    look = {"style": style, "view": view, "device": device}
    clips = _told(produce(orders, config, look, quiet), len(orders), json)
    if json:
        print_json({"schema": 1, "model": clips[0].card, "clips": [clip.to_dict() for clip in clips]})
    raise typer.Exit(EXIT_MISSING if any(clip.reason for clip in clips) else 0)


def _told(made: Iterable[Clip], count: int, json: bool) -> list[Clip]:
    """Return the clips, each told when it is done: its path on stdout, notes on stderr.

    Raises:
        MBenchError: there is no motion at all.
    """
    clips: list[Clip] = []
    try:
        for clip in made:
            clips.append(clip)
            if clip.reason is None and not json:
                typer.echo(clip.order.path)
            for note in clip.notes:
                typer.echo(f"note: {clip.order.path}: {note}", err=True)
    except KeyboardInterrupt:
        done = sum(clip.reason is None for clip in clips)
        typer.echo(f"vimogen: interrupted; {done} of {count} clips are written", err=True)
        raise SystemExit(EXIT_INTERRUPTED) from None
    missing = [clip for clip in clips if clip.reason is not None]
    if len(missing) == count:
        raise ConfigError(f"{missing[0].reason}" + (f" (and {count - 1} more)" if count > 1 else ""))
    for clip in missing:
        typer.echo(f"missing: {clip.order.path}: {clip.order.prompt.text!r}: {clip.reason}", err=True)
    return clips
