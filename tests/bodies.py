"""Small bodies for tests: the capsules, in SMPL format and enlarged to SMPL-H and SMPL-X."""

from __future__ import annotations

import io
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

from mbench.body.capsules import capsule_arrays

JOINT_COUNTS = {"SMPL": 24, "SMPL-H": 52, "SMPL-X": 55}


def arrays_of(family: str = "SMPL") -> dict[str, np.ndarray]:
    """Return the capsules as a file of a family: further joints sit on the wrists (and the head) and move nothing."""
    arrays = {key: np.array(value) for key, value in capsule_arrays().items()}
    joints = JOINT_COUNTS[family]
    if joints == 24:
        return arrays
    face = [15, 15, 15] if family == "SMPL-X" else []
    parents = [*arrays["kintree_table"][0, :22], *face, *[20] * 15, *[21] * 15]
    weights, regressor = np.zeros((len(arrays["weights"]), joints)), np.zeros((joints, len(arrays["weights"])))
    weights[:, :22], regressor[:22] = arrays["weights"][:, :22], arrays["J_regressor"][:22]
    weights[:, 20:22] += arrays["weights"][:, 22:24]
    regressor[22:] = regressor[parents[22:]]
    arrays |= {
        "weights": weights, "J_regressor": regressor, "kintree_table": np.array([parents, range(joints)]),
        "posedirs": np.zeros((len(weights), 3, 9 * (joints - 1))), "hands_meanl": np.zeros(45),
    }  # fmt: skip
    return arrays


def npz(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path


class Module(types.ModuleType):
    """A module that lasts as long as a pickle is written."""

    def __init__(self, name: str, **classes: type) -> None:
        super().__init__(name)
        for attribute, kind in classes.items():
            kind.__module__, kind.__qualname__, kind.__name__ = name, attribute, attribute
            setattr(self, attribute, kind)


def with_modules(content: Any, *modules: Module, protocol: int = 2) -> bytes:
    """Return a pickle of objects whose classes live in modules that are not installed."""
    try:
        sys.modules.update({module.__name__: module for module in modules})
        buffer = io.BytesIO()
        pickle.dump(content, buffer, protocol=protocol)
        return buffer.getvalue()
    finally:
        for module in modules:
            del sys.modules[module.__name__]
