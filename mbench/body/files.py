"""Reading and writing body files: `.npz` and `.pkl` in SMPL format."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.body.arrays import REQUIRED, Arrays, checked
from mbench.body.unpickle import read_pickle
from mbench.errors import FormatError, MBenchError, did_you_mean, one_line
from mbench.files import atomic_write

SUFFIXES = (".npz", ".pkl")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold; a real one would change the bytes


def read_body_file(path: Path) -> dict[str, NDArray[Any]]:
    """Return the checked arrays of a body file; no code in it can run.

    Args:
        path: `.npz` or `.pkl` of SMPL, SMPL-H or SMPL-X.

    Raises:
        FormatError: missing, damaged, of another format, or with arrays that do not fit each other.
        MBenchError: the file can't be opened.
    """
    if path.suffix.lower() not in SUFFIXES:
        hint = did_you_mean(path.suffix.lower(), SUFFIXES)
        raise FormatError(f"{path}: has the suffix {path.suffix!r}; a body is read from {' or '.join(SUFFIXES)}{hint}")
    if not path.is_file():
        raise FormatError(
            f"{path}: is a folder; expected a file" if path.is_dir() else f"{path}: there is no such file"
        )
    try:
        arrays = read_pickle(path, REQUIRED) if path.suffix.lower() == ".pkl" else _read_npz(path)
    except OSError as error:
        raise MBenchError(f"{path}: can't be read: {error.strerror or error}") from error
    return checked(arrays, str(path))


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive that a body needs; others, which may be Python objects, are not touched."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if isinstance(archive, np.ndarray):
                raise FormatError(f"{path}: is one array, not an archive of arrays")
            return {key: archive[key] for key in archive.files if key in REQUIRED}
    except (ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        if isinstance(error, FormatError):
            raise
        if "Object arrays" in str(error):
            raise FormatError(
                f"{path}: holds its arrays as Python objects, which are not loaded from npz since they can run code; "
                "convert the pickle it came from with mbench convert-body"
            ) from error
        raise FormatError(f"{path}: is damaged or no npz archive ({one_line(error)})") from error


def write_body_file(path: Path, arrays: Arrays) -> None:
    """Write a body as compressed `.npz`, whole or not at all; the same arrays always make the same bytes.

    Args:
        path: the file to make or replace.
        arrays: as `mbench.body.arrays.checked` returns them; floats are written as float32.

    Raises:
        FormatError: another suffix than `.npz`.
        MBenchError: the file can't be written.
    """
    if path.suffix.lower() != ".npz":
        raise FormatError(f"{path}: has the suffix {path.suffix!r}; a body is written as .npz")
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        for key, array in _compact(arrays).items():
            info = zipfile.ZipInfo(f"{key}.npy", date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _compact(arrays: Arrays) -> Mapping[str, NDArray[Any]]:
    """Return the arrays in the types that SMPL files have."""
    small = {key: np.asarray(arrays[key], dtype=np.float32) for key in REQUIRED}
    table = np.array(arrays["kintree_table"], dtype=np.int64)
    small["kintree_table"] = table.astype(np.uint32)  # the root's parent, -1, becomes 2**32 - 1, as in SMPL's files
    small["f"] = np.asarray(arrays["f"], dtype=np.uint32)
    return small


def convert_body(source: Path, target: Path) -> dict[str, NDArray[Any]]:
    """Convert a body file to `.npz` and return its arrays.

    Raises:
        FormatError: the source can't be read as a body, or the target is not `.npz`.
        MBenchError: the target can't be written.
    """
    arrays = read_body_file(source)
    write_body_file(target, arrays)
    return arrays
