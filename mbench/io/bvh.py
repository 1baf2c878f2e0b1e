"""`.bvh`: a hierarchy of any vendor's names, mapped to the 22 joints of SMPL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import FormatError
from mbench.io.arrays import joints_to_motion
from mbench.io.bvh_file import BvhFile, parse_bvh, rest_positions, world_transforms
from mbench.io.bvh_names import Mapping22, map_joints
from mbench.io.bvh_writer import is_ours
from mbench.io.convention import TO_Z_UP
from mbench.io.hints import Hints
from mbench.io.tpose import is_t_pose
from mbench.motion.ik import fit_offsets, rotations_from_joints
from mbench.motion.kinematics import forward_kinematics, world_rotations
from mbench.motion.motion import Motion, Pose
from mbench.motion.skeleton import FEET, PELVIS

Floats = NDArray[np.float64]
Y_UP = {"y": 1.0}  # log odds: most BVH files are
FLOOR_FAR = 0.10  # metres; toe joints of shod people stand up to 0.05 over the floor
FLOOR_QUANTILE = 0.25  # of frames: feet rest on the floor more than that, and a sunk start is no floor
MAX_REST_TURN = np.radians(60)  # arms down at the sides are 90 degrees from a T-pose, an A-pose 45
MAX_POSE_ERROR = 0.02  # metres


def read_bvh(path: Path, hints: Hints) -> Motion:
    """Read a `.bvh` file; see `docs/formats.md` for what is done to it.

    Raises:
        FormatError: damaged, a skeleton that can't be mapped, or a convention that can't be told.
    """
    file = parse_bvh(path)
    mapping = _mapping(file, path)
    positions, rotations = world_transforms(file)
    joints, fps = _picked(positions, mapping), hints.fps or _fps(file.frame_time)
    meta: dict[str, Any] = {"skeleton": mapping.naming, "interpolated": list(mapping.interpolated)}
    if is_ours(file):
        motion = joints_to_motion(joints, fps, path, Hints(up="y", unit="cm"))
    else:
        motion = _on_floor(joints_to_motion(joints, fps, path, hints, Y_UP))
        meta["t_pose_start"] = is_t_pose(motion.joints[0])
    motion = motion.with_meta(**meta)
    pose = _pose(motion, file, mapping, rotations)
    return motion if pose is None else motion.replace(pose=pose)


def _mapping(file: BvhFile, path: Path) -> Mapping22:
    """Return where the 22 joints are."""
    mapping = map_joints(file.names)
    if isinstance(mapping, Mapping22):
        return mapping
    family, missing = mapping
    some = [name for name in file.names if not name.endswith("/end")]
    nearest = f"the nearest naming, {family}, lacks {', '.join(missing)}" if family else "no known naming fits"
    raise FormatError(
        f"{path}: its skeleton can't be mapped to the 22 SMPL joints: {nearest}; it has {len(some)} joints: "
        f"{', '.join(some[:30])}{', …' if len(some) > 30 else ''}"
    )


def _picked(positions: Floats, mapping: Mapping22) -> Floats:
    """Return the SMPL joints (..., 22, 3) of file positions (..., N, 3)."""
    first = [a for a, _, _ in mapping.rows]
    second = [b for _, b, _ in mapping.rows]
    fraction = np.array([f for _, _, f in mapping.rows])[:, None]
    return positions[..., first, :] * (1 - fraction) + positions[..., second, :] * fraction


def _fps(frame_time: float) -> float:
    """Return the frame rate; files round the time of a frame, so a rate near a whole number is that number."""
    fps = 1 / frame_time
    return float(round(fps)) if abs(fps - round(fps)) < 1e-3 * fps else fps


def _on_floor(motion: Motion) -> Motion:
    """Return the motion with its floor at 0 if it is clearly elsewhere: files may start from any height."""
    toes = np.quantile(motion.joints[:, FEET, 2].min(axis=1), FLOOR_QUANTILE)
    if abs(toes) <= FLOOR_FAR:
        return motion
    shifted = motion.joints - np.array([0, 0, toes], dtype=np.float32)
    return motion.replace(joints=shifted).with_meta(floor_shift_m=round(float(-toes), 4))


def _pose(motion: Motion, file: BvhFile, mapping: Mapping22, rotations: Floats) -> Pose | None:
    """Return the pose that the file's rotations mean, or None where they do not say it.

    They do if the zero pose is near enough to a T-pose to tell by swing alone how each joint is turned in it. The
    file's rotation, seen from that rest, then gives the twist; the bones give the rest.
    """
    up = TO_Z_UP[motion.meta["up"]]
    at_rest = _rest_rotations(_picked(rest_positions(file), mapping) @ up.T)
    if at_rest is None:
        return None
    guess = up @ rotations[:, [a for a, _, _ in mapping.rows]] @ up.T @ at_rest
    joints = motion.joints.astype(np.float64)
    offsets = fit_offsets(joints)
    local = rotations_from_joints(joints, offsets, guess)
    error = np.linalg.norm(forward_kinematics(local, joints[:, PELVIS], offsets) - joints, axis=-1).max()
    return Pose(local.astype(np.float32), offsets.astype(np.float32)) if error < MAX_POSE_ERROR else None


def _rest_rotations(rest: Floats) -> Floats | None:
    """Return the world rotations (22, 3, 3) of the zero pose (22, 3), z up, or None if it is far from a T-pose."""
    local = rotations_from_joints(rest[None], fit_offsets(rest[None]))
    turn = 2 * np.arccos(np.abs(local[0, 1:, 3]).clip(0, 1))
    return None if turn.max() > MAX_REST_TURN else world_rotations(local)[0]
