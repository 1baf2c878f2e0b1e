"""Folders of motion shards: `metadata.jsonl`, `rest_offsets.npy`, `shards/*.npz`; `read` lists their clips.

A shard holds many clips as differences along time, channel first: `root` in 0.1 mm (int32 after summing), `rot` local
quaternions x, y, z, w as int16 that wrap, `start` and `length` of each clip. Metres, z up, 20 fps.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mbench.datasets.base import Caption, Clip, TextMotionDataset
from mbench.errors import FormatError, one_line
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics

ROOT_UNIT = 1e-4  # metres
DAMAGE = (KeyError, IndexError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)  # of damaged files
DEFECTS = ("glitch_frames", "label_suspect")  # fields of a row that become a clip's notes where they are not empty


class Shards:
    """A folder of shards.

    Args:
        folder: the folder.

    Raises:
        FormatError: it is not such a folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _metadata(folder)
        try:
            self._rest = np.load(folder / "rest_offsets.npy", allow_pickle=False)
        except DAMAGE as error:
            raise FormatError(f"{folder}: rest_offsets.npy can't be read: {one_line(error)}") from error
        self._shard = lru_cache(maxsize=2)(self._read_shard)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One mapping a clip, from `metadata.jsonl`: id, source, licence, split, captions and more.

        Raises:
            FormatError: a line is not JSON; `read` leaves such lines out instead.
        """
        rows = []
        for number, line in _lines(self.folder):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise FormatError(f"{self.folder}: metadata.jsonl line {number} {_reason(error)}") from error
        return rows

    def motion(self, row: dict[str, Any]) -> Motion:
        """Return the motion of a row of `rows`, with its pose.

        Raises:
            FormatError: the shard is missing or broken.
        """
        try:
            root, rotations, start, length = self._shard(row["shard"])
            span = slice(start[row["index"]], start[row["index"]] + length[row["index"]])
            offsets = self._rest[row["rest_index"]]
            joints = forward_kinematics(rotations[span], root[span] * ROOT_UNIT, offsets)
            pose = Pose(rotations[span].astype(np.float32), offsets.astype(np.float32))
        except DAMAGE as error:
            raise FormatError(f"{self.folder}: clip {row.get('id')!r} can't be read: {one_line(error)}") from error
        meta = {"source": row.get("source"), "id": row.get("id"), "licence": row.get("licence")}
        return Motion(joints.astype(np.float32), float(row["fps"]), pose, meta)

    def motion_of(self, clip: Clip) -> Motion:
        """Return the motion of a clip of `read`; raises as `motion`."""
        return self.motion(clip.where)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the folder: other processes open it themselves."""
        return Shards, (self.folder,)

    def check(self, row: dict[str, Any]) -> None:
        """Refuse a row whose motion is not where it says.

        Raises:
            ValueError: what is wrong.
        """
        if row["shard"] not in self._lengths:
            raise ValueError(f"shards/{row['shard']} is missing or damaged")
        held = self._lengths[row["shard"]]
        if not 0 <= row["index"] < len(held):
            raise ValueError(f"index is {row['index']}; shards/{row['shard']} holds {len(held)} clips")
        if row["frames"] != held[row["index"]]:
            raise ValueError(
                f"frames is {row['frames']}; shards/{row['shard']} holds {held[row['index']]} of this clip"
            )
        if not 0 <= row["rest_index"] < len(self._rest):
            raise ValueError(f"rest_index is {row['rest_index']}; rest_offsets.npy holds {len(self._rest)} skeletons")

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """Frames of every clip of every shard; shards that can't be read are left out."""
        lengths: dict[str, list[int]] = {}
        for path in sorted((self.folder / "shards").glob("*.npz")):
            with suppress(*DAMAGE), np.load(path, allow_pickle=False) as shard:
                lengths[path.name] = shard["length"].tolist()
        return lengths

    def _read_shard(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        with np.load(self.folder / "shards" / name, allow_pickle=False) as shard:
            root = np.cumsum(shard["root"], axis=1, dtype=np.int32).T
            rotations = np.cumsum(shard["rot"], axis=1, dtype=np.int16).T.reshape(len(root), 22, 4)
            return root, rotations.astype(np.float64), shard["start"], shard["length"]

    def where(self, **values: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows whose fields have these values; None stands for any."""
        for row in self.rows:
            if all(value is None or row.get(key) == value for key, value in values.items()):
                yield row


def caption_of(row: dict[str, Any]) -> str | None:
    """Return the caption of a row: a written one, else an index entry, else the template's; None if it has none."""
    captions = sorted(row.get("captions") or [], key=lambda caption: caption.get("source") == "cmu-index")
    if captions:
        return str(captions[0]["text"])
    return row.get("template_caption")


def read(folder: Path) -> TextMotionDataset:
    """Return the dataset of a folder of motion shards; rows that can't be read are in `skipped`.

    Written captions are as they stand, with their spans; a template's caption has the source `template`. The notes of
    a clip are those of `DEFECTS` that its row fills.

    Raises:
        FormatError: it is not such a folder, or no row can be read.
    """
    shards, clips, skipped = Shards(folder), dict[str, Clip](), dict[str, str]()
    for number, line in _lines(folder):
        name = f"metadata.jsonl line {number}"
        try:
            row = _checked(json.loads(line))
            name = f"{name} ({row['id']})"
            if row["id"] in clips:
                raise ValueError("its id came before; expected every id once")
            shards.check(row)
            clips[row["id"]] = _clip(row)
        except (ValueError, KeyError, TypeError) as error:
            skipped[name] = _reason(error)
    if not clips:
        name, why = next(iter(skipped.items()), ("metadata.jsonl", "is empty"))
        raise FormatError(f"{folder}: no clip can be read; {name} {why}")
    found = tuple(clips.values())
    return TextMotionDataset(folder.resolve().name, "shards", folder, found, skipped, shards.motion_of)


def _metadata(folder: Path) -> Path:
    if not (folder / "metadata.jsonl").is_file():
        raise FormatError(f"{folder}: holds no metadata.jsonl; expected a folder of motion shards")
    return folder / "metadata.jsonl"


def _lines(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of `metadata.jsonl` that are not blank, with their numbers from 1."""
    with _metadata(folder).open(encoding="utf-8", errors="replace") as file:
        yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())


def _checked(row: Any) -> dict[str, Any]:
    """Return a row whose needed fields are there and of their kinds."""
    if not isinstance(row, dict):
        raise ValueError(f"is a {type(row).__name__}; expected a mapping")
    for key, kind in (("id", str), ("shard", str), ("index", int), ("rest_index", int), ("frames", int)):
        if not isinstance(row[key], kind) or isinstance(row[key], bool):
            raise ValueError(f"{key} is {row[key]!r}; expected {kind.__name__}")
    if not isinstance(row["fps"], int | float) or not 0 < row["fps"] < math.inf:
        raise ValueError(f"fps is {row['fps']!r}; expected a number > 0")
    return row


def _clip(row: dict[str, Any]) -> Clip:
    return Clip(
        id=row["id"],
        fps=float(row["fps"]),
        frames=row["frames"],
        captions=tuple(_captions(row)),
        labels={key: str(row[key]) for key in ("content", "style") if row.get(key)},
        notes=tuple(key for key in DEFECTS if row.get(key)),
        where=row,
        **{key: str(row.get(key) or "") for key in ("split", "source", "licence", "actor")},
    )


def _captions(row: dict[str, Any]) -> Iterator[Caption]:
    for caption in row.get("captions") or []:
        if not isinstance(caption, dict):
            raise ValueError(f"captions: holds {caption!r}; expected mappings with text")
        text, start, end = caption["text"], caption.get("start"), caption.get("end")
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"captions: text is {text!r}; expected words")
        if any(not isinstance(value, int | float | None) for value in (start, end)) or not (
            0 <= (start or 0) < (math.inf if end is None else end)
        ):
            raise ValueError(f"captions: span is {start!r} to {end!r}; expected seconds, the start before the end")
        yield Caption(text, start, end, str(caption.get("source") or ""))
    if row.get("template_caption"):
        yield Caption(str(row["template_caption"]), source="template")


def _reason(error: Exception) -> str:
    """Return why a row is left out."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    return f"has no field {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
