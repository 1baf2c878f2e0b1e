"""Speed of creating a study: the plan, the videos, and the demo from nothing.

    OMP_NUM_THREADS=1 python benchmarks/arena_create.py [--clips 6] [--plan-only]

"plan" is everything but the videos, for four models on the 450 prompts of mbench-open: 2,700 pairs, all checks, the
motion files read for their hashes. "a second of video" is the mean over a few videos that were never drawn, by style,
at the default size and rate. "demo" is `make_demo` with an empty cache, then with a full one. "core" is the processor
time of this process, which a busy machine inflates less than wall time.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leaderboard.arena.config import load_study_config
from leaderboard.arena.demo import CONTROLS, METRIC, make_demo
from leaderboard.arena.entrants import find_entrants
from leaderboard.arena.known import GENERATOR
from leaderboard.arena.tasks import plan_study
from leaderboard.clips import Clip, draw
from mbench.io import read_motion
from mbench.motion import BENCHMARK_FPS
from mbench.runner import evaluate


def timed(what: str, function: Callable[[], Any], per: float = 1.0) -> Any:
    """Print how long a call takes, divided by a number; return what it returns."""
    wall, core = time.perf_counter(), time.process_time()
    found = function()
    wall, core = time.perf_counter() - wall, time.process_time() - core
    print(f"{what:<34} {wall / per:7.2f} s  {core / per:7.2f} s core", flush=True)
    return found


def main() -> None:
    """Measure in a folder and a cache that go away."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=6, help="videos drawn of each style")
    parser.add_argument("--plan-only", action="store_true", help="draw nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MBENCH_CACHE"] = str(Path(folder, "cache"))
        results = Path(folder, "results")
        for model in (GENERATOR, *CONTROLS):
            evaluate({"model": model, "suite": "mbench-open", "metrics": METRIC, "output": str(results)})
        config = load_study_config({"name": "Speed"})
        plan = timed("plan", lambda: plan_study(config, find_entrants(config, [results])))
        print(f"  {len(plan.tasks)} tasks, {len(plan.shown)} motions")
        if arguments.plan_only:
            return
        for style in ("skeleton", "mesh"):
            clips = [
                Clip(s.motion, s.sha256, "fixed", style, config.size, BENCHMARK_FPS)
                for s in plan.shown[: arguments.clips + 1]
            ]
            draw(clips[:1])  # compiled, and the body read
            seconds = sum(read_motion(clip.motion).seconds for clip in clips[1:])
            timed(f"a second of video, {style}", lambda: draw(clips[1:]), seconds)  # noqa: B023
        timed("demo", make_demo)
        timed("demo again", make_demo)


if __name__ == "__main__":
    main()
