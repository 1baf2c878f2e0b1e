"""How long the retrieval judge takes for 1,000 clips of 5 s, together and one by one, and for their texts.

    python benchmarks/judge.py [--clips 1000]

Prints seconds and ratios of one run. The clips are walks of the choreographer's kind with noise of their own, so that
none is found in the judge's memory; texts are encoded without the cache on disk.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np
import torch

from mbench.judges.retrieval.judge import SHIPPED, WEIGHTS
from mbench.judges.retrieval.model import load_model
from mbench.motion import Motion
from mbench.motion.skeleton import REST_OFFSETS
from mbench.text import TextEncoder

FRAMES = 100


def clips(count: int) -> list[Motion]:
    """Return random walks of a whole figure, 5 s each."""
    generator = np.random.default_rng(0)
    figure = np.cumsum(REST_OFFSETS, axis=0) * 0.2 + [0, 0, 1.0]
    steps = generator.normal(scale=0.01, size=(count, FRAMES, 22, 3)).cumsum(axis=1)
    return [Motion((figure + path).astype(np.float32)) for path in steps]


def seconds(function, *args) -> float:  # noqa: ANN001
    """Return the wall time of a call."""
    start = perf_counter()
    function(*args)
    return perf_counter() - start


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=1000)
    count = parser.parse_args().clips
    model, motions = load_model(SHIPPED / WEIGHTS), clips(count)
    model.motions(motions[:32])
    together = seconds(model.motions, motions)
    few = motions[: max(1, count // 10)]
    alone = seconds(lambda: [model.motions([motion]) for motion in few]) * count / len(few)
    encoder = TextEncoder(cache=False)
    encoder.sentences(["warm up"])
    texts = seconds(encoder.sentences, [f"a person walks {index} steps and waves" for index in range(count)])
    print(f"{count} clips of 5 s on {torch.get_num_threads()} threads")
    print(f"together    {together:6.1f} s")
    print(f"one by one  {alone:6.1f} s, {alone / together:.1f} times as long")
    print(f"{count} texts {texts:6.1f} s")


if __name__ == "__main__":
    main()
