"""The 263-dim representation of HumanML3D (Guo et al. 2022): y up, metres, per frame at 20 fps.

| columns | content |
|---|---|
| 0 | root yaw velocity, radians per frame, as half an angle |
| 1:3 | root velocity along x and z in the heading frame of the next frame, metres per frame |
| 3 | root height |
| 4:67 | positions of joints 1 to 21 in the heading frame, relative to the root horizontally |
| 67:193 | rotations of joints 1 to 21, 6D (first column, then second) |
| 193:259 | velocities of the 22 joints in the heading frame, metres per frame |
| 259:263 | foot contacts: left ankle, left toe, right ankle, right toe |

Files are y up and face +z at frame 0; motions here are z up and face +y: the two differ by the proper rotation
(x, y, z) -> (-x, z, y), `SMPL_TO_OURS`, its own inverse. T frames make T - 1 rows; T rows decode to T frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion.motion import BENCHMARK_FPS, Motion
from mbench.motion.representations.rows import SMPL_TO_OURS, Floats, checked_rows
from mbench.motion.skeleton import INDEX, N_JOINTS, PELVIS

WIDTH = 263
ROOT_YAW, ROOT_VELOCITY, ROOT_HEIGHT = 0, slice(1, 3), 3
POSITIONS, ROTATIONS, VELOCITIES, CONTACTS = slice(4, 67), slice(67, 193), slice(193, 259), slice(259, 263)
CONTACT_SQUARED_STEP = 0.002  # m^2 per frame^2
HEADING_SIGMA = 20.0  # frames
GROUND_PLANE = [0, 2]  # x and z

# Rest directions of the bone that ends in each joint, y up, and the chains along which rotations are chained.
BONE_DIRECTIONS = np.array(
    [
        [0, 0, 0], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, -1, 0], [0, 1, 0], [0, -1, 0],
        [0, -1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0], [1, 0, 0], [-1, 0, 0], [0, 0, 1],
        [0, -1, 0], [0, -1, 0], [0, -1, 0], [0, -1, 0], [0, -1, 0], [0, -1, 0],
    ],
    dtype=np.float64,
)  # fmt: skip
BONE_DIRECTIONS.setflags(write=False)
CHAINS = ((0, 2, 5, 8, 11), (0, 1, 4, 7, 10), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21), (9, 13, 16, 18, 20))


def decode(vectors: ArrayLike, fps: float = BENCHMARK_FPS) -> Motion:
    """Return the motion of vectors (T, 263): T frames of joints, z up, facing +y, without pose.

    There is no pose because columns 67:193 do not hold one: each is the smallest turn of one bone from its rest
    direction, so twist is lost and the three children of the pelvis (and of spine3) disagree about their parent.

    Args:
        vectors: not normalised.
        fps: frame rate of the vectors.

    Raises:
        MotionError: vectors that are not finite (T, 263) floating-point ones.
    """
    vectors = checked_rows(vectors, WIDTH)
    frames = len(vectors)
    to_world = _about_y(np.concatenate([[0.0], np.cumsum(vectors[:-1, ROOT_YAW])])).inv()
    step = np.zeros((frames, 3))
    step[1:, GROUND_PLANE] = vectors[:-1, ROOT_VELOCITY]
    root = np.cumsum(to_world.apply(step), axis=0)
    relative = np.einsum("tij,tnj->tni", to_world.as_matrix(), vectors[:, POSITIONS].reshape(frames, -1, 3))
    root[:, 1] = 0.0
    joints = np.concatenate([root[:, None], relative + root[:, None]], axis=1)
    joints[:, PELVIS, 1] = vectors[:, ROOT_HEIGHT]
    return Motion(joints @ SMPL_TO_OURS.T, fps, meta={"representation": "hml263"})


def encode(motion: Motion) -> NDArray[np.float32]:
    """Return the vectors (T - 1, 263) of a motion by the procedure of HumanML3D.

    The motion is put on the floor (lowest joint at height 0), its root over the origin and facing forward by hips and
    shoulders at frame 0. Then decode(encode(m)) gives back the first T - 1 frames of that. As in the dataset, the
    heading of every later frame counts the hips with the opposite sign, so the yaw velocity of frame 0 can jump.

    What differs from the dataset's own files: no skeleton is made uniform first (theirs have the bone lengths of one
    subject), and columns 67:193 hold what their inverse kinematics gives, from positions alone, even if the motion
    has a pose. The heading is smoothed over time (sigma 20 frames), so it depends on the clip's length near its end.

    Args:
        motion: T >= 2 frames; velocities are per frame, so bring it to 20 fps first.

    Raises:
        MotionError: fewer than 2 frames.
    """
    if len(motion) < 2:
        raise MotionError("the 263-dim representation needs 2 frames or more for its velocities; there is 1")
    joints = _on_floor_facing_forward(motion.joints.astype(np.float64) @ SMPL_TO_OURS.T)
    half = _half_headings(joints)
    heading = _about_y(half)
    steps = np.diff(joints, axis=0)
    relative = joints - joints[:, :1] * (1, 0, 1)
    turn = np.arcsin((heading[1:] * heading[:-1].inv()).as_quat(canonical=True)[:, 1])
    columns = (
        turn[:, None],
        heading[1:].apply(steps[:, PELVIS])[:, GROUND_PLANE],
        joints[:-1, PELVIS, 1:2],
        _turned(heading, relative)[:-1, 1:].reshape(len(steps), -1),
        _bone_turns(joints, heading)[:-1].reshape(len(steps), -1),
        _turned(heading[:-1], steps).reshape(len(steps), -1),
        _contacts(steps),
    )
    return np.concatenate(columns, axis=1).astype(np.float32)


def _about_y(half_angles: Floats) -> Rotation:
    """Return the rotations about y by the quaternions (cos, 0, sin, 0) of half angles (T,)."""
    zero = np.zeros_like(half_angles)
    return Rotation.from_quat(np.stack([zero, np.sin(half_angles), zero, np.cos(half_angles)], axis=-1))


def _turned(rotations: Rotation, vectors: Floats) -> Floats:
    """Return vectors (T, N, 3) turned by one rotation a frame."""
    return np.einsum("tij,tnj->tni", rotations.as_matrix(), vectors)


def _forward(joints: Floats, hip_sign: float = 1.0) -> Floats:
    """Return the horizontal direction (T, 3) that shoulders and hips face, y up; hips weigh `hip_sign`."""
    hips = joints[:, INDEX["right_hip"]] - joints[:, INDEX["left_hip"]]
    across = joints[:, INDEX["right_shoulder"]] - joints[:, INDEX["left_shoulder"]] + hip_sign * hips
    return np.cross([0.0, 1.0, 0.0], across / np.linalg.norm(across, axis=-1, keepdims=True).clip(1e-12))


def _half_headings(joints: Floats) -> Floats:
    """Return half the angle (T,) about y that turns each frame's smoothed facing to +z; frame 0 is 0 by definition."""
    # The dataset was made with left and right hip exchanged in this one place: files agree to 1e-6 only with it.
    forward = gaussian_filter1d(_forward(joints, hip_sign=-1.0), HEADING_SIGMA, axis=0, mode="nearest")
    half = -np.arctan2(forward[:, 0], forward[:, 2]) / 2
    half[0] = 0.0
    return half


