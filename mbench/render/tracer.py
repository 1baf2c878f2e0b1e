"""The ray caster: one mesh, one picture size, one device."""

from __future__ import annotations

from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

from mbench.render import kernel_base, kernel_floor, kernel_light, kernel_rays
from mbench.render.camera import Camera
from mbench.render.figure import Figure
from mbench.render.look import Look, srgb
from mbench.render.sampling import ambient_plan, cone, dome, shuffled, spiral

SPHERE_RAYS = 20  # ambient rays of a vertex, half of which leave the surface
KEY_RAYS = 2  # key-light rays of a vertex
SOFTNESS = 0.12  # radius of the key light as seen from the figure, radians
KEY_COLOUR, SKY_COLOUR, BOUNCE_COLOUR, FILL = (0.62, 0.60, 0.57), (0.47, 0.49, 0.52), (0.30, 0.29, 0.27), 0.08
KEY_ELEVATION, KEY_AZIMUTH = 55.0, 40.0  # degrees above the floor; from behind the camera towards its left
TEXELS, TEXEL = 96, 0.016  # of the floor's texture of light; metres, at least
SMOOTHING = (2, 1, 2, 1)  # texels by which each round of averaging is shifted: all in all by none

Floats = NDArray[np.floating]


def compile_kernels(device: str) -> None:
    """Compile the kernels for a device, or take them from Warp's cache; threads must not do it at once."""
    for module in (kernel_light, kernel_floor, kernel_rays):
        wp.load_module(module, device=device)


