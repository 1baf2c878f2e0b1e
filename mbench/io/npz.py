"""`.npz`: our own files (joints, frame rate, pose, meta), other files with joints, and SMPL parameters."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import FormatError, MBenchError, one_line
from mbench.files import atomic_write
from mbench.io.arrays import motion_from_array
from mbench.io.hints import Hints
from mbench.io.smpl import PARAMETER_KEYS, is_smpl, motion_from_smpl
from mbench.motion.motion import Motion, Pose

FORMAT = "mbench-motion-1"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold; a real one would change the bytes
_FPS_KEYS = ("fps", "mocap_framerate", "mocap_frame_rate")
Arrays = Mapping[str, NDArray[Any]]


def read_npz(path: Path, hints: Hints) -> Motion:
    """Read an `.npz` file; Python objects in it are refused.

    Raises:
        FormatError: damaged, of objects, of SMPL parameters, or without joints.
    """
    arrays = read_arrays(path)
    if "format" in arrays:
        return _ours(arrays, path, hints)
    if is_smpl(arrays.keys()):
        return motion_from_smpl(arrays, path, hints)
    for key in ("joints", "motion"):
        if key in arrays:
            return motion_from_array(arrays[key], path, hints, _file_fps(arrays, path), {"key": key})
    raise FormatError(f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}; expected joints or motion")


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return all arrays of an archive, of SMPL parameters those that are read; Python objects are refused.

    Raises:
        FormatError: damaged, of objects, or no archive.
    """
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.ndarray):
            with archive:
                # AMASS keeps Python objects beside its parameters; they are not touched
                wanted = PARAMETER_KEYS if is_smpl(archive.files) else archive.files
                return {key: archive[key] for key in archive.files if key in wanted}
    except (ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise FormatError(f"{path}: {_cause(error)}") from error
    raise FormatError(f"{path}: is one array, not an archive of arrays: rename it to .npy")


def _cause(error: Exception) -> str:
    """Return what an error of numpy or zipfile means for the user."""
    text = one_line(error)
    if "Object arrays" in text:
        return "holds Python objects, which are not loaded since they can run code; save float arrays"
    return f"is damaged or no npz archive; was it cut off while being copied? ({text})"


def _file_fps(arrays: Arrays, path: Path) -> float | None:
    """Return the frame rate that a file states, if any."""
    for key in _FPS_KEYS:
        if key in arrays:
            return _scalar(arrays, key, path)
    return None


def _scalar(arrays: Arrays, key: str, path: Path) -> float:
    """Return a number that must be finite and > 0."""
    value = arrays[key]
    if value.size != 1 or value.dtype.kind not in "fiu" or not 0 < float(value.reshape(-1)[0]) < float("inf"):
        raise FormatError(f"{path}: {key} is {value!r}; expected a number > 0")
    return float(value.reshape(-1)[0])


def _ours(arrays: Arrays, path: Path, hints: Hints) -> Motion:
    """Return a motion that `write_npz` wrote; its convention is fixed."""
    if str(arrays["format"]) != FORMAT:
        raise FormatError(f"{path}: its format is {arrays['format']!s}; this version reads {FORMAT}")
    if missing := {"joints", "fps", "meta"} - set(arrays):
        raise FormatError(f"{path}: lacks {', '.join(sorted(missing))}; expected joints, fps and meta")
    pose = Pose(arrays["rotations"], arrays["offsets"]) if {"rotations", "offsets"} <= set(arrays) else None
    fps = hints.fps or _scalar(arrays, "fps", path)
    fixed = {"up": "z", "up_confidence": 1.0, "unit": "m", "unit_confidence": 1.0}
    return Motion(arrays["joints"], fps, pose, {**_meta(arrays, path), **fixed})


def _meta(arrays: Arrays, path: Path) -> dict[str, Any]:
    """Return the JSON object that travels with a motion."""
    try:
        meta = json.loads(str(arrays["meta"]))
    except ValueError as error:
        raise FormatError(f"{path}: meta is not JSON ({one_line(error)})") from error
    if not isinstance(meta, dict):
        raise FormatError(f"{path}: meta is {type(meta).__name__}; expected a JSON object")
    return meta


def write_npz(motion: Motion, path: Path) -> None:
    """Write a motion; the same motion always makes the same bytes.

    Keys: format, joints (T, 22, 3), fps, meta (JSON), and with a pose rotations (T, 22, 4) and offsets (22, 3).

    Raises:
        MBenchError: meta holds something that JSON does not, or the file can't be written.
    """
    arrays = {"format": np.array(FORMAT), "joints": motion.joints, "fps": np.array(motion.fps)}
    arrays["meta"] = np.array(_json(motion, path))
    if motion.pose is not None:
        arrays |= {"rotations": motion.pose.rotations, "offsets": motion.pose.offsets}
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{key}.npy", date_time=_EPOCH), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def _json(motion: Motion, path: Path) -> str:
    """Return the motion's meta as JSON, keys in order."""
    try:
        return json.dumps(dict(motion.meta), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise MBenchError(f"{path}: meta can't be written as JSON: {one_line(error)}") from error
