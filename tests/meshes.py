"""Meshes for tests: spheres and tori, smooth waves that bend them through themselves, stacks of triangles."""

from __future__ import annotations

import numpy as np


def sphere(subdivisions: int = 2, radius: float = 1.0, centre=(0, 0, 0)) -> tuple[np.ndarray, np.ndarray]:
    """Return an icosphere: vertices (V, 3) float32 and faces (20 * 4**subdivisions, 3)."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([(0, s, t * golden) for s in (1, -1) for t in (1, -1)])
    vertices = np.concatenate([np.roll(corners, shift, axis=1) for shift in range(3)])
    near = np.linalg.norm(vertices[:, None] - vertices, axis=-1) < 2.1
    faces = [
        (i, j, k) for i in range(12) for j in range(i) for k in range(j) if near[i, j] and near[j, k] and near[i, k]
    ]
    faces = np.array(faces)
    for _ in range(subdivisions):
        vertices, faces = _split(vertices, faces)
    vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    return (vertices * radius + centre).astype(np.float32), faces


def _split(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], axis=-1)
    unique, index = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True)
    middle = index.reshape(-1, 3) + len(vertices)
    a, b, c = faces.T
    ab, bc, ca = middle.T
    new = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return np.concatenate([vertices, vertices[unique].mean(axis=1)]), new


def torus(around: int = 24, across: int = 12, tube: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """Return a torus of radius 1: vertices (V, 3) float32 and faces (2 * around * across, 3)."""
    u, v = np.meshgrid(np.arange(around), np.arange(across), indexing="ij")
    big, small = 2 * np.pi * u / around, 2 * np.pi * v / across
    ring = 1 + tube * np.cos(small)
    vertices = np.stack([ring * np.cos(big), ring * np.sin(big), tube * np.sin(small)], axis=-1).reshape(-1, 3)
    here, right = u * across + v, (u + 1) % around * across + v
    up, corner = u * across + (v + 1) % across, (u + 1) % around * across + (v + 1) % across
    faces = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((here, right, corner), (here, corner, up))])
    return vertices.astype(np.float32), faces


def both(*meshes: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return meshes as one, in order."""
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in meshes])
    vertices = np.concatenate([vertices for vertices, _ in meshes])
    return vertices, np.concatenate([faces + start for (_, faces), start in zip(meshes, starts, strict=False)])


def wobbled(mesh: tuple[np.ndarray, np.ndarray], frames: int, seed: int, size: float = 0.9) -> np.ndarray:
    """Return frames (T, V, 3) of a mesh bent by random smooth waves, so much that it passes through itself."""
    rng = np.random.default_rng(seed)
    vertices = mesh[0].astype(np.float64)
    waves, phases = rng.normal(0, 1.5, (frames, 6, 3)), rng.uniform(0, 2 * np.pi, (frames, 6))
    ways = rng.normal(0, size / 6, (frames, 6, 3))
    moved = np.einsum("fwv,fwk->fvk", np.sin(np.einsum("fwk,vk->fwv", waves, vertices) + phases[..., None]), ways)
    return (vertices + moved * 2).astype(np.float32)


def crossing_stacks(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` triangles across x and as many across y, each of which crosses every one of the other stack."""
    places = np.linspace(-0.2, 0.2, count)
    across_x = [[(x, -1, -1), (x, 1, -1), (x, 0, 2)] for x in places]
    across_y = [[(-1, y, -1), (1, y, -1), (0, y, 2)] for y in places]
    vertices = np.array(across_x + across_y, dtype=np.float32).reshape(-1, 3)
    return vertices, np.arange(len(vertices)).reshape(-1, 3)
