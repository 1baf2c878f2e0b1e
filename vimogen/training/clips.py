"""The clips of folders of `vimogen data build` and `vimogen distil`, in memory."""

from __future__ import annotations

import hashlib
import math
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mbench.datasets.caption_mirror import mirror_text
from mbench.datasets.vimogen228k import UNIFIED
from mbench.errors import FormatError, MBenchError, one_line
from mbench.files import read_json, sha256_of
from mbench.io.pt import pt_rows
from vimogen.codec import Codec, Rows

STATISTICS = "statistics.npz"
Draw = Mapping[str, Mapping[str, float]]  # {field of a row: {value: how many times as often it is drawn}}


@dataclass(frozen=True)
class TrainingClip:
    """A clip as the training sees it.

    Attributes:
        id: of its row.
        subset: of its row.
        rows: (T, 276), canonical, 20 fps, metres.
        texts: its captions; none where the reference branch alone may learn it.
        held_out: whether its captions are kept from the text branch.
        weight: how often it is drawn, relative to the others of its subset.
        seed: of the noise that a generated clip was made of (`vimogen.flow.noise_of`); None for other clips.
        capture: (T, 276) a simulated capture of the rows, which is their reference; None where they are their own.
    """

    id: str
    subset: str
    rows: Rows
    texts: tuple[str, ...]
    held_out: bool
    weight: float = 1.0
    seed: int | None = None
    capture: Rows | None = None


@dataclass(frozen=True)
class TrainingData:
    """What was read of published folders.

    Attributes:
        folders: where they are.
        codec: the statistics of the first.
        clips: {split: their clips}.
        hash: of the listings, the statistics, the rows of the clips and their captures.
    """

    folders: tuple[Path, ...]
    codec: Codec
    clips: dict[str, list[TrainingClip]]
    hash: str


def read_data(
    folders: Path | Sequence[Path],
    subsets: Sequence[str],
    shortest: int,
    clean: Sequence[str] = (),
    draw: Mapping[str, Draw] | None = None,
) -> TrainingData:
    """Return the clips of some subsets.

    Args:
        folders: of `vimogen data build` or `vimogen distil`, one or several.
        subsets: which; each is read from every folder that has it.
        shortest: clips of fewer frames are left out.
        clean: those whose simulated captures are the references of what they were made of.
        draw: {subset: rows that are drawn more or less often than others}.

    Raises:
        MBenchError: a folder lacks a file, holds a damaged one, or there is no clip to train on.
    """
    folders = (folders,) if isinstance(folders, Path) else tuple(folders)
    listings = [(folder, listed(folder)) for folder in folders]
    shown = ", ".join(map(str, folders))
    for subset, own in (draw or {}).items():
        _check_draw([row for _, rows in listings for row in rows if row["subset"] == subset], own, f"{shown}: {subset}")
    codecs = [read_codec(folder) for folder in folders]
    digest = hashlib.sha256()
    clips: dict[str, list[TrainingClip]] = {}
    for folder, rows in listings:
        digest.update(sha256_of(folder / UNIFIED, folder / STATISTICS).encode())
        for row, clip in _read(folder, rows, subsets, clean):
            digest.update(clip.rows.tobytes() + (b"" if clip.capture is None else clip.capture.tobytes()))
            if len(clip.rows) >= shortest:
                clip = replace(clip, weight=_times(row, (draw or {}).get(row["subset"], {})))
                clips.setdefault(str(row.get("split") or "train"), []).append(clip)
    if not clips.get("train"):
        raise MBenchError(f"data: {shown} holds no training clip of {', '.join(subsets)} with {shortest} frames")
    return TrainingData(folders, codecs[0], {split: _balanced(own) for split, own in clips.items()}, digest.hexdigest())


def _read(
    folder: Path, rows: Sequence[dict[str, Any]], subsets: Sequence[str], clean: Sequence[str]
) -> Iterator[tuple[dict[str, Any], TrainingClip]]:
    """Yield the rows of the subsets with their clips."""
    paths = {f"{row['subset']}/{str(row['id']).removeprefix(row['subset'] + '/')}": row for row in rows}
    for row in (row for row in rows if row["subset"] in subsets):
        clip = _clip(row, folder)
        if row["subset"] in clean:
            clip = _cleaned(clip, paths.get(row.get("simulated_from", "")), folder)
        yield row, clip


