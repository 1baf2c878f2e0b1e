"""Pairs of crossing triangles with numpy alone: the same pairs as `mbench.body.contact_warp`, slower.

Broad phase: boxes of faces in a balanced binary tree, descended by all overlapping pairs of nodes at once, level by
level. Narrow phase: the same tests as the kernel, on arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

GRID = 1024  # cells an axis of the Morton code that puts near faces side by side


def find_pairs(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Iterator[Ints]:
    """Yield the crossing pairs (n, 2) of each frame, first face before second, in no order.

    Args:
        vertices: (T, V, 3) metres.
        faces: (F, 3) indices of vertices.
    """
    order: Ints | None = None
    for frame in vertices:
        corners = frame[faces]
        order = _morton_order(corners.mean(axis=1)) if order is None else order
        pairs = _overlapping_boxes(corners.min(axis=1)[order], corners.max(axis=1)[order])
        pairs = np.sort(order[pairs], axis=1)
        pairs = pairs[~share_vertex(faces[pairs[:, 0]], faces[pairs[:, 1]])]
        exact = corners.astype(np.float64)
        yield pairs[cross(exact[pairs[:, 0]], exact[pairs[:, 1]])]


def _morton_order(centres: Floats) -> Ints:
    """Return faces sorted along a curve through space, from their centres (F, 3)."""
    low, high = centres.min(axis=0), centres.max(axis=0)
    cells = ((centres - low) / max(float((high - low).max()), 1e-30) * (GRID - 1)).astype(np.int64)
    code = np.zeros(len(cells), dtype=np.int64)
    for bit in range(GRID.bit_length() - 1):
        for axis in range(3):
            code |= (cells[:, axis] >> bit & 1) << (3 * bit + axis)
    return np.argsort(code, kind="stable")


def _tree(lowers: Floats, uppers: Floats) -> list[tuple[Floats, Floats]]:
    """Return the boxes (2**level, 3) of a binary tree over boxes (F, 3), root first; padding is empty boxes."""
    padding = (1 << (len(lowers) - 1).bit_length()) - len(lowers)
    lower = np.concatenate([lowers, np.full((padding, 3), np.inf, lowers.dtype)])
    upper = np.concatenate([uppers, np.full((padding, 3), -np.inf, uppers.dtype)])
    levels = [(lower, upper)]
    while len(lower) > 1:
        lower, upper = np.minimum(lower[::2], lower[1::2]), np.maximum(upper[::2], upper[1::2])
        levels.append((lower, upper))
    return levels[::-1]


def _overlapping_boxes(lowers: Floats, uppers: Floats) -> Ints:
    """Return the pairs (n, 2) of different boxes (F, 3) that overlap or touch."""
    left = right = np.zeros(1, dtype=np.int64)
    for lower, upper in _tree(lowers, uppers)[1:]:
        one = left == right  # a node with itself has three pairs of children, two nodes have four
        first = np.concatenate([2 * left, 2 * left, 2 * left + 1, 2 * left[~one] + 1])
        second = np.concatenate([2 * right, 2 * right + 1, 2 * right + 1, 2 * right[~one]])
        keep = ((lower[first] <= upper[second]) & (lower[second] <= upper[first])).all(axis=1)
        left, right = first[keep], second[keep]
    return np.stack([left, right], axis=1)[left != right]


def share_vertex(first: Ints, second: Ints) -> Bools:
    """Return whether faces (n, 3) and faces (n, 3) have a vertex in common."""
    return (first[:, :, None] == second[:, None, :]).any(axis=(1, 2))


def cross(first: Floats, second: Floats) -> Bools:
    """Return which triangles (n, 3, 3) cross which (n, 3, 3), float64; see `mbench.body.contact` for what counts."""
    result = np.zeros(len(first), dtype=bool)
    near = np.flatnonzero(~_one_side(_heights(first, second)))
    near = near[~_one_side(_heights(second[near], first[near]))]
    s, t = first[near], second[near]
    result[near] = _an_edge_pierces(t, _heights(s, t), s) | _an_edge_pierces(s, _heights(t, s), t)
    return result


def _heights(plane: Floats, other: Floats) -> Floats:
    """Return on which side of the planes of triangles the corners of others lie: 6 signed volumes (n, 3)."""
    normal = np.cross(plane[:, 1] - plane[:, 0], plane[:, 2] - plane[:, 0])
    return np.einsum("nk,nck->nc", normal, other - plane[:, :1])


def _one_side(heights: Floats) -> Bools:
    return np.asarray((heights > 0).all(axis=1) | (heights < 0).all(axis=1))


def _an_edge_pierces(edges: Floats, heights: Floats, triangles: Floats) -> Bools:
    """Return whether an edge of one triangle that meets the plane of another meets the triangle itself."""
    following = np.roll(heights, -1, axis=1)
    meets = ~(((heights > 0) & (following > 0)) | ((heights < 0) & (following < 0)))
    row, edge = np.nonzero(meets & ~((heights == 0) & (following == 0)))
    start = edges[row, edge]
    along = edges[row, (edge + 1) % 3] - start
    spokes = triangles[row] - start[:, None]
    sides = np.einsum("nk,nck->nc", along, np.cross(spokes, np.roll(spokes, -1, axis=1)))
    inside = (sides >= 0).all(axis=1) | (sides <= 0).all(axis=1)
    pierced: Bools = np.zeros(len(edges), dtype=bool)
    pierced[row[inside]] = True
    return pierced
