"""Converting a motion file, or a folder of them, to another format."""

from __future__ import annotations

from pathlib import Path

from mbench.errors import ConfigError, MBenchError, one_line
from mbench.io import READABLE, WRITABLE, read_motion, write_motion

Row = tuple[Path, Path | None, str | None]


def convert(
    source: str | Path,
    target: str | Path,
    up: str | None = None,
    fps: float | None = None,
    unit: str | float | None = None,
    to: str = ".npz",
) -> list[Row]:
    """Convert a file, or every readable file below a folder, and return what became of each.

    Args:
        source: a motion file or a folder.
        target: for a file the file to write, its suffix naming the format; for a folder the folder that mirrors it.
        up: as for `mbench.io.read_motion`.
        fps: likewise.
        unit: likewise.
        to: the format of a folder's files.

    Returns:
        (source file, written file, None) or (source file, None, why not), sorted by source file.

    Raises:
        ConfigError: no source, a folder without readable files, or two files that would become one.
        FormatError: a single file that can't be read, or a target format that can't be written.
    """
    source, target = Path(source), Path(target)
    if not source.is_dir():
        write_motion(read_motion(source, up, fps, unit), target)
        return [(source, target, None)]
    return [_converted(file, written, up, fps, unit) for file, written in _plan(source, target, to)]


def _plan(source: Path, target: Path, to: str) -> list[tuple[Path, Path]]:
    """Return the files of a folder with those they become."""
    if to not in WRITABLE:
        raise ConfigError(f"to is {to!r}; expected one of {', '.join(WRITABLE)}")
    files = sorted(p for p in source.rglob("*") if p.suffix.lower() in READABLE and p.is_file())
    files = [file for file in files if not file.is_relative_to(target)] if target != source else files
    if not files:
        raise ConfigError(f"{source}: holds no motion file ({', '.join(READABLE)})")
    pairs = [(file, (target / file.relative_to(source)).with_suffix(to)) for file in files]
    first: dict[Path, Path] = {}
    for file, written in pairs:
        if (other := first.setdefault(written, file)) != file:
            raise ConfigError(f"{other} and {file} would both become {written}: convert them one by one")
    return pairs


def _converted(file: Path, written: Path, up: str | None, fps: float | None, unit: str | float | None) -> Row:
    """Convert one file of a folder; what can't be read is told and the others go on."""
    try:
        write_motion(read_motion(file, up, fps, unit), written)
    except ConfigError:
        raise
    except MBenchError as error:
        return file, None, one_line(error)
    return file, written, None