def _on_floor_facing_forward(joints: Floats) -> Floats:
    """Return y-up joints with the lowest at height 0, the root of frame 0 over the origin, frame 0 facing +z."""
    forward = _forward(joints[:1])[0]
    turn = _about_y(-np.arctan2(forward[0], forward[2])[None] / 2)
    origin = joints[0, PELVIS] * (1, 0, 1)
    origin[1] = joints[..., 1].min()
    return (joints - origin) @ turn.as_matrix()[0].T


def _bone_turns(joints: Floats, heading: Rotation) -> Floats:
    """Return rotations (T, 21, 6) of the bones that end in joints 1 to 21, each relative to the bone before it.

    Every chain starts from the heading; a bone's world rotation is the smallest that takes its rest direction to it.
    """
    turns = np.empty((len(joints), N_JOINTS, 6))
    for chain in CHAINS:
        before = heading
        for parent, child in zip(chain[:-1], chain[1:], strict=True):
            world = _smallest_turn(BONE_DIRECTIONS[child], joints[:, child] - joints[:, parent])
            turns[:, child] = (before.inv() * world).as_matrix()[..., :2].swapaxes(-1, -2).reshape(-1, 6)
            before = world
    return turns[:, 1:]


def _smallest_turn(rest: Floats, bones: Floats) -> Rotation:
    """Return the smallest rotations that take the unit vector `rest` (3,) to the directions of bones (T, 3)."""
    length = np.linalg.norm(bones, axis=-1, keepdims=True)
    unit = np.where(length > 0, bones / np.where(length > 0, length, 1), rest)
    cosine = unit @ rest
    quaternions = np.concatenate([np.cross(rest, unit), 1 + cosine[:, None]], axis=-1)
    # Opposite directions leave the axis open: any half turn about a perpendicular one will do.
    quaternions[cosine < -1 + 1e-9] = [*np.roll(rest, 1), 0.0]
    return Rotation.from_quat(quaternions)


def _contacts(steps: Floats) -> Floats:
    """Return 1 where left ankle, left toe, right ankle, right toe move less than the threshold, else 0: (T, 4)."""
    feet = [INDEX[name] for name in ("left_ankle", "left_foot", "right_ankle", "right_foot")]
    return ((steps[:, feet] ** 2).sum(axis=-1) < CONTACT_SQUARED_STEP).astype(np.float64)
