"""Speed of `mbench serve`: from the command to the first answer, and from a prompt to videos and files.

    OMP_NUM_THREADS=1 python benchmarks/serve.py

Two models on six prompts, no videos on the leaderboard. "first start" builds the site, "second start" finds it in the
cache. "a take" is a clip of 4 s: generated, scored, drawn at 384 x 384 and written as mp4, bvh, glb and npz, after one
that was not counted. "core" is processor time, which a busy machine inflates less than wall time.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx

from leaderboard.serve.models import playable
from leaderboard.serve.store import Store
from leaderboard.serve.takes import STYLES, Studio, Take, ask
from mbench.runner import evaluate

PATIENCE = 600


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in ("choreographer", {"name": "static", "options": {"of": "choreographer"}}):
            run = {"limit": 6}
            evaluate({"model": model, "metrics": ["jitter_degree"], "run": run, "output": str(folder / "results")})
        for start in ("first start", "second start"):
            print(f"{start:>20}: {start_and_stop(folder)}")
    for style in STYLES:
        print(f"{'a take, ' + style:>20}: {take(style)}")


def start_and_stop(folder: Path) -> str:
    """Return how long the server took to answer."""
    command = [sys.executable, "-m", "mbench", "serve", str(folder / "results"), "--port", "0", "--no-videos"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "MBENCH_CACHE": str(folder / "cache")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        while not answers(f"{address}health"):
            time.sleep(0.02)
        wall = time.monotonic() - start
        server.terminate()
        server.wait(PATIENCE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{wall:.1f} s, core {core:.1f} s up to the end"


def answers(url: str) -> bool:
    """Whether a server answers."""
    try:
        return httpx.get(url, timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False


def take(style: str) -> str:
    """Return how long a take takes."""
    with closing(Store[Take]()) as store:
        studio = Studio(playable(["choreographer"])[0], store)
        for seed in range(2):
            wall, core = time.monotonic(), time.process_time()
            asked = ask("a person walks forward", 4, seed, ["choreographer"], style, known=["choreographer"])
            studio.take(asked, "choreographer")
    return f"{time.monotonic() - wall:.1f} s, core {time.process_time() - core:.1f} s"


if __name__ == "__main__":
    main()
