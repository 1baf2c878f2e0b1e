"""Measure the choreographer with the five published metrics, next to real motion capture.

    python scripts/choreographer_metrics.py [--mocap ../shared/mocap] [--seeds 2]

Prints a markdown table: median and 10 % to 90 % range over clips of the choreographer (every action, some seeds, 5 s
each), and over the real clips of the folder, which holds `load_mocap.py`, `metadata.jsonl` and shards.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from baselines.choreographer import choreograph, parse
from baselines.choreographer.moves import ACTIONS, Move
from baselines.choreographer.perform import perform
from mbench.metrics.base import METRICS
from mbench.motion import Motion
from mbench.suites.load import load_suite

NAMES = ("jitter_degree", "dynamic_degree", "ground_penetration", "foot_sliding", "foot_floating")
WALK = "A person walks forward."


def real_clips(folder: Path) -> Iterator[tuple[str, Motion]]:
    """Yield (content, motion) of every real clip without a known jump."""
    spec = importlib.util.spec_from_file_location("load_mocap", folder / "load_mocap.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mocap = module.Mocap(folder)
    for row in mocap.rows:
        if not row["glitch_frames"] and row["frames"] > 2:
            yield str(row["content"]), Motion(mocap.clip(row["id"])["pos"], 20.0)


def scores(motions: list[Motion]) -> dict[str, np.ndarray]:
    """Return the values of each metric over the motions it applies to."""
    rows = {name: [METRICS.get(f"quality/{name}")(motion) for motion in motions] for name in NAMES}
    return {name: np.array([v for v in values if v is not None]) for name, values in rows.items()}


def cell(values: np.ndarray) -> str:
    """Return the median and the 10 % to 90 % range as text."""
    low, middle, high = np.percentile(values, [10, 50, 90])
    return f"{middle:.4f} ({low:.4f} to {high:.4f})"


def understood(suite: str) -> str:
    """Return of how many prompts of a suite the rules know something in every clause, in some, in none."""
    plans = [parse(prompt.text) for prompt in load_suite(suite).prompts]
    wholly = sum(not plan.unknown for plan in plans)
    nothing = sum(bool(plan.unknown) and [m.action for m in plan.moves] == ["stand"] for plan in plans)
    part = len(plans) - wholly - nothing
    return f"{suite}: {len(plans)} prompts; known in every clause {wholly}, in some {part}, in none {nothing}."


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mocap", type=Path, default=Path("../shared/mocap"))
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    made = [perform([Move(name)], 5.0, seed) for name in ACTIONS for seed in range(options.seeds)]
    columns = {f"choreographer, {len(made)} clips": scores(made)}
    columns["choreographer, walking"] = scores([choreograph(WALK, 5.0, seed) for seed in range(10)])
    if options.mocap.is_dir():
        clips = list(real_clips(options.mocap))
        walks = [motion for content, motion in clips if content.lower().startswith("walk")]
        columns[f"real, {len(clips)} clips"] = scores([motion for _, motion in clips])
        columns[f"real, {len(walks)} walking clips"] = scores(walks)
    print("| metric | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in NAMES:
        print(f"| {name} | " + " | ".join(cell(column[name]) for column in columns.values()) + " |")
    print()
    for suite in ("mbench-mini", "mbench-open"):
        print(understood(suite))
    start = time.perf_counter()
    for seed in range(50):
        choreograph(WALK, 5.0, seed)
    print(f"\nOne 5 s clip takes {(time.perf_counter() - start) / 50 * 1000:.1f} ms.")


if __name__ == "__main__":
    main()
