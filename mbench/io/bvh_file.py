"""A BVH file as arrays: its hierarchy, its channel values, and every joint's world position and rotation.

The hierarchy is parsed by `bvhio`, the rows of numbers by numpy, and forward kinematics runs over all frames at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mbench.errors import FormatError, MBenchError, one_line

Floats = NDArray[np.float64]
_HEADER = re.compile(r"^\s*MOTION\s+Frames:\s*(\S+)\s+Frame\s+Time:\s*(\S+)", re.MULTILINE | re.IGNORECASE)

_CHANNEL = re.compile(r"[XYZ](position|rotation)", re.IGNORECASE)


@dataclass(frozen=True)
class BvhFile:
    """A parsed BVH file; J joints and E end sites in the order of the file, T frames.

    Attributes:
        names: J + E names; an end site is called `<parent>/end`.
        parents: the row of each one's parent, -1 for the root.
        offsets: rest offsets (J + E, 3) in file units.
        channels: channel names of each joint, in file order; end sites have none.
        values: the numbers of the MOTION section (T, C); angles in degrees.
        frame_time: seconds.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Floats
    channels: tuple[tuple[str, ...], ...]
    values: Floats
    frame_time: float


def parse_bvh(path: Path) -> BvhFile:
    """Parse a BVH file.

    Raises:
        FormatError: not a BVH file, cut off, or rows that do not fit the hierarchy.
    """
    text = _text(path)
    header = _HEADER.search(text)
    if header is None:
        raise FormatError(
            f"{path}: no MOTION section with 'Frames:' and 'Frame Time:'; expected a BVH file (was it cut off?)"
        )
    frames, frame_time = int(_positive(path, "Frames", header[1])), _positive(path, "Frame Time", header[2])
    names, parents, offsets, channels = _hierarchy(path)
    _check_channels(path, names, channels)
    values = _values(path, text[header.end() :], frames, sum(map(len, channels)))
    return BvhFile(names, parents, offsets, channels, values, frame_time)


def _text(path: Path) -> str:
    """Return the text of the file; BVH is ASCII, names may be anything."""
    data = path.read_bytes()
    if b"HIERARCHY" not in data[:4096].upper():
        raise FormatError(f"{path}: no HIERARCHY at its start; expected a BVH file")
    return data.decode("utf-8", errors="replace")


