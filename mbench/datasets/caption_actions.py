"""Coarse classes of actions, read from labels and sentences."""

from __future__ import annotations

import re
from functools import lru_cache

from mbench.datasets.caption_labels import normalise, table
from mbench.datasets.caption_words import participle, third_person


def _classes() -> dict[str, tuple[str, ...]]:
    return {name: tuple(words) for name, words in table("actions")["classes"].items()}


ACTIONS = _classes()


@lru_cache(maxsize=4096)
def actions_of(text: str) -> frozenset[str]:
    """Return the classes of `ACTIONS` that a label or a sentence names; empty where it names none."""
    plain = normalise(text)
    for idiom, meant in table("actions")["idioms"].items():
        plain = re.sub(idiom, meant, plain)
    return frozenset(name for name, pattern in _patterns().items() if pattern.search(plain))


@lru_cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile("|".join(map(_pattern, words))) for name, words in ACTIONS.items()}


def _pattern(entry: str) -> str:
    """Return the expression of an entry: its first word in every form, `..` for up to three words between."""
    first, _, rest = entry.partition(" ")
    forms = "|".join(map(re.escape, sorted({first, third_person(first), participle(first), _past(first)})))
    rest = re.escape(rest).replace(r"\.\.", r"(?:\S+ ){0,3}?").replace(r"){0,3}?\ ", "){0,3}?")
    return rf"\b(?:{forms})" + (rf"\ {rest}s?\b" if rest else r"\b")


def _past(verb: str) -> str:
    return verb + "d" if verb.endswith("e") else re.sub(r"ing$", "ed", participle(verb))
