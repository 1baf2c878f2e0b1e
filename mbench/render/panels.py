"""Filmstrips: pictures of single frames, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.motion import Motion
from mbench.render.figure import Figure
from mbench.render.frames import draw, figure_of
from mbench.render.look import look_of
from mbench.render.strip import pick_frames
from mbench.render.view import panel_cameras


def render_strip(
    motion: Motion,
    frames: int = 8,
    style: str = "mesh",
    body: str = "default",
    size: int | None = None,
    view: str | None = None,
    preset: str | None = None,
    device: str = "auto",
) -> NDArray[np.uint8]:
    """Return pictures of evenly spread frames side by side (H, W, 3), the first and the last frame among them.

    Each picture is drawn around its own figure, all from as far away; a motion of fewer frames gives fewer pictures.

    Args:
        motion: metres, z up.
        frames: how many.
        style: see `mbench.render.render`.
        body: likewise.
        size: height in pixels, even; None for the preset's.
        view: `front`, `side`, or what else `render` takes: a little from the side.
        preset: see `render`.
        device: likewise.

    Raises:
        ConfigError: an option with a value that does not exist.
        MotionError: fewer than one frame is asked for.
    """
    look = look_of(preset, size, view)
    picked = pick_frames(len(motion), frames)
    views = panel_cameras(motion, picked.tolist(), look)
    figure = figure_of(motion, style, body, look)

    def vertices(first: int, last: int) -> NDArray[np.floating]:
        return np.concatenate([figure.vertices(frame, frame + 1) for frame in picked[first:last].tolist()])

    shown = Figure(figure.faces, figure.colours, figure.rest, len(picked), vertices)
    return np.concatenate(list(draw(shown, views, look, np.zeros((0, 3)), device)), axis=1)
