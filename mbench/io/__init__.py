"""Reading and writing motion files; the suffix names the format, and everything comes in as metres and z up."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mbench.errors import FormatError, MBenchError, MotionError, did_you_mean
from mbench.io.hints import Hints
from mbench.motion.motion import Motion

# Suffix to `module:function`; a format's module is imported when a file of it is met.
_READERS: Mapping[str, str] = MappingProxyType(
    {
        ".npz": "mbench.io.npz:read_npz",
        ".npy": "mbench.io.npy:read_npy",
        ".pt": "mbench.io.pt:read_pt",
        ".bvh": "mbench.io.bvh:read_bvh",
    }
)
_WRITERS: Mapping[str, str] = MappingProxyType(
    {
        ".npz": "mbench.io.npz:write_npz",
        ".npy": "mbench.io.npy:write_npy",
        ".bvh": "mbench.io.bvh_writer:write_bvh",
        ".glb": "mbench.render.glb:write_glb",  # it needs a body, which stands above io; nothing is imported before
    }
)
READABLE = tuple(_READERS)
WRITABLE = tuple(_WRITERS)

__all__ = ["READABLE", "WRITABLE", "read_motion", "write_motion"]


def read_motion(
    path: str | Path,
    up: str | None = None,
    fps: float | None = None,
    unit: str | float | None = None,
    decode: str = "integrate",
) -> Motion:
    """Return the motion in a file, in metres and z up; its `meta` says which convention the file had.

    `up` and `unit` are for files whose format does not fix them (`.npy`, `.pt`, `.bvh` and foreign `.npz` joints);
    what is not declared is detected, with a confidence in `meta`. The format fixes them for our own `.npz` and for
    263- and 276-dim rows.

    Args:
        path: `.npz`, `.npy`, `.pt` or `.bvh`.
        up: `y`, `z` (or `x`, `-x`, `-y`, `-z`); `auto` or None to detect.
        fps: frames per second; overrides the file's, and 20 where it has none.
        unit: `m`, `cm`, `mm`, `inch`, or metres per file unit; `auto` or None to detect.
        decode: how 276-dim rows become joints: `integrate` the velocities, as published, or `slice` the positions.

    Raises:
        FormatError: the file is missing, damaged or not what its suffix says, or its convention can't be told.
        ConfigError: an option with a value that does not exist.
        MBenchError: the file can't be opened.
    """
    path, hints = Path(path), Hints(up, fps, unit, decode)
    read: Callable[[Path, Hints], Motion] = _function(_READERS, path, "read")
    _check_file(path)
    try:
        return read(path, hints)
    except MotionError as error:
        raise FormatError(f"{path}: {error}") from error
    except OSError as error:
        raise MBenchError(f"{path}: can't be read: {error.strerror or error}") from error


def write_motion(motion: Motion, path: str | Path) -> None:
    """Write a motion to a new file or over an old one: whole, or not at all.

    `.npz` keeps everything; `.npy` keeps the joints; `.bvh` keeps a skeleton of constant bone lengths and its
    rotations, in centimetres and y up; `.glb` is the default body with a skin, for viewers.

    Args:
        motion: what to write.
        path: `.npz`, `.npy`, `.bvh` or `.glb`; missing folders are made.

    Raises:
        FormatError: a suffix that no writer has.
        MBenchError: the file can't be written.
    """
    path = Path(path)
    write: Callable[[Motion, Path], None] = _function(_WRITERS, path, "written")
    write(motion, path)


def _function(table: Mapping[str, str], path: Path, verb: str) -> Callable[..., Any]:
    """Return the reader or writer of a suffix."""
    suffix = path.suffix.lower()
    if suffix not in table:
        hint = did_you_mean(suffix, table)
        found = f"the suffix {path.suffix!r}" if suffix else "no suffix"
        raise FormatError(f"{path}: has {found}; {', '.join(table)} can be {verb}{hint}")
    module, _, name = table[suffix].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _check_file(path: Path) -> None:
    """Refuse what is not a file with something in it."""
    if path.is_dir():
        raise FormatError(f"{path}: is a folder; expected a file")
    if not path.exists():
        raise FormatError(f"{path}: there is no such file")
    if path.stat().st_size == 0:
        raise FormatError(f"{path}: is empty (0 bytes); was it cut off while being written?")
