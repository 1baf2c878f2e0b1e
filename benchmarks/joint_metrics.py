"""Speed of the five published joint metrics: the package against a straightforward per-frame implementation.

    OMP_NUM_THREADS=1 python benchmarks/joint_metrics.py [--mocap ../shared/mocap] [--clips 300]

The baseline is what one writes first from the formulas: a Python loop over frames with numpy vectors inside (the way
the released code of the benchmark computes Foot_Floating). Both compute the same numbers, which is checked. Without
the folder of clips it falls back to synthetic motions. One core; each clip is timed as the best of three, the calls
included.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mbench.metrics.base import METRICS
from mbench.motion import Motion

F = np.float32
EPSILON = F(1e-6)


def mean_step(joints: np.ndarray, order: int) -> float:
    """Return the mean length of the differences of joints (T, 22, 3), frame by frame."""
    lengths = []
    for t in range(len(joints) - order):
        if order == 1:
            step = joints[t + 1] - joints[t]
        else:
            step = joints[t + 2] - 2 * joints[t + 1] + joints[t]
        lengths.append(np.linalg.norm(step, axis=1).mean())
    return float(np.mean(lengths))


def world_plus_relative(joints: np.ndarray, order: int) -> float:
    """Return `mean_step` in the world plus relative to the pelvis."""
    relative = np.array([frame - frame[0] for frame in joints])
    return mean_step(joints, order) + mean_step(relative, order)


def ground_penetration(joints: np.ndarray) -> float:
    """Return the mean depth of toes under -5 mm."""
    depths = [abs(frame[foot, 2]) for frame in joints for foot in (10, 11) if frame[foot, 2] < F(-0.005)]
    return float(np.mean(depths)) if depths else 0.0


def velocity(path: np.ndarray, t: int) -> np.ndarray:
    """Return the step after frame t of a path (T, 3); the last one again at the end."""
    t = min(t, len(path) - 2)
    return path[t + 1] - path[t]


def in_contact(path: np.ndarray) -> list[bool]:
    """Return the contact of each frame of a toe's path (T, 3)."""
    return [bool(np.linalg.norm(velocity(path, t)) < F(0.01) or path[t, 2] < F(0.02)) for t in range(len(path))]


def foot_sliding(joints: np.ndarray) -> float:
    """Return the mean horizontal speed of toes in contact."""
    means = []
    for foot in (10, 11):
        path = joints[:, foot]
        speeds = [np.linalg.norm(velocity(path, t)[:2]) for t, down in enumerate(in_contact(path)) if down]
        means.append(sum(speeds) / (len(speeds) + EPSILON))
    return float(np.mean(means))


def flights(down: list[bool]) -> list[tuple[int, int]]:
    """Return (first, last) of the runs without contact."""
    found, start = [], None
    for t, touching in enumerate([*down, True]):
        if not touching and start is None:
            start = t
        if touching and start is not None:
            found.append((start, t - 1))
            start = None
    return found


def foot_floating(joints: np.ndarray) -> float:
    """Return the share of frames without support."""
    root, frames = joints[:, 0], len(joints)
    speed = [np.linalg.norm(velocity(root, t)) for t in range(frames)]
    feet = [joints[:, foot] for foot in (10, 11)]
    down = [in_contact(path) for path in feet]
    relative = [path - root for path in feet]
    ratio = [[np.linalg.norm(velocity(p, t)) / (speed[t] + EPSILON) for t in range(frames)] for p in relative]
    n1 = 0
    for t in range(frames):
        touching = [foot for foot in (0, 1) if down[foot][t]]
        n1 += bool(touching) and all(bad(speed[t], velocity(feet[foot], t), ratio[foot][t]) for foot in touching)
    n2 = sum(gliding(flights(down[foot]), ratio[foot], speed) for foot in (0, 1))
    n3 = 0
    for s, e in flights([left or right for left, right in zip(*down, strict=True)]):
        n3 += e - s + 1 if e - s + 1 >= 4 and swerves(feet[0][s : e + 1]) else 0
    return (n1 + n2 / 2 + n3) / frames


def bad(root_speed: float, step: np.ndarray, ratio: float) -> bool:
    """Return whether a foot in contact does not carry the root's movement."""
    return bool(root_speed >= F(0.001) and np.linalg.norm(step) > F(1.2e-4) and (ratio < F(0.6) or ratio > F(1.75)))


def gliding(runs: list[tuple[int, int]], ratio: list[float], root_speed: list[float]) -> int:
    """Return the frames of long flights in which a foot stays with the root."""
    count = 0
    for s, e in runs:
        still = sum(speed < F(0.001) for speed in root_speed[s : e + 1])
        if e - s + 1 >= 4 and still <= (e - s + 1) / 2:
            count += sum(q < F(0.4) for q in ratio[s : e + 1])
    return count


