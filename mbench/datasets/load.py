"""Which kind of dataset lies at a path, and its reader."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from mbench.datasets.base import TextMotionDataset
from mbench.errors import FormatError

# Kind to the module that reads it; it is imported when such a dataset is met.
READERS: Mapping[str, str] = MappingProxyType(
    {
        "shards": "mbench.datasets.shards",
        "humanml3d": "mbench.datasets.humanml3d",
        "vimogen228k": "mbench.datasets.vimogen228k",
    }
)
MARKS = ("metadata.jsonl", "new_joint_vecs", "new_joints", "texts")
EXPECTED = (
    "metadata.jsonl (motion shards), texts/ with new_joint_vecs/ or new_joints/ (HumanML3D), "
    "or a .json file of rows with motion_path (ViMoGen-228K)"
)


def load_dataset(path: str | Path) -> TextMotionDataset:
    """Return the dataset at a path: its clips are listed, their motions are read when asked for.

    Args:
        path: a folder of motion shards, a HumanML3D folder, or a JSON file of ViMoGen-228K or the folder it lies in.

    Raises:
        FormatError: nothing is there, or none of these kinds.
    """
    path = Path(path)
    read: Callable[[Path], TextMotionDataset] = importlib.import_module(READERS[kind_of(path)]).read
    return read(path)


def kind_of(path: Path) -> str:
    """Return the kind of dataset at a path, a key of `READERS`.

    Raises:
        FormatError: nothing is there, or none of these kinds.
    """
    if not path.exists():
        raise FormatError(f"{path}: there is no such file or folder; expected a text-motion dataset")
    if path.is_file():
        if path.suffix == ".json":
            return "vimogen228k"
        raise FormatError(f"{path}: is a {path.suffix or 'file without suffix'}; expected a folder or a .json file")
    if (path / "metadata.jsonl").is_file():
        return "shards"
    if any((path / name).is_dir() for name in MARKS[1:]):
        return "humanml3d"
    if any(map(has_motion_paths, path.glob("*.json"))):
        return "vimogen228k"
    raise FormatError(f"{path}: is no text-motion dataset; looked for {EXPECTED}{_nearby(path)}")


def has_motion_paths(file: Path) -> bool:
    """Return whether a JSON file begins as those of ViMoGen-228K do: with a list of rows that have a `motion_path`."""
    with file.open("rb") as stream:
        begin = stream.read(1 << 16)
    return begin.lstrip().startswith(b"[") and b'"motion_path"' in begin


def _nearby(path: Path) -> str:
    """Return a hint where a folder inside is a dataset, the commonest mistake."""
    folders = sorted(child for child in path.iterdir() if child.is_dir())[:50]
    found = (folder for folder in folders for name in MARKS if (folder / name).exists())
    return next((f"; did you mean {folder}?" for folder in found), "")
