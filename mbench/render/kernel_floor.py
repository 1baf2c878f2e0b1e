"""Kernels for the empty floor: grid, path and haze."""

# mypy: ignore-errors
# ruff: noqa: UP018
# Kernels are compiled, and their types checked, by Warp: to Python's type checker its arrays can't be indexed, and a
# variable that changes needs `float(0.0)`, since a literal is a constant.

from __future__ import annotations

import warp as wp

from mbench.render.kernel_base import Stage, View, plain_ray, store

# No gradients are taken, and loops with a ray inside must not be unrolled: it would take a minute to compile.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

LINE_WIDTH = wp.constant(0.014)  # metres, of the grid


@wp.kernel
def stroke(ends: wp.array2d[wp.vec2], half: float, cover: wp.array2d[wp.float32]) -> None:
    """Draw line pieces (N, 2) of the picture, in pixels, with round ends and soft edges."""
    piece = wp.tid()
    a = ends[piece, 0]
    b = ends[piece, 1]
    pad = half + 1.0
    low = wp.min(a, b) - wp.vec2(pad, pad)
    high = wp.max(a, b) + wp.vec2(pad, pad)
    along = b - a
    for i in range(wp.max(int(low[1]), 0), wp.min(int(high[1]) + 1, cover.shape[0])):
        for j in range(wp.max(int(low[0]), 0), wp.min(int(high[0]) + 1, cover.shape[1])):
            p = wp.vec2(float(j) + 0.5, float(i) + 0.5) - a
            t = wp.clamp(wp.dot(p, along) / wp.max(wp.dot(along, along), 1.0e-6), 0.0, 1.0)
            wp.atomic_max(cover, i, j, wp.clamp(half + 0.5 - wp.length(p - along * t), 0.0, 1.0))


@wp.func
def line_cover(value: float, width: float, footprint: float) -> float:
    """Return how much of a pixel's footprint a line at whole metres covers, both in metres across the line."""
    distance = wp.abs(value - wp.round(value))
    half = wp.max(width, footprint) * 0.5
    cover = wp.clamp((half + footprint * 0.5 - distance) / footprint, 0.0, 1.0)
    return cover * width * 0.5 / half


@wp.func
def floor_colour(view: View, stage: Stage, ray: wp.vec3, path: float) -> wp.vec3:
    """Return the colour of floor or background in a pixel; `ray` need not be a unit vector."""
    up = wp.clamp(ray[2] * 2.5, 0.0, 1.0)
    back = stage.horizon * (1.0 - up) + stage.zenith * up
    if view.eye[2] > 0.0 and ray[2] < -1.0e-4:
        distance = -view.eye[2] / ray[2]
        x = view.eye[0] + ray[0] * distance
        y = view.eye[1] + ray[1] * distance
        away = wp.length(wp.vec2(x - stage.centre[0], y - stage.centre[1]))
        haze = wp.clamp((away - stage.clear) / stage.haze, 0.0, 1.0)
        if haze < 1.0:
            # How far the floor moves from one pixel to the next, along either axis of the world.
            step_u = view.across * (2.0 / float(view.width))
            step_v = view.up * (2.0 / float(view.height))
            lean_x = ray[0] / ray[2]
            lean_y = ray[1] / ray[2]
            wide = wp.abs(step_u[0] - lean_x * step_u[2]) + wp.abs(step_v[0] - lean_x * step_v[2])
            deep = wp.abs(step_u[1] - lean_y * step_u[2]) + wp.abs(step_v[1] - lean_y * step_v[2])
            wide = wide * distance + 1.0e-5
            deep = deep * distance + 1.0e-5
            lines = wp.max(line_cover(x, LINE_WIDTH, wide), line_cover(y, LINE_WIDTH, deep))
            lines *= wp.clamp(1.5 - 2.0 * wp.max(wide, deep), 0.0, 1.0)
            floor = stage.floor * (1.0 - lines) + stage.line * lines
            floor = floor * (1.0 - path) + stage.path * path
            haze = haze * haze * (3.0 - 2.0 * haze)
            back = floor * (1.0 - haze) + back * haze
    return back


@wp.kernel
def background(
    view: View,
    stage: Stage,
    cover: wp.array2d[wp.float32],
    colours: wp.array2d[wp.vec3],
    picture: wp.array3d[wp.uint8],
) -> None:
    """Draw floor, grid, path and background, without any shadow."""
    i, j = wp.tid()
    x = float(j) + 0.5
    y = float(i) + 0.5
    colour = floor_colour(view, stage, plain_ray(view, x, y), cover[i, j])
    colours[i, j] = colour
    store(picture, i, j, colour)
