"""Bringing a motion to another frame rate, so that one motion scores the same whatever rate it was stored at.

Frame k of the result is the motion at k / fps seconds. Going down, everything the new rate can't hold is filtered out
first: a windowed sinc (Kaiser, beta 7) whose gain is 1/2 at the new rate's Nyquist frequency and which reaches 8 new
frames to either side. To 20 fps that is -0.2 dB at 8 Hz, -6 dB at 10 Hz, -33 dB at 12 Hz, without shift in time.
docs/resampling.md says how it was chosen, and what it does to the published metrics.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from mbench.errors import MotionError
from mbench.motion.motion import Motion, Pose

Floats = NDArray[np.floating]
Kind = Literal["cubic", "linear"]
REACH = 8.0  # frames at the new rate, to either side
KAISER_BETA = 7.0
SAME_RATE = 1e-4  # frame times in files are rounded: 0.0166667 s is 60 fps
FEWEST_FOR_CUBIC = 4


def resample(motion: Motion, fps: float, kind: Kind = "cubic") -> Motion:
    """Return the motion at another frame rate; the motion itself when it has that rate already.

    Positions are interpolated by a cubic spline, or linearly; rotations by slerp; both after the anti-alias filter
    when the rate goes down. The last frame is at or before the last one of the input. `meta` says `resampled_from`.
    Rates within 0.01 % of each other are the same rate: only the label changes.

    Args:
        motion: T frames at any rate.
        fps: the new rate, > 0.
        kind: `cubic` (linear below 4 frames) or `linear`, for the positions.

    Raises:
        MotionError: fps is not a number > 0, or another kind.
    """
    if kind not in ("cubic", "linear"):
        raise MotionError(f"kind is {kind!r}; expected 'cubic' or 'linear'")
    if fps == motion.fps:
        return motion
    target = Motion(motion.joints, fps, motion.pose, {**motion.meta, "resampled_from": motion.fps})
    ratio = motion.fps / target.fps
    if abs(ratio - 1) < SAME_RATE or len(motion) == 1:
        return target
    at = _frame_times(len(motion), ratio)
    flat = motion.joints.reshape(len(motion), -1).astype(np.float64)
    joints = _interpolated(_without_aliases(flat, ratio), at, kind).reshape(len(at), -1, 3)
    return target.replace(joints=joints, pose=_resampled_pose(motion.pose, ratio, at))


def _frame_times(frames: int, ratio: float) -> Floats:
    """Return the times of the new frames, in frames of the input, `ratio` apart."""
    count = math.floor((frames - 1) / ratio + 1e-6) + 1
    return np.minimum(np.arange(count) * ratio, frames - 1)


def _without_aliases(values: Floats, ratio: float) -> Floats:
    """Return values (T, C) without what a rate `ratio` times lower can't hold; unchanged where it is higher.

    Beyond its ends the signal goes on as its own mirror image through the end point, which keeps the end points where
    they are and a constant velocity constant.
    """
    if ratio <= 1:
        return values
    reach = math.ceil(REACH * ratio)
    offsets = np.arange(-reach, reach + 1) / ratio
    window = np.i0(KAISER_BETA * np.sqrt(np.clip(1 - (offsets / REACH) ** 2, 0, None))) * (abs(offsets) <= REACH)
    taps = np.sinc(offsets) * window
    extended = np.pad(values, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    return sliding_window_view(extended, len(taps), axis=0) @ (taps / taps.sum())


def _interpolated(values: Floats, at: Floats, kind: Kind) -> Floats:
    """Return values (T, C) at times (M,) in frames."""
    degree = 3 if kind == "cubic" and len(values) >= FEWEST_FOR_CUBIC else 1
    interpolated: Floats = make_interp_spline(np.arange(len(values)), values, k=degree)(at)
    return interpolated


def _neighbours(frames: int, at: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return the frames before and after each time, and how far between them it is, 0 to 1."""
    before = np.minimum(at.astype(np.intp), frames - 2)
    return before, before + 1, at - before


def _resampled_pose(pose: Pose | None, ratio: float, at: Floats) -> Pose | None:
    """Return the pose at times (M,) in frames, its quaternions filtered like the positions, then slerped."""
    if pose is None:
        return None
    quaternions = _continuous(pose.rotations.astype(np.float64))
    smooth = _without_aliases(quaternions.reshape(len(quaternions), -1), ratio).reshape(quaternions.shape)
    smooth = smooth / np.linalg.norm(smooth, axis=-1, keepdims=True)
    before, after, share = _neighbours(len(smooth), at)
    return Pose(_slerp(smooth[before], smooth[after], share[:, None, None]).astype(np.float32), pose.offsets)


def _continuous(quaternions: Floats) -> Floats:
    """Return the same rotations (T, J, 4), each quaternion on the side of the sphere of the one before it."""
    flips = np.where((quaternions[1:] * quaternions[:-1]).sum(axis=-1) < 0, -1.0, 1.0)
    signs = np.concatenate([np.ones_like(flips[:1]), np.cumprod(flips, axis=0)])
    return quaternions * signs[..., None]


def _slerp(start: Floats, end: Floats, share: Floats) -> Floats:
    """Return quaternions on the great arc from start to end, both unit and less than 90 degrees apart on the sphere."""
    cosine = np.clip((start * end).sum(axis=-1, keepdims=True), -1.0, 1.0)
    angle = np.maximum(np.arccos(cosine), 1e-9)  # sin(s a) / sin(a) tends to s as a goes to 0
    return (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
