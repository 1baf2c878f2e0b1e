"""Speed of ViMoGen: seconds a clip of 5 s, and clips a minute in batches, on the CPU and on a GPU where there is one.

    OMP_NUM_THREADS=2 python benchmarks/vimogen_speed.py [--weights FOLDER] [--repeats 11] [--steps 1 2 4 8 20]

From text to `Motion`: the text (a new one each time) is encoded, the network sampled with the weights' own sampler and
guidance, the rows decoded to joints and rotations. Loading, and a first clip of each kind, are left out. Seconds are
those of a clip: "p50" is the median over the repeats, "p90" what nine of ten stay below, "core" the median of the
processor time of all threads, which a busy machine inflates less. A batch has 64 clips, of which a CPU makes three, a
GPU as many as there are repeats.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vimogen.checkpoint import load_generator
from vimogen.generator import Generator, Request
from vimogen.models import LIGHT, SHIPPED

DTYPES = ("float32", "bfloat16")
BATCH = 64
NUMBERS = itertools.count(2)
LINE = "{:>6}  {:>8}  {:>5}  {:>5}  {:>8}  {:>8}  {:>8}  {:>12}"


def requests(count: int, frames: int) -> list[Request]:
    """Return clips with texts that were never encoded before."""
    numbers = itertools.islice(NUMBERS, count)
    return [Request(f"a person walks {n} steps forward, then turns around and waves", frames, n) for n in numbers]


def timed(generator: Generator, batch: int, frames: int, repeats: int) -> np.ndarray:
    """Return wall and processor time of each of several batches, seconds (repeats, 2); one before is not counted."""
    found = []
    for turn in range(repeats + 1):
        asked = requests(batch, frames)
        wall, core = time.perf_counter(), time.process_time()
        generator.motions(asked)
        if turn:
            found.append((time.perf_counter() - wall, time.process_time() - core))
    return np.array(found)


def rows(folder: Path, device: str, batch: int, frames: int, repeats: int, options: argparse.Namespace) -> None:
    """Print a line for each precision and number of steps."""
    for dtype in DTYPES:
        generator = load_generator(folder, device, dtype)
        for steps in options.steps:
            own = generator.with_sampling(replace(generator.sampling, steps=steps))
            wall, core = timed(own, batch, frames, repeats).T / batch
            p50, p90 = np.percentile(wall, [50, 90])
            seconds = (f"{value:.4f}" for value in (p50, p90, np.median(core)))
            print(LINE.format(device, dtype, steps, batch, *seconds, f"{60 / p50:,.0f}"), flush=True)


def describe(folder: Path) -> str:
    """Return what is timed, in a line."""
    generator = load_generator(folder, "cpu")
    size = sum(own.numel() for own in generator.network.parameters()) / 1e6
    how = generator.sampling
    guided = f"guidance {how.guidance.scale:g}" if how.guidance.scale != 1 else "no guidance"
    return f"{folder.name}: {size:.1f} M parameters, sampler {how.sampler}, {guided}"


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", type=Path, default=SHIPPED / LIGHT, help="a folder of vimogen train")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8, 20])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=11)
    options = parser.parse_args()
    frames = round(options.seconds * 20)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MBENCH_CACHE"] = cache
        print(describe(options.weights))
        threads, load = torch.get_num_threads(), os.getloadavg()[0]
        print(
            f"{platform.machine()}, {threads} threads of {os.cpu_count()} CPUs, load {load:.1f}; {frames} frames a clip"
        )
        print(LINE.format("device", "dtype", "steps", "batch", "p50 s", "p90 s", "core s", "clips/minute"))
        rows(options.weights, "cpu", 1, frames, options.repeats, options)
        rows(options.weights, "cpu", BATCH, frames, min(options.repeats, 3), options)
        if torch.cuda.is_available():
            print(torch.cuda.get_device_name())
            rows(options.weights, "cuda", BATCH, frames, options.repeats, options)


if __name__ == "__main__":
    main()
