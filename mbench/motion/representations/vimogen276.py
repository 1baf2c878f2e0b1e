"""The 276-dim representation of ViMoGen (arXiv 2510.26794): z up, metres, per frame at 20 fps.

| columns | content |
|---|---|
| 0:126 | local rotations of the 21 joints after the pelvis, 6D |
| 126:192 | joint positions |
| 192:258 | joint velocities, metres per frame |
| 258:264 | orientation of the pelvis, 6D |
| 264:270 | its velocity R[t+1] R[t]^T, 6D |
| 270:273 | root translation (SMPL's `transl`: pelvis minus the rest pelvis of the body model) |
| 273:276 | its velocity |

Velocities are forward differences, so T frames make T - 1 rows. Rotations are in SMPL's sense, identity standing y up
facing +z; `SMPL_TO_OURS` (A) takes them to our rest pose, z up facing +y: orientation_smpl = orientation_ours A and
local_smpl = A^T local_ours A.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve1d
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion.kinematics import matrix_to_quaternion, quaternion_to_matrix, world_rotations
from mbench.motion.motion import BENCHMARK_FPS, Motion, Pose
from mbench.motion.representations.rows import SMPL_TO_OURS, Floats, checked_rows, matrix_from_6d, matrix_to_6d
from mbench.motion.skeleton import LEFT_HIP, N_JOINTS, PARENTS, PELVIS, RIGHT_HIP

WIDTH = 276
ROTATIONS, POSITIONS, POSITION_VELOCITY = slice(0, 126), slice(126, 192), slice(192, 258)
ORIENTATION, ORIENTATION_VELOCITY = slice(258, 264), slice(264, 270)
TRANSLATION, TRANSLATION_VELOCITY = slice(270, 273), slice(273, 276)
REST_PELVIS = np.array([0.00312325, -0.35140744, 0.01203655])  # of the neutral SMPL-X body, metres
REST_PELVIS.setflags(write=False)
How = Literal["integrate", "slice"]


class SmplMotion(NamedTuple):
    """SMPL parameters and the joints they pose, z-up world.

    Attributes:
        body_pose: local rotations of joints 1 to 21, axis-angle (T, 63), radians.
        global_orient: orientation of the pelvis, axis-angle (T, 3), radians.
        transl: root translation (T, 3), metres.
        joints: (T, 22, 3), metres.
    """

    body_pose: NDArray[np.floating]
    global_orient: NDArray[np.floating]
    transl: NDArray[np.floating]
    joints: NDArray[np.floating]


def encode_smpl(motion: SmplMotion) -> NDArray[np.float32]:
    """Return the rows (T - 1, 276) of SMPL parameters; nothing is canonicalised.

    Raises:
        MotionError: fewer than 2 frames.
    """
    frames = len(motion.joints)
    local = _matrices(motion.body_pose.reshape(-1, 3)).reshape(frames, N_JOINTS - 1, 3, 3)
    return _rows(local, _matrices(motion.global_orient), motion.transl, motion.joints)


def decode_slice(rows: ArrayLike) -> SmplMotion:
    """Return the absolute columns of rows (T, 276) as SMPL parameters of T frames.

    Raises:
        MotionError: rows that are not finite (T, 276) floating-point ones, or hold no rotation.
    """
    rows = checked_rows(rows, WIDTH)
    local = matrix_from_6d(rows[:, ROTATIONS].reshape(len(rows), -1, 6))
    joints = rows[:, POSITIONS].reshape(-1, N_JOINTS, 3)
    return SmplMotion(
        _axis_angles(local).reshape(len(rows), -1),
        _axis_angles(matrix_from_6d(rows[:, ORIENTATION])),
        rows[:, TRANSLATION],
        joints,
    )


def integrate(rows: ArrayLike) -> SmplMotion:
    """Return SMPL parameters of rows (T, 276): frame 0 by slicing, the root and the joints then by their velocities.

    R[i] = V[i-1] R[i-1]; translation and joints are running sums. This is what the published pipeline scores.

    Raises:
        MotionError: as `decode_slice`.
    """
    rows = checked_rows(rows, WIDTH)
    sliced = decode_slice(rows)
    steps = matrix_from_6d(rows[:-1, ORIENTATION_VELOCITY])
    orientation = [matrix_from_6d(rows[0, ORIENTATION])]
    for step in steps:
        orientation.append(step @ orientation[-1])
    velocity = rows[:, POSITION_VELOCITY].reshape(-1, N_JOINTS, 3)
    return SmplMotion(
        sliced.body_pose,
        _axis_angles(np.stack(orientation)),
        _running_sum(sliced.transl, rows[:, TRANSLATION_VELOCITY]),
        _running_sum(sliced.joints, velocity),
    )


def canonical_frame(joints: ArrayLike, floor: bool = False) -> tuple[Floats, Floats]:
    """Return the rotation (3, 3) and then the shift (3,) that bring joints (T, 22, 3) to the canonical frame.

    In frame 0 the hips lie along x (left to right), the person faces +y, the pelvis is at the origin.

    Args:
        joints: metres, z up.
        floor: put the lowest joint over all frames, not the pelvis, at z = 0.

    Raises:
        MotionError: the hips of frame 0 lie above each other, so that no direction is faced.
    """
    joints = np.asarray(joints, dtype=np.float64)
    across = (joints[0, RIGHT_HIP] - joints[0, LEFT_HIP]) * (1, 1, 0)
    if np.linalg.norm(across) < 1e-8:
        raise MotionError("joints: the hips of frame 0 lie above each other; no direction is faced")
    x, z = across / np.linalg.norm(across), np.array([0.0, 0.0, 1.0])
    rotation = np.stack([x, np.cross(z, x), z])
    shift = -(rotation @ joints[0, PELVIS])
    if floor:
        shift[2] = -joints[..., 2].min()
    return rotation, shift


def canonicalise(motion: SmplMotion, floor: bool = False, rest_pelvis: ArrayLike = REST_PELVIS) -> SmplMotion:
    """Return the motion in its canonical frame; see `canonical_frame`.

    Args:
        motion: SMPL parameters, z up.
        floor: put the lowest joint over all frames, not the pelvis of frame 0, at z = 0.
        rest_pelvis: pelvis of the body model at rest (3,), metres; SMPL turns the body about it.

    Raises:
        MotionError: as `canonical_frame`.
    """
    rotation, shift = canonical_frame(motion.joints, floor)
    rest = np.asarray(rest_pelvis, dtype=np.float64)
    return SmplMotion(
        motion.body_pose,
        _axis_angles(rotation @ _matrices(motion.global_orient)),
        (motion.transl + rest) @ rotation.T - rest + shift,
        motion.joints @ rotation.T + shift,
    )


def smooth(rows: ArrayLike) -> NDArray[np.float32]:
    """Return rows (T, width) smoothed along time: Gaussian of 5 taps, sigma 1, zero padding.

    The first and last 2 rows stay as they are; so do 4 rows or fewer. Published post-processing of normalised rows.
    """
    rows = np.asarray(rows, dtype=np.float64)
    weights = np.exp(-0.5 * np.arange(-2, 3) ** 2)
    smoothed = convolve1d(rows, weights / weights.sum(), axis=0, mode="constant") if len(rows) > 4 else rows.copy()
    smoothed[:2], smoothed[-2:] = rows[:2], rows[-2:]
    return smoothed.astype(np.float32)


def encode(motion: Motion) -> NDArray[np.float32]:
    """Return the rows (T - 1, 276) of a motion, in its own frame (canonicalise it first for training).

    Args:
        motion: T >= 2 frames with a pose; velocities are per frame, so bring it to 20 fps first.

    Raises:
        MotionError: no pose, or fewer than 2 frames.
    """
    if motion.pose is None:
        raise MotionError("the 276-dim representation needs joint rotations; this motion has joint positions only")
    local = quaternion_to_matrix(motion.pose.rotations)
    body = SMPL_TO_OURS.T @ local[:, 1:] @ SMPL_TO_OURS
    joints = motion.joints.astype(np.float64)
    return _rows(body, local[:, PELVIS] @ SMPL_TO_OURS, joints[:, PELVIS] - REST_PELVIS, joints)


def decode(rows: ArrayLike, how: How = "integrate", fps: float = BENCHMARK_FPS) -> Motion:
    """Return the motion of rows (T, 276): T frames with pose.

    Bone offsets are the median over frames of world rotation^T (child - parent). `meta` says how far absolute and
    integrated pelvis are apart: `root_drift_m` (mean over frames) and `root_drift_end_m` (last frame), metres.

    Args:
        rows: not normalised.
        how: `integrate`, as the published pipeline scores; `slice` takes the absolute columns.
        fps: frame rate of the rows.

    Raises:
        MotionError: rows that are not finite (T, 276) floating-point ones or hold no rotation; another `how`.
    """
    if how not in ("integrate", "slice"):
        raise MotionError(f"how is {how!r}; expected 'integrate' or 'slice'")
    sliced, integrated = decode_slice(rows), integrate(rows)
    smpl = integrated if how == "integrate" else sliced
    drift = np.linalg.norm(sliced.joints[:, PELVIS] - integrated.joints[:, PELVIS], axis=-1)
    meta = {"decoded_by": how, "root_drift_m": float(drift.mean()), "root_drift_end_m": float(drift[-1])}
    return Motion(smpl.joints, fps, _pose(smpl), meta)


def _pose(smpl: SmplMotion) -> Pose:
    """Return rotations in our sense, and bone offsets estimated from the joints."""
    frames = len(smpl.joints)
    body = _matrices(smpl.body_pose.reshape(-1, 3)).reshape(frames, -1, 3, 3)
    local = np.empty((frames, N_JOINTS, 3, 3))
    local[:, PELVIS] = _matrices(smpl.global_orient) @ SMPL_TO_OURS.T
    local[:, 1:] = SMPL_TO_OURS @ body @ SMPL_TO_OURS.T
    rotations = matrix_to_quaternion(local)
    parents = list(PARENTS[1:])
    bones = smpl.joints[:, 1:] - smpl.joints[:, parents]
    in_parent = np.einsum("tjik,tji->tjk", world_rotations(rotations)[:, parents], bones)
    return Pose(rotations, np.vstack([np.zeros((1, 3)), np.median(in_parent, axis=0)]))


def _rows(
    local: NDArray[np.floating], orientation: Floats, translation: NDArray[np.floating], joints: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return rows (T - 1, 276) of rotation matrices (T, 21, 3, 3), (T, 3, 3), translation (T, 3), joints (T, 22, 3)."""
    frames = len(joints)
    if frames < 2:
        raise MotionError(f"the 276-dim representation needs 2 frames or more for its velocities; there are {frames}")
    turn = orientation[1:] @ orientation[:-1].swapaxes(-1, -2)
    positions = joints.reshape(frames, -1)
    columns = (
        matrix_to_6d(local[:-1]).reshape(frames - 1, -1),
        positions[:-1],
        np.diff(positions, axis=0),
        matrix_to_6d(orientation[:-1]),
        matrix_to_6d(turn),
        translation[:-1],
        np.diff(translation, axis=0),
    )
    return np.concatenate(columns, axis=1).astype(np.float32)


def _running_sum(absolute: Floats, velocity: Floats) -> Floats:
    """Return frame 0 of `absolute`, then the running sum of `velocity` (its last row is not used)."""
    return np.cumsum(np.concatenate([absolute[:1], velocity[:-1]]), axis=0)


def _matrices(axis_angles: NDArray[np.floating]) -> Floats:
    return Rotation.from_rotvec(axis_angles).as_matrix()


def _axis_angles(matrices: Floats) -> Floats:
    return Rotation.from_matrix(matrices.reshape(-1, 3, 3)).as_rotvec().reshape(*matrices.shape[:-2], 3)
