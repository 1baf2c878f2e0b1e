"""The best and the worst clips of a metric over all models of a board."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboard.entries import Entry
from mbench.files import hash_of

SHOWN = 4  # of each
CONTROL = "control"


@dataclass(frozen=True)
class Candidate:
    """A motion that may be shown: whose it is, of which prompt, and what the metric gives for it."""

    entry: Entry
    prompt: str
    replicate: int
    value: float


def candidates(entries: Sequence[Entry], metric: str) -> list[Candidate]:
    """Return the motions that have a value; those of controls only where no other model has any.

    A control is good motion spoilt on purpose: it would fill both ends and show nothing of models.
    """
    of_models = _of([entry for entry in entries if entry.kind != CONTROL], metric)
    return of_models or _of(entries, metric)


def _of(entries: Iterable[Entry], metric: str) -> list[Candidate]:
    return [
        Candidate(entry, row.prompt, row.replicate, row.value)
        for entry in entries
        for row in entry.rows.get(metric, [])
        if row.prompt and row.value is not None
    ]


def extremes(found: Sequence[Candidate], better: str, count: int = SHOWN) -> tuple[list[Candidate], list[Candidate]]:
    """Return the worst motions, worst first, and the best, best first: each of another prompt, none in both.

    A motion as good as the best is never among the worst, nor one as bad as the worst among the best, so both are empty
    where all values are equal. Of equal ones those that are shown are drawn at random, the same in every build, so that
    neither a model's name nor the order of prompts decides.

    Args:
        found: of `candidates`.
        better: `lower` or `higher`.
        count: of each, at most.
    """
    values = sorted((c.value for c in found), reverse=better == "higher")
    if not values or values[0] == values[-1]:
        return [], []
    sign = 1.0 if better == "lower" else -1.0
    drawn = sorted(found, key=lambda c: hash_of([c.entry.key, c.prompt, c.replicate]))
    best = sorted((c for c in drawn if c.value != values[-1]), key=lambda c: sign * c.value)
    chosen = _of_other_prompts(best, count)
    worst = sorted((c for c in drawn if c.value != values[0] and c not in chosen), key=lambda c: -sign * c.value)
    return _of_other_prompts(worst, count), chosen


def _of_other_prompts(ordered: Iterable[Candidate], count: int) -> list[Candidate]:
    """Return the first motions, each of a prompt that the ones before it are not of."""
    chosen: dict[str, Candidate] = {}
    for candidate in ordered:
        if len(chosen) == count:
            break
        chosen.setdefault(candidate.prompt, candidate)
    return list(chosen.values())


def more(found: Sequence[Candidate], chosen: Sequence[Candidate]) -> int:
    """Return how many motions that are not shown have the value of the last one that is."""
    last = chosen[-1].value
    return sum(c.value == last for c in found) - sum(c.value == last for c in chosen)
