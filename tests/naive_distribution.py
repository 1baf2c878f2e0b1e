"""The metrics over a set once more, as plain loops straight from the papers; tests compare them with the package's.

Vectors are lists of rows; nothing of `mbench` is used but the hash that seeds.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from mbench.seeds import seed_of


def distance(a, b) -> float:
    return math.sqrt(sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True)))


def pools(ids, replication, size=32):
    """Return lists of indices: prompts by the number they drew, cut into pools, the last short one dropped."""
    order = sorted(range(len(ids)), key=lambda i: (seed_of("pool", replication, ids[i]), ids[i]))
    cut = [order[start : start + size] for start in range(0, len(order), size)]
    return [pool for pool in cut if len(pool) == size]


def r_precision(ids, texts, motion_vectors, text_vectors, most) -> float:
    """Mean over 20 draws of the share of motions whose text is among the `most` nearest of its pool."""
    draws = []
    for replication in range(20):
        hits = []
        for pool in pools(ids, replication):
            for i in pool:
                own = distance(motion_vectors[i], text_vectors[i])
                others = [distance(motion_vectors[i], text_vectors[j]) for j in pool if texts[j] != texts[i]]
                better, equal = sum(d < own for d in others), sum(d == own for d in others)
                places = [better + 1 + k for k in range(equal + 1)]  # where the own text may end up
                hits.append(sum(place <= most for place in places) / len(places))
        draws.append(sum(hits) / len(hits))
    return sum(draws) / len(draws)


def mm_dist(motion_vectors, text_vectors) -> float:
    found = [distance(m, t) for m, t in zip(motion_vectors, text_vectors, strict=True)]
    return sum(found) / len(found)


def fid(x, y) -> float:
    """By the matrix square root of the product of the covariances (scipy), as most published code does."""
    from scipy.linalg import sqrtm

    mean_x, mean_y = np.mean(x, axis=0), np.mean(y, axis=0)
    cov_x, cov_y = np.cov(np.array(x).T), np.cov(np.array(y).T)
    root = sqrtm(cov_x @ cov_y)
    return float(((mean_x - mean_y) ** 2).sum() + np.trace(cov_x) + np.trace(cov_y) - 2 * np.trace(root).real)


def kid(x, y) -> float:
    def kernel(a, b) -> float:
        return (sum(float(p) * float(q) for p, q in zip(a, b, strict=True)) + 1) ** 3

    first = [kernel(a, b) for a, b in itertools.permutations(x, 2)]
    second = [kernel(a, b) for a, b in itertools.permutations(y, 2)]
    cross = [kernel(a, b) for a in x for b in y]
    return sum(first) / len(first) + sum(second) / len(second) - 2 * sum(cross) / len(cross)


def _radius(real, i, k=5) -> float:
    return sorted(distance(real[i], real[j]) for j in range(len(real)) if j != i)[k - 1]


def density(fake, real) -> float:
    radii = [_radius(real, i) for i in range(len(real))]
    inside = sum(distance(f, r) < radius for f in fake for r, radius in zip(real, radii, strict=True))
    return inside / (5 * len(fake))


def coverage(fake, real) -> float:
    return sum(any(distance(f, real[i]) < _radius(real, i) for f in fake) for i in range(len(real))) / len(real)


def multimodality(groups) -> float:
    """Mean over prompts (lists of vectors) of the mean distance over all pairs."""
    found = []
    for group in groups:
        pairs = [distance(a, b) for a, b in itertools.combinations(group, 2)]
        if pairs:
            found.append(sum(pairs) / len(pairs))
    return sum(found) / len(found)


def diversity(ids, vectors) -> float:
    """Mean over 20 draws of the mean distance of disjoint pairs, at most 300."""
    draws = []
    for replication in range(20):
        order = sorted(range(len(ids)), key=lambda i: (seed_of("diversity", replication, ids[i]), ids[i]))
        pairs = min(300, len(ids) // 2)
        found = [distance(vectors[order[k]], vectors[order[pairs + k]]) for k in range(pairs)]
        draws.append(sum(found) / len(found))
    return sum(draws) / len(draws)
