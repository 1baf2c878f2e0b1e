"""The lexicon: what a person can do, ways to say it, and what may be said with it; read from the tables beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mbench.errors import ConfigError

# Kinds of modifiers, in the order in which they stand in a sentence, and the lists that belong to each.
KINDS: Mapping[str, tuple[str, ...]] = {
    "limb": ("hand", "foot"),
    "where": ("steps", "way", "way4", "updown", "aside", "turn", "path", "place_on", "foot4"),
    "often": ("count", "times"),
    "how": ("pace", "mood", "size"),
}
# Actions kept from the text branch in training, so that a reference motion is the only source of them.
HELD_OUT = re.compile(
    r"\b(?:kick(?:s|ing|ed)?|bow(?:s|ing|ed)?|jump(?:s|ing|ed)?|hop(?:s|ping|ped)?|leap(?:s|ing|ed|t)?|soccer)\b"
)


@dataclass(frozen=True)
class Action:
    """Something to do.

    Attributes:
        name: a word or a few with underscores, unique.
        family: what it belongs to, e.g. `arms`.
        phrases: ways to say it; verb in the base form first, further verbs marked by `*`.
        takes: names of the lists of modifiers that go with it.
        seconds: that it takes once.
        common: names of the actions of a rule-based source that do for it; empty where none does.
    """

    name: str
    family: str
    phrases: tuple[str, ...]
    takes: tuple[str, ...]
    seconds: float
    common: tuple[str, ...]


@cache
def actions() -> tuple[Action, ...]:
    """Return all actions, in the order of the table.

    Raises:
        ConfigError: the table has a line that is none.
    """
    lists, found, family = modifiers(), [], ""
    for number, line in _lines("actions.txt"):
        if line.startswith("["):
            family = line.strip("[]")
            continue
        name, said, takes, seconds, common = _cells(line, 5, f"actions.txt:{number}")
        if unknown := sorted(set(takes.split()) - set(lists)):
            raise ConfigError(f"actions.txt:{number}: takes {unknown[0]}; expected names of lists in modifiers.txt")
        found.append(Action(name, family, _ways(said), tuple(takes.split()), float(seconds), tuple(common.split())))
    return tuple(found)


@cache
def modifiers() -> Mapping[str, tuple[str, ...]]:
    """Return the lists of modifiers by name.

    Raises:
        ConfigError: the table has a line that is none.
    """
    rows = [_cells(line, 2, f"modifiers.txt:{number}") for number, line in _lines("modifiers.txt")]
    return {name: _ways(said) for name, said in rows}


def is_held_out(text: str) -> bool:
    """Return whether a text names an action of the classes that text training leaves out."""
    return bool(HELD_OUT.search(text.lower()))


def _lines(name: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a table that say something."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def _cells(line: str, count: int, where: str) -> list[str]:
    """Return the cells of a line."""
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) != count:
        raise ConfigError(f"{where}: has {len(cells)} cells; expected {count}, parted by |")
    return cells


def _ways(said: str) -> tuple[str, ...]:
    return tuple(way.strip() for way in said.split(";") if way.strip())
