"""How often up axis and unit are detected rightly, and how often the checks of `mbench inspect` speak, on real motion.

    python benchmarks/convention_detection.py ../shared/mocap          # measure
    python benchmarks/convention_detection.py ../shared/mocap --fit    # fit the weights on every second clip

The folder holds the clips with their loader (`load_mocap.py`) and a folder `bvh` of raw files.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mbench.errors import MBenchError
from mbench.io import convention as c
from mbench.io import read_motion
from mbench.io.checks import CHECKS
from mbench.motion import Motion

Floats = NDArray[np.float64]
WINDOWS = 12


def clips(folder: Path) -> list[Floats]:
    """Return the joints of all clips, z up, metres."""
    spec = importlib.util.spec_from_file_location("load_mocap", folder / "load_mocap.py")
    assert spec is not None and spec.loader is not None
    loader: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    mocap = loader.Mocap(folder)
    return [mocap.clip(row["id"])["pos"].astype(np.float64) for row in mocap.rows]


def windows(joints: Floats, rng: np.random.Generator, count: int) -> Iterator[Floats]:
    """Yield windows of 5 to 120 frames, turned about z and moved; every fourth also off the floor."""
    for _ in range(count):
        length = int(rng.integers(5, 120))
        start = int(rng.integers(0, max(1, len(joints) - length)))
        angle, shift = rng.uniform(0, 2 * np.pi), rng.uniform(-2, 2, 3)
        shift[2] *= rng.random() < 0.25
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        yield joints[start : start + length] @ turn.T + shift


def fit(motions: list[Floats]) -> None:
    """Print weights that make z up most likely on windows of every second clip (conditional logit)."""
    rng = np.random.default_rng(0)
    evidence = np.array([c.up_evidence(w) for joints in motions[::2] for w in windows(joints, rng, 4)])
    prior = np.array([c.COMMON_AXES if axis in ("y", "z") else 0.0 for axis in c.AXES])

    def loss(weights: Floats) -> float:
        scores = evidence @ weights + prior
        chance = scores[:, c.AXES.index("z")] - np.logaddexp.reduce(scores, axis=1)
        return float(-chance.mean() + 1e-4 * (weights**2).sum())

    best = minimize(loss, np.ones(evidence.shape[-1]), bounds=[(0, None)] * evidence.shape[-1])
    print("weights", best.x.round(2), "loss", round(best.fun, 5))


def report(name: str, found: list[tuple[str, float]], truth: str) -> None:
    """Print the share that is right, answered at the threshold, and answered wrongly."""
    right = np.array([axis == truth for axis, _ in found])
    answered = np.array([confidence >= c.MIN_CONFIDENCE for _, confidence in found])
    print(
        f"| {name} | {len(found)} | {100 * right.mean():.2f} % | {100 * answered.mean():.2f} % "
        f"| {100 * (answered & ~right).mean():.2f} % |"
    )


def measure_axes(motions: list[Floats]) -> None:
    """Print the accuracy on whole clips turned six ways, and on windows of the clips that were not fitted on."""
    for axis in c.AXES:
        turn = c.TO_Z_UP[axis]
        report(f"whole clips, {axis} up", [c.most_likely_up(joints @ turn) for joints in motions], axis)
    rng = np.random.default_rng(1)
    pieces = [w for joints in motions[1::2] for w in windows(joints, rng, WINDOWS)]
    report("windows of 5 to 120 frames, z up", [c.most_likely_up(w) for w in pieces], "z")


def measure_units(motions: list[Floats]) -> None:
    """Print how often each unit is detected on whole clips."""
    for unit, metres in c.UNITS.items():
        found: Counter[str] = Counter()
        for joints in motions:
            try:
                name = c.find_convention(joints / metres, up="z").unit
                found["right" if name == unit else "wrong"] += 1
            except MBenchError:
                found["refused"] += 1
        print(f"unit {unit}: {dict(found)}")


def measure_bvh(folder: Path) -> None:
    """Print what is detected in each raw BVH file."""
    for path in sorted(folder.glob("*.bvh")):
        try:
            meta = read_motion(path).meta
            print(f"{path.name}: {meta['up']} {meta['up_confidence']:.3f} {meta['unit']} {meta['unit_confidence']:.2f}")
        except MBenchError as error:
            print(f"refused: {error}")


def measure_checks(motions: list[Floats]) -> None:
    """Print on how many clips each check speaks."""
    spoken = {check.__name__: sum(check(Motion(j.astype(np.float32))) is not None for j in motions) for check in CHECKS}
    for name, count in spoken.items():
        print(f"| {name} | {count} of {len(motions)} |")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mocap", type=Path)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    motions = clips(arguments.mocap)
    if arguments.fit:
        fit(motions)
        return
    print("| clips | n | right | answered | answered wrongly |\n|---|---|---|---|---|")
    measure_axes(motions)
    measure_units(motions)
    measure_bvh(arguments.mocap / "bvh")
    measure_checks(motions)


if __name__ == "__main__":
    main()
