"""What the representations share: checked rows, 6D rotations, and SMPL's axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.errors import MotionError

Floats = NDArray[np.floating]

# SMPL rests y up facing +z, our skeleton rests z up facing +y: ours = SMPL_TO_OURS @ smpl, so (x, y, z) -> (-x, z, y).
# A proper rotation (determinant 1), symmetric, and therefore its own inverse.
SMPL_TO_OURS = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
SMPL_TO_OURS.setflags(write=False)


def checked_rows(rows: ArrayLike, width: int) -> Floats:
    """Return rows (T, width) as float64 after checking them.

    Raises:
        MotionError: not floating point, another width, no rows, or a value that is not finite.
    """
    array = np.asarray(rows)
    if array.dtype.kind != "f":
        raise MotionError(f"{width}-dim rows hold {array.dtype}; expected floating point (were they quantised?)")
    if array.ndim != 2 or array.shape[1] != width:
        hint = "; this looks like a batch: pass one motion at a time" if array.ndim == 3 else ""
        raise MotionError(f"rows have shape {array.shape}; expected (T, {width}){hint}")
    if len(array) == 0:
        raise MotionError(f"{width}-dim rows hold 0 frames; expected at least 1")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise MotionError(
            f"{width}-dim rows are not finite: {int((~finite).sum())} values, the first at row {row}, column {column}"
        )
    return array.astype(np.float64)


def matrix_to_6d(matrices: ArrayLike) -> Floats:
    """Return the first two columns of rotation matrices (..., 3, 3), row-major: R00 R01 R10 R11 R20 R21, (..., 6)."""
    matrices = np.asarray(matrices, dtype=np.float64)
    return matrices[..., :2].reshape(*matrices.shape[:-2], 6)


def matrix_from_6d(six: ArrayLike) -> Floats:
    """Return rotation matrices (..., 3, 3) of 6D rotations (..., 6) by Gram-Schmidt; see `matrix_to_6d`.

    Source: Zhou et al., On the Continuity of Rotation Representations in Neural Networks, 2019.

    Raises:
        MotionError: the two columns are zero or parallel, so that no rotation is defined.
    """
    columns = np.asarray(six, dtype=np.float64).reshape(*np.shape(six)[:-1], 3, 2)
    first, second = columns[..., 0], columns[..., 1]
    x = _unit(first)
    y = _unit(second - (x * second).sum(axis=-1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if (length < 1e-8).any():
        row = int(np.argwhere(length < 1e-8)[0][0])
        raise MotionError(f"6D rotations: row {row} holds zero or parallel columns (is it padding?)")
    return vectors / length
