"""What a model was trained on, as the vectors of its captions: how far is a prompt from the nearest of them?

The distance is the cosine distance of sentence embeddings by the default text encoder: 0 is the same sentence.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mbench.config import resolve_path
from mbench.errors import ConfigError, one_line
from mbench.files import hash_of, read_json, sha256_of
from mbench.text import DEFAULT, SHA256

if TYPE_CHECKING:
    from mbench.text import TextEncoder

Floats = NDArray[np.float64]

SHIPPED = "mbench:data/training_captions.npz"
WIDTH = 384  # numbers in a vector of the default encoder
DECIMALS = 6  # of a distance: more than the encoder's float32 holds, fewer than the order of sums disturbs
CHUNK = 256  # texts compared at once


@dataclass(frozen=True)
class TrainingCaptions:
    """The captions of a training set: texts that are still to be encoded, or vectors.

    Attributes:
        name: what reports call it.
        hash: of the vectors' file, or of the texts and the encoder.
        count: how many different captions.
        texts: the captions, empty where there are vectors.
        vectors: (count, d) float32, None where there are texts.
    """

    name: str
    hash: str
    count: int
    texts: tuple[str, ...] = ()
    vectors: NDArray[np.float32] | None = None

    @property
    def identity(self) -> str:
        """Return `name.hash`, which tells distances to these captions from all others."""
        return f"{self.name}.{self.hash[:10]}"

    def encoded(self, encoder: TextEncoder) -> Floats:
        """Return the vectors, of norm 1: (count, d) float64."""
        vectors = encoder.sentences(self.texts) if self.vectors is None else self.vectors
        return _unit(vectors)


def locate(source: str, base: Path = Path()) -> Path:
    """Return the file that a card or a YAML names.

    Args:
        source: a path, or `package:path` of a file that comes with an installed package.
        base: the folder that a relative path starts from.

    Raises:
        ConfigError: there is no such package.
    """
    package, colon, name = source.partition(":")
    if not colon or not all(part.isidentifier() for part in package.split(".")) or len(package) == 1:
        return resolve_path(source, base)
    try:
        return Path(str(resources.files(package))) / name
    except ImportError as error:
        raise ConfigError(f"captions {source!r}: package {package!r} can't be imported: {one_line(error)}") from error


def read_captions(path: Path, name: str = "") -> TrainingCaptions:
    """Return the captions of a text file, one a line, or of an .npz of vectors (`scripts/build_training_captions.py`).

    Args:
        path: the file.
        name: what reports call it; by default the file's name.

    Raises:
        ConfigError: it is not there, holds nothing, is no UTF-8 text, or its vectors are of another encoder.
    """
    if not path.is_file():
        raise ConfigError(
            f"captions {path}: there is no such file; expected a text file with a caption a line, or an .npz of vectors"
        )
    try:
        return _of_vectors(path, name) if path.suffix == ".npz" else _of_texts(path, name)
    except OSError as error:
        raise ConfigError(f"captions {path}: can't be read: {error.strerror or error}") from error


def _of_texts(path: Path, name: str) -> TrainingCaptions:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"captions {path}: is no UTF-8 text ({error.reason} at byte {error.start})") from error
    texts = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not texts:
        raise ConfigError(f"captions {path}: holds no text; expected a caption a line")
    return TrainingCaptions(name or path.name, hash_of([SHA256, *texts]), len(texts), texts)


def _of_vectors(path: Path, name: str) -> TrainingCaptions:
    try:
        with np.load(path, allow_pickle=False) as file:
            vectors, encoder = file["vectors"].astype(np.float32), str(file["encoder"])
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"captions {path}: can't be read as vectors ({one_line(error)}); expected the arrays `vectors` and "
            "`encoder` that scripts/build_training_captions.py writes"
        ) from error
    if encoder != SHA256:
        raise ConfigError(
            f"captions {path}: vectors of the text encoder {encoder[:10]}…; expected {SHA256[:10]}… ({DEFAULT})"
        )
    if vectors.ndim != 2 or not len(vectors) or vectors.shape[1] != WIDTH:
        raise ConfigError(f"captions {path}: vectors have shape {vectors.shape}; expected (captions, {WIDTH})")
    if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
        raise ConfigError(f"captions {path}: some vectors are zero or not finite; expected directions")
    return TrainingCaptions(name or path.name, sha256_of(path), len(vectors), vectors=vectors)


@cache
def shipped_captions() -> TrainingCaptions:
    """Return the captions of the training split of our motion data; their card lies beside them."""
    path = locate(SHIPPED)
    return read_captions(path, str(read_json(path.with_suffix(".json"))["name"]))


def nearest_distances(texts: Sequence[str], captions: TrainingCaptions, encoder: TextEncoder) -> Floats:
    """Return the cosine distance of each text to the nearest caption: (texts,), 0 the same … 2, six decimals.

    A text's distance never depends on the others.

    Args:
        texts: prompts.
        captions: of the training set.
        encoder: the default text encoder.

    Raises:
        MBenchError: the encoder can't be loaded.
    """
    if not texts:
        return np.zeros(0)
    vectors, reference = _unit(encoder.sentences(texts)), captions.encoded(encoder)
    parts = [1 - (vectors[start : start + CHUNK] @ reference.T).max(axis=1) for start in range(0, len(texts), CHUNK)]
    return np.round(np.maximum(np.concatenate(parts), 0.0), DECIMALS)


def _unit(vectors: NDArray[np.float32]) -> Floats:
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)
