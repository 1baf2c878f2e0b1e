"""From a motion of any source to the rows that are published: 20 fps, canonical frame, feet on z = 0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MotionError
from mbench.files import atomic_write
from mbench.motion import BENCHMARK_FPS, Motion, Pose
from mbench.motion.canonical import canonicalise, translate
from mbench.motion.ik import fit_pose_swing
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations.vimogen276 import decode, encode
from mbench.motion.resample import resample
from mbench.motion.skeleton import PELVIS

Rows = NDArray[np.float32]
Floats = NDArray[np.floating]
RIGID = 0.005  # metres that a joint may be off where its rotations put it
Arrays = Mapping[str, NDArray[np.float32]]


def canonical_rows(motion: Motion, start: float = 0.0, end: float | None = None) -> tuple[Rows, dict[str, Any]]:
    """Return the rows (T - 1, 276) of a motion or of a part of it, and what was done to it.

    A motion without rotations gets those that turn each joint as little as its bones allow; `facts["rotations"]` then
    says `fitted`. `facts["floor"]` is the height in metres of its lowest joint over the floor that its source states,
    which the canonical frame takes away.

    Args:
        motion: z up, metres, any frame rate.
        start: seconds.
        end: seconds, None for the motion's end.

    Raises:
        MotionError: fewer than two frames at 20 fps.
    """
    at_rate = at_benchmark_rate(cut(motion, start, end))
    fitted = at_rate.pose is None
    if fitted:
        at_rate = at_rate.replace(joints=at_rate.joints, pose=fit_pose_swing(at_rate))
    rows = encode(canonicalise(at_rate, floor=True))
    floor = float(at_rate.joints[..., 2].min())
    facts = {"rows": len(rows), "floor": floor, "fps": motion.fps, "rotations": "fitted" if fitted else "given"}
    return rows, facts


def at_benchmark_rate(motion: Motion) -> Motion:
    """Return a motion at 20 fps whose joints are where its rotations put them, if they were so before.

    Positions and rotations are interpolated apart from each other: between frames the positions would stretch bones.
    """
    resampled = resample(motion, BENCHMARK_FPS)
    if resampled is motion or motion.pose is None or resampled.pose is None:
        return resampled
    if np.abs(_posed(motion, motion.pose) - motion.joints).max() > RIGID:
        return resampled
    return resampled.replace(joints=_posed(resampled, resampled.pose), pose=resampled.pose)


def _posed(motion: Motion, pose: Pose) -> Floats:
    """Return the joints (T, 22, 3) of a pose, with the pelvis of a motion."""
    root = motion.joints[:, PELVIS].astype(np.float64)
    joints: Floats = forward_kinematics(pose.rotations.astype(np.float64), root, pose.offsets)
    return joints


def cut(motion: Motion, start: float, end: float | None) -> Motion:
    """Return the frames of a motion from `start` to `end` seconds.

    Raises:
        MotionError: there are none.
    """
    first = round(start * motion.fps)
    last = len(motion) if end is None else min(len(motion), round(end * motion.fps))
    if first == 0 and last == len(motion):
        return motion
    if last <= first:
        stop = motion.seconds if end is None else end
        raise MotionError(f"no frame lies between {start:g} and {stop:g} s; the motion has {motion.seconds:g} s")
    pose = None if motion.pose is None else Pose(motion.pose.rotations[first:last], motion.pose.offsets)
    return motion.replace(joints=motion.joints[first:last], pose=pose)


def camera_of(motion: Motion, start: float, end: float | None, rows: int) -> Arrays:
    """Return `extrinsic` (rows, 9) and `intrinsic` (3, 3) of a recovered motion's camera, in the canonical frame.

    Empty for a motion that names no camera in `meta`. Arguments as for `canonical_rows`.
    """
    camera = motion.meta.get("camera")
    if camera is None:
        return {}
    from vimogen.data.recovery import Recovery

    at_rate = at_benchmark_rate(cut(motion, start, end))
    return Recovery(at_rate, camera).canonical().camera.stored(rows)


def write_rows(path: Path, rows: Rows, camera: Arrays = MappingProxyType({})) -> None:
    """Write rows as the published format has them: a tensor (T, 276), or a dict of `motion` and its camera.

    Raises:
        MBenchError: the file can't be written.
    """
    import torch

    motion = torch.from_numpy(rows)
    content = {"motion": motion, **{key: torch.from_numpy(value) for key, value in camera.items()}}
    with atomic_write(path) as file:
        torch.save(content if camera else motion, file)


def motion_of(rows: Rows, floor: float = 0.0) -> Motion:
    """Return the motion of rows (T, 276), its lowest joint at `floor` metres."""
    return translate(decode(rows, how="slice"), (0.0, 0.0, floor))
