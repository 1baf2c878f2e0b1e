"""The arrays of a body in SMPL file format, and what must hold for them.

With V vertices, F faces, J joints and K shape directions: `v_template` (V, 3), `shapedirs` (V, 3, K), `posedirs`
(V, 3, 9 (J - 1)), `J_regressor` (J, V), `weights` (V, J), `kintree_table` (2, J), `f` (F, 3). Metres, y up, facing +z,
x is the person's left. Source: Loper et al., SMPL: A Skinned Multi-Person Linear Model, 2015.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import FormatError
from mbench.motion.skeleton import JOINTS, N_JOINTS, PARENTS

Arrays = Mapping[str, NDArray[Any]]
REQUIRED = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")
# Only the first 22 joints are posed; hands and face keep their rest pose.
FAMILIES: Mapping[int, str] = MappingProxyType({24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"})
PARENTS_24 = (*PARENTS, 20, 21)
_SUM_TOLERANCE = 1e-2
_NEGATIVE_TOLERANCE = 1e-6


def checked(arrays: Mapping[str, Any], where: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of a body, float64 and int64, after checking them.

    Args:
        arrays: what a file holds; other keys are dropped.
        where: the file's name, for messages.

    Raises:
        FormatError: an array is missing, of another shape or kind, not finite, or does not fit the others.
    """
    if missing := [key for key in REQUIRED if key not in arrays]:
        have = ", ".join(sorted(arrays)) or "nothing"
        raise FormatError(f"{where}: lacks {', '.join(missing)} (it holds {have}); is it a file in SMPL format?")
    body = {key: _numbers(arrays[key], key, where) for key in REQUIRED}
    _check_shapes(body, where)
    _check_faces(body, where)
    _check_weights(body, where)
    body["kintree_table"] = _tree(body["kintree_table"], where)
    return body


def _numbers(value: Any, key: str, where: str) -> NDArray[Any]:
    """Return an array of finite float64, or of int64 where the format has integers."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise FormatError(f"{where}: {key} holds {array.dtype}; expected numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise FormatError(f"{where}: {key} is not finite: {count} of {array.size} values; is the file damaged?")
    return array.astype(np.int64 if key in ("kintree_table", "f") else np.float64)


def _check_shapes(body: Arrays, where: str) -> None:
    """Refuse shapes that do not fit each other; the template sets V and the regressor J."""
    joints = body["J_regressor"].shape[0] if body["J_regressor"].ndim else 0
    if joints not in FAMILIES:
        known = ", ".join(f"{count} ({name})" for count, name in FAMILIES.items())
        raise FormatError(f"{where}: J_regressor has {joints} joints; expected {known}")
    vertices = body["v_template"].shape[0] if body["v_template"].ndim else 0
    expected: dict[str, tuple[int | None, ...]] = {
        "v_template": (vertices, 3),
        "shapedirs": (vertices, 3, None),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
        "kintree_table": (2, joints),
        "f": (None, 3),
    }
    for key, shape in expected.items():
        found = body[key].shape
        if len(found) != len(shape) or any(want not in (None, have) for have, want in zip(found, shape, strict=True)):
            text = ", ".join("any" if size is None else str(size) for size in shape)
            cause = f"; v_template has {vertices} vertices, J_regressor {joints} joints"
            raise FormatError(f"{where}: {key} has shape {found}; expected ({text}){cause}")


def _check_faces(body: Arrays, where: str) -> None:
    """Refuse faces of vertices that are not there."""
    faces, count = body["f"], len(body["v_template"])
    if not len(faces) or faces.min() < 0 or faces.max() >= count:
        span = f"{faces.min()} to {faces.max()}" if len(faces) else "nothing"
        raise FormatError(f"{where}: f refers to vertices {span}; expected 0 to {count - 1}")


def _check_weights(body: Arrays, where: str) -> None:
    """Refuse skinning weights that are negative or do not sum to 1."""
    weights = body["weights"]
    if weights.min() < -_NEGATIVE_TOLERANCE:
        vertex, joint = np.argwhere(weights < -_NEGATIVE_TOLERANCE)[0]
        raise FormatError(f"{where}: weights are negative, the first at vertex {vertex}, joint {joint}; expected >= 0")
    sums = weights.sum(axis=1)
    if (worst := int(np.abs(sums - 1).argmax())) >= 0 and abs(sums[worst] - 1) > _SUM_TOLERANCE:
        raise FormatError(f"{where}: weights of vertex {worst} sum to {sums[worst]:.4g}; expected 1")


def _tree(table: NDArray[Any], where: str) -> NDArray[np.int64]:
    """Return the table with -1 as the parent of the root; the first 22 joints must be SMPL's."""
    table = table.copy()
    table[0, 0] = -1  # files have 2**32 - 1, which is -1 unsigned
    parents = table[0].tolist()
    for joint, parent in enumerate(PARENTS):
        if parents[joint] != parent:
            raise FormatError(
                f"{where}: kintree_table gives joint {joint} ({JOINTS[joint]}) the parent {parents[joint]}; "
                f"SMPL's is {parent}"
            )
    for joint in range(N_JOINTS, len(parents)):
        if not 0 <= parents[joint] < joint:
            raise FormatError(f"{where}: kintree_table gives joint {joint} the parent {parents[joint]}")
    return table
