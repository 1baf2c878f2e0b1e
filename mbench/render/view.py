"""Where the camera stands: one camera for each frame of a motion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mbench.errors import ConfigError, did_you_mean
from mbench.motion import Motion
from mbench.motion.canonical import heading
from mbench.motion.skeleton import HEAD, INDEX, N_JOINTS, PELVIS, REST_OFFSETS
from mbench.render.camera import Camera, axes_towards, framing
from mbench.render.look import Look

VIEWS = ("fixed", "follow", "front", "side")
# Metres by which an adult's flesh reaches beyond the joints: crown and fingers most.
REACH = np.full(N_JOINTS, 0.16)
REACH[[HEAD, INDEX["left_wrist"], INDEX["right_wrist"]]] = 0.25
FOLLOW_SECONDS = 0.5  # standard deviation of the filter that smooths the path of a camera that follows
SMALLEST = 10.0  # percentile over frames
# Degrees from the person's front towards the person's right. `fixed` takes the one that shows the figure largest.
FIXED_ANGLES = (35.0, -35.0, 50.0, -50.0, 20.0, -20.0, 65.0, -65.0)
PREFERRED = 1.08  # how much larger the figure must be to give up the first angle

Floats = NDArray[np.float64]


def cameras(motion: Motion, look: Look) -> Sequence[Camera]:
    """Return a camera for each frame; one and the same object where the camera does not move.

    `fixed`, `front` and `side` stand still and have the whole motion in their frame; `front` stands where the person
    faces in the first frame, `side` at the person's right, `fixed` in between, where the figure is largest when it is
    smallest. `follow` keeps its direction and goes along with the smoothed path of the pelvis.

    Args:
        motion: metres, z up.
        look: view, field of view, tilt and size.

    Raises:
        ConfigError: an unknown view.
    """
    if look.view not in VIEWS:
        raise ConfigError(
            f"view is {look.view!r}; expected one of {', '.join(VIEWS)}{did_you_mean(str(look.view), VIEWS)}"
        )
    joints = motion.joints.astype(np.float64)
    if look.view == "follow":
        return _following(motion, look)
    angles = {"front": (0.0,), "side": (90.0,)}.get(look.view, FIXED_ANGLES)
    found = [_framed(motion, joints, look, angle) for angle in angles]
    sizes = [_shown(camera, joints) for camera in found]
    sizes[0] *= PREFERRED
    return [found[int(np.argmax(sizes))]] * len(motion)


def _shown(camera: Camera, joints: Floats) -> float:
    """Return how large the figure is where it is smallest: the diagonal of the box around it, in pixels.

    Somebody who crawls towards the camera is near and small: the box is low and narrow.
    """
    boxes = np.ptp(camera.project(joints)[..., :2], axis=1)
    return float(np.percentile(np.linalg.norm(boxes, axis=-1), SMALLEST))


def _framed(motion: Motion, points: Floats, look: Look, angle: float, width: int | None = None) -> Camera:
    """Return the camera that sees the joints (T, 22, 3) of the figure from an angle to the person's first heading."""
    axes = axes_towards(90 + np.degrees(heading(motion.joints[:1])[0]) - angle, look.tilt)
    reach = np.broadcast_to(REACH * scale_of(motion), points.shape[:-1]).reshape(-1)
    return framing(points, reach, axes, look.fov, width or look.size, look.size)


def _following(motion: Motion, look: Look) -> list[Camera]:
    """Return cameras that go along with the figure without turning; all frames fit when one does not move."""
    joints = motion.joints.astype(np.float64)
    track = gaussian_filter1d(joints[:, PELVIS], FOLLOW_SECONDS * motion.fps, axis=0, mode="nearest")
    track[:, 2] = 0.0
    camera = _framed(motion, joints - track[:, None], look, FIXED_ANGLES[0])
    return [camera.moved(shift) for shift in track]


def panel_cameras(motion: Motion, frames: Sequence[int], look: Look) -> list[Camera]:
    """Return cameras for the pictures of a filmstrip: each sees its own figure, all from as far away.

    The pictures are `look.size` high and as wide as the figures need, from 0.4 to 1.4 times the height.

    Args:
        motion: metres, z up.
        frames: frame numbers.
        look: tilt, field of view, size and view: `front` and `side` as such, others a little from the side.
    """
    angle = {"front": 0.0, "side": 90.0}.get(look.view, FIXED_ANGLES[0])
    picked = motion.joints[list(frames)].astype(np.float64)
    ground = picked[:, PELVIS] * (1, 1, 0)
    square = _framed(motion, picked - ground[:, None], look, angle)
    extent = np.ptp(square.project(picked - ground[:, None])[..., :2].reshape(-1, 2), axis=0) + 0.3 * look.size
    width = 2 * round(look.size * float(np.clip(extent[0] / extent[1], 0.4, 1.4)) / 2)
    camera = _framed(motion, picked - ground[:, None], look, angle, width)
    return [camera.moved(shift) for shift in ground]


def scale_of(motion: Motion) -> float:
    """Return the size of the figure relative to a neutral adult, by thighs and shins (median over time)."""
    length, adult = 0.0, 0.0
    for parent, child in (("hip", "knee"), ("knee", "ankle")):
        for side in ("left", "right"):
            a, b = INDEX[f"{side}_{parent}"], INDEX[f"{side}_{child}"]
            length += float(np.median(np.linalg.norm(motion.joints[:, b] - motion.joints[:, a], axis=-1)))
            adult += float(np.linalg.norm(REST_OFFSETS[b]))
    return float(np.clip(length / adult, 0.2, 5.0))
