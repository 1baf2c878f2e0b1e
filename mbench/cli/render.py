"""`mbench render`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbench.cli.evaluate import Up
from mbench.errors import ConfigError

if TYPE_CHECKING:
    from mbench.motion import Motion
    from mbench.render.look import Look

PANELS = 8


def render(
    motion: Annotated[Path, typer.Argument(metavar="MOTION", help="A motion file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A video (.mp4) or a filmstrip (.png).")],
    style: Annotated[str, typer.Option(help="mesh or skeleton.")] = "mesh",
    body: Annotated[str, typer.Option(help="default, or a body file in SMPL format.")] = "default",
    size: Annotated[int | None, typer.Option(help="Pixels of a side, even. [default: 512]", show_default=False)] = None,
    view: Annotated[
        str | None, typer.Option(help="fixed, follow, front or side. [default: fixed]", show_default=False)
    ] = None,
    preset: Annotated[str | None, typer.Option(help="mbench: the view of the published benchmark.")] = None,
    strip: Annotated[
        int | None, typer.Option(min=1, help="Frames of a filmstrip. [default: 8]", show_default=False)
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frame rate of the video; the motion is resampled.")] = None,
    up: Annotated[Up, typer.Option(help="Up axis of the motion file.")] = Up.auto,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    frame_counter: Annotated[bool, typer.Option("--frame-counter", help="Write number and time of frames.")] = False,
) -> None:
    """Draw a motion as a video or a filmstrip."""
    from mbench.io import read_motion
    from mbench.render.look import look_of

    _check(out, strip)
    look = look_of(preset, size, view)
    moving = read_motion(motion, None if up is Up.auto else up.value)
    options: dict[str, Any] = {
        "style": style,
        "body": body,
        "size": size,
        "view": view,
        "preset": preset,
        "device": device,
    }
    if out.suffix.lower() == ".png":
        made = _strip(moving, out, strip or PANELS, options)
    else:
        made = _video(_at(moving, fps, look), out, frame_counter, options)
    typer.echo(f"{motion} → {out}: {made}")


def _check(out: Path, strip: int | None) -> None:
    """Refuse an output that nothing writes before anything is computed."""
    suffix = out.suffix.lower()
    if suffix == ".glb":
        raise ConfigError(f"{out}: a .glb is no picture; write it with: mbench convert MOTION {out}")
    if suffix not in (".mp4", ".png"):
        raise ConfigError(f"{out}: has the suffix {out.suffix!r}; expected .mp4 (video) or .png (filmstrip)")
    if strip is not None and suffix != ".png":
        raise ConfigError(f"{out}: --strip makes a picture; expected a .png")


def _at(motion: Motion, fps: float | None, look: Look) -> Motion:
    """Return the motion at the frame rate that is asked for, or at the preset's."""
    from mbench.motion.resample import resample

    rate = fps if fps is not None else look.fps
    return motion if rate is None else resample(motion, rate)


def _strip(motion: Motion, out: Path, frames: int, options: dict[str, Any]) -> str:
    """Write a filmstrip; return what it is in words."""
    from mbench.render.panels import render_strip
    from mbench.render.video import write_png

    picture = render_strip(motion, frames, **options)
    write_png(picture, out)
    return f"{min(frames, len(motion))} frames, {picture.shape[1]} x {picture.shape[0]}"


def _video(motion: Motion, out: Path, frame_counter: bool, options: dict[str, Any]) -> str:
    """Write a video; return what it is in words."""
    from mbench.progress import progress
    from mbench.render import render as draw
    from mbench.render import write_video

    pictures = draw(motion, **options, frame_counter=frame_counter)
    with progress("render", len(motion)) as advance:
        write_video((picture for picture in pictures if advance(1) is None), out, motion.fps)
    return f"{len(motion)} frames at {motion.fps:g} fps, {motion.seconds:.2f} s"
