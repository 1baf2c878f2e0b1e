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

EDGE_SAMPLES = wp.constant(5)
STEP = wp.constant(0.015)  # of the distance: a step in depth from which it is an edge
NEAREST = wp.constant(0.01)  # metres from the eye, below which triangles are not drawn
# What a ray met is one number, so that the nearest is the smallest: depth in micrometres times FACES, plus the face.
DEPTH_UNITS = wp.constant(1.0e6)
FACES = wp.constant(wp.int64(2**24))
NOTHING = wp.constant(wp.int64(2**62))


@wp.struct
class Surface:
    """The mesh of one frame: the ray-casting structure and what its vertices carry."""

    mesh: wp.uint64
    points: wp.array[wp.vec3]
    faces: wp.array2d[wp.int32]
    normals: wp.array[wp.vec3]
    colours: wp.array[wp.vec3]
    ambient: wp.array[wp.vec3]
    key: wp.array[wp.float32]


@wp.func
def seen_from(view: View, point: wp.vec3) -> wp.vec3:
    """Return a world point across, up and forward of the camera, so that the picture's edges are at +-forward."""
    arm = point - view.eye
    across = wp.dot(arm, view.across) / wp.length_sq(view.across)
    return wp.vec3(across, wp.dot(arm, view.up) / wp.length_sq(view.up), wp.dot(arm, view.forward))


@wp.kernel
def clear(row: int, column: int, nearest: wp.array2d[wp.int64]) -> None:
    """Forget what the rays of a box of pixels met."""
    i, j = wp.tid()
    nearest[row + i, column + j] = NOTHING


@wp.kernel
def cast(view: View, points: wp.array[wp.vec3], faces: wp.array2d[wp.int32], nearest: wp.array2d[wp.int64]) -> None:
    """Meet a triangle with the rays through the middles of all pixels that it may cover, and keep the nearest.

    For rays that start in one point this takes a fifth of the time of a search for each ray. A ray d meets the plane
    of corners a, b, c inside the triangle when d.(b x c), d.(c x a) and d.(a x b), which are its barycentrics times a
    factor, have one sign. Corners are taken relative to the ray through a, for precision.
    """
    face = wp.tid()
    a = seen_from(view, points[faces[face, 0]])
    b = seen_from(view, points[faces[face, 1]])
    c = seen_from(view, points[faces[face, 2]])
    if wp.min(wp.min(a[2], b[2]), c[2]) < NEAREST:
        return
    at = wp.vec2(a[0] / a[2], a[1] / a[2])
    to_b = wp.vec2(b[0] / b[2], b[1] / b[2])
    to_c = wp.vec2(c[0] / c[2], c[1] / c[2])
    low = wp.min(wp.min(at, to_b), to_c)
    high = wp.max(wp.max(at, to_b), to_c)
    across = 0.5 * float(view.width)
    down = 0.5 * float(view.height)
    first_j = wp.max(int(wp.ceil((low[0] + 1.0) * across - 0.51)), 0)
    last_j = wp.min(int(wp.floor((high[0] + 1.0) * across - 0.49)), view.width - 1)
    first_i = wp.max(int(wp.ceil((1.0 - high[1]) * down - 0.51)), 0)
    last_i = wp.min(int(wp.floor((1.0 - low[1]) * down - 0.49)), view.height - 1)
    b -= wp.vec3(at[0] * b[2], at[1] * b[2], 0.0)
    c -= wp.vec3(at[0] * c[2], at[1] * c[2], 0.0)
    a = wp.vec3(0.0, 0.0, a[2])
    bc = wp.cross(b, c)
    ca = wp.cross(c, a)
    ab = wp.cross(a, b)
    volume = wp.dot(a, bc)
    for i in range(first_i, last_i + 1):
        for j in range(first_j, last_j + 1):
            d = wp.vec3((float(j) + 0.5) / across - 1.0 - at[0], 1.0 - (float(i) + 0.5) / down - at[1], 1.0)
            u = wp.dot(d, bc)
            v = wp.dot(d, ca)
            w = wp.dot(d, ab)
            total = u + v + w
            slack = -1.0e-5 * wp.abs(total)
            if total != 0.0 and wp.min(wp.min(u * total, v * total), w * total) >= slack * wp.abs(total):
                depth = volume / total
                if view.eye[2] <= 0.0 or view.eye[2] + depth * plain_ray(view, float(j) + 0.5, float(i) + 0.5)[2] > 0.0:
                    wp.atomic_min(nearest, i, j, wp.int64(depth * DEPTH_UNITS) * FACES + wp.int64(face))


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
def floor_light(view: View, stage: Stage, sheet: Sheet, smooth: wp.array2d[wp.vec2], ray: wp.vec3) -> float:
    """Return the light on the floor that a ray meets, 1 where nothing shades it; `ray` need not be a unit vector."""
    light = float(1.0)
    if view.eye[2] > 0.0 and ray[2] < 0.0:
        here = view.eye - ray * (view.eye[2] / ray[2])
        light = floor_shade(smooth, sheet, stage, here[0], here[1])
    return light


