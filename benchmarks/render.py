"""Speed of the renderer: milliseconds a frame by style, view and size, on the CPU and on a GPU where there is one.

    OMP_NUM_THREADS=1 python benchmarks/render.py [--frames 60] [--sizes 256 512 960] [--device auto]

A motion of the choreographer is drawn as it would be for a video. "ms a frame" is wall time from motion to pictures,
skinning included, without loading, fitting or compiling (a first picture is drawn before the clock starts); "core ms"
is the processor time of all threads, which a busy machine inflates less. "video" adds H.264 encoding. The first table
says where the time of one picture goes, on one thread.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from baselines.choreographer import Choreographer
from mbench.body.device import warp_device
from mbench.motion import Motion
from mbench.motion.skeleton import PELVIS
from mbench.render import write_video
from mbench.render.figure import Figure
from mbench.render.frames import STYLES, draw, figure_of
from mbench.render.look import Look, look_of
from mbench.render.view import cameras

Row = tuple[str, ...]
LINE = "{:>8} {:>9} {:>7} {:>5} {:>11} {:>8} {:>6}"


def a_motion(frames: int) -> Motion:
    """Return a walk of the choreographer."""
    from mbench.suites.prompt import Prompt

    prompt = Prompt("walk", "a person walks forward and waves with the right hand", frames / 20)
    (motion,) = Choreographer().generate([prompt], [0])
    if isinstance(motion, Exception):
        raise motion
    return motion


def pictures(figure: Figure, motion: Motion, look: Look, device: str) -> Iterable[np.ndarray]:
    """Return the pictures of a motion whose figure is there."""
    return draw(figure, cameras(motion, look), look, motion.joints[:, PELVIS], device)


def timed(figure: Figure, motion: Motion, look: Look, device: str) -> Row:
    """Return wall and processor time of pictures, and wall time of a video, milliseconds a frame."""
    next(iter(pictures(figure, motion, look, device)))
    wall, core = time.perf_counter(), time.process_time()
    count = sum(1 for _ in pictures(figure, motion, look, device))
    wall, core = time.perf_counter() - wall, time.process_time() - core
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        write_video(pictures(figure, motion, look, device), Path(folder, "a.mp4"), motion.fps)
        video = time.perf_counter() - start
    return tuple(f"{1000 * seconds / count:.1f}" for seconds in (wall, core, video))


def steps(figure: Figure, motion: Motion, look: Look, frames: int = 20) -> dict[str, float]:
    """Return the processor time of each kernel, milliseconds a picture, and of everything else."""
    from mbench.render.frames import _tracer
    from mbench.render.tracer import Tracer

    spent: dict[str, float] = defaultdict(float)

    class Timed(Tracer):
        def _launch(self, kernel: Any, dim: Any, *inputs: Any) -> None:
            start = time.process_time()
            super()._launch(kernel, dim, *inputs)
            spent[kernel.key] += time.process_time() - start

    views = cameras(motion, look)
    tracer = _tracer(figure, views, look, motion.joints[:, PELVIS], "cpu")
    tracer.__class__ = Timed
    skins = figure.vertices(0, frames)
    tracer.draw(skins[0], views[0])
    spent.clear()
    start = time.process_time()
    for frame, skin in enumerate(skins):
        tracer.draw(skin, views[frame])
    spent["other"] = time.process_time() - start - sum(spent.values())
    return {name: 1000 * seconds / len(skins) for name, seconds in spent.items()}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 960])
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    motion = a_motion(arguments.frames)
    devices = ["cpu"] + (["cuda"] if warp_device(arguments.device) != "cpu" else [])
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    figures = {style: figure_of(motion, style, "default", Look()) for style in STYLES}
    for name, spent in steps(figures["mesh"], motion, look_of(None, 512, "follow")).items():
        print(f"{name:>16}  {spent:6.2f} ms")
    start = time.process_time()
    figures["mesh"].vertices(0, 32)
    print(f"{'skin':>16}  {1000 * (time.process_time() - start) / 32:6.2f} ms")
    print(LINE.format("device", "style", "view", "size", "ms a frame", "core ms", "video"))
    for device, style, size, view in itertools.product(devices, figures, arguments.sizes, ("fixed", "follow")):
        row = timed(figures[style], motion, look_of(None, size, view), device)
        print(LINE.format(device, style, view, size, *row), flush=True)


if __name__ == "__main__":
    main()