class Tracer:
    """Draws frames of a mesh; a thread needs one of its own.

    Args:
        figure: the mesh; the ray-casting tree is built from its rest pose, then fitted to each frame.
        look: colours of floor and background.
        key: direction to the key light (3,).
        path: points of the line on the floor (N, 3), metres; may be empty.
        centre: point of the floor (3,) around which it is clear of haze.
        clear: metres up to where it is.
        device: warp's name of a device.
    """

    def __init__(
        self, figure: Figure, look: Look, key: Floats, path: Floats, centre: Floats, clear: float, device: str
    ) -> None:
        start, faces = figure.rest, figure.faces
        self._device, self._path = device, path
        self._points = self._array(start, wp.vec3)
        self._faces = self._array(faces, wp.int32)
        self._mesh = wp.Mesh(self._points, self._array(np.ravel(faces), wp.int32))
        self._first, self._around = (self._array(a, wp.int32) for a in _faces_around(faces, len(start)))
        chosen, near, weights = ambient_plan(start, faces)
        self._chosen, self._near = self._array(chosen, wp.int32), self._array(near, wp.int32)
        self._weights, self._found = self._array(weights, wp.float32), wp.zeros(len(chosen), wp.vec3, device=device)
        self._sphere = self._array(spiral(SPHERE_RAYS), wp.vec3)
        self._disc = self._array(cone(key, SOFTNESS, KEY_RAYS), wp.vec3)
        count = kernel_light.BLOCK**2 * kernel_light.FLOOR_RAYS
        self._floor_disc = self._array(shuffled(cone(key, SOFTNESS, count)), wp.vec3)
        self._dome = self._array(shuffled(dome(count)), wp.vec3)
        self._rough, self._smooth = (wp.zeros((TEXELS, TEXELS), wp.vec2, device=device) for _ in range(2))
        self._stage = _stage(look, key, centre, clear)
        self._surface = self._new_surface(len(start), figure.colours)
        self._camera: Camera | None = None

    def _array(self, values: Any, kind: Any) -> Any:
        """Return values on the device."""
        return wp.array(
            np.ascontiguousarray(values, dtype=None if kind is wp.int32 else np.float32),
            dtype=kind,
            device=self._device,
        )

    def _launch(self, kernel: Any, dim: Any, *inputs: Any) -> None:
        wp.launch(kernel, dim, inputs=list(inputs), device=self._device)

    def _new_surface(self, count: int, colours: Floats) -> Any:
        """Return the mesh as kernels see it."""
        surface = kernel_rays.Surface()
        surface.mesh, surface.faces, surface.points = self._mesh.id, self._faces, self._points
        surface.normals, surface.ambient = (wp.zeros(count, wp.vec3, device=self._device) for _ in range(2))
        surface.key, surface.colours = wp.zeros(count, wp.float32, device=self._device), self._array(colours, wp.vec3)
        return surface

    def draw(self, vertices: Floats, camera: Camera) -> NDArray[np.uint8]:
        """Return a picture (H, W, 3).

        Args:
            vertices: (V, 3) world positions, metres, z up.
            camera: where from.
        """
        self._points.assign(np.ascontiguousarray(vertices, dtype=np.float32))
        self._mesh.refit()
        self._light()
        sheet = self._light_floor(vertices)
        self._set(camera)
        wp.copy(self._picture, self._empty)
        self._shade(sheet, box_of(camera, [vertices, _corners(sheet)]))
        return np.array(self._picture.numpy())

    def _light(self) -> None:
        """Compute normals and light of the vertices."""
        surface, count, mesh, points = self._surface, len(self._points), self._mesh.id, self._points
        self._launch(
            kernel_light.vertex_normals, count, points, self._faces, self._first, self._around, surface.normals
        )
        self._launch(
            kernel_light.ambient_light, len(self._chosen), mesh, points, surface.normals, self._chosen, self._sphere,
            self._stage, self._found,
        )  # fmt: skip
        self._launch(
            kernel_light.light_vertices, count, mesh, points, surface.normals, self._disc, self._near, self._weights,
            self._found, self._stage, surface.ambient, surface.key,
        )  # fmt: skip

    def _light_floor(self, vertices: Floats) -> Any:
        """Compute the shadow on the floor; return where its texture lies."""
        sheet = _sheet(vertices, np.array(self._stage.key))
        shape = (TEXELS, TEXELS)
        self._launch(kernel_light.light_floor, shape, self._mesh.id, self._floor_disc, self._dome, sheet, self._rough)
        for shift in SMOOTHING:
            self._launch(kernel_light.smooth_floor, shape, self._rough, shift, self._smooth)
            self._rough, self._smooth = self._smooth, self._rough
        return sheet

    def _set(self, camera: Camera) -> None:
        """Draw what does not move; once where the camera does not."""
        if camera is self._camera:
            return
        shape = (camera.height, camera.width)
        if self._camera is None or shape != self._picture.shape[:2]:
            self._allocate(shape)
        self._camera, self._view = camera, _view(camera)
        self._cover.zero_()
        ends = _pieces(camera, self._path)
        half = max(1.0, camera.height / 512) * 0.8
        self._launch(kernel_floor.stroke, len(ends), self._array(ends, wp.vec2), half, self._cover)
        self._launch(kernel_floor.background, shape, self._view, self._stage, self._cover, self._behind, self._empty)

    def _allocate(self, shape: tuple[int, int]) -> None:
        """Make the buffers of a picture size."""
        self._cover, self._behind = (wp.zeros(shape, kind, device=self._device) for kind in (wp.float32, wp.vec3))
        self._empty, self._picture = (wp.zeros((*shape, 3), wp.uint8, device=self._device) for _ in range(2))
        self._nearest = wp.full(shape, int(kernel_rays.NOTHING), wp.int64, device=self._device)

    def _shade(self, sheet: Any, box: tuple[int, int, int, int]) -> None:
        """Draw the mesh and its shadow, which lie in a box: first row, first column, rows, columns."""
        row, column, *shape = box
        if min(shape) == 0:
            return
        self._launch(kernel_rays.clear, shape, row, column, self._nearest)
        self._launch(kernel_rays.cast, len(self._faces), self._view, self._points, self._faces, self._nearest)
        self._launch(
            kernel_rays.shade, shape, self._surface, self._view, self._stage, sheet, self._rough, row, column,
            self._nearest, self._behind, self._picture,
        )  # fmt: skip


