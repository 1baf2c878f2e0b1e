"""`.pt`: the official layouts: a dict with `joints`, a (T, 276) tensor, or a dict with `motion`.

Files are loaded with PyTorch's weights-only unpickler, which refuses everything that could run code, plus the few
names that numpy arrays need.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import FormatError, one_line
from mbench.io.arrays import motion_from_array
from mbench.io.hints import Hints
from mbench.io.smpl import is_smpl, motion_from_smpl
from mbench.motion.motion import Motion
from mbench.motion.representations.vimogen276 import WIDTH


def read_pt(path: Path, hints: Hints) -> Motion:
    """Read a `.pt` file; no code in it can run.

    Raises:
        FormatError: damaged, of objects other than tensors and arrays, or without joints or motion.
    """
    content = read_content(path)
    if not isinstance(content, dict):
        return motion_from_array(_numpy(content, "content", path), path, hints)
    keys = [str(key) for key in content]
    for key in ("joints", "motion"):
        if key in content:
            unused = sorted(set(keys) - {key, "fps"})
            return motion_from_array(_numpy(content[key], key, path), path, hints, _fps(content, path), _note(unused))
    if is_smpl(keys):
        return motion_from_smpl(content, path, hints)
    raise FormatError(f"{path}: holds a dict of {', '.join(sorted(keys)) or 'nothing'}; expected joints or motion")


def pt_shape(path: Path) -> tuple[int, ...]:
    """Return the shape of the motion in a `.pt` file: a tensor, or `motion` or `joints` of a dict; no code can run.

    The numbers are not read, unless the file is of PyTorch's format before 1.6.

    Raises:
        FormatError: damaged, or none of these.
    """
    content = read_content(path, mmap=zipfile.is_zipfile(path))
    if isinstance(content, dict):
        content = content.get("motion", content.get("joints"))
    shape = getattr(content, "shape", None)
    if shape is None:
        raise FormatError(f"{path}: holds no tensor and no dict with joints or motion")
    return tuple(shape)


def pt_rows(path: Path) -> NDArray[np.float32]:
    """Return the rows (T, 276) of a `.pt` file as they are: a tensor, or `motion` of a dict; no code can run.

    Raises:
        FormatError: damaged, none of these, or of another width.
    """
    content = read_content(path)
    rows = _numpy(content["motion"] if isinstance(content, dict) and "motion" in content else content, "motion", path)
    if rows.ndim != 2 or rows.shape[1] != WIDTH or not len(rows):
        raise FormatError(f"{path}: holds motion of shape {rows.shape}; expected (T, {WIDTH})")
    return rows.astype(np.float32)


def _note(unused: list[str]) -> dict[str, Any]:
    """Return the meta that says which entries of a file were not read."""
    return {"not_read": unused} if unused else {}


def _fps(content: dict[Any, Any], path: Path) -> float | None:
    """Return the frame rate that a file states, if any."""
    if "fps" not in content:
        return None
    fps = _numpy(content["fps"], "fps", path)
    if fps.size != 1 or fps.dtype.kind not in "fiu" or not 0 < float(fps.reshape(-1)[0]) < float("inf"):
        raise FormatError(f"{path}: fps is {content['fps']!r}; expected a number > 0")
    return float(fps.reshape(-1)[0])


def read_content(path: Path, mmap: bool = False) -> Any:
    """Return the content of a `.pt` file, its numbers memory-mapped if asked for; no code in it can run.

    Raises:
        FormatError: damaged, or of objects other than tensors and arrays.
    """
    import torch

    try:
        with torch.serialization.safe_globals(_numpy_names()):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise FormatError(f"{path}: {_cause(error)}") from error


def _numpy_names() -> list[Any]:
    """Return what pickled numpy arrays of numbers refer to, under its names before and since numpy 2."""
    multiarray = np._core.multiarray  # type: ignore[attr-defined]
    kinds = [type(np.dtype(code)) for code in ("f2", "f4", "f8", "i4", "i8", "?")]
    named = [
        (getattr(multiarray, name), f"{module}.multiarray.{name}")
        for module in ("numpy.core", "numpy._core")
        for name in ("_reconstruct", "scalar")
    ]
    return [np.ndarray, np.dtype, *kinds, *named]


def _cause(error: Exception) -> str:
    """Return what PyTorch's error means for the user."""
    text = one_line(error)
    if refused := re.search(r"(?:GLOBAL|global:?|class:?) ([\w.]+\.\w+)", text):
        return f"refers to {refused[1]}, which could run code and is not loaded; save tensors or numpy arrays"
    if isinstance(error, pickle.UnpicklingError) and "nsupported" in text:
        return f"holds Python objects that are not loaded since they could run code; save tensors ({text[:120]})"
    return f"is damaged or no PyTorch file; was it cut off while being copied? ({text[:120]})"


def _numpy(value: Any, key: str, path: Path) -> NDArray[Any]:
    """Return a tensor, an array or a number as an array; half-precision tensors become float32."""
    import torch

    if isinstance(value, torch.Tensor):
        value = value.detach()
        return np.asarray((value.float() if value.dtype in (torch.float16, torch.bfloat16) else value).numpy())
    if isinstance(value, np.ndarray | int | float):
        return np.asarray(value)
    raise FormatError(f"{path}: {key} is a {type(value).__name__}; expected a tensor or an array")
