"""What a label or an index description means: phases, each with several verb phrases that say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from mbench.datasets.caption_words import participle


@dataclass(frozen=True)
class Meaning:
    """What is done in a clip.

    Attributes:
        phases: in order; each holds verb phrases that mean the same.
        manners: phrases that say how, for all phases; may be empty.
        places: phrases that say where or in what, for all phases; may be empty.
    """

    phases: tuple[tuple[str, ...], ...]
    manners: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@lru_cache
def table(name: str) -> Any:
    """Return a table of the grammar, `mbench/data/caption_NAME.yaml`."""
    return yaml.safe_load((files("mbench") / "data" / f"caption_{name}.yaml").read_text("utf-8"))


def normalise(label: str) -> str:
    """Return a label in the form of the keys of the tables: lower case, words apart, typos of the sources mended."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    text = re.sub(r"[-_\"]+|\.{2,}", " ", text.lower())
    text = re.sub(r"\b0?\d+(?=\s*$)|(?<=[a-z])0\d+\b", "", text) if re.search(r"[a-z] ?_?0\d+\s*$", text) else text
    for pattern, right in table("rules")["spelling"].items():
        text = re.sub(pattern, right, text)
    return re.sub(r"\s+", " ", text).strip(" .,")


def meaning_of(label: str) -> Meaning | None:
    """Return what a label says is done; None where it says nothing of a motion."""
    key = normalise(label)
    if not key or any(re.fullmatch(pattern, key) for pattern in table("rules")["empty"]):
        return None
    found = _listed(key)
    return Meaning((found,)) if found else _of_parts(label)


def _of_parts(label: str) -> Meaning:
    """Return the meaning of `topic - phase, phase; phase`."""
    topic, _, rest = label.rpartition(" - ")
    topic = normalise(topic)
    parts = [normalise(part) for part in re.split(r"[,;]", rest)]
    parts = [each for part in parts for each in ([part] if _known(topic, part) else _split(part)) if each]
    phases = [_phase(topic, part) for part in parts]
    phases = [_joinable(phase) for phase in phases] if len(phases) > 1 else phases
    return Meaning(tuple(phases), places=tuple(table("rules")["places"].get(topic, ())))


def _phase(topic: str, part: str) -> tuple[str, ...]:
    """Return the verb phrases of a phase; of `run/jog` those of either, for both words are said of one action."""
    own = _known(topic, part) or _by_verb(part)
    if own or "/" not in part:
        return own or _unknown(part)
    return tuple(phrase for word in part.split("/") for phrase in _phase(topic, word))


def _joinable(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out whole clauses, which no other phase can follow."""
    return tuple(phrase for phrase in phrases if not phrase.startswith("="))


def _known(topic: str, part: str) -> tuple[str, ...]:
    return _listed(f"{topic} {part}".strip()) or _listed(part)


def _split(part: str) -> list[str]:
    """Split `walk and turn`, but not `left and right`: where a verb follows."""
    words = re.split(r"(?:^| )and ", part)
    whole = [words[0]]
    for word in words[1:]:
        if word.split(" ")[0] in _verbs():
            whole.append(word)
        else:
            whole[-1] += f" and {word}"
    return whole


def _listed(key: str) -> tuple[str, ...]:
    """Return the verb phrases of a key: its own, else those of the first rule that fits."""
    own = table("phrases").get(key)
    if own:
        return tuple(own)
    for pattern, phrases in table("rules")["rules"].items():
        fits = re.fullmatch(pattern, key)
        if fits:
            return tuple(fits.expand(phrase) for phrase in phrases)
    return ()


def _by_verb(key: str) -> tuple[str, ...]:
    """Return a phrase for what starts with a known verb, plain or in -ing."""
    first, _, rest = key.partition(" ")
    verb = _verbs().get(first)
    return (f"{verb} {rest}".strip(),) if verb else ()


@lru_cache
def _verbs() -> dict[str, str]:
    """Return {plain form or form in -ing: plain form} of the verbs that the tables know."""
    known = {phrase.lstrip("=* ").split(" ")[0] for phrases in table("phrases").values() for phrase in phrases}
    known |= set(table("rules")["verbs"])
    known -= {"both", "the", "a"}
    return {form: verb for verb in sorted(known) for form in (verb, participle(verb))}


def _unknown(part: str) -> tuple[str, ...]:
    return tuple(phrase.replace("<part>", part) for phrase in table("rules")["unknown"])
