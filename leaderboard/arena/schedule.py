"""Which clips are judged, and in which order: pure, seeded, balanced at every point of the order.

The order matters because a study may stop early: whatever was handed out by then is balanced too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from mbench.errors import ConfigError

Edge = tuple[int, int]


def all_pairs(count: int) -> list[Edge]:
    """Return every pair of `count` things once, each pair sorted.

    After any number of pairs no thing has been in two pairs more than another, and from `count - 1` pairs on each is
    linked to each by a chain of pairs. An even number of things meets in the rounds of the circle method, of which two
    in a row make one ring through all; an odd number in the Hamiltonian cycles of Walecki (Lucas, Récréations
    mathématiques II, 1892), of which every second edge is taken first.

    Args:
        count: of the things, 2 or more.
    """
    if count < 2:
        raise ValueError(f"{count} things make no pair")
    walk = _rounds(count) if count % 2 == 0 else _rings(count)
    return [(min(a, b), max(a, b)) for a, b in walk]


def _rounds(count: int) -> Iterator[Edge]:
    """Yield the pairs of an even number of things, round by round: one stays, the others turn in a circle."""
    turning = count - 1
    for number in range(turning):
        yield number, turning
        for step in range(1, count // 2):
            yield (number + step) % turning, (number - step) % turning


def _rings(count: int) -> Iterator[Edge]:
    """Yield the pairs of an odd number of things, ring by ring: a hub, then a zigzag through the others."""
    around = count - 1
    for first in range(around // 2):
        zigzag = [(first + (step + 1) // 2 * (-1) ** (step + 1)) % around for step in range(around)]
        ring = [around, *zigzag]
        links = [(ring[i], ring[(i + 1) % count]) for i in range(count)]
        yield from links[::2]
        yield from links[1::2]


def crossed(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Yield every (row, column) once; after any number of them rows differ by at most one, and so do columns.

    Rows and columns count up together; whenever both come round at once, columns are shifted by one.
    """
    both = math.lcm(rows, columns)
    for number in range(rows * columns):
        yield number % rows, (number + number // both) % columns


def pair_schedule(
    models: Sequence[str], prompts: Sequence[str], seed: int, count: int | None = None
) -> list[tuple[str, str, str]]:
    """Return (prompt, model, model), each at most once, in the order to judge them.

    Counts of pairs of models, of models and of prompts each differ by at most one after any number of them, and each
    model is linked to each other by a chain of pairs from `len(models) - 1` on.

    Args:
        models: names, at least two.
        prompts: ids, at least one.
        seed: which prompts and pairs come first.
        count: how many; None for all.

    Raises:
        ConfigError: fewer than link all models, or more than there are.
    """
    models, prompts = _shuffled(models, seed, "models"), _shuffled(prompts, seed, "prompts")
    pairs = all_pairs(len(models))
    total = len(pairs) * len(prompts)
    if count is not None and not len(models) - 1 <= count <= total:
        raise ConfigError(
            f"pairs: found {count}; expected {len(models) - 1} (fewer leave models that nothing links) to {total} "
            f"({len(pairs)} pairs of {len(models)} models on {len(prompts)} prompts)"
        )
    walk = islice(crossed(len(pairs), len(prompts)), count)
    return [(prompts[column], models[pairs[row][0]], models[pairs[row][1]]) for row, column in walk]


def rating_schedule(models: Sequence[str], prompts: Sequence[str], seed: int) -> list[tuple[str, str]]:
    """Return every (prompt, model) once; after any number of them models differ by at most one, and so do prompts.

    Args:
        models: names.
        prompts: ids.
        seed: which come first.
    """
    models, prompts = _shuffled(models, seed, "models"), _shuffled(prompts, seed, "prompts")
    return [(prompts[column], models[row]) for row, column in crossed(len(models), len(prompts))]


def one_a_task(items: int, questions: int) -> list[tuple[int, int]]:
    """Return (item, question), where each task asks one question.

    Every item comes once before any comes again, and questions take turns.

    Args:
        items: how many.
        questions: how many.
    """
    return [(item, (item + turn) % questions) for turn in range(questions) for item in range(items)]


def draw_prompts(tags: Mapping[str, Sequence[str]], count: int, seed: int) -> list[str]:
    """Return ids of prompts, drawn so that every tag keeps its share of the prompts; in the order given.

    One after the other the prompt is taken whose tags lack most, relative to how often they occur in all (for prompts
    with one tag each, Webster's method of apportionment); ties are drawn.

    Args:
        tags: of each prompt, by id; no tags count as one of their own.
        count: how many.
        seed: of the draw.

    Raises:
        ConfigError: there are not as many.
    """
    if count > len(tags):
        raise ConfigError(f"prompts: found {count}; expected at most {len(tags)}, as many as all models have")
    labels = {prompt: tuple(own) or ("",) for prompt, own in tags.items()}
    total = Counter(tag for own in labels.values() for tag in own)
    left, drawn = _shuffled(list(labels), seed, "draw"), Counter[str]()
    chosen: set[str] = set()
    for _ in range(count):
        best = min(left, key=lambda p: math.fsum((drawn[t] + 0.5) / total[t] for t in labels[p]) / len(labels[p]))
        left.remove(best)
        chosen.add(best)
        drawn.update(labels[best])
    return [prompt for prompt in tags if prompt in chosen]


def _shuffled(values: Sequence[str], seed: int, purpose: str) -> list[str]:
    """Return the values in an order that the seed and they alone decide, not the order that they come in."""
    found = sorted(values)
    Random(f"{seed}/{purpose}").shuffle(found)
    return found
