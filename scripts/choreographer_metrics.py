"""Measure the choreographer with the five published metrics, next to real motion capture.

    python scripts/choreographer_metrics.py [--mocap ../shared/mocap] [--seeds 2] [--drawn 150]

Prints two markdown tables. The first: median and 10 % to 90 % range over clips of the choreographer (every action, some
seeds, 5 s each), and over the real clips of the folder, which holds `load_mocap.py`, `metadata.jsonl` and shards. The
second: mean and 95 % interval over clips drawn from the real ones, and over as many prompts drawn from the harvested
ones that the choreographer understands.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from baselines.choreographer import choreograph, parse
from baselines.choreographer.moves import ACTIONS, Move
from baselines.choreographer.perform import perform
from mbench.errors import NotApplicable
from mbench.metrics.base import METRICS
from mbench.motion import Motion
from mbench.seeds import seed_of
from mbench.stats import mean_with_interval
from mbench.suites.load import load_suite
from vimogen.data.prompts.harvest import read_prompts

NAMES = ("jitter_degree", "dynamic_degree", "ground_penetration", "foot_sliding", "foot_floating")
MORE_NAMES = (*NAMES, "foot_skate_speed", "foot_skating_ratio", "jerk", "joint_limit_violation")
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


def scores(motions: list[Motion], names: Sequence[str] = NAMES) -> dict[str, np.ndarray]:
    """Return the values of each metric over the motions it applies to."""
    rows = {name: [value(name, motion) for motion in motions] for name in names}
    return {name: np.array([v for v in values if v is not None]) for name, values in rows.items()}


def value(name: str, motion: Motion) -> float | None:
    """Return a metric's value, None where it does not apply."""
    try:
        return METRICS.get(f"quality/{name}")(motion)
    except NotApplicable:
        return None


def drawn(count: int, real: list[Motion]) -> dict[str, dict[str, np.ndarray]]:
    """Return the columns of the second table: clips and prompts drawn by a fixed seed."""
    generator = np.random.default_rng(0)
    prompts = [prompt for prompt in read_prompts() if prompt.understood]
    some = [prompts[index] for index in generator.choice(len(prompts), count, replace=False)]
    made = [choreograph(prompt.text, prompt.seconds, seed_of(0, prompt.id)) for prompt in some]
    columns = {f"choreographer, {count} harvested prompts": scores(made, MORE_NAMES)}
    if real:
        clips = [real[index] for index in generator.choice(len(real), count, replace=False)]
        columns[f"real, {count} clips"] = scores(clips, MORE_NAMES)
    return columns


def interval(values: np.ndarray) -> str:
    """Return the mean and its 95 % interval as text."""
    mean, low, high = mean_with_interval(values.astype(np.float64))
    return f"{mean:.3g} ({low:.3g} to {high:.3g})"


def table(columns: dict[str, dict[str, np.ndarray]], write: Callable[[np.ndarray], str]) -> str:
    """Return a markdown table."""
    names = next(iter(columns.values()))
    lines = ["| metric | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in names:
        unit = METRICS.get(f"quality/{name}").info.unit
        lines.append(f"| {name} ({unit}) | " + " | ".join(write(column[name]) for column in columns.values()) + " |")
    return "\n".join(lines)


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
    parser.add_argument("--drawn", type=int, default=150)
    options = parser.parse_args()
    made = [perform([Move(name)], 5.0, seed) for name in ACTIONS for seed in range(options.seeds)]
    columns = {f"choreographer, {len(made)} clips": scores(made)}
    columns["choreographer, walking"] = scores([choreograph(WALK, 5.0, seed) for seed in range(10)])
    clips = list(real_clips(options.mocap)) if options.mocap.is_dir() else []
    if clips:
        walks = [motion for content, motion in clips if content.lower().startswith("walk")]
        columns[f"real, {len(clips)} clips"] = scores([motion for _, motion in clips])
        columns[f"real, {len(walks)} walking clips"] = scores(walks)
    print(table(columns, cell), "\n")
    print(table(drawn(options.drawn, [motion for _, motion in clips]), interval), "\n")
    for suite in ("mbench-mini", "mbench-open"):
        print(understood(suite))
    start = time.perf_counter()
    for seed in range(50):
        choreograph(WALK, 5.0, seed)
    print(f"\nOne 5 s clip takes {(time.perf_counter() - start) / 50 * 1000:.1f} ms.")


if __name__ == "__main__":
    main()
