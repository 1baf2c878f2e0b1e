"""Mean and spread of the training data, over rows as training sees them: of crops in their own canonical frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from mbench.errors import MBenchError
from mbench.files import atomic_write
from vimogen.augment import mirrored, part
from vimogen.codec import Codec, Rows

CROP = 200  # rows of the longest crop that training takes


def crops(rows: Rows) -> Iterator[Rows]:
    """Yield rows (T, 276) in parts of at most `CROP` rows, each canonical by itself; of nearly the same lengths."""
    count = -(-len(rows) // CROP)
    edges = np.linspace(0, len(rows), count + 1).round().astype(int)
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        yield part(rows, int(start), int(stop - start))


def codec_of(clips: Iterable[Rows]) -> Codec:
    """Return mean and spread of the crops of clips and of their mirror images.

    Raises:
        MBenchError: there are no clips.
    """
    parts = [each for rows in clips for crop in crops(rows) for each in (crop, mirrored(crop))]
    if not parts:
        raise MBenchError("no clip is left to train on; rejected.csv says why each was left out")
    return Codec.of(parts)


def write_statistics(path: Path, codec: Codec) -> None:
    """Write `mean` and `std`, float32 (276,), to an `.npz` file."""
    with atomic_write(path) as file:
        np.savez(file, mean=codec.mean, std=codec.std)
