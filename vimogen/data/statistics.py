"""Mean and spread of the training data, over rows as training sees them: of crops in their own canonical frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from mbench.files import atomic_write
from mbench.motion.representations.vimogen276 import WIDTH
from vimogen.augment import mirrored, part
from vimogen.codec import FLATTEST, Codec, Rows

CROP = 200  # rows of the longest crop that training takes


def crops(rows: Rows) -> Iterator[Rows]:
    """Yield rows (T, 276) in parts of at most `CROP` rows, each canonical by itself; of nearly the same lengths."""
    count = -(-len(rows) // CROP)
    edges = np.linspace(0, len(rows), count + 1).round().astype(int)
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        yield part(rows, int(start), int(stop - start))


def codec_of(clips: Iterable[Rows]) -> Codec:
    """Return mean and spread of the crops of clips and of their mirror images; one clip in memory at a time.

    Args:
        clips: rows (T, 276) of each, at least one.
    """
    count, mean, squares = 0, np.zeros(WIDTH), np.zeros(WIDTH)
    for seen in (each for rows in clips for crop in crops(rows) for each in (crop, mirrored(crop))):
        # the update for blocks of Chan, Golub and LeVeque 1983, which loses no digits as a sum of squares would
        own = seen.mean(axis=0, dtype=np.float64)
        share = len(seen) / (count + len(seen))
        squares += ((seen - own) ** 2).sum(axis=0) + (own - mean) ** 2 * count * share
        mean += (own - mean) * share
        count += len(seen)
    std = np.sqrt(squares / count).clip(FLATTEST)
    return Codec(mean.astype(np.float32), std.astype(np.float32))


def write_statistics(path: Path, codec: Codec) -> None:
    """Write `mean` and `std`, float32 (276,), to an `.npz` file."""
    with atomic_write(path) as file:
        np.savez(file, mean=codec.mean, std=codec.std)
