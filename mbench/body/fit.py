"""Rotations of a body from joint positions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.body.fit_adam import Clip, FitSettings, refined, torch_device
from mbench.body.fit_bones import checked_rest, scaled_offsets, size_of
from mbench.body.fit_cache import cache_path, read_pose, write_pose
from mbench.body.fit_start import start_rotations, turn_heads
from mbench.errors import ConfigError, MotionError
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics, matrix_to_quaternion
from mbench.motion.skeleton import PARENTS

Floats = NDArray[np.floating]
Fit = Literal["always", "never"]
FRAMES_AT_ONCE = 4096  # of whole clips, in one tensor; it decides speed and memory, and no number


class HasRestOffsets(Protocol):
    """A body, as far as fitting goes: T-pose bone vectors (22, 3) in metres, z up, facing +y, and its hash."""

    rest_offsets: Any
    hash: str


@overload
def fit_pose(
    motions: Motion, body: HasRestOffsets | ArrayLike, *, fit: Fit = ..., device: str = ..., cache: bool = ...,
    settings: FitSettings = ...,
) -> Pose: ...  # fmt: skip
@overload
def fit_pose(
    motions: Sequence[Motion], body: HasRestOffsets | ArrayLike, *, fit: Fit = ..., device: str = ...,
    cache: bool = ..., settings: FitSettings = ...,
) -> list[Pose]: ...  # fmt: skip
def fit_pose(
    motions: Motion | Sequence[Motion],
    body: HasRestOffsets | ArrayLike,
    *,
    fit: Fit = "always",
    device: str = "auto",
    cache: bool = True,
    settings: FitSettings = FitSettings(),  # noqa: B008 - frozen
) -> Pose | list[Pose]:
    """Return the rotations that pose a body like the joints of motions, and the bone vectors they hold for.

    First the body's bones are scaled to the person (`scaled_offsets`), then a pose in closed form
    (`start_rotations`) is refined by Adam through forward kinematics, all frames of all clips at once. The pelvis of
    the motion stays where it is.

    Joint positions do not say how a bone is turned about itself. Such twist is settled by what is plausible: knees,
    ankles and elbows bend about hinges, spine, neck and collars turn little, and rotations change smoothly; the twist
    of straight arms, and of wrists and toe joints (not turned against their parents) and the head (half-way between
    neck and chest), is no measurement.

    Args:
        motions: one, or many: those fitted together are fitted fast, and to the same numbers as one by one.
        body: a body, or T-pose bone vectors (22, 3) in metres, z up, facing +y.
        fit: `always` fits the joints, so that generators of skeletons and of rotations are compared alike; `never`
            takes the rotations that came with the motion, and only scales the bones.
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        cache: keep poses on disk, in $MBENCH_CACHE or ~/.cache/mbench, and take them from there.
        settings: steps and weights.

    Returns:
        One pose a motion: local rotations (T, 22, 4), x, y, z, w, and offsets (22, 3) in metres.

    Raises:
        MotionError: a motion whose joints lie in one point; rest offsets that are none; `never`, and no rotations.
        ConfigError: an unknown device or value of `fit`.
    """
    if isinstance(motions, Motion):
        return fit_pose([motions], body, fit=fit, device=device, cache=cache, settings=settings)[0]
    rest, body_hash = _rest_and_hash(body)
    if fit == "never":
        return [_own_pose(motion, rest) for motion in motions]
    if fit != "always":
        raise ConfigError(f"fit is {fit!r}; expected always or never")
    paths = [cache_path(motion, body_hash, settings) if cache else None for motion in motions]
    return _kept_or_fitted(motions, paths, rest, device, settings)


def joint_error(motion: Motion, pose: Pose) -> Floats:
    """Return the distances (T, 22) in metres between the joints of a motion and those of a pose at its pelvis."""
    posed = forward_kinematics(pose.rotations, motion.joints[:, 0], pose.offsets)
    return np.asarray(np.linalg.norm(posed - motion.joints, axis=-1))


def _rest_and_hash(body: HasRestOffsets | ArrayLike) -> tuple[Floats, str]:
    """Return the T-pose bone vectors (22, 3) of a body, and a hash of it and them."""
    given: Any = body
    rest = checked_rest(getattr(given, "rest_offsets", given))
    return rest, hashlib.sha256(rest.tobytes() + str(getattr(given, "hash", "")).encode()).hexdigest()


def _kept_or_fitted(
    motions: Sequence[Motion], paths: Sequence[Path | None], rest: Floats, device: str, settings: FitSettings
) -> list[Pose]:
    """Return the poses of motions, those found at their paths read, the others fitted and written there."""
    poses = {index: read_pose(path, motions[index]) for index, path in enumerate(paths) if path}
    missing = [index for index in range(len(motions)) if poses.get(index) is None]
    fitted = _fit([motions[index] for index in missing], rest, device, settings)
    for index, pose in zip(missing, fitted, strict=True):
        poses[index] = pose
        if path := paths[index]:
            write_pose(path, pose)
    return [pose for _, pose in sorted(poses.items()) if pose is not None]


def _own_pose(motion: Motion, rest: Floats) -> Pose:
    """Return the rotations that a motion came with, for the scaled body."""
    if motion.pose is None:
        raise MotionError("fit is never, but the motion holds joint positions without rotations; use fit: always")
    return Pose(motion.pose.rotations, scaled_offsets(motion.joints, rest, motion.fps).astype(np.float32))


def _fit(motions: Sequence[Motion], rest: Floats, device: str, settings: FitSettings) -> Iterator[Pose]:
    """Yield the poses of motions, fitted a few thousand frames at a time."""
    where = torch_device(device)
    for group in _groups(motions):
        sizes = [size_of(motion.joints, rest) for motion in group]
        clips = [_clip(motion, size, rest) for motion, size in zip(group, sizes, strict=True)]
        for clip, size, world in zip(clips, sizes, refined(clips, settings, where), strict=True):
            yield _pose(turn_heads(world), size * clip.offsets)


def _groups(motions: Sequence[Motion]) -> Iterator[list[Motion]]:
    """Yield motions in groups of about `FRAMES_AT_ONCE` frames, or of a single longer motion."""
    group: list[Motion] = []
    for motion in motions:
        if group and sum(map(len, group)) + len(motion) > FRAMES_AT_ONCE:
            yield group
            group = []
        group.append(motion)
    if group:
        yield group


def _clip(motion: Motion, size: float, rest: Floats) -> Clip:
    """Return a motion made ready: at the size of the body, its pelvis in the origin, with a pose to start from."""
    joints = motion.joints.astype(np.float64) / size
    offsets = scaled_offsets(joints, rest, motion.fps)
    joints -= joints[:, :1]
    return Clip(joints, offsets, start_rotations(joints, offsets, motion.fps), motion.fps)


def _pose(world: Floats, offsets: Floats) -> Pose:
    """Return the pose of world rotations (T, 22, 3, 3)."""
    local = world.copy()
    local[:, 1:] = world[:, PARENTS[1:]].swapaxes(-1, -2) @ world[:, 1:]
    return Pose(matrix_to_quaternion(local).astype(np.float32), offsets.astype(np.float32))
