"""HumanML3D-style folders (Guo et al. 2022): `new_joints/` or `new_joint_vecs/`, `texts/`, split files; 20 fps.

A line of `texts/<id>.txt` is `caption#word/POS word/POS ...#from#to` with the span in seconds; 0.0#0.0 is the whole
clip. Files whose name is an `M` before another's are mirror images. Subset and subject of AMASS come from the
original's `index.csv` where it lies in the folder or beside it; the files themselves name no source and no actor.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.datasets.base import Caption, Clip, TextMotionDataset
from mbench.datasets.licence import stated_licence
from mbench.errors import FormatError, one_line
from mbench.io import read_motion
from mbench.motion import BENCHMARK_FPS, Motion

FRAME_SHAPES = {"new_joints": (22, 3), "new_joint_vecs": (263,)}  # joints first: they need no decoding
KIT_SHAPES = ((21, 3), (251,))
SPLITS = ("train", "val", "test", "train_val")  # the first that lists a clip is its split
HUMANACT12, AMASS = "HumanAct12: non-commercial research", "AMASS: non-commercial research, and its subsets' own terms"
NAN_SPANS, LATE_ENDS = "spans of NaN, read as the whole clip", "spans that end after their clip"
UNLISTED, TWICE = "clips in no split file", "clips in two of train.txt, val.txt, test.txt"


def read(folder: Path) -> TextMotionDataset:
    """Return the dataset of a HumanML3D-style folder.

    What can't be used is in `skipped`: broken lines, captions that lie outside their clip, texts without motion,
    motions without text, arrays of a wrong shape, ids of a split file that are nowhere. A span of NaN, which the
    original has, is read as the whole clip and counted in `remarks`.

    Raises:
        FormatError: no motions or no texts, a skeleton of 21 joints (KIT-ML), or no clip that can be used.
    """
    content = _Content(folder)
    clips = tuple(content.clips())
    if not clips:
        name, why = next(iter(content.skipped.items()))
        raise FormatError(f"{folder}: no clip can be read; {name}: {why}")
    skipped, remarks = content.skipped, dict(+content.remarks)  # + drops what occurred nowhere
    return TextMotionDataset(folder.resolve().name, "humanml3d", folder, clips, skipped, _motion, remarks)


def _motion(clip: Clip) -> Motion:
    """Return the motion of a clip; the format fixes axes and unit."""
    return read_motion(clip.where, up="y", unit="m", fps=clip.fps).with_meta(id=clip.id, source=clip.source)


class _Content:
    """What a folder holds, and what of it is left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts = {path.stem: path for path in sorted((folder / "texts").glob("*.txt"))}
        self.motions = _motion_files(folder)
        if not self.motions or not self.texts:
            lacking = "texts/*.txt" if self.motions else "new_joints/*.npy or new_joint_vecs/*.npy"
            raise FormatError(f"{folder}: holds no {lacking}; expected a HumanML3D folder")
        _refuse_kit(folder, self.motions.values())
        self.skipped: dict[str, str] = {}
        self.remarks: Counter[str] = Counter()
        self.origins, self.licence = _origins(folder), stated_licence(folder)
        self.splits = self._splits()

    def clips(self) -> Iterator[Clip]:
        """Yield the clips that can be used, and name the others."""
        for name, path in self.motions.items():
            try:
                yield self._clip(name, path)
            except ValueError as error:
                self.skipped[path.relative_to(self.folder).as_posix()] = " ".join(str(error).split())
        for name in sorted(self.texts.keys() - self.motions.keys()):
            self.skipped[f"texts/{name}.txt"] = "there is no motion of this name"

    def _clip(self, name: str, path: Path) -> Clip:
        frames = _frames(path)
        source, actor, licence = self.origins.get(name.removeprefix("M"), ("humanml3d", "", self.licence))
        captions = tuple(self._captions(name, frames / BENCHMARK_FPS))
        if not captions:
            raise ValueError(f"no line of texts/{name}.txt can be read" if name in self.texts else "it has no text")
        split = self.splits.get(name, "")
        self.remarks[UNLISTED] += bool(self.splits) and not split
        mirror = name.startswith("M") and (name[1:] in self.motions or name[1:].isdigit())
        labels = {"mirror_of": name[1:]} if mirror else {}
        return Clip(name, BENCHMARK_FPS, frames, captions, split, source, licence, actor, labels, where=path)

    def _captions(self, name: str, seconds: float) -> Iterator[Caption]:
        """Yield the captions of a text file; lines that hold none are named."""
        if name not in self.texts:
            return
        try:
            lines = self.texts[name].read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f"texts/{name}.txt is not UTF-8 text ({error.reason} at byte {error.start})") from error
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    yield self._caption(line, seconds)
            except ValueError as error:
                self.skipped[f"texts/{name}.txt line {number}"] = str(error)

    def _caption(self, line: str, seconds: float) -> Caption:
        fields = line.rsplit("#", 3)
        if len(fields) != 4 or not fields[0].strip():
            raise ValueError(f"is {line.strip()[:60]!r}; expected caption#tags#from#to")
        text, start, end = fields[0].strip(), float(fields[2]), float(fields[3])
        unknown = math.isnan(start) or math.isnan(end)
        self.remarks[NAN_SPANS] += unknown
        if unknown or start == end == 0:
            return Caption(text, source="humanml3d")
        if not 0 <= start < min(end, seconds) or math.isinf(end):
            raise ValueError(f"its span is {start:g} s to {end:g} s; expected one in a clip of {seconds:g} s")
        self.remarks[LATE_ENDS] += end > seconds + 1 / BENCHMARK_FPS
        return Caption(text, start, end, source="humanml3d")

    def _splits(self) -> dict[str, str]:
        """Return the split of each listed clip; ids that are nowhere are named."""
        splits: dict[str, str] = {}
        for split in SPLITS:
            names = _listed(self.folder / f"{split}.txt")
            self.remarks[TWICE] += split != "train_val" and sum(name in splits for name in names)
            splits |= {name: split for name in names if name not in splits}
        for name in [*splits, *_listed(self.folder / "all.txt")]:
            if name not in self.motions and name not in self.texts:
                self.skipped[f"{splits.get(name, 'all')}.txt: {name}"] = "there is neither motion nor text of this name"
        return splits


