"""A small set of sentences that covers many: k-means over their vectors, and in each cluster the farthest first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Indices = NDArray[np.intp]
DUPLICATE = 0.97  # cosine above which one sentence says nothing that the other does not
SMALLEST = 16  # sentences a cluster, on average


def clustered(vectors: Vectors, seed: int, count: int | None = None) -> Indices:
    """Return the cluster of each vector (n,), by k-means.

    Args:
        vectors: (n, d), n >= 1, of norm 1.
        seed: of the starting points.
        count: of clusters; by default one for every 16 vectors.
    """
    from sklearn.cluster import KMeans

    many = min(count or max(len(vectors) // SMALLEST, 1), len(vectors))
    means = KMeans(many, n_init=1, random_state=seed).fit(vectors.astype(np.float64))
    return np.asarray(means.labels_, dtype=np.intp)


def covering(vectors: Vectors, clusters: Indices, count: int, duplicate: float = DUPLICATE) -> Indices:
    """Return the indices of at most `count` vectors that cover all: one of each cluster in turn, the farthest first.

    In a cluster the first is the one nearest its mean, each next the one least like those taken before; what is a
    near duplicate of one taken there is never taken.

    Args:
        vectors: (n, d) of norm 1.
        clusters: (n,).
        count: how many at most.
        duplicate: cosine above which two are near duplicates.
    """
    queues = [_farthest_first(vectors, np.flatnonzero(clusters == c), duplicate) for c in np.unique(clusters)]
    longest = max(map(len, queues), default=0)
    turns = [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
    return np.array(turns[:count], dtype=np.intp)


def _farthest_first(vectors: Vectors, members: Indices, duplicate: float) -> list[int]:
    """Return members of a cluster in the order in which they are taken, near duplicates left out."""
    own = vectors[members].astype(np.float64)
    nearest = own @ own.mean(axis=0)  # for the first, the most alike; then similarity to those taken
    taken = [int(nearest.argmax())]
    nearest = own @ own[taken[0]]
    while (following := int(nearest.argmin())) not in taken and nearest[following] <= duplicate:
        taken.append(following)
        nearest = np.maximum(nearest, own @ own[following])
    return members[taken].tolist()


def nearest_similarity(vectors: Vectors, others: Vectors, at_once: int = 1024) -> Vectors:
    """Return for each vector (n,) the cosine of the most similar of the others; -1 where there are none.

    Args:
        vectors: (n, d) of norm 1.
        others: (m, d) of norm 1.
        at_once: rows compared at a time, which bounds memory.
    """
    if not len(others):
        return np.full(len(vectors), -1, dtype=np.float32)
    parts = [(vectors[at : at + at_once] @ others.T).max(axis=1) for at in range(0, len(vectors), at_once)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
