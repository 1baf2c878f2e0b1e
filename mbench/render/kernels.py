"""Warp kernels of the ray caster: the same code compiles for CPU and CUDA.

Every thread writes only its own element, or takes a maximum, and sums in a fixed order: pixels are the same from run
to run. Colours are linear RGB until `store`.
"""

# mypy: ignore-errors
# Kernels are compiled, and their types checked, by Warp; to Python's type checker its arrays can't be indexed.

from __future__ import annotations

import warp as wp

# No gradients are taken, and loops with a ray inside must not be unrolled: it would take a minute to compile.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

FAR = wp.constant(1.0e4)
LIFT = wp.constant(0.004)  # metres by which rays start above the surface they leave
TILE = wp.constant(8)  # pixels of a side of the tiles that are either empty or searched with rays
AMBIENT_REACH = wp.constant(0.6)  # metres within which a surface takes ambient light from another
LINE_WIDTH = wp.constant(0.014)  # metres, of the grid
EDGE_SAMPLES = wp.constant(5)
BLOCK = wp.constant(4)  # texels of the floor in a BLOCK x BLOCK square cast different rays and are averaged afterwards
FLOOR_RAYS = wp.constant(3)


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
    j = int(wp.floor(u))
    i = int(wp.floor(v))
    s = u - float(j)
    t = v - float(i)
    low = texel_or_light(smooth, i, j) * (1.0 - s) + texel_or_light(smooth, i, j + 1) * s
    high = texel_or_light(smooth, i + 1, j) * (1.0 - s) + texel_or_light(smooth, i + 1, j + 1) * s
    light = low * (1.0 - t) + high * t
    key = stage.key_colour[1] * stage.key[2]
    return (light[0] * key + light[1] * stage.sky_colour[1]) / (key + stage.sky_colour[1])


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
    """Return the colour of the background behind a sample, shadow included."""
    distance = floor_distance(view.eye, ray)
    shade = float(1.0)
    if distance < FAR:
        here = view.eye + ray * distance
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
    ray = ray_of(view, x + 0.5, y + 0.5)
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
        colour = shaded(surface, stage, ray, faces[i, j], hits[i, j][0], hits[i, j][1])
    else:
        colour = floor_seen(view, stage, sheet, smooth, behind[i, j], ray)
    store(picture, i, j, colour)
