"""SMPL parameters to motions: rotations and a translation as in AMASS, or as smplx names them.

The joints come from the rest skeleton of a body by forward kinematics; no mesh, torch or smplx is needed. Importing
this module plugs it into `mbench.io`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mbench.body.body import Body, load_body
from mbench.errors import FormatError
from mbench.io.convention import TO_Z_UP, find_convention
from mbench.io.hints import Hints
from mbench.io.smpl import PARAMETER_READERS
from mbench.motion.kinematics import forward_kinematics, matrix_to_quaternion
from mbench.motion.motion import BENCHMARK_FPS, Motion, Pose
from mbench.motion.representations.rows import SMPL_TO_OURS
from mbench.motion.representations.vimogen276 import REST_PELVIS as SMPLX_PELVIS
from mbench.motion.skeleton import N_JOINTS

Floats = NDArray[np.float64]
# Numbers a frame of `poses`: all joints of a family, or the 22 of the body.
WIDTHS: Mapping[int, str] = MappingProxyType({66: "SMPL", 72: "SMPL", 156: "SMPL-H", 165: "SMPL-X"})
BODY_WIDTHS = (63, 69)  # of `body_pose`: 21 joints, or SMPL's 23
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps")
_SMPLX_ONLY = ("jaw_pose", "leye_pose", "reye_pose", "expression")


@dataclass(frozen=True)
class Parameters:
    """What a file says.

    Attributes:
        rotations: local rotation matrices (T, 22, 3, 3) in SMPL's axes; joint 0 turns the body into the file's world.
        translation: (T, 3), metres, in the file's world; the pelvis is at this plus the rest pelvis.
        betas: shape coefficients (K,).
        family: `SMPL`, `SMPL-H` or `SMPL-X`, as the number of joints tells.
        fps: frames per second, None where the file does not say.
        captured: whether the layout is that of AMASS, whose world is z up.
    """

    rotations: Floats
    translation: Floats
    betas: Floats
    family: str
    fps: float | None
    captured: bool


def read_parameters(values: Mapping[str, Any], path: Path) -> Parameters:
    """Return the parameters of a file's arrays or tensors.

    Args:
        values: `poses` (T, 66, 72, 156 or 165) and `trans` (T, 3); or `global_orient` (T, 3), `body_pose` (T, 63 or 69)
            and `transl` (T, 3), axis-angle or rotation matrices; and where it has them `betas` and a frame rate.
        path: for messages.

    Raises:
        FormatError: one is missing, of another shape or not finite.
    """
    captured = "poses" in values
    angles, family = _captured(values, path) if captured else _recovered(values, path)
    key = "trans" if captured else "transl"
    translation = _array(values, key, path)
    if translation.shape != (len(angles), 3):
        raise FormatError(f"{path}: {key} has shape {translation.shape}; expected ({len(angles)}, 3), as its poses")
    betas = _array(values, "betas", path) if "betas" in values else np.zeros(0)
    betas = betas[0] if betas.ndim == 2 and len(betas) else betas.reshape(-1)
    fps, at_rate = _fps(values, path)
    return Parameters(angles, translation, betas, family, fps, captured and at_rate)


def _captured(values: Mapping[str, Any], path: Path) -> tuple[Floats, str]:
    """Return rotation matrices and family of AMASS's `poses`."""
    poses = _array(values, "poses", path)
    if poses.ndim != 2 or poses.shape[1] not in WIDTHS or not len(poses):
        widths = ", ".join(map(str, WIDTHS))
        raise FormatError(f"{path}: poses has shape {poses.shape}; expected (T, N) with N one of {widths}")
    return _matrices(poses[:, : 3 * N_JOINTS]), WIDTHS[poses.shape[1]]


def _recovered(values: Mapping[str, Any], path: Path) -> tuple[Floats, str]:
    """Return rotation matrices and family of smplx's `global_orient` and `body_pose`."""
    root, body = (_array(values, key, path) for key in ("global_orient", "body_pose"))
    count = len(root) if root.ndim else 0
    if root.size == 9 * count and count and body.size in (count * 21 * 9, count * 23 * 9):
        matrices = np.concatenate([root.reshape(count, 1, 3, 3), body.reshape(count, -1, 3, 3)], axis=1)
        angles = Rotation.from_matrix(matrices.reshape(-1, 3, 3)).as_rotvec().reshape(count, -1)
    elif root.size == 3 * count and count and body.size in tuple(count * width for width in BODY_WIDTHS):
        angles = np.concatenate([root.reshape(count, 3), body.reshape(count, -1)], axis=1)
    else:
        raise FormatError(
            f"{path}: global_orient and body_pose have shapes {root.shape} and {body.shape}; expected (T, 3) and "
            "(T, 63) or (T, 69), or rotation matrices"
        )
    family = "SMPL-X" if any(key in values for key in _SMPLX_ONLY) else "SMPL"
    return _matrices(angles[:, : 3 * N_JOINTS]), family


