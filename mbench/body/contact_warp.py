"""Pairs of crossing triangles with warp, on the CPU or a GPU. See `mbench.body.contact`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import warp as wp
from numpy.typing import NDArray

from mbench.body import contact_kernels as kernels
from mbench.body.device import warp_device


class _Finder:
    """The buffers of one topology on one device; the tree is built for the first frame and refitted for the others."""

    def __init__(self, faces: NDArray[np.int32], vertices: int, device: str) -> None:
        self.device = device
        self.faces: wp.array = wp.array(faces, dtype=wp.vec3i, device=device)
        self.points = wp.empty(vertices, dtype=wp.vec3, device=device)
        self.lowers = wp.empty(len(faces), dtype=wp.vec3, device=device)
        self.uppers = wp.empty(len(faces), dtype=wp.vec3, device=device)
        self.count = wp.zeros(1, dtype=int, device=device)
        self.pairs = wp.empty(len(faces), dtype=wp.vec2i, device=device)
        self.bvh: wp.Bvh | None = None

    def find(self, frame: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the pairs (n, 2) of one frame (V, 3), in no order."""
        self.points.assign(frame)
        self._launch(kernels.bounds, [self.points, self.faces, self.lowers, self.uppers])
        if self.bvh is None:
            self.bvh = wp.Bvh(self.lowers, self.uppers)
        else:
            self.bvh.refit()
        found = self._query()
        if found > len(self.pairs):  # the buffer was too small: now its size is known
            self.pairs = wp.empty(found, dtype=wp.vec2i, device=self.device)
            found = self._query()
        return self.pairs.numpy()[:found].copy()

    def _query(self) -> int:
        assert self.bvh is not None
        self.count.zero_()
        self._launch(
            kernels.find_pairs, [self.bvh.id, self.points, self.faces, self.lowers, self.uppers, self.count, self.pairs]
        )
        return int(self.count.numpy()[0])

    def _launch(self, kernel: wp.Kernel, inputs: list[object]) -> None:
        wp.launch(kernel, dim=len(self.faces), inputs=inputs, device=self.device)


def find_pairs(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], device: str = "auto"
) -> Iterator[NDArray[np.int32]]:
    """Yield the crossing pairs (n, 2) of each frame, first face before second, in no order.

    Args:
        vertices: (T, V, 3) metres.
        faces: (F, 3) indices of vertices.
        device: auto, cpu or cuda.
    """
    finder = _Finder(faces, vertices.shape[1], warp_device(device))
    for frame in vertices:
        yield finder.find(frame)
