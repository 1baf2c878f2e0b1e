"""Kernels for the light on the mesh and on the floor."""

# mypy: ignore-errors
# ruff: noqa: UP018
# Kernels are compiled, and their types checked, by Warp: to Python's type checker its arrays can't be indexed, and a
# variable that changes needs `float(0.0)`, since a literal is a constant.

from __future__ import annotations

import warp as wp

from mbench.render.kernel_base import FAR, LIFT, Sheet, Stage

# No gradients are taken, and loops with a ray inside must not be unrolled: it would take a minute to compile.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

AMBIENT_REACH = wp.constant(0.6)  # metres within which a surface takes ambient light from another
BLOCK = wp.constant(4)  # texels of the floor in a BLOCK x BLOCK square cast different rays and are averaged afterwards
FLOOR_RAYS = wp.constant(2)


@wp.kernel
def vertex_normals(
    points: wp.array[wp.vec3],
    faces: wp.array2d[wp.int32],
    first: wp.array[wp.int32],
    around: wp.array[wp.int32],
    normals: wp.array[wp.vec3],
) -> None:
    """Average the normals of the faces around each vertex, weighted by area."""
    vertex = wp.tid()
    total = wp.vec3(0.0, 0.0, 0.0)
    for k in range(first[vertex], first[vertex + 1]):
        face = around[k]
        a = points[faces[face, 0]]
        total += wp.cross(points[faces[face, 1]] - a, points[faces[face, 2]] - a)
    normals[vertex] = wp.normalize(total)


@wp.kernel
def ambient_light(
    mesh: wp.uint64,
    points: wp.array[wp.vec3],
    normals: wp.array[wp.vec3],
    chosen: wp.array[wp.int32],
    sphere: wp.array[wp.vec3],
    stage: Stage,
    found: wp.array[wp.vec3],
) -> None:
    """Cast rays from some vertices: the ambient light that no other part of the mesh takes away."""
    k = wp.tid()
    normal = normals[chosen[k]]
    start = points[chosen[k]] + normal * LIFT
    light = wp.vec3(0.0, 0.0, 0.0)
    for r in range(sphere.shape[0]):
        ray = sphere[r]
        cosine = wp.dot(ray, normal)
        if cosine > 0.05:
            if not wp.mesh_query_ray_anyhit(mesh, start, ray, AMBIENT_REACH):
                height = 0.5 + 0.5 * ray[2]
                light += (stage.sky_colour * height + stage.bounce_colour * (1.0 - height)) * cosine
    found[k] = light * (4.0 / float(sphere.shape[0]))


@wp.kernel
def light_vertices(
    mesh: wp.uint64,
    points: wp.array[wp.vec3],
    normals: wp.array[wp.vec3],
    disc: wp.array[wp.vec3],
    near: wp.array2d[wp.int32],
    weights: wp.array2d[wp.float32],
    found: wp.array[wp.vec3],
    stage: Stage,
    ambient: wp.array[wp.vec3],
    key: wp.array[wp.float32],
) -> None:
    """Blend the ambient light of near vertices, and cast rays to the key light: the share of it that arrives."""
    vertex = wp.tid()
    light = wp.vec3(0.0, 0.0, 0.0)
    for k in range(near.shape[1]):
        light += found[near[vertex, k]] * weights[vertex, k]
    ambient[vertex] = light
    normal = normals[vertex]
    start = points[vertex] + normal * LIFT
    share = float(0.0)
    if wp.dot(stage.key, normal) > 0.0:
        for k in range(disc.shape[0]):
            if not wp.mesh_query_ray_anyhit(mesh, start, disc[k], FAR):
                share += 1.0 / float(disc.shape[0])
    key[vertex] = share


@wp.kernel
def light_floor(
    mesh: wp.uint64,
    disc: wp.array[wp.vec3],
    dome: wp.array[wp.vec3],
    sheet: Sheet,
    rough: wp.array2d[wp.vec2],
) -> None:
    """Cast rays from each texel of the floor: share of the key light and of the sky that reach it.

    Texels of a block take different rays of `disc` and `dome` (BLOCK * BLOCK * FLOOR_RAYS each).
    """
    i, j = wp.tid()
    x = sheet.corner[0] + (float(j) + 0.5) * sheet.texel
    y = sheet.corner[1] + (float(i) + 0.5) * sheet.texel
    start = wp.vec3(x, y, 0.0)
    block = (i % BLOCK) * BLOCK + (j % BLOCK)
    key = float(0.0)
    sky = float(0.0)
    for k in range(FLOOR_RAYS):
        ray = k * BLOCK * BLOCK + block
        if not wp.mesh_query_ray_anyhit(mesh, start, disc[ray], FAR):
            key += 1.0 / float(FLOOR_RAYS)
        if not wp.mesh_query_ray_anyhit(mesh, start, dome[ray], FAR):
            sky += 1.0 / float(FLOOR_RAYS)
    rough[i, j] = wp.vec2(key, sky)


@wp.kernel
def smooth_floor(rough: wp.array2d[wp.vec2], shift: int, smooth: wp.array2d[wp.vec2]) -> None:
    """Average each texel over BLOCK x BLOCK texels from `shift` before it on, so that the rays of a whole block count.

    Beyond the edge is light.
    """
    i, j = wp.tid()
    total = wp.vec2(0.0, 0.0)
    for di in range(BLOCK):
        for dj in range(BLOCK):
            a = i + di - shift
            b = j + dj - shift
            if a < 0 or b < 0 or a >= rough.shape[0] or b >= rough.shape[1]:
                total += wp.vec2(1.0, 1.0)
            else:
                total += rough[a, b]
    smooth[i, j] = total / float(BLOCK * BLOCK)


@wp.func
def texel_or_light(smooth: wp.array2d[wp.vec2], i: int, j: int) -> wp.vec2:
    """Return a texel, full light beyond the edge."""
    value = wp.vec2(1.0, 1.0)
    if i >= 0 and j >= 0 and i < smooth.shape[0] and j < smooth.shape[1]:
        value = smooth[i, j]
    return value


@wp.func
def floor_shade(smooth: wp.array2d[wp.vec2], sheet: Sheet, stage: Stage, x: float, y: float) -> float:
    """Return the light on a point of the floor, 1 where nothing shades it (bilinear)."""
    u = (x - sheet.corner[0]) / sheet.texel - 0.5
    v = (y - sheet.corner[1]) / sheet.texel - 0.5
    if u < -1.0 or v < -1.0 or u > float(smooth.shape[1]) or v > float(smooth.shape[0]):
        return 1.0
    j = int(wp.floor(u))
    i = int(wp.floor(v))
    s = u - float(j)
    t = v - float(i)
    low = texel_or_light(smooth, i, j) * (1.0 - s) + texel_or_light(smooth, i, j + 1) * s
    high = texel_or_light(smooth, i + 1, j) * (1.0 - s) + texel_or_light(smooth, i + 1, j + 1) * s
    light = low * (1.0 - t) + high * t
    key = stage.key_colour[1] * stage.key[2]
    return (light[0] * key + light[1] * stage.sky_colour[1]) / (key + stage.sky_colour[1])
