"""Mesh-recovery outputs of videos (CameraHMR, SMPLest-X and others that write SMPL parameters in camera space).

A file holds `global_orient` (T, 3), `body_pose` (T, 63) and `transl` (T, 3), axis-angle and metres, x right, y down,
z forward, and may hold `focal_length`, `width` and `height` in pixels. As in the published pipeline the camera is taken
for level and still: camera space becomes z up by one fixed turn, and what the camera leaned or moved stays in the
motion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mbench.body.body import load_body
from mbench.body.parameters import parameters_to_motion, read_parameters
from mbench.errors import FormatError, MBenchError
from mbench.io.hints import Hints
from mbench.io.npz import read_arrays
from mbench.io.pt import read_content
from mbench.motion import Motion
from mbench.motion.canonical import canonicalise, heading, yaw
from mbench.motion.representations.rows import matrix_to_6d
from mbench.motion.skeleton import PELVIS

Floats = NDArray[np.float64]
VIDEO_FPS = 16.0  # of the published pipeline's videos
CAMERA_TO_Z_UP = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, -1.0, 0.0]])
CAMERA_TO_Z_UP.setflags(write=False)
FIELDS = ("global_orient", "body_pose", "transl")
READERS = MappingProxyType({".npz": read_arrays, ".pt": read_content})


@dataclass(frozen=True)
class Camera:
    """A still camera, from the motion's world into camera space: x right, y down, z forward.

    Attributes:
        rotation: (3, 3): camera = rotation @ world + translation.
        translation: (3,), metres.
        intrinsic: (3, 3) in pixels, None where the file does not say how large the picture is.
    """

    rotation: Floats
    translation: Floats
    intrinsic: NDArray[np.float32] | None

    def extrinsic(self, frames: int) -> NDArray[np.float32]:
        """Return (frames, 9) as the published video subsets store it: the rotation in 6D, then the translation.

        The published layout is not documented: 6 + 3 is what 9 numbers can hold, with 6D as in its 276 columns.
        """
        row = np.concatenate([matrix_to_6d(self.rotation), self.translation]).astype(np.float32)
        return np.tile(row, (frames, 1))

    def stored(self, frames: int) -> dict[str, NDArray[np.float32]]:
        """Return the entries of a published motion file: `extrinsic` (frames, 9), and `intrinsic` (3, 3) if known."""
        known = {} if self.intrinsic is None else {"intrinsic": self.intrinsic}
        return {"extrinsic": self.extrinsic(frames), **known}


class Recovery(NamedTuple):
    """A motion from a video, z up, and the camera that saw it."""

    motion: Motion
    camera: Camera

    def canonical(self) -> Recovery:
        """Return both in the canonical frame of the motion, its lowest joint at z = 0."""
        moved = canonicalise(self.motion, floor=True)
        angle = float(heading(moved.joints[:1])[0] - heading(self.motion.joints[:1])[0])
        turn = _about_z(angle)
        shift = moved.joints[0, PELVIS] - turn @ self.motion.joints[0, PELVIS]
        rotation = self.camera.rotation @ turn.T
        camera = replace(self.camera, rotation=rotation, translation=self.camera.translation - rotation @ shift)
        return Recovery(moved, camera)


def recovered(path: Path, fps: float | None = None) -> Motion:
    """Return the motion in a mesh-recovery file: z up, joints and pose of the default body; see `read_recovery`."""
    return read_recovery(path, fps).motion


def read_recovery(path: Path, fps: float | None = None) -> Recovery:
    """Return the motion and the camera in a mesh-recovery file. No code in it can run.

    Args:
        path: `.npz`, or `.pt` with a dict of tensors or arrays; rotation matrices are read as well as axis-angle.
        fps: of the video; by default the file's `fps`, and 16 where it has none.

    Raises:
        FormatError: another suffix, a damaged file, or a field that is missing, of another shape or not finite.
        MBenchError: the file can't be opened.
    """
    values = _values(path)
    parameters = read_parameters(values, path)
    rate = fps or parameters.fps or VIDEO_FPS
    motion = parameters_to_motion(parameters, path, Hints(up="-y", fps=rate), load_body())
    level = yaw(motion, math.pi)  # the reader of -y looks along +y; the published turn looks along -y
    camera = Camera(CAMERA_TO_Z_UP.T, np.zeros(3), _intrinsic(values, path))
    return Recovery(level.with_meta(source="mesh recovery", fps_assumed=not (fps or parameters.fps)), camera)


def _values(path: Path) -> Mapping[str, Any]:
    """Return the entries of a file, of which those that make a motion are there."""
    if path.suffix not in READERS:
        raise FormatError(f"{path}: has the suffix {path.suffix!r}; expected .npz or .pt (pickles can run code)")
    try:
        values = READERS[path.suffix](path)
    except FileNotFoundError as error:
        raise FormatError(f"{path}: there is no such file") from error
    except OSError as error:
        raise MBenchError(f"{path}: can't be read: {error.strerror or error}") from error
    if not isinstance(values, Mapping):
        raise FormatError(f"{path}: holds a {type(values).__name__}; expected a dict of {', '.join(FIELDS)}")
    for field in FIELDS:
        if field not in values:
            found = ", ".join(sorted(map(str, values))) or "nothing"
            raise FormatError(f"{path}: {field} is missing; found {found}; expected {', '.join(FIELDS)}")
    return values


def _intrinsic(values: Mapping[str, Any], path: Path) -> NDArray[np.float32] | None:
    """Return the camera matrix (3, 3), None where width or height is missing.

    Without a focal length it is the picture's diagonal (a view of 53 degrees), the usual guess of mesh recovery.
    """
    if "width" not in values or "height" not in values:
        return None
    width, height = _pixels(values, "width", path), _pixels(values, "height", path)
    focal = _pixels(values, "focal_length", path) if "focal_length" in values else math.hypot(width, height)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], dtype=np.float32)


def _pixels(values: Mapping[str, Any], field: str, path: Path) -> float:
    """Return a length in pixels: one number, or the median of one a frame."""
    value = values[field]
    array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    frames = len(values["transl"])
    if array.dtype.kind not in "fiu" or array.size not in (1, frames):
        raise FormatError(
            f"{path}: {field} holds {array.size} values of {array.dtype}; expected 1, or one a frame ({frames})"
        )
    if not np.isfinite(array).all() or array.min() <= 0:
        raise FormatError(f"{path}: {field} goes down to {array.min()}; expected pixels > 0")
    return float(np.median(array))


def _about_z(radians: float) -> Floats:
    """Return the rotation matrix of a turn about z."""
    c, s = math.cos(radians), math.sin(radians)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
