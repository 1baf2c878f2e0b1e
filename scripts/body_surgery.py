"""Mesh surgery for `build_body.py`: close holes, decimate one half, mirror it, move attributes over.

All functions are deterministic; lengths are metres.
"""

from __future__ import annotations

import numpy as np
import pyfqmr
import trimesh
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ON_PLANE = 1e-6  # metres: what counts as lying in the plane of symmetry x = 0


def left_half(vertices: Floats, faces: Ints) -> Ints:
    """Return the faces (G, 3) with x >= 0; no face of the source crosses the plane."""
    return faces[vertices[faces, 0].min(axis=1) >= -ON_PLANE]


def grown(mask: NDArray[np.bool_], faces: Ints, rings: int) -> NDArray[np.bool_]:
    """Return a choice of triangles (F,) with those around it, `rings` times."""
    for _ in range(rings):
        mask = np.isin(faces, faces[mask]).any(axis=1)
    return mask


def border_paths(faces: Ints) -> list[list[int]]:
    """Return the closed border loops of a mesh as vertex ids, in the direction that closes them outward."""
    directed = {(int(a), int(b)) for a, b in faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)}
    follow = {b: a for a, b in sorted(directed) if (b, a) not in directed}
    loops = []
    while follow:
        loop = [min(follow)]
        while (after := follow.pop(loop[-1])) != loop[0]:
            loop.append(after)
        loops.append(loop)
    return loops


def off_plane(loop: list[int], vertices: Floats) -> list[list[int]]:
    """Return the runs of a border loop that leave the plane x = 0, with their ends on the plane."""
    on = [abs(vertices[v, 0]) < ON_PLANE for v in loop]
    if not any(on):
        return [loop]
    start = on.index(True)
    runs: list[list[int]] = []
    for vertex, inside in zip(loop[start:] + loop[: start + 1], on[start:] + on[: start + 1], strict=True):
        if inside:
            runs and len(runs[-1]) > 1 and runs[-1].append(vertex)
            runs.append([vertex])
        else:
            runs[-1].append(vertex)
    return [run for run in runs if len(run) > 1]


def fill(polygon: list[int], vertices: Floats) -> Ints:
    """Return the triangles of least total area that span a closed polygon (Barequet and Sharir, 1995)."""
    count = len(polygon)
    points = vertices[polygon]
    cost = np.zeros((count, count))
    apex = np.zeros((count, count), dtype=int)
    for gap in range(2, count):
        for start in range(count - gap):
            end, middle = start + gap, np.arange(start + 1, start + gap)
            area = np.linalg.norm(np.cross(points[middle] - points[start], points[end] - points[start]), axis=1) / 2
            total = cost[start, middle] + cost[middle, end] + area
            cost[start, end], apex[start, end] = total.min(), middle[total.argmin()]
    triangles, pending = [], [(0, count - 1)]
    while pending:
        start, end = pending.pop()
        if end - start > 1:
            middle = int(apex[start, end])
            triangles.append([polygon[start], polygon[middle], polygon[end]])
            pending += [(start, middle), (middle, end)]
    return np.array(triangles)


def fan(polygon: list[int], centre: int) -> Ints:
    """Return the triangles from a closed polygon to a vertex."""
    return np.array([[a, b, centre] for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True)])


def decimated(vertices: Floats, faces: Ints, count: int) -> tuple[Floats, Ints]:
    """Return a mesh of about `count` faces whose border did not move (quadric error metric)."""
    simplifier = pyfqmr.Simplify()
    simplifier.setMesh(vertices, faces)
    simplifier.simplify_mesh(count, aggressiveness=3, update_rate=1, preserve_border=True, verbose=False)
    small, small_faces, _ = simplifier.getMesh()
    return np.asarray(small, dtype=np.float64), np.asarray(small_faces, dtype=np.int64)


def mirrored(vertices: Floats, faces: Ints) -> tuple[Floats, Ints, Ints]:
    """Return both halves as one mesh, welded in the plane x = 0.

    Returns:
        vertices (V, 3), faces (F, 3), and for each vertex its mirror image (V,).
    """
    vertices = vertices.copy()
    middle = np.abs(vertices[:, 0]) < ON_PLANE
    vertices[middle, 0] = 0
    count = len(vertices)
    other = np.arange(count)
    other[~middle] = count + np.arange((~middle).sum())
    both = np.concatenate([vertices, vertices[~middle] * [-1, 1, 1]])
    mirror = np.concatenate([other, np.flatnonzero(~middle)])
    return both, np.concatenate([faces, other[faces][:, ::-1]]), mirror


def transfer(points: Floats, vertices: Floats, faces: Ints, attributes: Floats) -> Floats:
    """Return attributes (V, ...) of a mesh at the surface points nearest to points (P, 3)."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    nearest, _, triangles = trimesh.proximity.closest_point(mesh, points)
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[triangles], nearest)
    return np.einsum("pk,pk...->p...", weights, attributes[faces[triangles]])


def smoothed(weights: Floats, faces: Ints, steps: int) -> Floats:
    """Return skinning weights (V, J) averaged with their neighbours; rows keep their sum."""
    from scipy.sparse import coo_matrix, diags

    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    ones = np.ones(2 * len(edges))
    rows, columns = np.concatenate([edges, edges[:, ::-1]]).T
    graph = coo_matrix((ones, (rows, columns)), shape=(len(weights),) * 2).tocsr()
    graph.data[:] = 1
    average = diags(1 / np.asarray(graph.sum(axis=1)).ravel()) @ graph
    for _ in range(steps):
        weights = (weights + average @ weights) / 2
    return weights
