"""Skeleton filmstrips: a motion as a row of stick figures, as a matplotlib figure or as a small SVG.

The figures stand side by side on one ground line, each drawn around its own pelvis, so that a strip shows posture and
height, not how far the person went. Left limbs are blue, right limbs orange.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MotionError
from mbench.motion import Motion
from mbench.motion.kinematics import world_rotations

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VIEWS = {"front": 0.0, "three-quarter": 40.0, "side": 90.0}  # degrees from which the camera looks, towards the right
LEFT, RIGHT, MIDDLE = "#2b6cb0", "#dd6b20", "#4a5568"
CHAINS = (
    (LEFT, (9, 13, 16, 18, 20)),
    (LEFT, (0, 1, 4, 7, 10)),
    (MIDDLE, (0, 3, 6, 9, 12, 15)),
    (RIGHT, (0, 2, 5, 8, 11)),
    (RIGHT, (9, 14, 17, 19, 21)),
)
HEAD_RADIUS = 0.10


def pick_frames(count: int, frames: int) -> NDArray[np.intp]:
    """Return at most `frames` frame numbers, evenly spread from the first to the last.

    Raises:
        MotionError: fewer than one frame is asked for.
    """
    if frames < 1:
        raise MotionError(f"a filmstrip of {frames} frames was asked for; expected at least 1")
    return np.unique(np.linspace(0, count - 1, min(frames, count)).round().astype(np.intp))


def project(joints: NDArray[np.floating], view: str | float, tilt: float = 8.0) -> NDArray[np.float64]:
    """Return joints (..., 3) as the camera sees them: right, up and towards the camera (..., 3), metres.

    Args:
        joints: positions, z up.
        view: `front`, `side`, `three-quarter`, or degrees from the front (0) towards the person's right (90).
        tilt: degrees by which the camera looks down.

    Raises:
        MotionError: an unknown view.
    """
    if isinstance(view, str) and view not in VIEWS:
        raise MotionError(f"view is {view!r}; expected one of {', '.join(VIEWS)} or an angle in degrees")
    azimuth = np.radians(VIEWS[view] if isinstance(view, str) else view)
    down = np.radians(tilt)
    x, y, z = np.moveaxis(np.asarray(joints, dtype=np.float64), -1, 0)
    right = -np.cos(azimuth) * x + np.sin(azimuth) * y
    near = np.sin(azimuth) * x + np.cos(azimuth) * y
    return np.stack([right, z * np.cos(down) - near * np.sin(down), near * np.cos(down) + z * np.sin(down)], axis=-1)


def figures(motion: Motion, frames: int, view: str | float) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the picked frame numbers (N,) and their projected points (N, 24, 3), each around its own pelvis.

    Points 0 to 21 are the joints, 22 the middle of the head, 23 the tip of the nose (at the middle of the head where
    the motion has no rotations, so that nobody knows where it points).
    """
    picked = pick_frames(len(motion), frames)
    joints = motion.joints[picked].astype(np.float64)
    joints[..., :2] -= joints[:, :1, :2]
    return picked, project(np.concatenate([joints, _head(motion, picked, joints)], axis=1), view)


