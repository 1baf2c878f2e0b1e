"""Does a motion score the same when it is stored at 20, 30 or 60 frames per second?

    OMP_NUM_THREADS=1 python benchmarks/fps_invariance.py [--mocap ../shared/mocap] [--clips 300]

Copies of one motion at 20, 30 and 60 fps are made from a source, each filtered to its own Nyquist frequency, never by
`mbench.motion.resample`; that brings the 30 and 60 fps copies to 20 fps, and the five published metrics of the result
are compared with those of the 20 fps copy. Sources: raw BVH files at 60 fps and over, and clips that exist at 20 fps
only (which are their own 20 fps copy). Prints the tables of docs/resampling.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from mbench.datasets.shards import Shards
from mbench.errors import MBenchError
from mbench.io import read_motion
from mbench.metrics.base import METRICS
from mbench.metrics.feet import contact, norm, per_frame_velocity
from mbench.motion import Motion
from mbench.motion.resample import resample
from mbench.motion.skeleton import FEET

NAMES = ("jitter_degree", "dynamic_degree", "ground_penetration", "foot_sliding", "foot_floating")
RATES = (30.0, 60.0)
Copy = Callable[[Motion, float], Motion]


def copy_sinc(motion: Motion, fps: float) -> Motion:
    """Return a copy by direct summation of a Kaiser-windowed sinc (the default filter of scipy's resample_poly)."""
    lower, reach = min(fps, motion.fps), 10
    pad = int(np.ceil(reach * motion.fps / lower))
    values = motion.joints.reshape(len(motion), -1).astype(np.float64)
    extended = np.pad(values, ((pad, pad), (0, 0)), mode="reflect", reflect_type="odd")
    times = np.arange(int((len(motion) - 1) * fps / motion.fps + 1e-6) + 1) / fps
    away = (times[:, None] - (np.arange(len(extended)) - pad) / motion.fps) * lower
    weights = np.sinc(away) * np.i0(5 * np.sqrt(np.clip(1 - (away / reach) ** 2, 0, None))) * (abs(away) <= reach)
    return _motion(weights @ extended / weights.sum(axis=1, keepdims=True), fps)


def copy_butterworth(motion: Motion, fps: float) -> Motion:
    """Return a copy after a 4th-order Butterworth filter, run both ways, at 0.4 of its rate."""
    values = motion.joints.reshape(len(motion), -1).astype(np.float64)
    if 0.8 * fps < motion.fps:
        sections = butter(4, 0.4 * fps, fs=motion.fps, output="sos")
        values = sosfiltfilt(sections, values, axis=0, padlen=min(len(values) - 1, int(motion.fps)))
    return copy_spline(_motion(values, motion.fps), fps)


def copy_spline(motion: Motion, fps: float) -> Motion:
    """Return a copy on a cubic spline without any filter: dropped frames when going down."""
    times = np.arange(int((len(motion) - 1) * fps / motion.fps + 1e-6) + 1) / fps
    values = motion.joints.reshape(len(motion), -1).astype(np.float64)
    return _motion(CubicSpline(np.arange(len(values)) / motion.fps, values)(times), fps)


def _motion(values: np.ndarray, fps: float) -> Motion:
    return Motion(values.reshape(len(values), 22, 3), fps)


def _ending_together(joints: np.ndarray, fps: float) -> Motion:
    """Return the frames up to the last whole 0.1 s, an instant that 20, 30 and 60 fps all hold."""
    tenths = int((len(joints) - 1) / fps * 10 + 1e-6)
    return Motion(joints[: round(tenths / 10 * fps) + 1], fps)


def bvh_motions(folder: Path) -> list[Motion]:
    """Return the readable motions of at least 60 fps and 1 s, without the T-pose that some start from."""
    motions = []
    for path in sorted(folder.glob("*.bvh")):
        try:
            motion = read_motion(path)
        except MBenchError:
            continue  # not a human skeleton: the folder holds edge cases for readers
        if motion.fps >= 60 and motion.seconds >= 1:
            first = 3 if motion.meta.get("t_pose_start") else 0  # and the jump out of it
            motions.append(_ending_together(motion.joints[first:], motion.fps))
    return motions


def shard_motions(folder: Path, count: int) -> list[Motion]:
    """Return up to `count` clips, evenly spread over the folder and at most 10 s long, joints only."""
    shards = Shards(folder)
    rows = shards.rows[:: max(1, len(shards.rows) // count)][:count]
    return [_ending_together(shards.motion(row).joints[:200], 20.0) for row in rows]


def scores(motion: Motion) -> list[float]:
    """Return the five metrics of a motion at 20 fps."""
    values = [METRICS.get(f"quality/{name}")(motion) for name in NAMES]
    return [np.nan if value is None else value for value in values]


def compared(motions: list[Motion], copy: Copy, fps: float, bring: Copy = resample) -> tuple[np.ndarray, np.ndarray]:
    """Return the metrics (N, 5) of the 20 fps copies and of the copies at `fps` brought to 20."""
    base = [scores(copy(motion, 20.0) if motion.fps != 20 else motion) for motion in motions]
    found = [scores(bring(copy(motion, fps), 20.0)) for motion in motions]
    return np.array(base), np.array(found)


def relative_cells(base: np.ndarray, found: np.ndarray) -> list[str]:
    """Return, for each metric, median and 95th percentile of the relative difference and the share within 5 %."""
    off = np.abs(found - base)
    relative = np.where(off == 0, 0.0, off / np.where(base > 0, base, np.nan))
    relative = np.where(np.isnan(relative) & np.isfinite(off), np.inf, relative)
    median, high = np.percentile(relative, [50, 95], axis=0, method="lower") * 100
    share = (relative <= 0.05).mean(axis=0) * 100
    return [f"{m:.1f} / {h:.1f} ({s:.0f} %)" for m, h, s in zip(median, high, share, strict=True)]


def absolute_cells(base: np.ndarray, found: np.ndarray) -> list[str]:
    """Return, for each metric, its mean over motions, the change of that, and the 95th percentile of differences."""
    before, after, high = base.mean(axis=0), found.mean(axis=0), np.percentile(np.abs(found - base), 95, axis=0)
    return [f"{b:.5f} ({(a / b - 1) * 100:+.1f} %), {h:.5f}" for b, a, h in zip(before, after, high, strict=True)]


def sliding(motion: Motion, down: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """Return Foot_Sliding and the contacts (T, 2) it counts, its own or the given ones."""
    feet = motion.joints[:, FEET]
    velocity = per_frame_velocity(feet)
    down = contact(feet, velocity) if down is None else down
    return float(((norm(velocity[..., :2]) * down).sum(axis=0) / (down.sum(axis=0) + 1e-6)).mean()), down


def explained(motions: list[Motion], fps: float) -> str:
    """Return what is behind the differences of the foot metrics, in one line; sinc copies."""
    held, large, frames = [], [], []
    for motion in motions:
        base, found = copy_sinc(motion, 20.0) if motion.fps != 20 else motion, resample(copy_sinc(motion, fps), 20.0)
        value, down = sliding(base)
        held.append(abs(sliding(found, down)[0] / value - 1) <= 0.05)
        if value >= 1e-3:
            large.append(abs(sliding(found)[0] / value - 1) <= 0.05)
        floating = METRICS.get("quality/foot_floating")
        frames.append(abs(floating(found) - floating(base)) * len(base))
    return (
        f"Foot_Sliding within 5 %: {np.mean(held):.0%} with the contacts of the 20 fps copy, "
        f"{np.mean(large):.0%} of the {len(large)} motions that slide 1 mm/frame or more; "
        f"Foot_Floating: {np.mean(np.array(frames) < 1.01):.0%} change by one frame or less"
    )


def unresampled(motion: Motion, fps: float) -> Motion:
    """Return the frames as they are, with another label: what scoring without resampling does."""
    return Motion(motion.joints, fps)


def print_table(title: str, rows: list[tuple[str, list[str]]]) -> None:
    """Print one Markdown table."""
    print(f"\n{title}\n\n| copies | {' | '.join(NAMES)} |\n|---|{'---|' * len(NAMES)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mocap", type=Path, default=Path("../shared/mocap"))
    parser.add_argument("--clips", type=int, default=300)
    options = parser.parse_args()
    sources = {
        "BVH": (bvh_motions(options.mocap / "bvh"), (copy_sinc, copy_butterworth, copy_spline)),
        "clips": (shard_motions(options.mocap, options.clips), (copy_sinc, copy_spline)),
    }
    relative, absolute, without = [], [], []
    for source, (motions, ways) in sources.items():
        print(f"{source}: {len(motions)} motions")
        for fps in RATES:
            print(f"  {fps:g} fps: {explained(motions, fps)}")
        for way in ways:
            for fps in RATES:
                name = f"{source}, {way.__name__.removeprefix('copy_')}, {fps:g} fps"
                pair = compared(motions, way, fps)
                relative.append((name, relative_cells(*pair)))
                absolute.append((name, absolute_cells(*pair)))
                if way is copy_sinc:
                    without.append((name, relative_cells(*compared(motions, way, fps, unresampled))))
    print_table("Relative difference in %, median / 95th percentile (share of motions within 5 %):", relative)
    print_table("Mean over motions at 20 fps (its change), 95th percentile of the absolute difference:", absolute)
    print_table("The same relative differences without resampling:", without)


if __name__ == "__main__":
    main()
