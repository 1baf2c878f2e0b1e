"""Kernels that cast the rays of a picture and shade what they meet."""

# mypy: ignore-errors
# ruff: noqa: UP018
# Kernels are compiled, and their types checked, by Warp: to Python's type checker its arrays can't be indexed, and a
# variable that changes needs `float(0.0)`, since a literal is a constant.

from __future__ import annotations

import warp as wp

from mbench.render.kernel_base import Sheet, Stage, View, floor_distance, plain_ray, ray_of, store
from mbench.render.kernel_light import floor_shade

# No gradients are taken, and loops with a ray inside must not be unrolled: it would take a minute to compile.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

TILE = wp.constant(4)  # pixels of a side of the tiles that are either empty or searched with rays
EDGE_SAMPLES = wp.constant(5)


@wp.struct
class Surface:
    """The mesh of one frame: the ray-casting structure and what its vertices carry."""

    mesh: wp.uint64
    faces: wp.array2d[wp.int32]
    normals: wp.array[wp.vec3]
    colours: wp.array[wp.vec3]
    ambient: wp.array[wp.vec3]
    key: wp.array[wp.float32]


@wp.func
def plane_of(view: View, point: wp.vec3) -> wp.vec3:
    """Return the pixel column and row, and the depth, of a world point."""
    seen = point - view.eye
    depth = wp.max(wp.dot(seen, view.forward), 1.0e-3)
    u = wp.dot(seen, view.across) / (wp.length_sq(view.across) * depth)
    v = wp.dot(seen, view.up) / (wp.length_sq(view.up) * depth)
    return wp.vec3((u * 0.5 + 0.5) * float(view.width), (0.5 - v * 0.5) * float(view.height), depth)


@wp.kernel
def mark(view: View, points: wp.array[wp.vec3], faces: wp.array2d[wp.int32], tiles: wp.array2d[wp.int32]) -> None:
    """Mark the tiles of the picture that the box around a triangle touches, one pixel beyond included."""
    face = wp.tid()
    a = plane_of(view, points[faces[face, 0]])
    b = plane_of(view, points[faces[face, 1]])
    c = plane_of(view, points[faces[face, 2]])
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    first_i = wp.max(int(wp.floor(low[1] - 1.0)) / TILE, 0)
    first_j = wp.max(int(wp.floor(low[0] - 1.0)) / TILE, 0)
    last_i = wp.min(int(wp.min(high[1] + 1.0, 1.0e6)) / TILE, tiles.shape[0] - 1)
    last_j = wp.min(int(wp.min(high[0] + 1.0, 1.0e6)) / TILE, tiles.shape[1] - 1)
    for i in range(first_i, last_i + 1):
        for j in range(first_j, last_j + 1):
            tiles[i, j] = 1


@wp.kernel
def cast(
    mesh: wp.uint64,
    view: View,
    tiles: wp.array2d[wp.int32],
    row: int,
    column: int,
    faces: wp.array2d[wp.int32],
    hits: wp.array2d[wp.vec3],
) -> None:
    """Cast one ray through the middle of each pixel of a box: face met (-1: none), barycentrics and distance."""
    a, b = wp.tid()
    i = row + a
    j = column + b
    face = int(-1)
    if tiles[i / TILE, j / TILE] != 0:
        ray = ray_of(view, float(j) + 0.5, float(i) + 0.5)
        met = wp.mesh_query_ray(mesh, view.eye, ray, floor_distance(view.eye, ray))
        if met.result:
            face = met.face
            hits[i, j] = wp.vec3(met.u, met.v, met.t)
    faces[i, j] = face


