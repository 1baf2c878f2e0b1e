"""A first pose in closed form: bones point the right way, and limbs are turned so that their hinges can bend.

World rotations, one joint after the other from the pelvis out. A joint with one child swings from where its parent
leaves it. Hips and shoulders are then turned about their bone by what the rest of the limb shows: the plane in which
knee or elbow bends, and the toes. A straight arm shows nothing; it is turned as a few frames before and after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from mbench.body.fit_bones import CHEST, bone_vectors, chest_rotations
from mbench.motion.ik import CHILDREN, best_rotation, smallest_rotation
from mbench.motion.skeleton import HEAD, INDEX, N_JOINTS, PARENTS

Floats = NDArray[np.floating]
Complexes = NDArray[np.complexfloating]
X, Z = 0, 2
NECK = INDEX["neck"]
TOES = {INDEX["left_ankle"]: INDEX["left_foot"], INDEX["right_ankle"]: INDEX["right_foot"]}

# How much a hip or shoulder is turned by its limb's bend (times the squared sine), its toes, and its own swing.
# Chosen by the twist of real clips; the result hardly depends on them.
BEND, TOE, SWING = 8.0, 0.5, 0.2
TWIST_SECONDS = 0.07  # standard deviation of the filter over time


@dataclass(frozen=True)
class Limb:
    """A limb by its joints, and its hinge: the axis of the T-pose about which it flexes, in which sense."""

    middle: int
    end: int
    axis: int
    sense: float


LIMBS = {
    INDEX["left_hip"]: Limb(INDEX["left_knee"], INDEX["left_ankle"], X, -1),
    INDEX["right_hip"]: Limb(INDEX["right_knee"], INDEX["right_ankle"], X, -1),
    INDEX["left_shoulder"]: Limb(INDEX["left_elbow"], INDEX["left_wrist"], Z, -1),
    INDEX["right_shoulder"]: Limb(INDEX["right_elbow"], INDEX["right_wrist"], Z, 1),
}


def start_rotations(joints: ArrayLike, offsets: ArrayLike, fps: float) -> Floats:
    """Return world rotations (T, 22, 3, 3) that point the T-pose bones along those of the joints.

    Joints without children (head, toes, wrists) are turned as their parents are; see `turn_heads`.

    Args:
        joints: (T, 22, 3), z up, of about human size.
        offsets: T-pose bone vectors (22, 3) in the same unit.
        fps: frames per second.
    """
    bones, offsets = bone_vectors(joints), np.asarray(offsets, dtype=np.float64)
    world = np.empty((len(bones), N_JOINTS, 3, 3))
    hips_and_spine = list(CHILDREN[0])
    world[:, 0] = best_rotation(offsets[hips_and_spine], bones[:, hips_and_spine])
    for joint in range(1, N_JOINTS):
        start = world[:, PARENTS[joint]]
        world[:, joint] = (
            chest_rotations(start, offsets, bones) if joint == CHEST else _swung(joint, start, offsets, bones)
        )
        if joint in LIMBS:
            world[:, joint] = _turned(world[:, joint], LIMBS[joint], offsets, bones, fps)
    return world


def turn_heads(world: Floats) -> Floats:
    """Return world rotations (T, 22, 3, 3) whose heads are turned half-way between chest and neck.

    A neck that leans forward does not say that its owner looks at the floor: on real clips the chest tells more about
    the head than the neck does.
    """
    world = world.copy()
    neck, chest = Rotation.from_matrix(world[:, NECK]), Rotation.from_matrix(world[:, CHEST])
    half = Rotation.from_rotvec(0.5 * (neck.inv() * chest).as_rotvec())
    world[:, HEAD] = (neck * half).as_matrix()
    return world


def _swung(joint: int, start: Floats, offsets: Floats, bones: Floats) -> Floats:
    """Return the rotations (T, 3, 3) of a joint: from `start`, the shortest way to its child's bone, if it has one."""
    if not CHILDREN[joint]:
        return start
    child = CHILDREN[joint][0]
    return smallest_rotation(start @ offsets[child], bones[:, child]) @ start


def _turned(swung: Floats, limb: Limb, offsets: Floats, bones: Floats, fps: float) -> Floats:
    """Return hip or shoulder rotations (T, 3, 3), turned about the bone so that the limb bends about its hinge."""
    upper = _unit(bones[:, limb.middle])
    bend, toes = _shown(limb, bones, upper, swung)
    _, rest_toes = _shown(limb, offsets[None], _unit(offsets[None, limb.middle]), np.eye(3)[None])
    # Squared: limbs that are almost straight bend any way, and bodies differ in how their straight limbs bow.
    seen = SWING + BEND * np.abs(bend) * bend + TOE * toes * np.exp(-1j * np.angle(rest_toes))
    smooth = gaussian_filter1d(seen, TWIST_SECONDS * fps, mode="nearest")
    return Rotation.from_rotvec(upper * np.angle(smooth)[:, None]).as_matrix() @ swung


def _shown(limb: Limb, bones: Floats, upper: Floats, swung: Floats) -> tuple[Complexes, Complexes]:
    """Return the turns (T,) about `upper` (T, 3) that bend and toes ask for.

    As complex numbers: the angle turns the hinge axis to where it should be, the size says how sure that is.
    """
    axis = swung[..., limb.axis]
    axis = _unit(axis - (axis * upper).sum(-1, keepdims=True) * upper)
    side = np.cross(upper, axis)
    lower = _unit(bones[:, limb.end])
    hinge = limb.sense * np.cross(upper, lower)
    forward = np.cross(lower, _unit(bones[:, TOES[limb.end]])) if limb.end in TOES else np.zeros_like(lower)
    bend, toes = ((axis * v).sum(-1) + 1j * (side * v).sum(-1) for v in (hinge, forward))
    return bend, toes


def _unit(vectors: Floats) -> Floats:
    """Return vectors of length 1, or zero where they had (almost) none."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), 0.0)
