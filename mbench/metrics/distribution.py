"""Where motions lie as a set, in a judge's space: near real motion, spread like it, different from each other?

Vectors are a judge's own (norm 1), so that values compare only within one judge, and never with numbers of papers,
which are made with other networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mbench.errors import NotApplicable
from mbench.judges.base import Judge
from mbench.metrics.base import Sample, metric_over_set
from mbench.metrics.embedded import draw, drawn, in_order, motion_vectors, over_replications
from mbench.metrics.reference import find_reference, load_reference
from mbench.metrics.retrieval import GUO

HEUSEL = "Heusel et al. 2017, arXiv 1706.08500"
CHONG = "Chong & Forsyth 2020, arXiv 1911.07023"
BINKOWSKI = "Bińkowski et al. 2018, arXiv 1801.01401"
NAEEM = "Naeem et al. 2020, arXiv 2002.09797"
SPACE = ("joints", "judge")
REFERENCE = ("joints", "judge", "reference set")

NEIGHBOURS = 5  # k of Coverage and Density
PAIRS = 300  # of Diversity
ROOM = 4  # times the rank of the covariances: motions that the extrapolation of FID needs
SIZES, DRAWS = 8, 5  # of the subsets it is fitted to
DEPENDS_ON_SIZE = frozenset({"fidelity/fid", "fidelity/coverage"})  # whose expected value is another for another n

Floats = NDArray[np.float64]


@metric_over_set("fidelity/fid", unit="squared distance", better="lower", source=HEUSEL, needs=REFERENCE)
def fid(samples: Sequence[Sample], judge: Judge) -> float:
    """Fréchet distance of Gaussians fitted to generated and to reference vectors: distance of means and covariances.

    |m - r|² + tr(C + R - 2 (C R)^½), covariances over n - 1. It is too high by about a constant over n, more below as
    many motions as dimensions: it compares only with FID of as many motions and the same reference. `kid` has no bias.
    """
    return frechet_distance(*_both(samples, judge))


@metric_over_set("fidelity/fid_infinity", unit="squared distance", better="lower", source=CHONG, needs=REFERENCE)
def fid_infinity(samples: Sequence[Sample], judge: Judge) -> float:
    """FID extrapolated to infinitely many motions: the intercept of a line through FID of subsets against 1/n.

    Subsets of 8 sizes from n/2 to n, 5 draws each. The line is one only well above the rank of the covariances: with
    fewer than 4 motions a dimension (or a motion of the reference, where those are fewer) there is no value. The
    reference stays as large as it is, so that its share of the bias stays.
    """
    vectors, reference = _both(samples, judge)
    fewest = ROOM * min(reference.shape[1], len(reference) - 1)
    if len(vectors) < fewest:
        raise NotApplicable(f"extrapolating FID needs at least {fewest} motions here, the set has {len(vectors)}")
    names = [f"{sample.prompt.id}-{sample.replicate}" for sample in in_order(samples)]
    sizes = np.round(1 / np.linspace(1 / len(names), 2 / len(names), SIZES)).astype(int)
    subsets = [(size, number) for size in sizes for number in range(DRAWS)]
    orders = [np.argsort([draw("fid", number, name) for name in names], kind="stable") for number in range(DRAWS)]
    found = [frechet_distance(vectors[orders[number][:size]], reference) for size, number in subsets]
    return float(np.polyfit([1 / size for size, _ in subsets], found, 1)[1])


@metric_over_set("fidelity/kid", unit="squared distance", better="lower", source=BINKOWSKI, needs=REFERENCE)
def kid(samples: Sequence[Sample], judge: Judge) -> float:
    """Unbiased squared maximum mean discrepancy of generated and reference vectors, kernel (x·y + 1)³.

    Its expected value is the same for any number of motions, and 0 for the reference's own distribution; a single value
    may be below 0. Vectors have norm 1, where the paper divides x·y of unnormalised ones by the dimension.
    """
    return kernel_distance(*_both(samples, judge))


@metric_over_set("fidelity/density", unit="ratio", better="higher", source=NAEEM, needs=REFERENCE)
def density(samples: Sequence[Sample], judge: Judge) -> float:
    """In how many neighbourhoods of real motions a generated one lies, on average, over the 5 it should.

    A real motion's neighbourhood reaches to its 5th nearest real one. 1 for the reference's own distribution; above it
    where motions gather where real ones are dense.
    """
    return float(_within(samples, judge).sum(axis=0).mean() / NEIGHBOURS)


@metric_over_set("fidelity/coverage", unit="share", better="higher", source=NAEEM, needs=REFERENCE)
def coverage(samples: Sequence[Sample], judge: Judge) -> float:
    """Share of real motions with a generated one in their neighbourhood (up to the 5th nearest real motion).

    It grows with the number of motions, and compares only with coverage by as many against the same reference.
    """
    return float(_within(samples, judge).any(axis=1).mean())


@metric_over_set("fidelity/diversity", unit="distance", better="higher", source=GUO, needs=SPACE)
def diversity(samples: Sequence[Sample], judge: Judge, replication: int | None = None) -> float:
    """Mean Euclidean distance of 300 random pairs of motions of different prompts; the mean of 20 draws.

    The pairs of a draw share no motion; of fewer than 600 prompts as many pairs as there can be are taken. Read it
    against that of real motion (`real` in result.json): more is better up to there.
    """
    return over_replications(lambda number: _diversity(samples, judge, number), replication)


@metric_over_set("fidelity/multimodality", unit="distance", better="higher", source=GUO, needs=SPACE)
def multimodality(samples: Sequence[Sample], judge: Judge) -> float:
    """Mean Euclidean distance of two motions of one prompt: over all pairs of a prompt, then over prompts.

    Needs `run.replicates` of 2 or more. Without R-Precision it says little: noise is multimodal too.
    """
    from scipy.spatial.distance import pdist

    samples = in_order(samples)
    by_prompt: dict[str, list[Floats]] = {}
    for sample, vector in zip(samples, motion_vectors(samples, judge), strict=True):
        by_prompt.setdefault(sample.prompt.id, []).append(vector)
    several = [np.array(own) for own in by_prompt.values() if len(own) > 1]
    if not several:
        raise NotApplicable("needs several motions of a prompt; set run.replicates to 2 or more")
    return float(np.mean([pdist(own).mean() for own in several]))


def _diversity(samples: Sequence[Sample], judge: Judge, replication: int) -> float:
    chosen = drawn(samples, "diversity", replication)
    pairs = min(PAIRS, len(chosen) // 2)
    if not pairs:
        raise NotApplicable(f"needs motions of at least 2 prompts, the set has {len(chosen)}")
    vectors = motion_vectors(chosen[: 2 * pairs], judge)
    return float(np.linalg.norm(vectors[:pairs] - vectors[pairs:], axis=1).mean())


def real_diversity(judge: Judge) -> float | None:
    """Return the mean Euclidean distance of two vectors of the reference set, None where the judge has none."""
    from scipy.spatial.distance import pdist

    return float(pdist(load_reference(judge).features).mean()) if find_reference(judge) else None


def _both(samples: Sequence[Sample], judge: Judge) -> tuple[Floats, Floats]:
    """Return the vectors of the set, by prompt id and replicate, and of the reference."""
    vectors = motion_vectors(in_order(samples), judge)
    if len(vectors) < 2:
        raise NotApplicable(f"needs at least 2 motions, the set has {len(vectors)}")
    return vectors, load_reference(judge).features


def _within(samples: Sequence[Sample], judge: Judge) -> NDArray[np.bool_]:
    """Return (real, generated): whether a generated motion lies in a real one's neighbourhood."""
    from scipy.spatial.distance import cdist

    vectors, real = _both(samples, judge)
    if len(real) <= NEIGHBOURS:
        raise NotApplicable(f"needs a reference set of more than {NEIGHBOURS} motions, it has {len(real)}")
    radii = np.partition(cdist(real, real), NEIGHBOURS, axis=1)[:, NEIGHBOURS]  # the nearest, at 0, is itself
    return cdist(real, vectors) < radii[:, None]


