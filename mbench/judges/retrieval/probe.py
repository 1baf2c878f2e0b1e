"""The floor under the judge: a linear probe of a bag of features. Anything that reads time must beat it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mbench.judges.retrieval.features import features
from mbench.judges.retrieval.model import pieces_of
from mbench.motion import Motion

Floats = NDArray[np.float64]


def bag(motion: Motion) -> Floats:
    """Return (286,): mean and standard deviation over time of the judge's own features."""
    pieces = [features(torch.from_numpy(piece[None]))[0] for piece in pieces_of(motion)]
    values = torch.cat(pieces).numpy()
    return np.concatenate([values.mean(axis=0), values.std(axis=0)])


class Probe:
    """Ridge regression from bags of features to sentence vectors; nearness is the cosine.

    Args:
        motions: trained on.
        sentences: (n, d) vectors of their texts.
    """

    def __init__(self, motions: Sequence[Motion], sentences: NDArray[np.floating]) -> None:
        from sklearn.linear_model import RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._middle = np.asarray(sentences, np.float64).mean(axis=0)
        self._fitted = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 5, 11)))
        self._fitted.fit(np.stack([bag(m) for m in motions]), sentences - self._middle)

    def similarity(self, motions: Sequence[Motion], sentences: NDArray[np.floating]) -> Floats:
        """Return (n, m) cosines of n motions and (m, d) sentence vectors."""
        guessed = self._fitted.predict(np.stack([bag(m) for m in motions]))
        return np.asarray(_unit(guessed) @ _unit(sentences - self._middle).T)


def _unit(vectors: NDArray[np.floating]) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12), np.float64)
