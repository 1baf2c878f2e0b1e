"""Motion to what a model looks at: pictures, or a video.

The view is the published one (`mbench.render.look.PRESETS["mbench"]`): a blue-grey body, one camera that stands still,
the path of the pelvis on the floor. The joints are always fitted, also where rotations came with the motion, and the
CPU draws, also where there is a GPU: every model of every user is shown in the same way.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mbench.judges.vision.server import Media
from mbench.judges.vision.settings import Settings
from mbench.motion import BENCHMARK_FPS, Motion

VERSION = 1  # raise it whenever the same motion and settings give other pictures
PRESET = "mbench"
KEPT = 64  # motions; the metrics of a batch ask about the same ones
Picture = NDArray[np.uint8]


class Studio:
    """Makes the media of motions, and keeps those of the last ones; draws one at a time.

    Args:
        settings: mode, render, frames, fps and size count.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: OrderedDict[str, Media] = OrderedDict()
        self._lock = threading.Lock()

    def media(self, motion: Motion) -> Media:
        """Return what is shown of a motion; only its joints and its frame rate count.

        Raises:
            MBenchError: it can't be drawn.
        """
        key = hashlib.sha256(motion.joints.tobytes() + str(motion.fps).encode()).hexdigest()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = media_of(motion, self._settings)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


def media_of(motion: Motion, settings: Settings) -> Media:
    """Return pictures or a video of a motion.

    Args:
        motion: metres, z up.
        settings: mode, render, frames, fps and size count.

    Raises:
        MBenchError: it can't be drawn.
    """
    from mbench.motion.resample import resample

    moving = resample(motion.replace(joints=motion.joints), BENCHMARK_FPS)
    if settings.mode == "frames":
        from mbench.render.strip import pick_frames

        picked = pick_frames(len(moving), settings.frames)
        files = tuple(_png(picture) for picture in _drawn(moving, picked, settings))
        return Media("image/png", files, _hash(files), tuple((picked / BENCHMARK_FPS).tolist()))
    picked = np.arange(0, len(moving), BENCHMARK_FPS / settings.fps).astype(np.intp)
    video = (_mp4(_drawn(moving, picked, settings), settings.fps),)
    return Media("video/mp4", video, _hash(video), (moving.seconds,), settings.fps)


def _hash(files: tuple[bytes, ...]) -> str:
    """Return the sha256 of some files in order; lengths count, so that no two lists are taken for each other."""
    digest = hashlib.sha256()
    for data in files:
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _drawn(motion: Motion, picked: NDArray[np.intp], settings: Settings) -> list[Picture]:
    """Return pictures (size, size, 3) of some frames, seen by the camera that suits the whole motion."""
    from mbench.motion.skeleton import PELVIS
    from mbench.render.figure import Figure
    from mbench.render.frames import draw, figure_of
    from mbench.render.look import look_of
    from mbench.render.view import cameras

    look = look_of(PRESET, settings.size)
    views = cameras(motion, look)
    body = settings.render == "body"
    figure = figure_of(_fitted(motion) if body else motion, "mesh" if body else "skeleton", "default", look)

    def vertices(first: int, last: int) -> NDArray[np.floating]:
        return np.concatenate([figure.vertices(frame, frame + 1) for frame in picked[first:last].tolist()])

    shown = Figure(figure.faces, figure.colours, figure.rest, len(picked), vertices)
    return list(draw(shown, [views[frame] for frame in picked], look, motion.joints[:, PELVIS], "cpu"))


def _fitted(motion: Motion) -> Motion:
    """Return the motion with rotations fitted to its joints."""
    from mbench.body import load_body
    from mbench.body.fit import fit_pose

    return Motion(motion.joints, motion.fps, fit_pose(motion, load_body("default"), device="cpu"))


def _png(picture: Picture) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="png")
    return file.getvalue()


def _mp4(pictures: list[Picture], fps: float) -> bytes:
    from mbench.render.video import write_video

    with tempfile.TemporaryDirectory(prefix="mbench-") as folder:
        path = Path(folder, "motion.mp4")
        write_video(pictures, path, fps)
        return path.read_bytes()
