"""ViMoGen-228K (arXiv 2510.26794): JSON files of rows, motions as 276-dim `.pt` files.

A row is `{id, subset, split, motion_text_annot, video_text_annot, motion_path, video_path?}`; a caption is a string or
a list of them; `motion_path` is relative to the folder of the JSON file. Optical capture is stored as a tensor
(T, 276), the two video subsets as a dict of `motion` (T, 276), `extrinsic` (T, 9) and `intrinsic` (3, 3). 20 fps,
unless a row has `fps`. Folders of `vimogen data build` also have `actor` and `licence` in their rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mbench.datasets.base import Caption, Clip, TextMotionDataset
from mbench.datasets.licence import stated_licence
from mbench.datasets.load import has_motion_paths
from mbench.errors import FormatError, MBenchError
from mbench.files import read_json
from mbench.io import read_motion
from mbench.io.pt import pt_shape
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.representations.vimogen276 import WIDTH

UNIFIED = "ViMoGen-228K.json"  # holds the rows of the files that each hold one subset
CAPTIONS = {"motion_text_annot": "vimogen-motion", "video_text_annot": "vimogen-video"}
FROM_VIDEO = "root_from_video"  # note: the path of the root comes from a camera's view, and is less trusted


def read(path: Path) -> TextMotionDataset:
    """Return the dataset of a JSON file, or of a folder: its `ViMoGen-228K.json`, else all its JSON files.

    Rows without caption, without motion, or with a motion that is not (T, 276) are in `skipped`. Captions of the video
    (source `vimogen-video`) also speak of clothes and places. Clips of the two video subsets have the note
    `root_from_video`. Listing opens every motion file for its shape, about a millisecond each.

    Raises:
        FormatError: no row that can be used.
        MBenchError: a file is no JSON.
    """
    clips: dict[str, Clip] = {}
    skipped: dict[str, str] = {}
    for file in _files(path):
        licence = stated_licence(file.parent)
        for number, row in enumerate(_rows(file)):
            name = f"{file.name} row {number}"
            try:
                clip = _clip(row, file.parent, licence)
                name = f"{name} ({clip.id})"
                if clip.id in clips:
                    raise ValueError("its id came before; expected every id once")
                clips[clip.id] = clip
            except (ValueError, MBenchError) as error:
                skipped[name] = " ".join(str(error).split())
    if not clips:
        name, why = next(iter(skipped.items()), (path.name, "holds no rows"))
        raise FormatError(f"{path}: no clip can be read; {name}: {why}")
    name = path.stem if path.is_file() else path.resolve().name
    return TextMotionDataset(name, "vimogen228k", path, tuple(clips.values()), skipped, _motion)


def _motion(clip: Clip) -> Motion:
    """Return the motion of a clip, integrated as the published pipeline does."""
    return read_motion(clip.where, fps=clip.fps).with_meta(id=clip.id, source=clip.source)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    unified = path / UNIFIED
    return [unified] if unified.is_file() else sorted(filter(has_motion_paths, path.glob("*.json")))


def _rows(file: Path) -> list[Any]:
    """Return the rows of a JSON file.

    Raises:
        FormatError: it is no list with a `motion_path` in it.
        MBenchError: it can't be read.
    """
    rows = read_json(file)
    if not isinstance(rows, list) or not any(isinstance(row, dict) and "motion_path" in row for row in rows):
        raise FormatError(f"{file}: holds no list of rows with motion_path; expected the JSON of ViMoGen-228K")
    return rows


def _clip(row: Any, folder: Path, licence: str) -> Clip:
    """Return the clip of a row.

    Raises:
        ValueError: a field is missing or wrong.
        FormatError: its motion file is missing or damaged.
    """
    if not isinstance(row, dict):
        raise ValueError(f"is a {type(row).__name__}; expected a mapping")
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), str | int) or row["id"] == "":
        raise ValueError(f"id is {row.get('id')!r}; expected text or a number")
    captions = tuple(_captions(row))
    if not captions:
        raise ValueError(f"id {row['id']}: has neither {' nor '.join(CAPTIONS)}")
    fps, motion = row.get("fps", BENCHMARK_FPS), _file_of(row, folder)
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps < math.inf:
        raise ValueError(f"id {row['id']}: fps is {fps!r}; expected a number > 0")
    subset, split = (str(row.get(key) or "") for key in ("subset", "split"))
    from_video = bool(row.get("video_path")) or "video" in f"{subset} {split}"
    return Clip(
        id=str(row["id"]),
        fps=float(fps),
        frames=_frames(motion),
        captions=captions,
        split=split,
        source=subset,
        licence=str(row.get("licence") or licence),
        actor=str(row.get("actor") or ""),
        notes=(FROM_VIDEO,) if from_video else (),
        where=motion,
    )


def _captions(row: dict[str, Any]) -> Iterator[Caption]:
    for key, source in CAPTIONS.items():
        texts = row.get(key)
        for text in texts if isinstance(texts, list) else [texts]:
            if text is not None and not isinstance(text, str):
                raise ValueError(f"id {row['id']}: {key} holds {text!r}; expected text")
            if text and text.strip():
                yield Caption(text.strip(), source=source)


def _file_of(row: dict[str, Any], folder: Path) -> Path:
    """Return the motion file of a row; of a list of alternatives, the first that is there.

    The official script that prepares training writes paths relative to where it was run: these are tried too.
    """
    paths = row.get("motion_path")
    paths = paths if isinstance(paths, list) else [paths]
    if not paths or not all(isinstance(path, str) and path for path in paths):
        raise ValueError(f"id {row['id']}: motion_path is {row.get('motion_path')!r}; expected a path")
    for path in paths:
        for candidate in (folder / path, Path(path)):
            if candidate.is_file():
                return candidate
    raise ValueError(f"id {row['id']}: there is no {paths[0]} in {folder}")


def _frames(path: Path) -> int:
    """Return the number of rows of a motion file.

    Raises:
        ValueError: they are not 276 wide.
        FormatError: it is no `.pt` file of tensors.
    """
    shape = pt_shape(path)
    if len(shape) != 2 or shape[1] != WIDTH or not shape[0]:
        raise ValueError(f"{path}: holds motion of shape {shape}; expected (T, {WIDTH})")
    return shape[0]