def key_direction(camera: Camera) -> Floats:
    """Return the unit vector (3,) to the key light: behind the camera, to its left and above."""
    around, up = np.radians([KEY_AZIMUTH, KEY_ELEVATION])
    back = -camera.axes[2] * (1, 1, 0)
    back /= np.linalg.norm(back)
    level = np.cos(around) * back - np.sin(around) * camera.axes[0]
    return np.asarray(np.cos(up) * level + np.array([0, 0, np.sin(up)]))


def box_of(camera: Camera, clouds: list[Floats]) -> tuple[int, int, int, int]:
    """Return the part of a picture that points may show in: first row, first column, rows, columns."""
    seen = np.concatenate([camera.project(cloud) for cloud in clouds])
    if (seen[:, 2] <= 1e-3).any():
        return 0, 0, camera.height, camera.width
    edge = (camera.width, camera.height)
    low = np.clip(np.floor(seen[:, :2].min(axis=0)) - 2, 0, edge).astype(int)
    high = np.clip(np.ceil(seen[:, :2].max(axis=0)) + 2, 0, edge).astype(int)
    return int(low[1]), int(low[0]), int(high[1] - low[1]), int(high[0] - low[0])


def _faces_around(faces: NDArray[np.integer], vertices: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return, for each vertex, where its faces start in a list (V + 1,) and the list (3 F,)."""
    flat = np.ravel(faces)
    first = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=vertices))])
    return first, np.argsort(flat, kind="stable") // 3


def _pieces(camera: Camera, path: Floats) -> Floats:
    """Return the pieces of a line on the floor in the picture (N, 2, 2), those behind the camera left out."""
    seen = camera.project(path) if len(path) else np.zeros((0, 3))
    ends = np.stack([seen[:-1], seen[1:]], axis=1) if len(seen) else np.zeros((0, 2, 3))
    return ends[(ends[..., 2] > 0.05).all(axis=1), :, :2]


def _view(camera: Camera) -> Any:
    """Return a camera as kernels see it."""
    view = kernel_base.View()
    across, up = camera.tangents
    view.eye, view.forward = wp.vec3(*camera.eye), wp.vec3(*camera.axes[2])
    view.across, view.up = wp.vec3(*camera.axes[0] * across), wp.vec3(*camera.axes[1] * up)
    view.width, view.height = camera.width, camera.height
    return view


def _stage(look: Look, key: Floats, centre: Floats, clear: float) -> Any:
    """Return light and floor as kernels see them."""
    stage = kernel_base.Stage()
    stage.key, stage.fill = wp.vec3(*key), FILL
    stage.key_colour, stage.sky_colour, stage.bounce_colour = (
        wp.vec3(*colour) for colour in (KEY_COLOUR, SKY_COLOUR, BOUNCE_COLOUR)
    )
    for name in ("floor", "line", "path", "horizon", "zenith"):
        setattr(stage, name, wp.vec3(*srgb(getattr(look, name))))
    stage.centre, stage.clear, stage.haze = wp.vec3(*centre), clear, 2.0 + clear
    return stage


def _sheet(vertices: Floats, key: Floats) -> Any:
    """Return the texture's place: around the figure's shadow, and what lies straight below it."""
    above = vertices[:, 2:].clip(0)
    cast = np.concatenate([vertices[:, :2], vertices[:, :2] - above / key[2] * key[:2]])
    low, high = cast.min(axis=0) - 0.2, cast.max(axis=0) + 0.2
    sheet = kernel_base.Sheet()
    sheet.texel = max(float((high - low).max()) / TEXELS, TEXEL)
    sheet.corner = wp.vec2(*((low + high) / 2 - sheet.texel * TEXELS / 2))
    sheet.count = TEXELS
    return sheet


def _corners(sheet: Any) -> Floats:
    """Return the corners (4, 3) of the texture."""
    low, side = np.array(sheet.corner), sheet.texel * sheet.count
    return np.array([[low[0] + x * side, low[1] + y * side, 0.0] for x in (0, 1) for y in (0, 1)])