def _matrices(angles: Floats) -> Floats:
    """Return rotation matrices (T, 22, 3, 3) of axis-angle rows (T, 66)."""
    return Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(len(angles), N_JOINTS, 3, 3)


def _array(values: Mapping[str, Any], key: str, path: Path) -> Floats:
    """Return an entry, an array or a tensor, as finite float64."""
    if key not in values:
        cause = "; without the pelvis's positions there is no motion through space" if key == "transl" else ""
        raise FormatError(f"{path}: holds SMPL parameters ({', '.join(sorted(map(str, values)))}) but no {key}{cause}")
    value = values[key]
    array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    if array.dtype.kind not in "fiu":
        raise FormatError(f"{path}: {key} holds {array.dtype}; expected numbers")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        first = np.argwhere(~np.isfinite(array))[0]
        where = f", the first in frame {first[0]}" if array.ndim > 1 else ""
        raise FormatError(f"{path}: {key} is not finite: {int((~np.isfinite(array)).sum())} values{where}")
    return array


def _fps(values: Mapping[str, Any], path: Path) -> tuple[float | None, bool]:
    """Return the frame rate, None where there is none, and whether it is told in AMASS's way."""
    for key in _RATES:
        if key in values:
            rate = _array(values, key, path).reshape(-1)
            if rate.size != 1 or rate[0] <= 0:
                raise FormatError(f"{path}: {key} is {values[key]!r}; expected a number > 0")
            return float(rate[0]), key != "fps"
    return None, False


def parameters_to_motion(parameters: Parameters, path: Path, hints: Hints, body: Body) -> Motion:
    """Return joints and pose of a body that moves by parameters.

    `trans` moves a body whose pelvis does not rest at the origin; where it rests is that of the file's family.

    Args:
        parameters: see `read_parameters`.
        path: for messages.
        hints: the up axis where it is declared; otherwise z for AMASS, and detected for the rest. The unit is metres.
        body: whose skeleton it is.

    Raises:
        FormatError: the up axis is not declared and can't be told.
    """
    rest = SMPLX_PELVIS if parameters.family == "SMPL-X" and body.family != "SMPL-X" else body.rest_pelvis
    local = SMPL_TO_OURS @ parameters.rotations @ SMPL_TO_OURS
    local[:, 0] = parameters.rotations[:, 0] @ SMPL_TO_OURS  # its world is the file's, not SMPL's
    pelvis = parameters.translation + rest
    up = hints.up if hints.up not in (None, "auto") else "z" if parameters.captured else None
    convention = find_convention(
        forward_kinematics(matrix_to_quaternion(local), pelvis, body.rest_offsets), up, "m", str(path)
    )
    local[:, 0] = TO_Z_UP[convention.up] @ local[:, 0]
    pose = Pose(matrix_to_quaternion(local).astype(np.float32), body.rest_offsets)
    joints = forward_kinematics(pose.rotations, pelvis @ TO_Z_UP[convention.up].T, body.rest_offsets)
    fps = hints.fps or parameters.fps or BENCHMARK_FPS
    return Motion(joints.astype(np.float32), fps, pose, convention.meta())


def motion_from_parameters(values: Mapping[str, Any], path: Path, hints: Hints, body: str | Path = "default") -> Motion:
    """Return the motion of SMPL parameters, joints and pose; `meta` names the body and its hash.

    The shape in the file is used where the body is the user's own of that family, since betas mean nothing to another
    body; `meta["betas_used"]` says so.

    Args:
        values: see `read_parameters`.
        path: for messages.
        hints: what the user declared.
        body: see `mbench.body.load_body`.

    Raises:
        FormatError: parameters that can't be read, or an up axis that can't be told.
    """
    parameters = read_parameters(values, path)
    person = load_body(body)
    own = person.smpl_betas and person.family == parameters.family
    if own and parameters.betas.any():
        person = load_body(body, parameters.betas[: person.n_betas])
    assumed = {} if hints.fps or parameters.fps else {"fps_assumed": True}
    return parameters_to_motion(parameters, path, hints, person).with_meta(
        parameters=parameters.family, body=person.id, body_hash=person.hash, betas_used=own, **assumed
    )


PARAMETER_READERS.add("smpl", motion_from_parameters)