def frechet_distance(x: Floats, y: Floats) -> float:
    """Return the squared Fréchet distance of the Gaussians fitted to two sets of vectors.

    With C = AᵀA and R = BᵀB, tr (C R)^½ is the sum of the singular values of A Bᵀ: no square root of a matrix is
    taken, and covariances may be singular.

    Args:
        x: (n, d), n at least 2.
        y: (m, d), m at least 2.
    """
    apart = x.mean(axis=0) - y.mean(axis=0)
    a, b = _root(x), _root(y)
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(apart @ apart + (a**2).sum() + (b**2).sum() - 2 * cross)


def _root(x: Floats) -> Floats:
    """Return A with AᵀA the covariance (over n - 1), of at most d rows."""
    centred = (x - x.mean(axis=0)) / np.sqrt(len(x) - 1)
    return centred if len(x) <= x.shape[1] else np.asarray(np.linalg.qr(centred, mode="r"))


def kernel_distance(x: Floats, y: Floats) -> float:
    """Return the unbiased squared maximum mean discrepancy with the kernel (x·y + 1)³.

    Args:
        x: (n, d), n at least 2.
        y: (m, d), m at least 2.
    """

    def within(z: Floats) -> float:
        kernel = (z @ z.T + 1) ** 3
        return float((kernel.sum() - np.trace(kernel)) / (len(z) * (len(z) - 1)))

    return within(x) + within(y) - 2 * float(((x @ y.T + 1) ** 3).mean())
