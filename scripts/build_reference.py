"""Make the reference set of a judge from real motion: vectors only, for FID, KID, Density and Coverage.

    python scripts/build_reference.py ../shared/mocap                                # your own, in the cache folder
    python scripts/build_reference.py ../shared/mocap --out mbench/data/reference    # the one that is shipped
    python scripts/build_reference.py MOCAP --judge my_judge:MyJudge --options '{"size": 2}'

MOCAP is a folder of motion shards. The clips of its test split without tracking glitches are cut into windows of at
most 10 s, the length of the longest prompts; what is left of a clip counts from 2 s on, and a shorter clip as it is.
The file is named by the judge (`mbench.metrics.reference`), and a JSON beside it says what it was made from.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import mbench
from mbench.datasets.shards import Shards
from mbench.errors import ConfigError, MBenchError
from mbench.judges.base import Embedder, Judge, build_judge
from mbench.metrics.reference import save_reference
from mbench.motion import BENCHMARK_FPS, Motion, Pose
from mbench.motion.resample import resample

LONGEST, SHORTEST = 200, 40  # frames of a window, at 20 fps
BATCH = 64
CREDIT = {
    "cmu": "CMU Graphics Lab Motion Capture Database, mocap.cs.cmu.edu, NSF EIA-0196217",
    "bandai-namco-1": "Bandai-Namco-Research-Motiondataset",
    "bandai-namco-2": "Bandai-Namco-Research-Motiondataset",
    "ase-reallusion": "nv-tlabs/ASE, motion by Reallusion",
}


def windows(motion: Motion) -> Iterator[Motion]:
    """Yield the parts of a clip at 20 fps, in order and without overlap."""
    motion = resample(motion, BENCHMARK_FPS)
    for start in range(0, len(motion), LONGEST):
        part = slice(start, start + LONGEST)
        if start == 0 or len(motion.joints[part]) >= SHORTEST:
            pose = motion.pose and Pose(motion.pose.rotations[part], motion.pose.offsets)
            yield motion.replace(joints=motion.joints[part], pose=pose)


def read_windows(folder: Path, split: str) -> Iterator[tuple[dict[str, Any], Motion]]:
    """Yield (row of the clip, window) of a split."""
    shards = Shards(folder)
    for row in shards.where(split=split):
        if not row["glitch_frames"]:
            for window in windows(shards.motion(row)):
                yield row, window


def embed(judge: Embedder, motions: list[Motion]) -> np.ndarray:
    """Return (n, d) vectors."""
    return np.concatenate([judge.embed_motions(motions[i : i + BATCH]) for i in range(0, len(motions), BATCH)])


def sources(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return clips and windows by source and licence."""
    clips = Counter((row["source"], row["licence"]) for row in {row["id"]: row for row in rows}.values())
    parts = Counter((row["source"], row["licence"]) for row in rows)
    return [
        {"source": source, "licence": licence, "credit": CREDIT.get(source, source), "clips": count,
         "windows": parts[source, licence]}
        for (source, licence), count in sorted(clips.items())
    ]  # fmt: skip


def build(folder: Path, judge: Judge, out: Path | None = None, split: str = "test") -> Path:
    """Write the reference set of a judge and return its file.

    Args:
        folder: of motion shards.
        judge: must be an `Embedder`.
        out: folder to write to; None for the user's own.
        split: whose clips.

    Raises:
        MBenchError: no clips in the split, a broken file, or a judge without embeddings.
    """
    if not isinstance(judge, Embedder):
        raise ConfigError(f"judge {judge.card.name} has no embeddings; a reference set needs embed_motions")
    found = list(read_windows(folder, split))
    if len(found) < 2:
        raise ConfigError(f"{folder}: {len(found)} windows in split {split!r}; expected at least 2")
    vectors = embed(judge, [window for _, window in found])
    facts = {
        "made_by": "scripts/build_reference.py",
        "mbench": mbench.__version__,
        "selection": f"split {split}, no clips with tracking glitches, windows of at most {LONGEST} frames at 20 fps",
        "sources": sources([row for row, _ in found]),
    }
    return save_reference(judge, vectors, facts, out)


def main() -> None:
    """Read the clips and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mocap", type=Path, help="folder of motion shards")
    parser.add_argument("--judge", default="retrieval", help="a registered judge, or module:object")
    parser.add_argument("--options", type=json.loads, default={}, help="of the judge, as JSON")
    parser.add_argument("--out", type=Path, help="folder; by default that of your own reference sets")
    parser.add_argument("--split", default="test")
    arguments = parser.parse_args()
    try:
        path = build(arguments.mocap, build_judge(arguments.judge, arguments.options), arguments.out, arguments.split)
    except MBenchError as error:
        parser.exit(2, f"{error}\n")
    facts = json.loads(path.with_suffix(".json").read_text())
    print(f"{path}: {facts['n']} vectors of {facts['d']}, {path.stat().st_size / 1e3:.0f} kB")
    for row in facts["sources"]:
        print(f"{row['source']:18s} {row['clips']:4d} clips  {row['windows']:4d} windows  {row['licence']}")


if __name__ == "__main__":
    main()