def swerves(path: np.ndarray) -> bool:
    """Return whether the direction of a path (N, 3) since its start has more than 2 peaks."""
    whole = path[-1] - path[0]
    whole = whole / (np.linalg.norm(whole) + EPSILON)
    angles = []
    for point in path[1:]:
        step = point - path[0]
        step = step / (np.linalg.norm(step) + EPSILON)
        angles.append(np.degrees(np.arccos(np.clip((step * whole).sum(), -1, 1))))
    return sum(a < b > c for a, b, c in zip(angles, angles[1:], angles[2:], strict=False)) > 2


PER_FRAME: dict[str, Callable[[np.ndarray], float]] = {
    "jitter_degree": lambda joints: world_plus_relative(joints, 2),
    "dynamic_degree": lambda joints: world_plus_relative(joints, 1),
    "ground_penetration": ground_penetration,
    "foot_sliding": foot_sliding,
    "foot_floating": foot_floating,
}


def real_clips(folder: Path, count: int) -> list[Motion]:
    """Return every n-th clip of a folder that has `load_mocap.py`."""
    spec = importlib.util.spec_from_file_location("load_mocap", folder / "load_mocap.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} has no load_mocap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mocap = module.Mocap(folder)
    chosen = [mocap.rows[i]["id"] for i in np.linspace(0, len(mocap.rows) - 1, count).round().astype(int)]
    return [Motion(mocap.clip(name)["pos"], 20) for name in chosen]


def synthetic_clips(count: int) -> list[Motion]:
    """Return smooth random walks of 22 joints, 60 to 200 frames."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        noise = rng.standard_normal((int(rng.integers(60, 201)), 22, 3)).cumsum(axis=0) * 0.01
        made.append(Motion((np.abs(noise) + [0, 0, 0.015]).astype(np.float32), 20))
    return made


def timed(function: Callable[[Any], float | None], argument: Any, repeat: int = 3) -> tuple[float, float | None]:
    """Return the best of some times in seconds, and the value."""
    best, value = np.inf, None
    for _ in range(repeat):
        start = time.perf_counter()
        value = function(argument)
        best = min(best, time.perf_counter() - start)
    return float(best), value


def compare(name: str, motions: list[Motion]) -> tuple[float, float]:
    """Return seconds of ours and of the baseline over all motions, after checking that both give the same."""
    ours = slow = 0.0
    for motion in motions:
        mine, value = timed(METRICS.get(name), motion)
        theirs, expected = timed(PER_FRAME[name], np.array(motion.joints))
        if value is None or expected is None or not np.isclose(value, expected, rtol=1e-4, atol=1e-6):
            raise SystemExit(f"{name}: {value} is not {expected}")
        ours, slow = ours + mine, slow + theirs
    return ours, slow


def one_clip(motions: list[Motion]) -> float:
    """Return the seconds that the five take together on one clip of 100 frames, wrapper included."""
    longest = max(motions, key=len)
    clip = longest.replace(joints=np.resize(longest.joints, (100, 22, 3)))
    return sum(timed(METRICS.get(name), clip, repeat=50)[0] for name in PER_FRAME)


def table(motions: list[Motion]) -> float:
    """Print times a 100 frames, metric by metric, and return the ratio for the five together."""
    frames = sum(map(len, motions))
    rows = {name: compare(name, motions) for name in PER_FRAME}
    ours, slow = (sum(times) for times in zip(*rows.values(), strict=True))
    print(f"{'metric':20s} {'ours, ms/100 frames':>20s} {'per frame, ms':>14s} {'ratio':>7s}")
    for name, (fast, loop) in {**rows, "five together": (ours, slow)}.items():
        print(f"{name:20s} {fast / frames * 1e5:20.3f} {loop / frames * 1e5:14.3f} {loop / fast:7.1f}")
    return slow / ours


def main() -> int:
    """Run, print a table and machine-readable lines; exit 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[2] / "shared" / "mocap"
    parser.add_argument("--mocap", type=Path, default=default, help="folder with load_mocap.py")
    parser.add_argument("--clips", type=int, default=300)
    arguments = parser.parse_args()
    real = arguments.mocap.is_dir()
    motions = real_clips(arguments.mocap, arguments.clips) if real else synthetic_clips(arguments.clips)
    kind = "real" if real else "synthetic"
    print(f"{len(motions)} {kind} clips, {sum(map(len, motions))} frames; {platform.machine()}, numpy {np.__version__}")
    ratio, seconds = table(motions), one_clip(motions)
    print(f"RESULT ratio={ratio:.1f} bar=10")
    print(f"RESULT ms_per_100_frame_clip={seconds * 1e3:.3f} bar=1")
    return 0 if ratio >= 10 and seconds < 1e-3 else 1


if __name__ == "__main__":
    sys.exit(main())