@wp.func
def depth_of(met: wp.int64) -> float:
    """Return the depth, metres, of what a ray met."""
    return float(met / FACES) / DEPTH_UNITS


@wp.func
def differs(nearest: wp.array2d[wp.int64], i: int, j: int, a: int, b: int) -> bool:
    """Return whether an edge runs between two pixels: only one meets the mesh, or one lies far behind the other."""
    found = False
    if a >= 0 and b >= 0 and a < nearest.shape[0] and b < nearest.shape[1]:
        one = nearest[i, j]
        other = nearest[a, b]
        if (one == NOTHING) != (other == NOTHING):
            found = True
        elif one != NOTHING:
            depth = depth_of(one)
            found = wp.abs(depth - depth_of(other)) > STEP * depth
    return found


@wp.func
def edge_colour(
    surface: Surface,
    view: View,
    stage: Stage,
    i: int,
    j: int,
    floor: wp.vec3,
) -> wp.vec3:
    """Return the mean colour of EDGE_SAMPLES rays through a pixel, `floor` where they miss the mesh."""
    colour = wp.vec3(0.0, 0.0, 0.0)
    for k in range(EDGE_SAMPLES):
        x = float(j) + (float(k) + 0.5) / float(EDGE_SAMPLES)
        y = float(i) + (float((k * 2) % EDGE_SAMPLES) + 0.5) / float(EDGE_SAMPLES)
        ray = ray_of(view, x, y)
        met = wp.mesh_query_ray(surface.mesh, view.eye, ray, floor_distance(view.eye, ray))
        if met.result:
            colour += shaded(surface, stage, ray, met.face, met.u, met.v)
        else:
            colour += floor
    return colour / float(EDGE_SAMPLES)


@wp.func
def middle_colour(surface: Surface, view: View, stage: Stage, face: int, ray: wp.vec3) -> wp.vec3:
    """Return the colour where the ray through the middle of a pixel meets a face."""
    c = surface.points[surface.faces[face, 2]]
    to_a = surface.points[surface.faces[face, 0]] - c
    to_b = surface.points[surface.faces[face, 1]] - c
    normal = wp.cross(to_a, to_b)
    arm = view.eye - c
    lean = wp.cross(arm, ray)
    scale = wp.dot(ray, normal)
    u = wp.clamp(-wp.dot(to_b, lean) / scale, 0.0, 1.0)
    v = wp.clamp(wp.dot(to_a, lean) / scale, 0.0, 1.0 - u)
    return shaded(surface, stage, wp.normalize(ray), face, u, v)


@wp.kernel
def shade(
    surface: Surface,
    view: View,
    stage: Stage,
    sheet: Sheet,
    smooth: wp.array2d[wp.vec2],
    row: int,
    column: int,
    nearest: wp.array2d[wp.int64],
    behind: wp.array2d[wp.vec3],
    picture: wp.array3d[wp.uint8],
) -> None:
    """Shade the pixels of a box; those at an edge are the mean of several rays.

    The picture holds the empty floor already: where there is neither mesh nor shadow it stays as it is.
    """
    a, b = wp.tid()
    i = row + a
    j = column + b
    ray = plain_ray(view, float(j) + 0.5, float(i) + 0.5)
    edge = differs(nearest, i, j, i - 1, j) or differs(nearest, i, j, i + 1, j)
    edge = edge or differs(nearest, i, j, i, j - 1) or differs(nearest, i, j, i, j + 1)
    if not edge and nearest[i, j] != NOTHING:
        store(picture, i, j, middle_colour(surface, view, stage, int(nearest[i, j] % FACES), ray))
    else:
        light = floor_light(view, stage, sheet, smooth, ray)
        if edge:
            store(picture, i, j, edge_colour(surface, view, stage, i, j, behind[i, j] * light))
        elif light < 0.999:
            store(picture, i, j, behind[i, j] * light)
