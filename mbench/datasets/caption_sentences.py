"""A sentence of a meaning: who, in which tense, how its phases are joined, where the style stands."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mbench.datasets.caption_labels import Meaning
from mbench.datasets.caption_styles import Style
from mbench.datasets.caption_words import Subject, agree, finite, gerund

SUBJECTS = (
    *[Subject("a person", "they")] * 5,
    *[Subject("someone", "they")] * 2,
    *[Subject("the person", "they")] * 2,
    *[Subject("a man", "he")] * 2,
    *[Subject("a woman", "she")] * 2,
    Subject("a human", "they"),
    Subject("the figure", "it"),
    Subject("a figure", "it"),
    Subject("the performer", "they"),
    Subject("he", "he"),
    Subject("she", "she"),
    Subject("they", "they", plural=True),
)
PRONOUNS = {"he", "she", "they"}
Form = Callable[[str, Subject], str]


@dataclass(frozen=True)
class _Said:
    """What a sentence has drawn: its phases, who does them, the adverb if the style is one; whether it goes on."""

    phases: Sequence[str]
    who: Subject
    adverb: str = ""
    later: bool = False


def sentence(meaning: Meaning, style: Style, rng: random.Random) -> str:
    """Return one sentence, or two for a long list of phases, drawn by `rng`."""
    phases = [part for phase in meaning.phases for part in rng.choice(phase).split(" > ")]
    passive = phases[0].startswith("=")
    kind = _kind_of_style(style, passive, rng)
    who = _subject(style.people, rng) if kind == "people" else rng.choice(SUBJECTS)
    said = _Said(phases, who, rng.choice(style.adverbs) if kind == "adverbs" else "")
    text, whole = (_passive(said), True) if passive else _active(said, rng)
    tails = [rng.choice(words) for words in (meaning.places, style.phrases if kind == "phrases" else ()) if words]
    return finished(_with_tails(text, [agree(tail, who) for tail in tails if tail], whole, rng), whole, rng)


def _kind_of_style(style: Style, passive: bool, rng: random.Random) -> str:
    """Return by what the style is said; a passive clause is about the limb, and takes no adverb."""
    kinds = ["phrases", "phrases", "people"] + ["adverbs"] * (not passive)
    kinds = [kind for kind in kinds if getattr(style, kind)]
    return rng.choice(kinds) if kinds else ""


def _subject(people: Sequence[str], rng: random.Random) -> Subject:
    text = rng.choice(people)
    return Subject(text, {"man": "he", "woman": "she"}.get(text.split()[-1], "they"))


def _with_tails(text: str, tails: list[str], whole: bool, rng: random.Random) -> str:
    """Return a clause with where and how at its end, or with one of them before it."""
    if tails and whole and rng.random() < 0.2:
        return ", ".join([tails[-1], " ".join([text, *tails[:-1]])])
    return " ".join([text, *tails])


def _passive(said: _Said) -> str:
    by = {"he": "him", "she": "her", "they": "them"}.get(said.who.text, said.who.text)
    return agree(said.phases[0].lstrip("= ").replace("<subject>", by), said.who)


def _active(said: _Said, rng: random.Random) -> tuple[str, bool]:
    """Return a clause and whether its verb is a finite one."""
    frame = rng.random()
    if len(said.phases) >= 4 and frame < 0.35:
        return _two(said, rng), True
    if len(said.phases) == 2 and frame < 0.15:
        return _after(said), True
    if frame > 0.9 and said.who.text not in PRONOUNS:
        return f"{said.who.text} {_predicate(said, gerund, rng)}", False
    if frame > 0.62:
        return f"{said.who.text} {'are' if said.who.plural else 'is'} {_predicate(said, gerund, rng)}", True
    return f"{said.who.text} {_predicate(said, finite, rng)}", True


def _two(said: _Said, rng: random.Random) -> str:
    half = len(said.phases) // 2
    same = Subject(said.who.pronoun, said.who.pronoun, plural=said.who.pronoun == "they")
    first = _predicate(replace(said, phases=said.phases[:half], later=True), finite, rng)
    second = _predicate(_Said(said.phases[half:], same, later=True), finite, rng)
    return f"{said.who.text} {first}. {rng.choice(['Then', 'After that,', 'Next,'])} {same.text} {second}"


def _after(said: _Said) -> str:
    first, second = said.phases
    adverb = f"{said.adverb} " if said.adverb else ""
    return f"after {adverb}{gerund(first, said.who)}, {said.who.text} {adverb}{finite(second, said.who)}"


def _predicate(said: _Said, form: Form, rng: random.Random) -> str:
    words = _joined(said, form, rng)
    if not said.adverb:
        return words
    before = len(said.phases) > 1 or "*" in said.phases[0] or rng.random() < 0.5
    return f"{said.adverb} {words}" if before else f"{words} {said.adverb}"


def _joined(said: _Said, form: Form, rng: random.Random) -> str:
    words = [form(phase, said.who) for phase in said.phases]
    if len(words) == 1:
        return words[0]
    if len(words) == 2:
        before = f"{words[0]} before {gerund(said.phases[1], said.who)}"
        return rng.choice([" and ".join(words), ", then ".join(words), " and then ".join(words), before])
    first = [] if said.later else [_list_finally]
    return rng.choice([_list_and, _list_then, *first])(words)


def _list_and(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _list_then(words: list[str]) -> str:
    return f"{', '.join(words[:-1])}, and then {words[-1]}"


def _list_finally(words: list[str]) -> str:
    return f"first {words[0]}, then {', '.join(words[1:-1])} and finally {words[-1]}"


def finished(text: str, whole: bool, rng: random.Random) -> str:
    """Return a text with a capital and a full stop, or, as in half of the datasets, with neither.

    Args:
        text: all but ready.
        whole: whether it has a finite verb; `a person walking` never gets a full stop.
        rng: draws which.
    """
    text = re.sub(r"\b([aA]) (?=[aeiou](?!ne\b|ni[^nm]|s[aeu]))", r"\1n ", text)
    capital = rng.random() < 0.6 or ". " in text
    return (text[0].upper() + text[1:] + "." * whole) if capital else text