@wp.func
def shaded(surface: Surface, stage: Stage, ray: wp.vec3, face: int, u: float, v: float) -> wp.vec3:
    """Return the colour of a point of the mesh."""
    a = surface.faces[face, 0]
    b = surface.faces[face, 1]
    c = surface.faces[face, 2]
    w = 1.0 - u - v
    normal = wp.normalize(surface.normals[a] * u + surface.normals[b] * v + surface.normals[c] * w)
    ambient = surface.ambient[a] * u + surface.ambient[b] * v + surface.ambient[c] * w
    share = surface.key[a] * u + surface.key[b] * v + surface.key[c] * w
    colour = surface.colours[a] * u + surface.colours[b] * v + surface.colours[c] * w
    facing = wp.max(-wp.dot(normal, ray), 0.0)
    direct = stage.key_colour * (wp.max(wp.dot(normal, stage.key), 0.0) * share)
    gloss = wp.max(wp.dot(normal, wp.normalize(stage.key - ray)), 0.0)
    gloss = gloss * gloss * gloss
    gloss = gloss * gloss
    shine = 0.06 * share * gloss * gloss * gloss
    grazing = 1.0 - facing
    rim = 0.05 * grazing * grazing * grazing * (normal[2] * 0.5 + 0.5)
    light = ambient + direct + wp.vec3(stage.fill, stage.fill, stage.fill) * facing
    return wp.cw_mul(colour, light) + wp.vec3(1.0, 1.0, 1.0) * (shine + rim * wp.length(ambient))


@wp.func
def floor_seen(
    view: View,
    stage: Stage,
    sheet: Sheet,
    smooth: wp.array2d[wp.vec2],
    colour: wp.vec3,
    ray: wp.vec3,
) -> wp.vec3:
    """Return the colour of the background behind a sample, shadow included; `ray` need not be a unit vector."""
    shade = float(1.0)
    if view.eye[2] > 0.0 and ray[2] < 0.0:
        here = view.eye - ray * (view.eye[2] / ray[2])
        shade = floor_shade(smooth, sheet, stage, here[0], here[1])
    return colour * shade


@wp.func
def differs(faces: wp.array2d[wp.int32], hits: wp.array2d[wp.vec3], i: int, j: int, a: int, b: int) -> bool:
    """Return whether an edge runs between two pixels: only one meets the mesh, or one lies far behind the other."""
    found = False
    if a >= 0 and b >= 0 and a < faces.shape[0] and b < faces.shape[1]:
        one = faces[i, j] >= 0
        other = faces[a, b] >= 0
        if one != other:
            found = True
        elif one and wp.abs(hits[i, j][2] - hits[a, b][2]) > 0.012 * hits[i, j][2]:
            found = True
    return found


@wp.kernel
def shade(
    surface: Surface,
    view: View,
    stage: Stage,
    sheet: Sheet,
    smooth: wp.array2d[wp.vec2],
    tiles: wp.array2d[wp.int32],
    row: int,
    column: int,
    faces: wp.array2d[wp.int32],
    hits: wp.array2d[wp.vec3],
    behind: wp.array2d[wp.vec3],
    picture: wp.array3d[wp.uint8],
) -> None:
    """Shade the pixels of a box; those at an edge are the mean of EDGE_SAMPLES rays of their own."""
    a, b = wp.tid()
    i = row + a
    j = column + b
    x = float(j)
    y = float(i)
    edge = False
    if tiles[i / TILE, j / TILE] != 0:
        edge = differs(faces, hits, i, j, i - 1, j) or differs(faces, hits, i, j, i + 1, j)
        edge = edge or differs(faces, hits, i, j, i, j - 1) or differs(faces, hits, i, j, i, j + 1)
    ray = plain_ray(view, x + 0.5, y + 0.5)
    colour = wp.vec3(0.0, 0.0, 0.0)
    if edge:
        floor = floor_seen(view, stage, sheet, smooth, behind[i, j], ray)
        for k in range(EDGE_SAMPLES):
            dx = (float(k) + 0.5) / float(EDGE_SAMPLES)
            dy = (float((k * 2) % EDGE_SAMPLES) + 0.5) / float(EDGE_SAMPLES)
            sample = ray_of(view, x + dx, y + dy)
            met = wp.mesh_query_ray(surface.mesh, view.eye, sample, floor_distance(view.eye, sample))
            if met.result:
                colour += shaded(surface, stage, sample, met.face, met.u, met.v)
            else:
                colour += floor
        colour /= float(EDGE_SAMPLES)
    elif faces[i, j] >= 0:
        colour = shaded(surface, stage, wp.normalize(ray), faces[i, j], hits[i, j][0], hits[i, j][1])
    else:
        colour = floor_seen(view, stage, sheet, smooth, behind[i, j], ray)
    store(picture, i, j, colour)
