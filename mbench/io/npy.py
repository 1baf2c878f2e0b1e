"""`.npy`: joints (T, 22, 3), HumanML3D vectors (T, 263) or ViMoGen rows (T, 276)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mbench.errors import FormatError, one_line
from mbench.files import atomic_write
from mbench.io.arrays import motion_from_array
from mbench.io.hints import Hints
from mbench.motion.motion import Motion


def read_npy(path: Path, hints: Hints) -> Motion:
    """Read a `.npy` file; Python objects in it are refused.

    Raises:
        FormatError: not a numpy array, cut off, of objects, or of a wrong shape.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, MemoryError, SyntaxError) as error:
        raise FormatError(f"{path}: {_cause(error)}") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise FormatError(f"{path}: is a zip archive of arrays, not one array: rename it to .npz")
    return motion_from_array(array, path, hints)


def _cause(error: Exception) -> str:
    """Return what numpy's error means for the user."""
    text = one_line(error)
    if "pickled" in text:  # numpy words it differently from version to version, and advises to load it unsafely
        return "is not a numpy array (a bare pickle would not be loaded, since it can run code)"
    if "Object arrays" in text:
        return "holds Python objects, which are not loaded since they can run code; save a float array (T, 22, 3)"
    if "reshape" in text or "EOF" in text or "Failed to read" in text:
        return f"ends before its data does; was it cut off while being copied? ({text})"
    return f"is not a numpy array ({text})"


def write_npy(motion: Motion, path: Path) -> None:
    """Write the joints as float32 (T, 22, 3), metres, z up; frame rate, pose and meta have no place in the format."""
    with atomic_write(path) as file:
        np.save(file, motion.joints, allow_pickle=False)
