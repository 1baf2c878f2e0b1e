"""A sentence of a meaning: who, in which tense, how its phases are joined, where the style stands."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

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
Form = Callable[[str, Subject], str]


def sentence(meaning: Meaning, style: Style, rng: random.Random) -> str:
    """Return one sentence, or two for a long list of phases, drawn by `rng`."""
    phases = [rng.choice(phase) for phase in meaning.phases]
    phases = [part for phase in phases for part in phase.split(" > ")]
    tails = [rng.choice(words) for words in (meaning.manners, meaning.places) if words]
    kind = _place_of_style(style, rng)
    who = _subject(style.people, rng) if kind == "people" else rng.choice(SUBJECTS)
    if len(phases) == 1 and phases[0].startswith("="):
        kind = "phrases" if kind == "adverbs" and style.phrases else kind
        text = agree(phases[0][2:].replace("<subject>", _oblique(who)), who)
    else:
        text = _clause([phase for phase in phases], who, style, kind, rng)
    if kind == "phrases":
        tails.append(rng.choice(style.phrases))
    return finished(" ".join([text, *(agree(tail, who) for tail in tails if tail)]), rng)


def _place_of_style(style: Style, rng: random.Random) -> str:
    kinds = [kind for kind in ("phrases", "phrases", "adverbs", "people") if getattr(style, kind)]
    return rng.choice(kinds) if kinds else ""


def _subject(people: Sequence[str], rng: random.Random) -> Subject:
    text = rng.choice(people)
    return Subject(text, {"man": "he", "woman": "she"}.get(text.split()[-1], "they"))


def _oblique(who: Subject) -> str:
    return {"he": "him", "she": "her", "they": "them"}.get(who.text, who.text)


def _clause(phases: list[str], who: Subject, style: Style, kind: str, rng: random.Random) -> str:
    adverb = rng.choice(style.adverbs) if kind == "adverbs" else ""
    before = adverb + " " if adverb and (len(phases) > 1 or rng.random() < 0.5) else ""
    after = "" if before or not adverb else " " + adverb
    frame = rng.random()
    if frame < 0.62:
        return f"{who.text} {before}{_joined(phases, finite, who, rng)}{after}"
    be = "are" if who.plural else "is"
    if frame < 0.9 or who.text in {"he", "she", "they"}:
        return f"{who.text} {be} {before}{_joined(phases, gerund, who, rng)}{after}"
    return f"{who.text} {before}{_joined(phases, gerund, who, rng)}{after}"


def _joined(phases: list[str], form: Form, who: Subject, rng: random.Random) -> str:
    words = [form(phase, who) for phase in phases]
    if len(words) == 1:
        return words[0]
    if len(words) == 2:
        before = f"{words[0]} before {gerund(phases[1], who)}"
        return rng.choice([" and ".join(words), ", then ".join(words), " and then ".join(words), before])
    return rng.choice([_list_and, _list_then, _list_finally])(words)


def _list_and(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _list_then(words: list[str]) -> str:
    return f"{', '.join(words[:-1])}, and then {words[-1]}"


def _list_finally(words: list[str]) -> str:
    return f"first {words[0]}, then {', '.join(words[1:-1])} and finally {words[-1]}"


def finished(text: str, rng: random.Random) -> str:
    """Return a text with a capital and a full stop, or, as in half of the datasets, with neither."""
    return text[0].upper() + text[1:] + "." if rng.random() < 0.6 else text
