"""Retrieval in a judge's space: does a motion lie nearer to its own text than to others? (Guo et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mbench.errors import NotApplicable
from mbench.judges.base import Judge
from mbench.metrics.base import Sample, metric_over_set
from mbench.metrics.embedded import drawn, in_order, motion_vectors, over_replications, text_vectors

GUO = "Guo et al. 2022, Generating Diverse and Natural 3D Human Motions from Text"
NEEDS = ("joints", "judge")
POOL = 32  # texts that a motion's own text is looked for among, itself included


@metric_over_set("fidelity/r_precision_1", unit="share", better="higher", source=GUO, needs=NEEDS)
def r_precision_1(samples: Sequence[Sample], judge: Judge, replication: int | None = None) -> float:
    """Share of motions whose own text is the nearest of the 32 texts of their pool, by Euclidean distance.

    Pools of 32 prompts are drawn from the prompts' ids, 20 times; the value is the mean, chance is 1/32. A last pool of
    fewer than 32 is left out of its draw, never scored. Texts at equal distance share their ranks; a distractor with
    the very words of a motion's own text is no distractor.
    """
    return over_replications(lambda number: _r_precision(samples, judge, 1, number), replication)


@metric_over_set("fidelity/r_precision_2", unit="share", better="higher", source=GUO, needs=NEEDS)
def r_precision_2(samples: Sequence[Sample], judge: Judge, replication: int | None = None) -> float:
    """Share of motions whose own text is among the nearest 2 of the 32 texts of their pool; see r_precision_1."""
    return over_replications(lambda number: _r_precision(samples, judge, 2, number), replication)


@metric_over_set("fidelity/r_precision_3", unit="share", better="higher", source=GUO, needs=NEEDS)
def r_precision_3(samples: Sequence[Sample], judge: Judge, replication: int | None = None) -> float:
    """Share of motions whose own text is among the nearest 3 of the 32 texts of their pool; see r_precision_1."""
    return over_replications(lambda number: _r_precision(samples, judge, 3, number), replication)


@metric_over_set("fidelity/mm_dist", unit="distance", better="lower", source=GUO, needs=NEEDS)
def mm_dist(samples: Sequence[Sample], judge: Judge) -> float:
    """Mean Euclidean distance of a motion's vector from its text's; vectors have norm 1, so that it is 0 to 2."""
    samples = in_order(samples)
    apart = motion_vectors(samples, judge) - text_vectors(samples, judge)
    if not len(apart):
        raise NotApplicable("the set has no motions")
    return float(np.linalg.norm(apart, axis=1).mean())


def _r_precision(samples: Sequence[Sample], judge: Judge, most: int, replication: int) -> float:
    """Return the share of motions of one draw whose text is among the nearest `most`."""
    chosen = drawn(samples, "pool", replication)
    motions, texts = motion_vectors(chosen, judge), text_vectors(chosen, judge)
    if len(chosen) < POOL:
        raise NotApplicable(f"needs a pool of {POOL} prompts with a motion, the set has {len(chosen)}")
    words = np.unique([sample.prompt.text for sample in chosen], return_inverse=True)[1]
    pools = [slice(end - POOL, end) for end in range(POOL, len(chosen) + 1, POOL)]
    return float(np.mean([_found(motions[pool], texts[pool], words[pool], most) for pool in pools]))


def _found(motions: np.ndarray, texts: np.ndarray, words: np.ndarray, most: int) -> float:
    """Return the share of a pool's motions whose text is among the nearest `most`.

    Args:
        motions: (n, d) vectors.
        texts: (n, d) vectors, in the order of the motions.
        words: (n,) numbers, the same for the same text.
        most: how many texts are looked at. Among t others at the distance of the own text, the own one comes first,
            second, … with equal chance; the share is the expected one.
    """
    from scipy.spatial.distance import cdist

    distance = cdist(motions, texts)
    own = np.diagonal(distance)[:, None]
    other = words[:, None] != words
    nearer = ((distance < own) & other).sum(axis=1)
    tied = ((distance == own) & other).sum(axis=1)
    return float(np.clip((most - nearer) / (tied + 1), 0, 1).mean())
