"""What simulated capture does to real clips: the metrics of the benchmark before and after, and the size of its errors.

    python benchmarks/simulated_capture.py [--data ../shared/mocap] [--clips 50]

Prints a markdown table: median, and 10 % to 90 % of the clips, at 20 fps. Clips are drawn by a fixed seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from mbench.datasets import load_dataset
from mbench.errors import NotApplicable
from mbench.metrics.base import METRICS
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.resample import resample
from mbench.seeds import seed_of
from vimogen.data.simulate import Capture, simulated

NAMES = (
    "jitter_degree",
    "dynamic_degree",
    "foot_sliding",
    "foot_floating",
    "foot_skate_speed",
    "jerk",
    "joint_limit_violation",
)
SECONDS = (3, 20)  # of a clip


def clips(data: Path, count: int) -> list[tuple[str, Motion]]:
    """Return ids and motions of clips with rotations, drawn by a fixed seed."""
    dataset = load_dataset(data)
    fitting = [clip for clip in dataset if SECONDS[0] <= clip.seconds <= SECONDS[1] and not clip.notes]
    drawn = np.random.default_rng(0).choice(len(fitting), min(count, len(fitting)), replace=False)
    return [(fitting[index].id, dataset.motion(fitting[index])) for index in drawn]


def errors(clean: Motion, seen: Motion) -> tuple[float, float]:
    """Return the mean joint error with the pelvis aligned and that of the pelvis, both in millimetres."""
    aligned = [motion.joints[:, 1:] - motion.joints[:, :1] for motion in (seen, clean)]
    joints = np.linalg.norm(aligned[0] - aligned[1], axis=-1).mean()
    pelvis = np.linalg.norm(seen.joints[:, 0] - clean.joints[:, 0], axis=-1).mean()
    return 1000 * float(joints), 1000 * float(pelvis)


def value(name: str, motion: Motion) -> float:
    """Return a metric's value, NaN where it does not apply."""
    try:
        found = METRICS.get(f"quality/{name}")(motion)
    except NotApplicable:
        return float("nan")
    return float("nan") if found is None else found


def cell(values: list[float]) -> str:
    """Return the median and the 10 % to 90 % range as text."""
    low, middle, high = np.nanpercentile(values, [10, 50, 90])
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/mocap"))
    parser.add_argument("--clips", type=int, default=50)
    options = parser.parse_args()
    pairs = [(motion, simulated(motion, np.random.default_rng(seed_of("capture", name))))
             for name, motion in clips(options.data, options.clips)]  # fmt: skip
    joints, pelvis = zip(*(errors(resample(clean, Capture().fps), seen) for clean, seen in pairs), strict=True)
    print(f"| {len(pairs)} clips | as captured | as recovered from video |\n|---|---|---|")
    print(f"| joint error, pelvis aligned (mm) | 0 | {cell(list(joints))} |")
    print(f"| pelvis error (mm) | 0 | {cell(list(pelvis))} |")
    for name in NAMES:
        columns = [[value(name, resample(pair[side], BENCHMARK_FPS)) for pair in pairs] for side in (0, 1)]
        unit = METRICS.get(f"quality/{name}").info.unit
        print(f"| {name} ({unit}) | {cell(columns[0])} | {cell(columns[1])} |")


if __name__ == "__main__":
    main()
