"""Make `mbench/data/training_captions.npz` from the captions of motion data, or an .npz from any list of captions.

    python scripts/build_training_captions.py ../shared/mocap
    python scripts/build_training_captions.py captions.txt --out captions.npz --name "our training set"

The file holds the vectors of the different captions (sentence embeddings of the default text encoder, float16) and no
text. Of a folder of motion shards, all captions of the training split are taken: written ones, index entries and those
made from labels by a template.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from mbench.datasets.shards import Shards
from mbench.files import atomic_write, sha256_of, write_json
from mbench.text import DEFAULT, SHA256, TextEncoder
from mbench.training_captions import SHIPPED, locate, read_captions


def captions_of_shards(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Return the different captions of the training split, sorted, and where they come from."""
    found: dict[str, str] = {}
    clips: Counter[str] = Counter()
    for row in Shards(folder).where(split="train"):
        own = [(caption["text"].strip(), caption["source"]) for caption in row.get("captions") or []]
        if row.get("template_caption"):
            own.append((row["template_caption"].strip(), "template"))
        clips[row["source"]] += bool(own)
        for text, source in own:
            found.setdefault(text, source)
    return sorted(found), {"split": "train", "clips": dict(+clips), "by_source": dict(Counter(found.values()))}


def write_vectors(texts: list[str], path: Path) -> None:
    """Write the vectors of texts as float16, with the hash of what made them."""
    vectors = TextEncoder().sentences(texts).astype(np.float16)
    with atomic_write(path) as file:
        np.savez_compressed(file, vectors=vectors, encoder=np.array(SHA256))


def main() -> None:
    """Read the captions, write the vectors and their card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a folder of motion shards, or a text file with a caption a line")
    parser.add_argument("--out", type=Path, default=locate(SHIPPED))
    parser.add_argument("--name", default="training captions of the motion data")
    arguments = parser.parse_args()
    if arguments.source.is_dir():
        texts, facts = captions_of_shards(arguments.source)
    else:
        texts, facts = sorted(read_captions(arguments.source).texts), {"file": arguments.source.name}
    write_vectors(texts, arguments.out)
    card = {
        "name": arguments.name, "made_by": "scripts/build_training_captions.py", "captions": len(texts), **facts,
        "encoder": DEFAULT, "encoder_sha256": SHA256, "dtype": "float16", "sha256": sha256_of(arguments.out),
    }  # fmt: skip
    write_json(arguments.out.with_suffix(".json"), card)
    print(f"{len(texts)} captions, {arguments.out.stat().st_size / 1000:.0f} kB: {arguments.out}")


if __name__ == "__main__":
    main()