def _head(motion: Motion, picked: NDArray[np.intp], joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle of the head and the tip of the nose (N, 2, 3)."""
    up = joints[:, 15] - joints[:, 12]
    middle = joints[:, 15] + up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6) * HEAD_RADIUS * 0.7
    if motion.pose is None:
        return np.stack([middle, middle], axis=1)
    facing = world_rotations(motion.pose.rotations[picked])[:, 15, :, 1]
    return np.stack([middle, middle + 1.35 * HEAD_RADIUS * facing], axis=1)


def draw_strip(
    axes: Any, motion: Motion, frames: int = 8, view: str | float = "three-quarter", gap: float = 1.0
) -> None:
    """Draw a filmstrip into matplotlib axes, one metre a unit, `gap` metres between figures."""
    from matplotlib.collections import LineCollection

    picked, seen = figures(motion, frames, view)
    lines, colours, heads = [], [], []
    for number, figure in enumerate(seen):
        placed = figure[:, :2] + (number * gap, 0)
        chains = sorted(CHAINS, key=lambda chain: figure[list(chain[1]), 2].mean())
        lines += [placed[list(chain)] for _, chain in chains]
        colours += [colour for colour, _ in chains]
        lines.append(placed[[22, 23]])
        colours.append(MIDDLE)
        heads.append(placed[22])
    axes.plot([-gap / 2, (len(picked) - 0.5) * gap], [0, 0], color="#a0aec0", linewidth=0.8, zorder=0)
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=1.6, capstyle="round", joinstyle="round"))
    for x, y in heads:
        axes.add_patch(_circle(x, y))
    axes.set_aspect("equal")
    axes.set_xlim(-gap * 0.6, (len(picked) - 0.4) * gap)
    axes.set_ylim(-0.22, 2.25)
    axes.axis("off")


def _circle(x: float, y: float) -> Any:
    """Return the head as a matplotlib patch."""
    from matplotlib.patches import Circle

    return Circle((x, y), HEAD_RADIUS, facecolor="white", edgecolor=MIDDLE, linewidth=1.2, zorder=3)


def filmstrip(
    motion: Motion, frames: int = 8, view: str | float = "three-quarter", gap: float = 1.0, title: str = ""
) -> Figure:
    """Return a matplotlib figure of a motion as a row of stick figures.

    Args:
        motion: any motion.
        frames: how many figures, spread evenly over the motion.
        view: `front`, `side`, `three-quarter`, or degrees from the front towards the person's right.
        gap: metres between two figures.
        title: text above the strip.

    Raises:
        MotionError: an unknown view, or fewer than one frame.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.1 * max(frames, 2), 2.4), dpi=100, layout="tight")
    axes = figure.add_subplot()
    draw_strip(axes, motion, frames, view, gap)
    if title:
        axes.set_title(title, fontsize=9, loc="left")
    return figure


def save_strip(
    motion: Motion,
    path: str | Path,
    frames: int = 8,
    view: str | float = "three-quarter",
    gap: float = 1.0,
    title: str = "",
) -> Path:
    """Write a filmstrip (`.png`, `.pdf`, or a hand-made small `.svg`) and return its path; see `filmstrip`."""
    path = Path(path)
    if path.suffix == ".svg":
        path.write_text(strip_svg(motion, frames, view, gap), encoding="utf-8")
    else:
        filmstrip(motion, frames, view, gap, title).savefig(path)
    return path


def strip_svg(motion: Motion, frames: int = 8, view: str | float = "three-quarter", gap: float = 1.0) -> str:
    """Return a filmstrip as an SVG element of about 0.6 kB a figure, to embed in a page.

    One unit is a centimetre; frame numbers are written under the figures. Left limbs have the class `l`, right
    limbs `r`.

    Raises:
        MotionError: an unknown view, or fewer than one frame.
    """
    picked, seen = figures(motion, frames, view)
    span = round(100 * gap)
    top, bottom = round(100 * max(seen[..., 1].max() + 0.25, 1.9)), 30
    parts = [_svg_figure(figure, number * span + span // 2, top) for number, figure in enumerate(seen)]
    labels = [f'<text x="{n * span + span // 2}" y="{top + 26}">{frame}</text>' for n, frame in enumerate(picked)]
    width, height = span * len(picked), top + bottom
    ground = f'<path d="M0 {top}H{width}" stroke="#a0aec0"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{len(picked)} frames of a motion">'
        f'<g fill="none" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">{ground}{"".join(parts)}</g>'
        f'<g font-size="13" font-family="sans-serif" text-anchor="middle" fill="#718096">{"".join(labels)}</g></svg>'
    )


def _svg_figure(figure: NDArray[np.float64], x: int, ground: int) -> str:
    """Return one figure: a polyline a limb, from the farthest to the nearest, and the head."""
    points = figure[:, :2] * (100, -100) + (x, ground)
    chains: Sequence[tuple[str, tuple[int, ...]]] = sorted(CHAINS, key=lambda c: figure[list(c[1]), 2].mean())
    lines = [_svg_line(points[list(chain)], colour) for colour, chain in chains]
    lines.append(_svg_line(points[[22, 23]], MIDDLE))
    hx, hy = points[22]
    head = f'<circle cx="{hx:.0f}" cy="{hy:.0f}" r="{HEAD_RADIUS * 100:.0f}" fill="#fff" '
    return "".join(lines) + head + f'stroke="{MIDDLE}" stroke-width="3"/>'


def _svg_line(points: NDArray[np.float64], colour: str) -> str:
    """Return a polyline in whole centimetres."""
    name = {LEFT: "l", RIGHT: "r", MIDDLE: "m"}[colour]
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    return f'<polyline class="{name}" stroke="{colour}" points="{path}"/>'
