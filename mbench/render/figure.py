"""What is drawn: a mesh over time, with colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Figure:
    """A mesh over time.

    Attributes:
        faces: vertex numbers (F, 3), counter-clockwise from outside.
        colours: linear RGB of the vertices (V, 3).
        rest: vertices of a pose with its limbs apart (V, 3): what is near there is near on the surface.
        frames: how many there are.
        vertices: gives (N, V, 3), metres, z up, of the frames from a first to before a last one.
    """

    faces: NDArray[np.integer]
    colours: Floats
    rest: Floats
    frames: int
    vertices: Callable[[int, int], Floats]


def still(faces: NDArray[np.integer], vertices: Floats, colour: tuple[float, float, float] = (0.6, 0.6, 0.6)) -> Figure:
    """Return the figure of mesh frames that are all there.

    Args:
        faces: (F, 3).
        vertices: (T, V, 3), metres, z up.
        colour: linear RGB.
    """
    colours = np.tile(colour, (vertices.shape[1], 1))
    return Figure(faces, colours, vertices[0], len(vertices), lambda first, last: vertices[first:last])
