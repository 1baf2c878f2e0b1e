"""In which order a rater gets what, and on which side: drawn from the study's secret and the rater's id alone.

The order is not stored: it is the same after a restart, and nobody without the secret can guess it.
"""

from __future__ import annotations

import hashlib
import hmac
from random import Random
from typing import Literal

from leaderboard.arena.study import Item, Study, shares_of

APART = 5  # tasks between a pair and its repeat, where the order is long enough
DRAWS = 200  # orders that are looked at for one with that room

Slot = Literal["training", "main", "repeat", "attention"]


def keyed_hash(study: Study, *parts: str) -> str:
    """Return a hash of texts that only the study's secret can make."""
    return hmac.new(study.secret.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def draws(study: Study, *parts: str) -> Random:
    """Return a generator of random numbers for a purpose."""
    return Random(int(keyed_hash(study, *parts), 16))


def length(study: Study) -> int:
    """Return how many tasks a rater gets at most, training not counted.

    Of a small study that is less than `per_rater`: every item once, and the share of repeats and attention checks.
    """
    items = len(study.of_kind("pair")) + len(study.of_kind("rating"))
    share = min(study.repeats + study.attention, 0.9)
    return min(study.per_rater, round(items / (1 - share)))


def order(study: Study, rater: str) -> tuple[Slot, ...]:
    """Return what a rater gets: training first, then a slot a task.

    Repeats and attention checks stand at random positions, each repeat with a task of its own to repeat, `APART` before
    it or more; where no such order is found, repeats stand last.
    """
    random = draws(study, "order", rater)
    for _ in range(DRAWS):
        slots = _drawn(study, random)
        if _have_room(slots):
            break
    else:
        slots.sort(key=lambda slot: slot == "repeat")
    training: list[Slot] = ["training"] * len(study.of_kind("training"))
    return (*training, *slots)


def _drawn(study: Study, random: Random) -> list[Slot]:
    """Return an order with the study's shares."""
    count = length(study)
    shares = shares_of(count, study.repeats, study.attention)
    repeats, attention = shares["repeats"], min(shares["attention"], len(study.of_kind("attention")))
    rest: list[Slot] = ["main"] * (count - repeats - attention)
    rest += ["repeat"] * repeats
    rest += ["attention"] * attention
    random.shuffle(rest)
    return rest


def _have_room(slots: list[Slot]) -> bool:
    """Return whether there is a new task, not repeated before, `APART` before each repeat."""
    repeats = [position for position, slot in enumerate(slots) if slot == "repeat"]
    return all(slots[: max(0, position - APART + 1)].count("main") > before for before, position in enumerate(repeats))


def attention_items(study: Study, rater: str) -> list[Item]:
    """Return the attention checks in the rater's order."""
    items = study.of_kind("attention")
    draws(study, "attention", rater).shuffle(items)
    return items


def sides(study: Study, rater: str, item: Item, shown: dict[str, int]) -> tuple[str, str | None]:
    """Return the clips on the left and on the right; of ratings, the clip and None.

    Args:
        study: the study.
        rater: id.
        item: what is handed out.
        shown: how often each clip of the item was on the left so far; the rarer one is next.
    """
    if len(item.clips) == 1:
        return item.clips[0], None
    one, other = item.clips
    if shown.get(one, 0) != shown.get(other, 0):
        swap = shown.get(one, 0) > shown.get(other, 0)
    else:
        swap = bool(draws(study, "side", rater, item.id).getrandbits(1))
    return (other, one) if swap else (one, other)
