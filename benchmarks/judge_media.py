"""Seconds a clip that a vision-language judge needs to draw what the model is shown, before anything is asked.

    OMP_NUM_THREADS=1 python benchmarks/judge_media.py [--clips 10]

Clips are those of the choreographer for the first prompts of mbench-mini. "first" fits a pose to the joints of each
clip, which the body needs; "again" finds it in the cache. The renderer is warm: one clip is drawn before.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time

from baselines.choreographer import Choreographer
from mbench.judges.vision.media import media_of
from mbench.judges.vision.openai import OpenAISettings
from mbench.motion import Motion
from mbench.suites import load_suite

LINE = "{:>10} {:>8} {:>10} {:>10} {:>12} {:>8}"


def clips(count: int) -> list[Motion]:
    """Return motions of the choreographer."""
    prompts = load_suite("mbench-mini").prompts[:count]
    return [clip for clip in Choreographer().generate(prompts, [0] * count) if isinstance(clip, Motion)]


def row(motions: list[Motion], render: str, mode: str) -> str:
    """Return a line of the table."""
    settings = OpenAISettings(model="m", render=render, mode=mode)
    media_of(motions[-1], settings)
    times = []
    for _ in range(2):
        start = time.perf_counter(), time.process_time()
        shown = [media_of(motion, settings) for motion in motions[:-1]]
        times.append(((time.perf_counter() - start[0]) / len(shown), (time.process_time() - start[1]) / len(shown)))
    size = sum(len(data) for media in shown for data in media.files) / len(shown) / 1e3
    (first, _), (again, core) = times
    return LINE.format(render, mode, f"{first:.2f}", f"{again:.2f}", f"{core:.2f}", f"{size:.0f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10)
    count = parser.parse_args().clips
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MBENCH_CACHE"] = folder
        motions = clips(count + 1)
        print(f"{count} clips, {sum(m.seconds for m in motions[:-1]) / count:.1f} s on average")
        print(LINE.format("render", "mode", "first s", "again s", "again core s", "kB"))
        for render in ("body", "skeleton"):
            for mode in ("frames", "video"):
                print(row(motions, render, mode))


if __name__ == "__main__":
    main()
