"""Warp kernels of `mbench.body.contact`: one source for CPU and CUDA."""

# mypy: ignore-errors
# Kernels are written in warp's own language, whose types mypy does not know.

from __future__ import annotations

import warp as wp

# No gradients are asked for: half the time to compile. A fused a * b - b * a is not 0 but its rounding error, which
# would decide where triangles just touch.
wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.kernel
def bounds(
    points: wp.array(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    lowers: wp.array(dtype=wp.vec3),
    uppers: wp.array(dtype=wp.vec3),
):
    """Write the box of each face."""
    i = wp.tid()
    a, b, c = points[faces[i][0]], points[faces[i][1]], points[faces[i][2]]
    lowers[i] = wp.min(wp.min(a, b), c)
    uppers[i] = wp.max(wp.max(a, b), c)


@wp.func
def share_vertex(f: wp.vec3i, g: wp.vec3i) -> bool:
    """Return whether two faces have a vertex in common."""
    for k in range(3):
        if f[k] == g[0] or f[k] == g[1] or f[k] == g[2]:
            return True
    return False


@wp.func
def corners(points: wp.array(dtype=wp.vec3), face: wp.vec3i) -> wp.mat33d:
    """Return the corners of a face as rows; every float32 is exact in float64."""
    return wp.matrix_from_rows(wp.vec3d(points[face[0]]), wp.vec3d(points[face[1]]), wp.vec3d(points[face[2]]))


@wp.func
def heights(plane: wp.mat33d, other: wp.mat33d) -> wp.vec3d:
    """Return on which side of the plane of one triangle the corners of another lie: 6 signed volumes each."""
    normal = wp.cross(plane[1] - plane[0], plane[2] - plane[0])
    return wp.vec3d(
        wp.dot(normal, other[0] - plane[0]), wp.dot(normal, other[1] - plane[0]), wp.dot(normal, other[2] - plane[0])
    )


@wp.func
def one_side(h: wp.vec3d) -> bool:
    """Return whether three heights are strictly above 0, or strictly below."""
    zero = wp.float64(0.0)
    return (h[0] > zero and h[1] > zero and h[2] > zero) or (h[0] < zero and h[1] < zero and h[2] < zero)


@wp.func
def an_edge_pierces(edges: wp.mat33d, sides: wp.vec3d, triangle: wp.mat33d) -> bool:
    """Return whether an edge of one triangle that meets the plane of another meets the triangle itself."""
    zero = wp.float64(0.0)
    for k in range(3):
        n = (k + 1) % 3
        apart = (sides[k] > zero and sides[n] > zero) or (sides[k] < zero and sides[n] < zero)
        if not apart and not (sides[k] == zero and sides[n] == zero):
            along = edges[n] - edges[k]
            a, b, c = triangle[0] - edges[k], triangle[1] - edges[k], triangle[2] - edges[k]
            u, v, w = wp.dot(along, wp.cross(a, b)), wp.dot(along, wp.cross(b, c)), wp.dot(along, wp.cross(c, a))
            if (u >= zero and v >= zero and w >= zero) or (u <= zero and v <= zero and w <= zero):
                return True
    return False


@wp.func
def cross(s: wp.mat33d, t: wp.mat33d) -> bool:
    """Return whether two triangles cross; most pairs are told apart by one of their planes."""
    t_heights = heights(s, t)
    if one_side(t_heights):
        return False
    s_heights = heights(t, s)
    if one_side(s_heights):
        return False
    return an_edge_pierces(t, t_heights, s) or an_edge_pierces(s, s_heights, t)


@wp.kernel
def find_pairs(
    bvh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    faces: wp.array(dtype=wp.vec3i),
    lowers: wp.array(dtype=wp.vec3),
    uppers: wp.array(dtype=wp.vec3),
    count: wp.array(dtype=int),
    pairs: wp.array(dtype=wp.vec2i),
):
    """Append the pairs that each face forms with faces of higher number; `count` goes on where `pairs` is full."""
    i = wp.tid()
    query = wp.bvh_query_aabb(bvh, lowers[i], uppers[i])
    j = wp.int32(0)  # a variable, where a literal would be a constant of the kernel
    while wp.bvh_query_next(query, j):
        if j > i and not share_vertex(faces[i], faces[j]):
            if cross(corners(points, faces[i]), corners(points, faces[j])):
                place = wp.atomic_add(count, 0, 1)
                if place < pairs.shape[0]:
                    pairs[place] = wp.vec2i(i, j)
