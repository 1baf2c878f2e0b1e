"""Directions of rays, and which vertices cast them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

AMBIENT_SHARE, AMBIENT_LEAST, NEAR = 8, 500, 4  # one vertex in 8 casts ambient rays, the others blend the 4 nearest

Floats = NDArray[np.floating]


def spiral(count: int) -> Floats:
    """Return directions (count, 3) spread evenly over the sphere (Fibonacci lattice)."""
    height = 1 - (2 * np.arange(count) + 1) / count
    angle = np.pi * (1 + 5**0.5) * np.arange(count)
    ring = np.sqrt(1 - height**2)
    return np.stack([np.cos(angle) * ring, np.sin(angle) * ring, height], axis=-1)


def cone(axis: Floats, radius: float, count: int) -> Floats:
    """Return unit directions (count, 3) spread evenly over a cone around an axis (Vogel's spiral)."""
    angle, away = np.pi * (3 - 5**0.5) * np.arange(count), radius * np.sqrt((np.arange(count) + 0.5) / count)
    side = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    side /= np.linalg.norm(side)
    rays = axis + (np.cos(angle) * away)[:, None] * side + (np.sin(angle) * away)[:, None] * np.cross(axis, side)
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def dome(count: int) -> Floats:
    """Return directions (count, 3) over the upper half-sphere, as dense as the light a level floor gets from them."""
    angle, away = np.pi * (3 - 5**0.5) * np.arange(count), np.sqrt((np.arange(count) + 0.5) / count)
    return np.stack([np.cos(angle) * away, np.sin(angle) * away, np.sqrt(1 - away**2)], axis=-1)


def ambient_plan(points: Floats, faces: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return which vertices (S,) cast ambient rays, and the nearest of them (V, 4) with weights (V, 4) for all.

    Near in place and in direction: the inside of one arm must not light the trunk beside it.
    """
    corners = np.asarray(points, dtype=np.float64)[faces]
    normals = np.zeros((len(points), 3))
    np.add.at(normals, faces, np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, None])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    features = np.concatenate([points, 0.1 * normals], axis=-1)
    count = min(len(points), max(AMBIENT_LEAST, len(points) // AMBIENT_SHARE))
    chosen = np.sort(np.random.default_rng(0).permutation(len(points))[:count])
    distance, near = cKDTree(features[chosen]).query(features, k=min(NEAR, count))
    weights = 1 / (distance.reshape(len(points), -1) + 0.01)
    return chosen, near.reshape(len(points), -1), weights / weights.sum(axis=1, keepdims=True)


def shuffled(rays: Floats) -> Floats:
    """Return rays in an order in which any run of them is spread over all (a fixed draw)."""
    return rays[np.random.default_rng(0).permutation(len(rays))]
