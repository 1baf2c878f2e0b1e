"""A generated motion as a file: a video, a filmstrip, or any motion format."""

from __future__ import annotations

import os
from pathlib import Path

from mbench.errors import ConfigError, did_you_mean
from mbench.io import WRITABLE, write_motion
from mbench.motion import Motion

PICTURES = (".mp4", ".png")
ROWS = ".pt"  # as the published data have it
SUFFIXES = (*PICTURES, *WRITABLE, ROWS)
PANELS = 8  # figures of a filmstrip


def check_target(path: Path) -> None:
    """Refuse a path that can't be written, before anything is computed.

    Raises:
        ConfigError: another suffix, a folder of that name, or no folder can be made or written there.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        found = f"the suffix {path.suffix!r}" if suffix else "no suffix"
        hint = did_you_mean(suffix, SUFFIXES)
        raise ConfigError(f"--out {path}: has {found}; expected one of {', '.join(SUFFIXES)}{hint}")
    if path.is_dir():
        raise ConfigError(f"--out {path}: is a folder; expected a file")
    folder = next(own for own in path.absolute().parents if own.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        what = "can't be written to" if folder.is_dir() else "is no folder"
        raise ConfigError(f"--out {path}: {folder} {what}")


def write_clip(
    motion: Motion, path: Path, style: str = "skeleton", view: str | None = None, device: str = "auto"
) -> None:
    """Write a motion: whole, or not at all; an old file is replaced.

    `.mp4` and `.png` (eight frames side by side) are drawn; `.pt` holds rows (T - 1, 276), whose velocities take two
    frames each; the others are as for `mbench.io.write_motion`.

    Args:
        motion: with a pose.
        path: its suffix, one of `SUFFIXES`, names the format.
        style: of pictures: `skeleton`, or `mesh`, a skinned body.
        view: of pictures; see `mbench.render.render`.
        device: where pictures are drawn.

    Raises:
        ConfigError: pictures need a package that is not installed, or an option has no such value.
        MBenchError: the file can't be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".mp4":
        from mbench.render import render, write_video

        write_video(render(motion, style, view=view, device=device), path, motion.fps)
    elif suffix == ".png":
        from mbench.render import render_strip, write_png

        write_png(render_strip(motion, PANELS, style, view=view, device=device), path)
    elif suffix == ROWS:
        from mbench.motion.representations.vimogen276 import encode
        from vimogen.data.canonical import write_rows

        write_rows(path, encode(motion))
    else:
        write_motion(motion, path)
