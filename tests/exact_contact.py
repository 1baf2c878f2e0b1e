"""Crossing triangles in exact rational arithmetic, one pair at a time: slow, plain, and by another method.

Where the implementation asks on which side of edges a line passes, this cuts one triangle with the plane of the other
and clips the segment that comes out against the other's three edges.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np


def exact_pairs(vertices: np.ndarray, faces: np.ndarray) -> list[tuple[int, int]]:
    """Return the crossing pairs of one frame, sorted."""
    corners = [[[Fraction(float(x)) for x in vertices[v]] for v in face] for face in faces]
    boxes = [([min(x) for x in zip(*c, strict=True)], [max(x) for x in zip(*c, strict=True)]) for c in corners]
    pairs = combinations(range(len(faces)), 2)
    apart = ((i, j) for i, j in pairs if not set(faces[i]) & set(faces[j]) and _boxes_meet(boxes[i], boxes[j]))
    return [(i, j) for i, j in apart if _cross(corners[i], corners[j])]


def _boxes_meet(one, other) -> bool:
    return all(one[0][k] <= other[1][k] and other[0][k] <= one[1][k] for k in range(3))


def _minus(a, b):
    return [x - y for x, y in zip(a, b, strict=True)]


def _dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def _product(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _cross(first, second) -> bool:
    normal = _product(_minus(first[1], first[0]), _minus(first[2], first[0]))
    points = _section(second, [_dot(normal, _minus(corner, first[0])) for corner in second])
    if not points:
        return False
    return _segment_meets(points[0], points[-1], first, normal)


def _section(triangle, heights):
    """Return the ends of the segment in which a triangle meets the plane height = 0; nothing if it lies in it."""
    if not any(heights):
        return []
    points = [corner for corner, height in zip(triangle, heights, strict=True) if height == 0]
    for k, n in ((0, 1), (1, 2), (2, 0)):
        if heights[k] * heights[n] < 0:
            share = heights[k] / (heights[k] - heights[n])
            points.append([a + share * (b - a) for a, b in zip(triangle[k], triangle[n], strict=True)])
    return points


def _segment_meets(start, end, triangle, normal) -> bool:
    """Return whether a segment in the plane of a triangle has a point in it: what is left after three cuts."""
    low, high = Fraction(0), Fraction(1)
    for k in range(3):
        inward = _product(normal, _minus(triangle[(k + 1) % 3], triangle[k]))
        at_start, at_end = _dot(inward, _minus(start, triangle[k])), _dot(inward, _minus(end, triangle[k]))
        if at_start < 0 and at_end < 0:
            return False
        if at_start < 0 or at_end < 0:
            share = at_start / (at_start - at_end)
            low, high = (max(low, share), high) if at_start < 0 else (low, min(high, share))
    return low <= high