def _positive(path: Path, field: str, text: str) -> float:
    """Return a number of the header that must be above 0."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not (0 < number < float("inf")):
        raise FormatError(f"{path}: {field} is {text!r}; expected a number > 0")
    return number


def _hierarchy(path: Path) -> tuple[tuple[str, ...], tuple[int, ...], Floats, tuple[tuple[str, ...], ...]]:
    """Return names, parents, offsets and channels of joints and end sites, depth first."""
    rows: list[tuple[str, int, Any, tuple[str, ...]]] = []

    def walk(joint: Any, parent: int) -> None:
        index = len(rows)
        rows.append((joint.Name, parent, joint.Offset, tuple(joint.Channels)))
        for child in joint.Children:
            walk(child, index)
        if not joint.Children and joint.EndSite is not None:
            rows.append((f"{joint.Name}/end", index, joint.EndSite, ()))

    walk(_root(path), -1)
    offsets = np.array([list(row[2]) for row in rows], dtype=np.float64)
    return tuple(r[0] for r in rows), tuple(r[1] for r in rows), offsets, tuple(r[3] for r in rows)


def _root(path: Path) -> Any:
    """Return the root joint as bvhio reads it; only the hierarchy is read."""
    try:
        import bvhio
    except ImportError as error:
        raise MBenchError(f"{path}: reading BVH needs the package bvhio: pip install bvhio") from error
    try:
        return bvhio.readAsBvh(str(path), loadKeyFrames=False).Root
    except Exception as error:  # bvhio raises SyntaxError, IndexError, UnicodeDecodeError, RecursionError
        detail = error.msg if isinstance(error, SyntaxError) else one_line(error)
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise FormatError(f"{path}{line}: the hierarchy can't be parsed ({detail}); is the file damaged?") from error


def _check_channels(path: Path, names: tuple[str, ...], channels: tuple[tuple[str, ...], ...]) -> None:
    """Refuse channels that are not X, Y, Z position or rotation, each at most once."""
    for name, of_joint in zip(names, channels, strict=True):
        known = [c.lower() for c in of_joint if _CHANNEL.fullmatch(c)]
        if len(known) < len(of_joint) or len(set(known)) < len(known):
            raise FormatError(
                f"{path}: joint {name!r} has the channels {' '.join(of_joint)}; expected Xposition Yposition Zposition "
                "Xrotation Yrotation Zrotation in any order, each at most once"
            )


def _values(path: Path, text: str, frames: int, columns: int) -> Floats:
    """Return the channel values (T, C) after checking that they are all there."""
    words = text.split()
    if len(words) != frames * columns:
        rows = len(words) / columns if columns else 0
        cause = "cut off while being copied?" if len(words) < frames * columns else "is 'Frames:' wrong?"
        raise FormatError(f"{path}: holds {rows:g} frames of {columns} channels; its header says {frames} ({cause})")
    try:
        values = np.array(words, dtype=np.float64).reshape(frames, columns)
    except ValueError as error:
        raise FormatError(f"{path}: a channel value is not a number ({one_line(error)})") from error
    if not np.isfinite(values).all():
        frame, column = np.argwhere(~np.isfinite(values))[0]
        raise FormatError(f"{path}: channel {column} of frame {frame} is {values[frame, column]}; expected a number")
    return values


def world_transforms(file: BvhFile) -> tuple[Floats, Floats]:
    """Return world positions (T, N, 3) in file units and world rotations (T, N, 3, 3) of joints and end sites.

    Position channels replace the rest offset, as in the tools that write them, unless all of them are 0 in a joint
    that is not the root: such files write differences.
    """
    frames, count = len(file.values), len(file.names)
    positions, rotations = np.empty((frames, count, 3)), np.empty((frames, count, 3, 3))
    start = 0
    for index, (parent, channels) in enumerate(zip(file.parents, file.channels, strict=True)):
        block = file.values[:, start : start + len(channels)]
        start += len(channels)
        local = _local_positions(block, channels, file.offsets[index], is_root=parent < 0)
        turn = _local_rotations(block, channels)
        if parent < 0:
            positions[:, index], rotations[:, index] = local, turn
        else:
            positions[:, index] = positions[:, parent] + np.einsum("tij,tj->ti", rotations[:, parent], local)
            rotations[:, index] = rotations[:, parent] @ turn
    return positions, rotations


def rest_positions(file: BvhFile) -> Floats:
    """Return the positions (N, 3) of the zero pose, file units: every rotation 0, every offset as declared."""
    positions = np.zeros_like(file.offsets)
    for index, parent in enumerate(file.parents):
        if parent >= 0:
            positions[index] = positions[parent] + file.offsets[index]
    return positions


def _local_positions(block: Floats, channels: tuple[str, ...], offset: Floats, is_root: bool) -> Floats:
    """Return a joint's positions in its parent (T, 3)."""
    local = np.tile(offset, (len(block), 1))
    moved = [(column, "xyz".index(name[0].lower())) for column, name in enumerate(channels) if "pos" in name.lower()]
    if moved and (is_root or np.any(block[:, [column for column, _ in moved]])):
        for column, axis in moved:
            local[:, axis] = block[:, column]
    return local


def _local_rotations(block: Floats, channels: tuple[str, ...]) -> Floats:
    """Return a joint's rotations in its parent (T, 3, 3); the channels are applied in their order, intrinsically."""
    columns = [column for column, name in enumerate(channels) if "rot" in name.lower()]
    if not columns:
        return np.tile(np.eye(3), (len(block), 1, 1))
    order = "".join(channels[column][0].upper() for column in columns)
    return Rotation.from_euler(order, block[:, columns], degrees=True).as_matrix()
