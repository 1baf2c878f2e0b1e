"""Fitted poses on disk, one small file a motion, found by the hash of everything that decides them."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mbench.body.fit_adam import FitSettings
from mbench.cache import cache_folder
from mbench.errors import MBenchError
from mbench.files import atomic_write, hash_of
from mbench.motion import Motion, Pose

VERSION = 2  # raise it whenever the same motion, body and settings give another pose


def cache_path(motion: Motion, body: str, settings: FitSettings) -> Path:
    """Return where the pose of a motion is kept.

    Args:
        motion: its joints and frame rate count; its own pose and `meta` do not.
        body: hash of the body.
        settings: all of them count.
    """
    joints = hashlib.sha256(np.ascontiguousarray(motion.joints, dtype="<f4").tobytes()).hexdigest()
    return cache_folder() / "fit" / f"{hash_of([VERSION, joints, motion.fps, body, asdict(settings)])}.npz"


def read_pose(path: Path, motion: Motion) -> Pose | None:
    """Return the pose in a file, or None if there is none, or it is broken."""
    try:
        with np.load(path, allow_pickle=False) as file:
            pose = Pose(file["rotations"], file["offsets"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return pose if len(pose.rotations) == len(motion) else None


def write_pose(path: Path, pose: Pose) -> None:
    """Write a pose atomically; where the folder can't be written, warn: the pose is none the worse for it."""
    try:
        with atomic_write(path) as file:
            np.savez(file, rotations=pose.rotations, offsets=pose.offsets)
    except MBenchError as error:
        warnings.warn(f"fitted pose is not kept: {error}", stacklevel=2)
