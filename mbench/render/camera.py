"""Pinhole cameras, and the nearest camera that has a whole motion in its frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
WORLD_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Attributes:
        eye: world position (3,), metres.
        axes: unit vectors to the right, up and forward in the picture, the rows of (3, 3).
        tangent: of half the vertical field of view.
        width: pixels.
        height: pixels.
    """

    eye: Floats
    axes: Floats
    tangent: float
    width: int
    height: int

    @property
    def tangents(self) -> tuple[float, float]:
        """Return the tangents of half the horizontal and half the vertical field of view."""
        return self.tangent * self.width / self.height, self.tangent

    def project(self, points: ArrayLike) -> Floats:
        """Return pixel column, pixel row and depth in metres (..., 3) of world points (..., 3).

        The centre of the top left pixel is (0.5, 0.5); what lies behind the camera has a depth below 0.
        """
        seen = (np.asarray(points, dtype=np.float64) - self.eye) @ self.axes.T
        depth = seen[..., 2:]
        across, up = self.tangents
        with np.errstate(divide="ignore", invalid="ignore"):
            plane = seen[..., :2] / depth * (0.5 / across, -0.5 / up) + 0.5
        return np.concatenate([plane * (self.width, self.height), depth], axis=-1)

    def rays(self, pixels: ArrayLike) -> Floats:
        """Return unit world directions (..., 3) of the rays through pixel columns and rows (..., 2)."""
        plane = np.asarray(pixels, dtype=np.float64) / (self.width, self.height) * (2, -2) + (-1, 1)
        across, up = self.tangents
        rays = plane[..., :1] * across * self.axes[0] + plane[..., 1:] * up * self.axes[1] + self.axes[2]
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))

    def moved(self, shift: ArrayLike) -> Camera:
        """Return the camera shifted by a world vector (3,)."""
        return replace(self, eye=self.eye + np.asarray(shift, dtype=np.float64))


def axes_towards(azimuth: float, tilt: float) -> Floats:
    """Return the axes (3, 3) of a camera that stands in a direction of the compass and looks down.

    Args:
        azimuth: degrees, counter-clockwise from +x, of the direction in which the camera stands.
        tilt: degrees by which it looks down, 0 to below 90.
    """
    around, down = np.radians([azimuth, tilt])
    forward = -np.array([np.cos(around) * np.cos(down), np.sin(around) * np.cos(down), np.sin(down)])
    right = np.cross(forward, WORLD_UP)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), forward])


def framing(
    points: ArrayLike, radius: ArrayLike, axes: Floats, fov: float, width: int, height: int, margin: float = 0.06
) -> Camera:
    """Return the nearest camera with given axes that sees balls around points whole.

    A ball of radius r lies within the right edge of the picture when p.(right - t forward) + r sqrt(1 + t^2) is at
    most the same of the eye (t: tangent of half the field of view), and likewise for the other edges; opposite edges
    touched at once give the eye.

    Args:
        points: (N, 3), metres.
        radius: of the balls, metres; one, or (N,).
        axes: of the camera, see `Camera`.
        fov: vertical field of view, degrees.
        width: pixels.
        height: pixels.
        margin: share of half the picture left empty at each edge.
    """
    camera = Camera(np.zeros(3), axes, float(np.tan(np.radians(fov) / 2)), width, height)
    seen = np.asarray(points, dtype=np.float64).reshape(-1, 3) @ axes.T
    sides, back = np.zeros(2), np.inf
    for axis, tangent in enumerate(t * (1 - margin) for t in camera.tangents):
        ball = np.asarray(radius) * np.hypot(1, tangent)
        far = (seen[:, axis] - tangent * seen[:, 2] + ball).max()
        near = (ball - seen[:, axis] - tangent * seen[:, 2]).max()
        sides[axis], back = (far - near) / 2, min(back, -(far + near) / (2 * tangent))
    return camera.moved(axes.T @ np.array([*sides, back]))
