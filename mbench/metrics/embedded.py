"""What metrics in a judge's space share: its embeddings, made once, and seeded draws of the prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import NotApplicable, PluginError
from mbench.judges.base import Embedder, Judge
from mbench.metrics.base import Sample
from mbench.motion import Motion
from mbench.seeds import seed_of

TOLERANCE = 1e-3  # of the norm of a vector: float16 weights are that exact
REPLICATIONS = 20  # of a metric that draws pools or pairs, as papers repeat theirs

Floats = NDArray[np.float64]


class Remembered:
    """A judge with embeddings that embeds each motion and each text once, and is the judge itself in all else.

    Motions are told apart as objects and are kept; it is meant to live as long as one pass over a set.

    Args:
        judge: a judge that is an `Embedder`.
    """

    def __init__(self, judge: Any) -> None:
        self._judge = judge
        self._motions: dict[int, tuple[Motion, Floats]] = {}
        self._texts: dict[str, Floats] = {}

    def __getattr__(self, name: str) -> Any:
        """Return what the judge has, e.g. its card."""
        return getattr(self._judge, name)

    def embed_motions(self, motions: Sequence[Motion]) -> Floats:
        """Return (n, d) vectors; see `Embedder`."""
        new = list({id(motion): motion for motion in motions if id(motion) not in self._motions}.values())
        if new:
            vectors = self._judge.embed_motions(new)
            self._motions |= {id(m): (m, vector) for m, vector in zip(new, vectors, strict=True)}
        return np.array([self._motions[id(motion)][1] for motion in motions], np.float64)

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return (n, d) vectors; see `Embedder`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        if new:
            self._texts |= dict(zip(new, self._judge.embed_texts(new), strict=True))
        return np.array([self._texts[text] for text in texts], np.float64)


def remembered(judge: Judge | None) -> Any:
    """Return a judge that embeds everything once; one without embeddings, or None, as it is."""
    return Remembered(judge) if isinstance(judge, Embedder) else judge


def in_order(samples: Sequence[Sample]) -> list[Sample]:
    """Return samples by prompt id and replicate, so that no sum depends on the order they came in."""
    return sorted(samples, key=lambda sample: (sample.prompt.id, sample.replicate))


def motion_vectors(samples: Sequence[Sample], judge: Judge) -> Floats:
    """Return (n, d) vectors of the samples' motions, in their order.

    Raises:
        NotApplicable: the judge has no embeddings.
        PluginError: what it gave are no unit vectors.
    """
    return _checked(judge, len(samples), _embedder(judge).embed_motions([sample.motion for sample in samples]))


def text_vectors(samples: Sequence[Sample], judge: Judge) -> Floats:
    """Return (n, d) vectors of the texts of the samples' prompts; raises as `motion_vectors`."""
    return _checked(judge, len(samples), _embedder(judge).embed_texts([sample.prompt.text for sample in samples]))


def _embedder(judge: Judge) -> Embedder:
    if not isinstance(judge, Embedder):
        raise NotApplicable(f"judge {judge.card.name} has no embeddings")
    return judge


def _checked(judge: Judge, n: int, vectors: Floats) -> Floats:
    """Return the vectors; a NaN among them would win every comparison."""
    vectors = np.asarray(vectors, np.float64)
    if vectors.ndim != 2 or len(vectors) != n or not np.isfinite(vectors).all():
        raise PluginError(
            f"judge {judge.card.name} gave vectors of shape {vectors.shape} for {n} inputs, or not finite"
        )
    norms = np.linalg.norm(vectors, axis=1)
    if n and np.abs(norms - 1).max() > TOLERANCE:
        raise PluginError(f"judge {judge.card.name} gave vectors of norm {norms.min():.3g} to {norms.max():.3g}, not 1")
    return vectors


def drawn(samples: Sequence[Sample], what: str, replication: int) -> list[Sample]:
    """Return one motion of each prompt, the prompts shuffled.

    Args:
        samples: of the set, in any order.
        what: the draw is for; other names give other orders.
        replication: from 0; of a prompt with several motions it takes the one of this number, round and round.

    Returns:
        as many samples as prompts; each prompt's place comes from its id, not from where it stands in the suite.
    """
    by_prompt: dict[str, list[Sample]] = {}
    for sample in in_order(samples):
        by_prompt.setdefault(sample.prompt.id, []).append(sample)
    chosen = [own[replication % len(own)] for own in by_prompt.values()]
    return sorted(chosen, key=lambda sample: (draw(what, replication, sample.prompt.id), sample.prompt.id))


@lru_cache(maxsize=1 << 17)
def draw(what: str, number: int, prompt: str) -> int:
    """Return the number that a prompt drew."""
    return seed_of(what, number, prompt)


def over_replications(value: Callable[[int], float], replication: int | None) -> float:
    """Return the value of one replication, or, of None, the mean of all `REPLICATIONS`."""
    if replication is not None:
        return value(replication)
    return float(np.mean([value(number) for number in range(REPLICATIONS)]))
