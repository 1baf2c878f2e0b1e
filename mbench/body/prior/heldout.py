"""What a pose prior must catch: faults put into real poses on purpose.

Training sees noise and mixed limbs, never swapped limbs or joints put beyond their limits.
Rotations are local (T, 22, 4), as in `Pose.rotations`; the pelvis (joint 0) is never touched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mbench.motion.skeleton import INDEX, MIRROR

Floats = NDArray[np.floating]
Fault = Callable[[Floats, np.random.Generator], Floats]
LIMBS = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")
X, Y, Z = np.eye(3)


def noise(rotations: Floats, degrees: float, rng: np.random.Generator, held: bool = False) -> Floats:
    """Turn every joint about a random axis by Gaussian angles.

    Args:
        rotations: (T, 22, 4).
        degrees: root mean square of the angles.
        rng: seeded generator.
        held: the same turn in all frames, instead of one a frame.
    """
    frames = 1 if held else len(rotations)
    vectors = rng.standard_normal((frames, rotations.shape[1] - 1, 3)) * np.radians(degrees) / np.sqrt(3)
    by = np.tile(vectors, (len(rotations) // frames, 1, 1)).reshape(-1, 3)
    out = rotations.copy()
    out[:, 1:] = _product(rotations[:, 1:], Rotation.from_rotvec(by))
    return out


def random_rotations(rotations: Floats, rng: np.random.Generator) -> Floats:
    """Turn every joint of every frame any way."""
    out = rotations.copy()
    random = rng.standard_normal(out[:, 1:].shape)
    out[:, 1:] = random / np.linalg.norm(random, axis=-1, keepdims=True)
    return out


def swap_limbs(rotations: Floats, rng: np.random.Generator) -> Floats:
    """Give the left limbs the rotations of the right ones and the other way round, without mirroring them."""
    out = rotations.copy()
    for name in LIMBS:
        left = INDEX[f"left_{name}"]
        out[:, [left, MIRROR[left]]] = rotations[:, [MIRROR[left], left]]
    return out


def swap_arms(rotations: Floats, rng: np.random.Generator) -> Floats:
    """As `swap_limbs`, arms only."""
    out = swap_limbs(rotations, rng)
    legs = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in LIMBS[:4]]
    out[:, legs] = rotations[:, legs]
    return out


# Joint, rotation vector in degrees, and whether it comes on top of the real rotation instead of in its place. The
# ranges of healthy adults end near: knee and elbow 10 past straight, hip 30 back, neck 45 sideways, spine 30 back.
BEYOND: dict[str, tuple[tuple[str, Floats, bool], ...]] = {
    "left knee 50 past straight": (("left_knee", 50 * X, False),),
    "right knee 50 past straight": (("right_knee", 50 * X, False),),
    "left elbow 60 past straight": (("left_elbow", 60 * Z, False),),
    "right elbow 60 past straight": (("right_elbow", -60 * Z, False),),
    "left thigh 80 back": (("left_hip", -80 * X, False),),
    "right thigh 80 back": (("right_hip", -80 * X, False),),
    "head 90 sideways": (("neck", 90 * Y, False),),
    "trunk bent 100 back": (("spine1", 40 * X, True), ("spine2", 30 * X, True), ("spine3", 30 * X, True)),
}


def beyond_limits(rotations: Floats, rng: np.random.Generator) -> Floats:
    """Put one joint (of the trunk: three) beyond its range in all frames: a fault of `BEYOND`, drawn by lot."""
    out = rotations.copy()
    for name, vector, on_top in list(BEYOND.values())[rng.integers(len(BEYOND))]:
        by = Rotation.from_rotvec(np.radians(vector))
        out[:, INDEX[name]] = _product(out[:, INDEX[name]], by) if on_top else by.as_quat()
    return out


def _product(rotations: Floats, by: Rotation) -> Floats:
    """Return quaternions (..., 4) turned further, in their own frames."""
    return (Rotation.from_quat(rotations.reshape(-1, 4)) * by).as_quat().reshape(rotations.shape)


def _noise(degrees: float, held: bool = False) -> Fault:
    return lambda rotations, rng: noise(rotations, degrees, rng, held)


FAULTS: dict[str, Fault] = {
    "noise 5°": _noise(5),
    "noise 10°": _noise(10),
    "noise 20°": _noise(20),
    "noise 40°": _noise(40),
    "noise 5°, held": _noise(5, held=True),
    "noise 10°, held": _noise(10, held=True),
    "noise 20°, held": _noise(20, held=True),
    "noise 40°, held": _noise(40, held=True),
    "limbs swapped": swap_limbs,
    "arms swapped": swap_arms,
    "one joint beyond its limit": beyond_limits,
    "random rotations": random_rotations,
}
