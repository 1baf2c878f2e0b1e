"""What the kernels of the ray caster share.

The same code compiles for CPU and CUDA. Every thread writes only its own element, or takes a maximum, and sums in a
fixed order: pixels are the same from run to run. Colours are linear RGB until `store`.
"""

# mypy: ignore-errors
# ruff: noqa: UP018
# Kernels are compiled, and their types checked, by Warp: to Python's type checker its arrays can't be indexed, and a
# variable that changes needs `float(0.0)`, since a literal is a constant.

from __future__ import annotations

import warp as wp

# No gradients are taken, and loops with a ray inside must not be unrolled: it would take a minute to compile.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

FAR = wp.constant(1.0e4)
LIFT = wp.constant(0.004)  # metres by which rays start above the surface they leave


@wp.struct
class View:
    """A camera: `across` and `up` reach from the middle to the edges of the picture at distance 1."""

    eye: wp.vec3
    across: wp.vec3
    up: wp.vec3
    forward: wp.vec3
    width: int
    height: int


@wp.struct
class Stage:
    """Light, floor and background. `key` points to the light; `centre` is where the floor is not yet hazy."""

    key: wp.vec3
    key_colour: wp.vec3
    sky_colour: wp.vec3
    bounce_colour: wp.vec3
    fill: float
    floor: wp.vec3
    line: wp.vec3
    path: wp.vec3
    horizon: wp.vec3
    zenith: wp.vec3
    centre: wp.vec3
    clear: float
    haze: float


@wp.struct
class Sheet:
    """Where the texture of light on the floor lies: `corner` in the world, texels of `texel` metres."""

    corner: wp.vec2
    texel: float
    count: int


@wp.func
def plain_ray(view: View, x: float, y: float) -> wp.vec3:
    """Return the direction through a point of the picture, in pixels, as long as it takes to be 1 forward."""
    u = 2.0 * x / float(view.width) - 1.0
    v = 1.0 - 2.0 * y / float(view.height)
    return view.forward + view.across * u + view.up * v


@wp.func
def ray_of(view: View, x: float, y: float) -> wp.vec3:
    """Return the unit direction through a point of the picture, in pixels."""
    return wp.normalize(plain_ray(view, x, y))


@wp.func
def floor_distance(eye: wp.vec3, ray: wp.vec3) -> float:
    """Return the distance along a ray to the floor z = 0, FAR where it is not met from above."""
    distance = float(FAR)
    if eye[2] > 0.0 and ray[2] < -1.0e-6:
        distance = wp.min(-eye[2] / ray[2], FAR)
    return distance


@wp.func
def encode(value: float) -> wp.uint8:
    """Return a linear value as a byte of gamma 2, which is near sRGB and needs only a square root."""
    return wp.uint8(wp.sqrt(wp.clamp(value, 0.0, 1.0)) * 255.0 + 0.5)


@wp.func
def store(picture: wp.array3d[wp.uint8], i: int, j: int, colour: wp.vec3):
    """Write a pixel."""
    picture[i, j, 0] = encode(colour[0])
    picture[i, j, 1] = encode(colour[1])
    picture[i, j, 2] = encode(colour[2])