def listed(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a published folder's listing.

    Raises:
        MBenchError: there is none, or it is damaged.
    """
    listing = folder / UNIFIED
    if not listing.is_file():
        raise MBenchError(f"data: {folder} holds no {UNIFIED}; expected a folder that `vimogen data build` has written")
    return list(_rows(listing))


def _cleaned(clip: TrainingClip, origin: dict[str, Any] | None, folder: Path) -> TrainingClip:
    """Return the clip that a simulated capture was made of, with the capture as its reference.

    Raises:
        MBenchError: the data do not hold it.
    """
    if origin is None:
        raise MBenchError(f"data: row {clip.id} names no clip that it was simulated from; leave `clean` out")
    true = _clip(origin, folder).rows
    frames = min(len(true), len(clip.rows))
    return replace(clip, rows=true[:frames], capture=clip.rows[:frames])


def _rows(listing: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of all subsets."""
    rows = read_json(listing)
    for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
        if not isinstance(row, dict) or not {"id", "subset", "motion_path"} <= row.keys():
            raise FormatError(f"{listing}: row {number} has no id, subset or motion_path; is it ViMoGen-228K's format?")
        yield row


def read_codec(folder: Path) -> Codec:
    """Return the statistics of a published folder.

    Raises:
        MBenchError: they are missing or damaged.
    """
    path = folder / STATISTICS
    try:
        with np.load(path) as stored:
            return Codec(stored["mean"].astype(np.float32), stored["std"].astype(np.float32))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: can't be read as statistics with mean and std: {one_line(error)}") from error


def _clip(row: dict[str, Any], folder: Path) -> TrainingClip:
    texts = row.get("motion_text_annot") or []
    texts = (texts,) if isinstance(texts, str) else tuple(texts)
    path = folder / row["motion_path"]
    if not path.is_file():
        raise FormatError(f"{path}: there is no such file; row {row['id']} of {UNIFIED} names it")
    motion = pt_rows(path)
    return TrainingClip(str(row["id"]), row["subset"], motion, texts, bool(row.get("held_out")), seed=row.get("seed"))


def _balanced(clips: list[TrainingClip]) -> list[TrainingClip]:
    """Return the clips with weights: n clips of the same first caption count as the root of n, long ones for more."""
    same = Counter((clip.subset, clip.texts[:1]) for clip in clips if clip.texts)
    return [
        replace(clip, weight=clip.weight * _length(clip) / max(1, same[clip.subset, clip.texts[:1]]) ** 0.5)
        for clip in clips
    ]


def _times(row: dict[str, Any], draw: Draw) -> float:
    """Return how many times as often a row is drawn; texts of values are those of YAML, such as `true`."""
    return math.prod(times.get(_as_text(row.get(field)), 1.0) for field, times in draw.items())


def _as_text(value: object) -> str:
    """Return a value as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_draw(rows: Sequence[dict[str, Any]], draw: Draw, where: str) -> None:
    """Raise where a recipe names a field or a value that no row has: it would do nothing."""
    for field, times in draw.items():
        there = sorted({_as_text(row[field]) for row in rows if isinstance(row.get(field), str | int | float)})
        for value in times:
            if value not in there:
                seen = ", ".join(there[:8]) or "nothing"
                raise MBenchError(f"data: {where}: no row has {field} {value!r}, which `draw` names; found {seen}")


def _length(clip: TrainingClip) -> float:
    return float(np.clip(np.sqrt(len(clip.rows) / 100), 0.5, 2.0))


def texts_of(clips: Sequence[TrainingClip]) -> list[str]:
    """Return every caption that the text branch may see, mirrored ones too, and the null text; sorted."""
    found = {text for clip in clips if not clip.held_out for text in clip.texts}
    return sorted(found | {mirror_text(text) for text in found} | {""})
