"""`Motion`: what every metric scores and every model makes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.errors import MotionError
from mbench.motion.skeleton import JOINTS, N_JOINTS

BENCHMARK_FPS = 20.0


def _frozen(values: ArrayLike, shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    """Return a read-only float32 copy after checking shape, kind and finiteness."""
    array = np.asarray(values)
    if array.dtype.kind not in "f":
        raise MotionError(f"{what} hold {array.dtype}; expected floating-point metres (were they quantised?)")
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        hint = _shape_hint(array.shape) if what == "joints" else ""
        raise MotionError(f"{what} have shape {array.shape}; expected (T, {', '.join(map(str, shape))}){hint}")
    if array.shape[0] == 0:
        raise MotionError(f"{what} hold 0 frames; expected at least 1")
    array = array.astype(np.float32)
    finite = np.isfinite(array)
    if not finite.all():
        frame, row = np.argwhere(~finite)[0][:2]
        where = f"frame {frame}" + (f", joint {row} ({JOINTS[row]})" if len(shape) == 2 else "")
        raise MotionError(f"{what} are not finite: {int((~finite).sum())} values, the first at {where}")
    array.setflags(write=False)
    return array


def _shape_hint(shape: tuple[int, ...]) -> str:
    """Return the likely cause of a wrong joints shape, or nothing."""
    if len(shape) == 4:
        return "; this looks like a batch: pass one motion at a time"
    if len(shape) == 3 and shape[1] > N_JOINTS:
        return f"; the first 22 of SMPL's {shape[1]} joints are what is scored: pass joints[:, :22]"
    if len(shape) == 2 and shape[1] in (263, 276):
        return f"; these are {shape[1]}-dim features: read them with mbench.read_motion"
    return ""


@dataclass(frozen=True, eq=False)
class Pose:
    """Joint rotations of a motion.

    Attributes:
        rotations: local quaternions (T, 22, 4), x, y, z, w, unit length; identity everywhere is a T-pose facing +y,
            z up; joint 0 is the world orientation of the pelvis.
        offsets: bone vectors in the T-pose (22, 3), metres, parent to joint; row 0 is zero.

    Raises:
        MotionError: wrong shape, a non-finite value or a quaternion of length 0.
    """

    rotations: NDArray[np.float32]
    offsets: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Check and freeze the arrays."""
        rotations = _frozen(self.rotations, (N_JOINTS, 4), "pose rotations")
        length = np.linalg.norm(rotations, axis=-1, keepdims=True)
        if (length < 1e-6).any():
            frame, joint, _ = np.argwhere(length < 1e-6)[0]
            raise MotionError(f"pose rotations: the quaternion of frame {frame}, joint {joint} has length 0")
        if np.abs(length - 1).max() > 1e-5:
            rotations = _frozen(rotations / length, (N_JOINTS, 4), "pose rotations")
        offsets = _frozen(np.asarray(self.offsets)[None], (N_JOINTS, 3), "pose offsets")[0]
        object.__setattr__(self, "rotations", rotations)
        object.__setattr__(self, "offsets", offsets)


@dataclass(frozen=True, eq=False)
class Motion:
    """A human motion: 22 SMPL joints over time. Immutable and checked when made.

    Attributes:
        joints: (T, 22, 3) float32, metres, z up, floor at z = 0; a read-only copy of what was passed.
        fps: frames per second, > 0.
        pose: joint rotations, or None; the pelvis of `joints` is their translation.
        meta: JSON values that travel with the motion (where it came from, which convention its file had).

    Raises:
        MotionError: wrong shape or kind, no frames, non-finite values (the first bad frame and joint are named),
            fps <= 0.
    """

    joints: NDArray[np.float32]
    fps: float = BENCHMARK_FPS
    pose: Pose | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check and freeze."""
        object.__setattr__(self, "joints", _frozen(self.joints, (N_JOINTS, 3), "joints"))
        if isinstance(self.fps, bool) or not isinstance(self.fps, int | float | np.number):
            raise MotionError(f"fps is {self.fps!r}; expected a number > 0")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise MotionError(f"fps is {self.fps}; expected a number > 0")
        object.__setattr__(self, "fps", float(self.fps))
        if self.pose is not None and len(self.pose.rotations) != len(self.joints):
            raise MotionError(f"pose has {len(self.pose.rotations)} frames, joints have {len(self.joints)}")
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))

    def __repr__(self) -> str:
        """Return the facts in one line; 22 joints of every frame help nobody."""
        pose = ", with pose" if self.pose is not None else ""
        return f"Motion({len(self)} frames at {self.fps:g} fps, {self.seconds:.2f} s{pose})"

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.joints)

    def __eq__(self, other: object) -> bool:
        """Compare frame rate, joints and pose exactly; `meta` does not count."""
        if not isinstance(other, Motion):
            return NotImplemented
        same_pose = (self.pose is None) == (other.pose is None)
        if same_pose and self.pose is not None and other.pose is not None:
            same_pose = np.array_equal(self.pose.rotations, other.pose.rotations)
            same_pose = same_pose and np.array_equal(self.pose.offsets, other.pose.offsets)
        return self.fps == other.fps and np.array_equal(self.joints, other.joints) and same_pose

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through the constructor: a mapping proxy can't be pickled, and the copy is checked again."""
        return (Motion, (self.joints, self.fps, self.pose, dict(self.meta)))

    @property
    def seconds(self) -> float:
        """Duration in seconds: frames / fps."""
        return len(self) / self.fps

    def replace(self, **changes: Any) -> Motion:
        """Return a copy with some attributes changed; new joints drop the pose unless one is given too."""
        if "joints" in changes:
            changes.setdefault("pose", None)
        return replace(self, **changes)

    def with_meta(self, **values: Any) -> Motion:
        """Return a copy whose `meta` has these values added."""
        return replace(self, meta={**self.meta, **values})