def _motion_files(folder: Path) -> dict[str, Path]:
    """Return the file of each clip, sorted by name."""
    files: dict[str, Path] = {}
    for name in FRAME_SHAPES:
        files = {path.stem: path for path in sorted((folder / name).glob("*.npy"))} | files
    return dict(sorted(files.items()))


def _refuse_kit(folder: Path, files: Iterable[Path]) -> None:
    """Refuse a folder whose first readable motion has the skeleton of KIT-ML."""
    for path in files:
        try:
            shape = _on_disk(path).shape
        except ValueError:
            continue
        if shape[1:] in KIT_SHAPES:
            raise FormatError(
                f"{folder}: {path.parent.name}/{path.name} has shape {shape}, the 21 joints of KIT-ML; expected the 22 "
                "of HumanML3D (another skeleton, at 12.5 fps; it is not converted)"
            )
        return


def _on_disk(path: Path) -> NDArray[Any]:
    """Return a memory-mapped array: nothing but its header is read.

    Raises:
        ValueError: it is no array of numbers, or is cut off.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"is no whole array of numbers ({one_line(error)[:100]})") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise ValueError("is a zip archive of arrays, not one array")
    return array


def _frames(path: Path) -> int:
    """Return the number of frames of a motion file.

    Raises:
        ValueError: it is no array of the shape that its folder's name says.
    """
    array, expected = _on_disk(path), FRAME_SHAPES[path.parent.name]
    if array.shape[1:] != expected or array.dtype.kind != "f" or not len(array):
        raise ValueError(f"holds {array.dtype} {array.shape}; expected floats (T, {', '.join(map(str, expected))})")
    return len(array)


def _listed(path: Path) -> list[str]:
    """Return the ids in a split file, each once; none where there is no such file."""
    return list(dict.fromkeys(path.read_text(encoding="utf-8", errors="replace").split())) if path.is_file() else []


def _origins(folder: Path) -> dict[str, tuple[str, str, str]]:
    """Return source, actor and licence of the clips that `index.csv` of the original lists, by id."""
    for index in (folder / "index.csv", folder.parent / "index.csv"):
        if index.is_file():
            with index.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                if {"source_path", "new_name"} <= set(rows.fieldnames or ()):
                    return {PurePosixPath(row["new_name"]).stem: _origin(row["source_path"]) for row in rows}
    return {}


def _origin(path: str) -> tuple[str, str, str]:
    """Return source, actor and licence of a path such as `./pose_data/KIT/3/kick_high_left02_poses.npy`."""
    parts = PurePosixPath(path).parts
    parts = parts[parts.index("pose_data") + 1 :] if "pose_data" in parts else parts
    if parts[0] == "humanact12":
        return "humanact12", f"humanact12/{parts[-1][:3]}", HUMANACT12
    actor = "/".join(parts[:2]) if len(parts) > 2 else ""
    return f"amass/{parts[0]}", actor, AMASS
