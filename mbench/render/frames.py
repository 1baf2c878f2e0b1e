"""Motion to pictures: `render`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.body.device import warp_device
from mbench.errors import ConfigError, did_you_mean
from mbench.motion import Motion
from mbench.motion.skeleton import PELVIS
from mbench.render.camera import Camera
from mbench.render.figure import Figure
from mbench.render.look import Look, look_of
from mbench.render.view import cameras

if TYPE_CHECKING:
    from mbench.render.tracer import Tracer

STYLES = ("mesh", "skeleton")
CHUNK = 32  # frames whose vertices are made at once
MOST_WORKERS = 8
CLEAR = 3.0  # metres around the path before the floor fades
Picture = NDArray[np.uint8]


def render(
    motion: Motion,
    style: str = "mesh",
    body: str = "default",
    size: int | None = None,
    view: str | None = None,
    preset: str | None = None,
    device: str = "auto",
    frame_counter: bool = False,
) -> Iterator[Picture]:
    """Yield a picture (H, W, 3), sRGB bytes, for each frame of a motion.

    The floor is z = 0, with a grid of 1 m, the shadow of the figure and the path of its pelvis. On the CPU the same
    motion gives the same bytes from run to run; a GPU rounds differently.

    Args:
        motion: metres, z up.
        style: `mesh`, a skinned body, or `skeleton`, capsules between the joints.
        body: for `mesh`: `default` or the path of an SMPL-format file, see `mbench.body.load_body`.
        size: pixels of a side, even; None for the preset's (512 without one).
        view: `fixed`, `follow`, `front` or `side`, see `mbench.render.view.cameras`; None for the preset's (`fixed`).
        preset: a name in `mbench.render.look.PRESETS`; `mbench` is the published view.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        frame_counter: write the frame's number and time into a corner.

    Raises:
        ConfigError: an option with a value that does not exist, or a missing package or GPU.
        FormatError: the body can't be read.
    """
    look = look_of(preset, size, view)
    views = cameras(motion, look)
    figure = figure_of(motion, style, body, look)
    pictures = draw(figure, views, look, motion.joints[:, PELVIS], device)
    return _counted(pictures, motion.fps) if frame_counter else pictures


def figure_of(motion: Motion, style: str, body: str, look: Look) -> Figure:
    """Return what stands for a motion; see `render`.

    Raises:
        ConfigError: an unknown style.
    """
    if style == "skeleton":
        from mbench.render.skeleton_figure import skeleton_figure

        return skeleton_figure(motion, look)
    if style == "mesh":
        from mbench.render.body_figure import body_figure

        return body_figure(motion, body, look)
    raise ConfigError(f"style is {style!r}; expected one of {', '.join(STYLES)}{did_you_mean(str(style), STYLES)}")


def draw(
    figure: Figure, views: Sequence[Camera], look: Look, path: NDArray[np.floating], device: str = "auto"
) -> Iterator[Picture]:
    """Yield the pictures (H, W, 3) of a figure.

    Frames are drawn on several threads on the CPU: Warp's kernels run outside the interpreter's lock. How many there
    are never changes a pixel.

    Args:
        figure: T frames.
        views: T cameras.
        look: colours.
        path: of the pelvis (N, 3), drawn on the floor; may be empty.
        device: see `render`.

    Raises:
        ConfigError: a device that does not exist, or Warp is missing.
    """
    where = warp_device(device)
    from mbench.render.tracer import compile_kernels

    compile_kernels(where)
    workers = min(MOST_WORKERS, os.cpu_count() or 1, figure.frames) if where == "cpu" else 1

    def tracer() -> Tracer:
        return _tracer(figure, views, look, path, where)

    return _in_order(figure, views, tracer, workers)


def _tracer(figure: Figure, views: Sequence[Camera], look: Look, path: NDArray[np.floating], where: str) -> Tracer:
    """Return a ray caster for a figure, with the light that suits the first camera."""
    from mbench.render.tracer import Tracer, key_direction

    ground = np.array(path, dtype=np.float64).reshape(-1, 3) * (1, 1, 0)
    clearing = ground if len(ground) else figure.vertices(0, 1)[0] * (1, 1, 0)
    centre = (clearing.min(axis=0) + clearing.max(axis=0)) / 2
    clear = CLEAR + float(np.linalg.norm(clearing - centre, axis=-1).max())
    return Tracer(figure, look, key_direction(views[0]), ground, centre, clear, where)


def _in_order(figure: Figure, views: Sequence[Camera], tracer: Callable[[], Tracer], workers: int) -> Iterator[Picture]:
    """Yield pictures in order, some of them drawn ahead; each thread takes a ray caster that nobody uses."""
    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(workers):
        free.put(tracer())

    def one(vertices: NDArray[np.floating], camera: Camera) -> Picture:
        mine = free.get()
        try:
            return mine.draw(vertices, camera)
        finally:
            free.put(mine)

    waiting: deque[Future[Picture]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for first in range(0, figure.frames, CHUNK):
            chunk = figure.vertices(first, min(first + CHUNK, figure.frames))
            for frame, vertices in enumerate(chunk, first):
                waiting.append(pool.submit(one, vertices, views[frame]))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _counted(pictures: Iterator[Picture], fps: float) -> Iterator[Picture]:
    """Yield pictures with frame number and time in the top left corner."""
    from PIL import Image, ImageDraw, ImageFont

    for frame, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        height = max(12, len(picture) // 28)
        text = f"{frame:4d}  {frame / fps:6.2f} s"
        ImageDraw.Draw(image).text((height // 2, height // 2), text, (90, 98, 110), ImageFont.load_default(height))
        yield np.array(image)
