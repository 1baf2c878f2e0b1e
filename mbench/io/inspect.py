"""What a motion file holds and what looks wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mbench.io import read_motion
from mbench.io.checks import findings, worst_bone
from mbench.io.convention import stature
from mbench.motion.motion import Motion
from mbench.motion.skeleton import FEET, PELVIS


def inspect_motion(path: str | Path, up: str | None = None, fps: float | None = None) -> dict[str, Any]:
    """Return the facts of a motion file as JSON values.

    Args:
        path: any readable file.
        up: as for `mbench.io.read_motion`.
        fps: likewise.

    Returns:
        file, frames, fps, seconds, the convention the file had (up, up_confidence, unit, unit_confidence), pose
        (whether there are rotations), height_m, foot_height_min_m and _median_m, bone_length_spread (largest standard
        deviation relative to the length) and its worst_bone, root_speed_mean and _max in m/s, whatever else the
        reader noted (interpolated joints, floor shift, …), and `suspicious`: one line for each thing that looks wrong.

    Raises:
        FormatError: the file can't be read.
    """
    motion = read_motion(path, up=up, fps=fps)
    return {"file": str(path), **facts(motion), "suspicious": [*_converted(motion, path), *findings(motion)]}


def facts(motion: Motion) -> dict[str, Any]:
    """Return the numbers of a motion as JSON values."""
    joints = motion.joints.astype(np.float64)
    toes = joints[:, FEET, 2].min(axis=1)
    speed = np.linalg.norm(np.diff(joints[:, PELVIS], axis=0), axis=-1) * motion.fps
    spread, bone = worst_bone(joints)
    return {
        **motion.meta,
        "frames": len(motion),
        "fps": motion.fps,
        "seconds": motion.seconds,
        **{key: motion.meta.get(key) for key in ("up", "up_confidence", "unit", "unit_confidence")},
        "pose": motion.pose is not None,
        "height_m": stature(joints),
        "foot_height_min_m": float(toes.min()),
        "foot_height_median_m": float(np.median(toes)),
        "bone_length_spread": spread,
        "worst_bone": bone,
        "root_speed_mean": float(speed.mean()) if len(speed) else None,
        "root_speed_max": float(speed.max()) if len(speed) else None,
    }


def _converted(motion: Motion, path: str | Path) -> list[str]:
    """Return what was found about an array file's convention; in BVH y up and centimetres are what is expected."""
    if Path(path).suffix.lower() == ".bvh" or "features" in motion.meta:
        return []
    up, unit = motion.meta.get("up", "z"), motion.meta.get("unit", "m")
    lines = [] if up == "z" else [f"{up} up (confidence {motion.meta['up_confidence']:.2f}); read as that"]
    return lines if unit == "m" else [*lines, f"looks like {unit}; read as that"]
