"""What a label or an index description means: phases, each with several verb phrases that say it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from mbench.datasets.caption_words import participle

MOVES = ("move", "move about", "move along", "do a movement", "perform a movement")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # five times faster where libyaml is there


@dataclass(frozen=True)
class Meaning:
    """What is done in a clip.

    Attributes:
        phases: in order; each holds verb phrases that mean the same.
        places: phrases that say where or in what, for all phases; may be empty.
    """

    phases: tuple[tuple[str, ...], ...]
    places: tuple[str, ...] = ()


@lru_cache
def table(name: str) -> Any:
    """Return a table of the grammar, `mbench/data/caption_NAME.yaml`."""
    return yaml.load((files("mbench") / "data" / f"caption_{name}.yaml").read_text("utf-8"), _LOADER)


@lru_cache
def phrases() -> dict[str, tuple[str, ...]]:
    """Return {label in the form of `normalise`: the verb phrases that say it}."""
    return {str(key): tuple(own) for name in ("phrases", "index") for key, own in table(name).items()}


def normalise(label: str) -> str:
    """Return a label in the form of the keys of the tables: lower case, words apart, typos of the sources mended."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()
    text = re.sub(r"[-_\"\u2019]+|\.{2,}", " ", text)
    text = re.sub(r"(?<=[a-z)]) ?0\d+$", "", text.strip())
    for pattern, right in table("rules")["spelling"].items():
        text = re.sub(pattern, right, text)
    return re.sub(r"\s+", " ", text).strip(" .,")


@lru_cache(maxsize=4096)
def meaning_of(label: str) -> Meaning | None:
    """Return what a label says is done; None where it says nothing of a motion."""
    label, role = _from_role(label)
    key = normalise(label)
    if not key or any(re.fullmatch(pattern, key) for pattern in table("rules")["empty"]):
        return None
    found = _known("", key)
    meaning = Meaning((found,)) if found else _of_parts(label)
    together = role and not found and not meaning.places
    return replace(meaning, places=tuple(table("rules")["pairs"])) if together else meaning


def _from_role(label: str) -> tuple[str, str]:
    """Return a label of two subjects with `X` for the one whose motion it is and `Y` for the other; and the role."""
    found = re.search(r"\s*\((?:2 )?subjects - subject ([AB])\)$", label)
    if not found:
        return label, ""
    role, other = found[1], "AB".replace(found[1], "")
    return re.sub(rf"\b{other}\b", "Y", re.sub(rf"\b{role}\b", "X", label[: found.start()])), role


def _of_parts(label: str) -> Meaning:
    """Return the meaning of `topic - phase, phase; topic - phase`."""
    groups = [_group(group) for group in label.split(";") if normalise(group)]
    phases = [phase for group in groups for phase in group.phases]
    phases = [_joinable(phase) for phase in phases] if len(phases) > 1 else phases
    return Meaning(tuple(phases), groups[0].places if len(groups) == 1 else ())


def _group(text: str) -> Meaning:
    *topics, rest = text.rsplit(" - ", 1)
    topic = normalise(topics[0] if topics else "")
    parts = [normalise(part) for part in rest.split(",")]
    parts = [each for part in parts for each in ([part] if _known(topic, part) else _split(part)) if each]
    return Meaning(tuple(_phase(topic, part) for part in parts), tuple(table("rules")["places"].get(topic, ())))


def _phase(topic: str, part: str) -> tuple[str, ...]:
    """Return the verb phrases of a phase; of `run/jog` those of either, for both words are said of one action."""
    own = _known(topic, part) or _by_verb(part)
    if own or "/" not in part:
        return own or _unknown(part)
    return tuple(phrase for word in part.split("/") for phrase in _phase(topic, word.strip()))


def _joinable(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out whole clauses, which no other phase can follow."""
    return tuple(phrase for phrase in phrases if not phrase.startswith("="))


def _known(topic: str, part: str) -> tuple[str, ...]:
    return _listed(f"{topic} {part}".strip()) or _listed(part) or _qualified(part)


def _qualified(part: str) -> tuple[str, ...]:
    """Return the verb phrases of `sad walk`, `walk forward` or `sad`: those of what is known, with the rest added."""
    for style, rest in _divided(part):
        base = _listed(rest) or _qualified(rest) if rest else MOVES
        if style in table("styles") and base:
            return _crossed(base, manners(style))
    for pattern, words in table("rules")["after"].items():
        fits = re.fullmatch(rf"(.+?){pattern}", part)
        base = _known("", fits[1]) if fits else ()
        if fits and base:
            return _crossed(base, words)
    return ()


def _divided(part: str) -> list[tuple[str, str]]:
    """Return each way to divide a text into first words and rest, longest first words first."""
    words = part.split(" ")
    return [(" ".join(words[:size]), " ".join(words[size:])) for size in range(len(words), 0, -1)]


def manners(style: str) -> list[str]:
    """Return what can stand after a verb phrase to say a style."""
    words = table("styles")[style]
    return [word for kind in ("adverbs", "phrases") for word in words.get(kind, ()) if word]


def _crossed(base: tuple[str, ...], words: list[str]) -> tuple[str, ...]:
    return tuple(f"{phrase} {word}" for phrase in _joinable(base) for word in words)


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
    own = phrases().get(key)
    if own:
        return own
    for pattern, wordings in table("rules")["rules"].items():
        fits = re.fullmatch(pattern, key)
        if fits:
            return tuple(" ".join(fits.expand(wording).split()) for wording in wordings)
    return ()


def _by_verb(key: str) -> tuple[str, ...]:
    """Return a phrase for what starts with a known verb, plain or in -ing."""
    first, _, rest = key.partition(" ")
    verb = _verbs().get(first)
    return (f"{verb} {rest}".strip(),) if verb else ()


@lru_cache
def _verbs() -> dict[str, str]:
    """Return {plain form or form in -ing: plain form} of the verbs that the tables know."""
    said = [phrase for own in phrases().values() for phrase in own if not phrase.startswith("=")]
    known = {phrase.split(" ")[0] for phrase in said} | set(table("rules")["verbs"])
    # The longest first, so that `putting` is of put, not of putt.
    ordered = sorted(known, key=lambda verb: (-len(verb), verb))
    return {form: verb for verb in ordered for form in (verb, participle(verb))}


def _unknown(part: str) -> tuple[str, ...]:
    return tuple(phrase.replace("<part>", part) for phrase in table("rules")["unknown"])
