"""Self-contact of a mesh: which triangles cross which, and the share of them that the benchmark calls penetration.

Two triangles of a mesh cross when they share no vertex (by index) and an edge of one meets the other: its ends do not
lie strictly on the same side of the other's plane, nor both in it, and its line meets the closed triangle. So triangles
that touch count, and triangles that lie in one plane do not, however they overlap. The signs of the volumes are taken
in float64 from float32 coordinates: the pairs are those of exact arithmetic unless triangles come within about 1e-12 m
of just touching, so the CPU, a GPU and numpy find the same.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mbench.errors import ConfigError, MBenchError

Pairs = NDArray[np.int64]
Backend = Literal["auto", "warp", "numpy"]


class MeshError(MBenchError, ValueError):
    """A mesh that is not one: wrong shapes, non-finite vertices, faces that name no vertex."""


def self_intersections(
    vertices: ArrayLike, faces: ArrayLike, device: str = "auto", backend: Backend = "auto"
) -> list[Pairs]:
    """Return the pairs of triangles of a mesh that cross without sharing a vertex, frame by frame.

    Args:
        vertices: (V, 3) or (T, V, 3), metres; read as float32. Arrays or torch tensors.
        faces: (F, 3) indices of vertices.
        device: auto (CUDA where there is a GPU), cpu or cuda; of warp only.
        backend: `warp` (compiled, CPU and CUDA), `numpy`, or `auto`: warp where it is installed. All give the same.

    Returns:
        one int64 array (n, 2) a frame, first face before second, rows sorted.

    Raises:
        MeshError: wrong shapes, non-finite vertices, faces that name no vertex.
        ConfigError: an unknown device or backend, or one that is not here.
    """
    return list(_each_frame(*_checked(vertices, faces), device, backend))


def body_penetration(
    vertices: ArrayLike,
    faces: ArrayLike,
    rest_pairs: Pairs | None = None,
    max_collisions: int | None = None,
    device: str = "auto",
    backend: Backend = "auto",
) -> NDArray[np.float64]:
    """Return the percentage of crossing pairs a frame: pairs / faces * 100. Their mean is MBench's Body_Penetration.

    Source: MBench, arXiv 2510.26794, less the pairs that cross in the rest pose (mouth, armpits), which no motion is to
    blame for.

    Args:
        vertices: (V, 3) or (T, V, 3), metres.
        faces: (F, 3) indices of vertices.
        rest_pairs: (n, 2) pairs that do not count, as `self_intersections` returns them.
        max_collisions: None counts every pair. A number counts, of each face, its first that many pairs with faces of
            a higher number, after `rest_pairs` are left out. The released benchmark asks its collision tree for 8.
        device: see `self_intersections`.
        backend: see `self_intersections`.

    Returns:
        (T,) percent; can exceed 100.

    Raises:
        MeshError: wrong shapes, non-finite vertices, faces that name no vertex.
        ConfigError: `max_collisions` below 1, an unknown device or backend, or one that is not here.
    """
    if max_collisions is not None and max_collisions < 1:
        raise ConfigError(f"max_collisions is {max_collisions}; expected 1 or more, or none for no limit")
    mesh, triangles = _checked(vertices, faces)
    frames = _each_frame(mesh, triangles, device, backend)
    counts = [len(_limited(_without(pairs, rest_pairs), max_collisions)) for pairs in frames]
    return np.array(counts) / len(triangles) * 100


def _each_frame(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], device: str, backend: Backend
) -> Iterator[Pairs]:
    return (_sorted(pairs, len(faces)) for pairs in _found(vertices, faces, device, backend))


def _found(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], device: str, backend: Backend
) -> Iterable[NDArray[Any]]:
    """Return the unsorted pairs of each frame, by the backend asked for."""
    if backend not in ("auto", "warp", "numpy"):
        raise ConfigError(f"backend {backend!r} is unknown; expected auto, warp or numpy")
    has_warp = importlib.util.find_spec("warp") is not None
    if backend == "numpy" or (backend == "auto" and not has_warp):
        from mbench.body import contact_numpy

        return contact_numpy.find_pairs(vertices, faces)
    if not has_warp:
        raise ConfigError("backend warp is not installed: pip install 'mbench[body]', or use numpy")
    from mbench.body import contact_warp

    return contact_warp.find_pairs(vertices, faces, device)


def _sorted(pairs: NDArray[Any], faces: int) -> Pairs:
    """Return pairs sorted by first face, then second: threads of a GPU find them in any order."""
    keys = np.sort(pairs[:, 0].astype(np.int64) * faces + pairs[:, 1])
    return np.stack(np.divmod(keys, faces), axis=1)


def _without(pairs: Pairs, rest: Pairs | None) -> Pairs:
    """Return the pairs that are not among those of the rest pose."""
    if rest is None or not len(rest) or not len(pairs):
        return pairs
    width = max(pairs.max(), rest.max()) + 1
    return pairs[~np.isin(pairs @ (width, 1), rest @ (width, 1))]


def _limited(pairs: Pairs, most: int | None) -> Pairs:
    """Return, of each first face, its first `most` pairs; pairs are sorted."""
    if most is None:
        return pairs
    _, starts, counts = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    rank = np.arange(len(pairs)) - np.repeat(starts, counts)
    return pairs[rank < most]


def _checked(vertices: ArrayLike, faces: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return vertices (T, V, 3) and faces (F, 3), contiguous."""
    mesh, triangles = np.ascontiguousarray(_on_cpu(vertices), dtype=np.float32), np.asarray(_on_cpu(faces))
    if mesh.ndim not in (2, 3) or mesh.shape[-1] != 3:
        raise MeshError(f"vertices have shape {mesh.shape}; expected (V, 3) or (T, V, 3)")
    if triangles.ndim != 2 or triangles.shape[1] != 3 or triangles.dtype.kind not in "iu" or not len(triangles):
        raise MeshError(
            f"faces have shape {triangles.shape} of {triangles.dtype}; expected (F, 3) integers: triangles, F > 0"
        )
    if triangles.min() < 0 or triangles.max() >= mesh.shape[-2]:
        raise MeshError(
            f"faces name vertices {triangles.min()} to {triangles.max()}; the mesh has 0 to {mesh.shape[-2] - 1}"
            " (faces of another body, or counted from 1?)"
        )
    mesh = mesh.reshape(-1, *mesh.shape[-2:])
    if not np.isfinite(mesh).all():
        frame, vertex = np.argwhere(~np.isfinite(mesh))[0][:2]
        raise MeshError(f"vertices are not finite, the first at frame {frame}, vertex {vertex}")
    return mesh, np.ascontiguousarray(triangles, dtype=np.int32)


def _on_cpu(array: Any) -> Any:
    """Return a torch tensor as an array, anything else as it is."""
    return array.detach().cpu().numpy() if hasattr(array, "detach") else array
