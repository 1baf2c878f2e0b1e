"""Writing `.bvh`: y up, centimetres, facing +z in the zero pose, which is a true T-pose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mbench.files import atomic_write
from mbench.io.bvh_file import BvhFile
from mbench.io.convention import TO_Z_UP
from mbench.motion.ik import CHILDREN, fit_pose_swing
from mbench.motion.motion import Motion
from mbench.motion.skeleton import JOINTS, N_JOINTS, PELVIS

TO_Y_UP = TO_Z_UP["y"].T
CENTIMETRES = 100.0
_POSITION, _ROTATION = "Xposition Yposition Zposition", "Zrotation Xrotation Yrotation"
# End sites, metres, z up: what the 22 joints leave out of head, toes and hands.
_ENDS = {
    "head": (0.0, 0.02, 0.19),
    "left_foot": (0.0, 0.06, 0.0),
    "right_foot": (0.0, 0.06, 0.0),
    "left_wrist": (-0.18, 0.0, 0.0),
    "right_wrist": (0.18, 0.0, 0.0),
}


def write_bvh(motion: Motion, path: Path) -> None:
    """Write a motion as BVH.

    With a pose, its rotations and T-pose offsets are written; without one they are fitted to the joints
    (`mbench.motion.ik.fit_pose_swing`), so bones that change their length are written at their median length.

    Args:
        motion: metres, z up.
        path: the file.

    Raises:
        MBenchError: the file can't be written.
    """
    pose = motion.pose or fit_pose_swing(motion)
    lines: list[str] = ["HIERARCHY"]
    _joint(lines, PELVIS, pose.offsets.astype(np.float64), 0)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.8f}"]
    rows = _rows(motion.joints[:, PELVIS], pose.rotations)
    with atomic_write(path, "w") as file:
        file.write("\n".join(lines) + "\n")
        np.savetxt(file, rows, fmt="%.6f")


def _joint(lines: list[str], joint: int, offsets: NDArray[np.float64], depth: int) -> None:
    """Append the block of a joint and of what hangs on it."""
    indent = "\t" * depth
    offset = np.zeros(3) if joint == PELVIS else offsets[joint]
    channels = f"6 {_POSITION} {_ROTATION}" if joint == PELVIS else f"3 {_ROTATION}"
    lines += [f"{indent}{'ROOT' if joint == PELVIS else 'JOINT'} {JOINTS[joint]}", f"{indent}{{"]
    lines += [f"{indent}\t{_offset(offset)}", f"{indent}\tCHANNELS {channels}"]
    for child in CHILDREN[joint]:
        _joint(lines, child, offsets, depth + 1)
    if not CHILDREN[joint]:
        end = _offset(np.array(_ENDS[JOINTS[joint]]))
        lines += [f"{indent}\tEnd Site", f"{indent}\t{{", f"{indent}\t\t{end}", f"{indent}\t}}"]
    lines.append(f"{indent}}}")


def _offset(vector: NDArray[np.float64]) -> str:
    """Return the OFFSET line of a vector in metres, z up."""
    x, y, z = TO_Y_UP @ vector * CENTIMETRES
    return f"OFFSET {x:.6f} {y:.6f} {z:.6f}"


def _rows(root: NDArray[np.float32], rotations: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the channel values (T, 69) in the order of the hierarchy."""
    frames = len(rotations)
    local = Rotation.from_quat(rotations.astype(np.float64).reshape(-1, 4)).as_matrix()
    turned = Rotation.from_matrix(TO_Y_UP @ local @ TO_Y_UP.T)
    angles = turned.as_euler("ZXY", degrees=True).reshape(frames, N_JOINTS, 3)[:, depth_first()]
    return np.concatenate([root.astype(np.float64) @ TO_Y_UP.T * CENTIMETRES, angles.reshape(frames, -1)], axis=1)


def depth_first(joint: int = PELVIS) -> list[int]:
    """Return the joints in the order of the hierarchy."""
    return [joint, *(below for child in CHILDREN[joint] for below in depth_first(child))]


def is_ours(file: BvhFile) -> bool:
    """Return whether a file has the names, order and channels of `write_bvh`: then its convention is known."""
    joints = [(name, channels) for name, channels in zip(file.names, file.channels, strict=True) if channels]
    rotation = tuple(_ROTATION.split())
    return joints == [
        (JOINTS[joint], (*_POSITION.split(), *rotation) if joint == PELVIS else rotation) for joint in depth_first()
    ]
