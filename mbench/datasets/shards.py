"""Folders of motion shards: `metadata.jsonl`, `rest_offsets.npy`, `shards/*.npz`.

A shard holds many clips as differences along time, channel first: `root` in 0.1 mm (int32 after summing), `rot` local
quaternions x, y, z, w as int16 that wrap, `start` and `length` of each clip. Metres, z up, 20 fps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mbench.errors import FormatError
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics

ROOT_UNIT = 1e-4  # metres


class Shards:
    """A folder of shards.

    Attributes:
        rows: one mapping a clip, from `metadata.jsonl`: id, source, licence, split, captions, …

    Args:
        folder: the folder.

    Raises:
        FormatError: it is not such a folder, or its metadata are broken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        metadata = folder / "metadata.jsonl"
        if not metadata.is_file():
            raise FormatError(f"{folder}: holds no metadata.jsonl; expected a folder of motion shards")
        try:
            self.rows: list[dict[str, Any]] = [json.loads(line) for line in metadata.read_text().splitlines() if line]
            self._rest = np.load(folder / "rest_offsets.npy", allow_pickle=False)
        except (ValueError, OSError) as error:
            raise FormatError(f"{folder}: can't be read as motion shards: {error}") from error
        self._shard = lru_cache(maxsize=2)(self._read_shard)

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
        except (KeyError, IndexError, ValueError, OSError) as error:
            raise FormatError(f"{self.folder}: clip {row.get('id')!r} can't be read: {error}") from error
        meta = {"source": row.get("source"), "id": row.get("id"), "licence": row.get("licence")}
        return Motion(joints.astype(np.float32), float(row["fps"]), pose, meta)

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
