"""The reference set: real motion as vectors of a judge, which the metrics of distributions compare with.

One file a judge, `<name>.<hash>.npz` (`mbench.judges.base.identity`), with a JSON of the same name that says what it
was made from. Those of this package lie in `mbench/data/reference`, a user's own in the cache folder's `reference`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mbench.cache import cache_folder
from mbench.errors import FormatError, NotApplicable
from mbench.files import atomic_write, write_json
from mbench.judges.base import Judge, identity

BUILTIN = Path(__file__).parents[1] / "data" / "reference"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reference:
    """Vectors of real motion.

    Attributes:
        features: (n, d) float64 of norm 1.
        hash: hex sha256 of the vectors.
    """

    features: Floats
    hash: str


def load_reference(judge: Judge) -> Reference:
    """Return the reference set of a judge.

    Raises:
        NotApplicable: there is none; the reason says how to build one.
        FormatError: its file is broken.
    """
    path = find_reference(judge)
    if path is None:
        raise NotApplicable(
            f"there is no reference set of judge {identity(judge)}; build one from real motion: "
            f"python scripts/build_reference.py MOCAP --judge {judge.card.name} (docs/distribution.md)"
        )
    return _read_once(path)


def find_reference(judge: Judge) -> Path | None:
    """Return the file of a judge's reference set, None where there is none; the package's comes first."""
    name = f"{identity(judge)}.npz"
    return next((path for folder in (BUILTIN, own_folder()) if (path := folder / name).is_file()), None)


def own_folder() -> Path:
    """Return where a user's own reference sets lie."""
    return cache_folder() / "reference"


def save_reference(judge: Judge, features: Floats, facts: dict[str, Any], folder: Path | None = None) -> Path:
    """Write the reference set of a judge, as float16, and the JSON that says what it was made from.

    Args:
        judge: whose vectors they are.
        features: (n, d).
        facts: JSON values: sources, licences, counts.
        folder: None for the user's own.

    Returns:
        the file.

    Raises:
        MBenchError: it can't be written.
    """
    path = (folder or own_folder()) / f"{identity(judge)}.npz"
    with atomic_write(path) as file:
        np.savez_compressed(file, features=np.asarray(features, np.float16))
    counts = {"judge": judge.card.to_dict(), "n": len(features), "d": features.shape[1]}
    write_json(path.with_suffix(".json"), {**counts, "sha256": _read_once(path).hash, **facts})
    return path


def _read_once(path: Path) -> Reference:
    """Return the content of a file, read again when it is another file than before."""
    now = path.stat()
    return _read(path, (now.st_ino, now.st_mtime_ns))


@lru_cache(maxsize=4)
def _read(path: Path, _state: tuple[int, int]) -> Reference:
    """Return the content of a file in one of its states."""
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = file["features"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise FormatError(f"{path}: can't be read as a reference set: {error}; build it again") from error
    if stored.ndim != 2 or len(stored) < 2 or not np.isfinite(stored).all() or not np.linalg.norm(stored, axis=1).all():
        raise FormatError(f"{path}: features have shape {stored.shape}; expected 2 or more finite vectors")
    features = stored.astype(np.float64)
    features /= np.linalg.norm(features, axis=1, keepdims=True)  # float16 moved the norms off 1 by some 1e-4
    return Reference(features, hashlib.sha256(np.ascontiguousarray(stored).tobytes()).hexdigest())
