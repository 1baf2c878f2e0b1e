"""From an array in a file to a motion: joints (T, 22, 3) in some convention, or 263- or 276-dim rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from mbench.errors import FormatError
from mbench.io.convention import find_convention
from mbench.io.hints import Hints
from mbench.motion.motion import BENCHMARK_FPS, Motion
from mbench.motion.skeleton import N_JOINTS

HML263, VIMOGEN276 = 263, 276


def motion_from_array(
    array: NDArray[Any],
    path: Path,
    hints: Hints,
    file_fps: float | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Motion:
    """Return the motion that an array holds, by its shape.

    Args:
        array: joints (T, 22, 3), HumanML3D vectors (T, 263) or ViMoGen rows (T, 276).
        path: for messages.
        hints: what the user declared.
        file_fps: what the file says; without it and without a hint, 20.
        meta: kept in the motion.

    Raises:
        FormatError: a shape or kind that is none of these, or a convention that can't be told.
        MotionError: values that are not a motion.
    """
    _check_kind(array, path)
    fps = hints.fps or file_fps or BENCHMARK_FPS
    assumed = {} if hints.fps or file_fps else {"fps_assumed": True}
    if array.ndim == 2 and array.shape[1] in (HML263, VIMOGEN276):
        motion = _decoded(array, fps, hints)
    else:
        _check_shape(array, path)
        motion = joints_to_motion(array, fps, path, hints)
    return motion.with_meta(**(meta or {}), **assumed)


def joints_to_motion(
    joints: NDArray[Any], fps: float, path: Path, hints: Hints, prior: Mapping[str, float] | None = None
) -> Motion:
    """Return joints (T, 22, 3) of any convention as a motion, metres and z up; nothing is moved or turned otherwise.

    Raises:
        FormatError: the convention is not declared and can't be told.
        MotionError: values that are not a motion.
    """
    checked = Motion(joints, fps)
    convention = find_convention(checked.joints, hints.up, hints.unit, str(path), prior, usually_metres=prior is None)
    converted = joints.astype(np.float64) * convention.metres @ convention.rotation.T
    return Motion(converted.astype(np.float32), fps, meta=convention.meta())


def _decoded(rows: NDArray[Any], fps: float, hints: Hints) -> Motion:
    """Return 263- or 276-dim rows as a motion; their convention is fixed."""
    if rows.shape[1] == HML263:
        from mbench.motion.representations import hml263

        motion = hml263.decode(rows, fps=fps)
    else:
        from mbench.motion.representations import vimogen276

        how = cast(Literal["integrate", "slice"], hints.decode)
        motion = vimogen276.decode(rows, how=how).replace(fps=fps)
    up = "y" if rows.shape[1] == HML263 else "z"
    return motion.with_meta(features=rows.shape[1], up=up, up_confidence=1.0, unit="m", unit_confidence=1.0)


def _check_kind(array: NDArray[Any], path: Path) -> None:
    """Refuse what is not floating-point numbers."""
    if array.dtype.kind != "f":
        cause = "; were they quantised?" if array.dtype.kind in "iu" else ""
        raise FormatError(f"{path}: holds {array.dtype} values; expected floating-point numbers{cause}")


def _check_shape(array: NDArray[Any], path: Path) -> None:
    """Refuse shapes that are not (T, 22, 3), with the likely cause."""
    if array.ndim == 3 and array.shape[1:] == (N_JOINTS, 3):
        return
    expected = f"(T, {N_JOINTS}, 3) joints, (T, {HML263}) or (T, {VIMOGEN276}) features"
    raise FormatError(f"{path}: holds an array of shape {array.shape}; expected {expected}{_cause(array.shape)}")


def _cause(shape: tuple[int, ...]) -> str:
    """Return the likely cause of a wrong shape."""
    if len(shape) == 4 or (len(shape) == 3 and shape[2] in (HML263, VIMOGEN276)):
        return "; this looks like a batch: save one motion a file"
    if len(shape) == 3 and shape[1] > N_JOINTS and shape[2] == 3:
        return f"; the first 22 of {shape[1]} joints are SMPL's: save joints[:, :22]"
    if len(shape) == 3 and shape[2] > 3:
        return "; only positions are read: save x, y, z"
    if len(shape) == 2 and shape[1] == N_JOINTS * 3:
        return "; it looks flattened: save joints.reshape(-1, 22, 3)"
    if len(shape) == 3 and shape[0] == N_JOINTS:
        return "; time comes first: transpose it"
    return ""
