"""English for the caption grammar: verb forms, subjects and what agrees with them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_IRREGULAR_3SG = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_IRREGULAR_ING = {
    "be": "being",
    "begin": "beginning",
    "arm-wrestle": "arm-wrestling",
    "frolic": "frolicking",
    "leapfrog": "leapfrogging",
    "mimic": "mimicking",
    "sidestep": "sidestepping",
    "tiptoe": "tiptoeing",
    "uppercut": "uppercutting",
    "zigzag": "zigzagging",
}
_ONE_SYLLABLE_CVC = re.compile(r"^(?:[^aeiou]*|[^aeiou]*qu|.*-[^aeiou]*)[aeiou][^aeiouwxy]$")


@dataclass(frozen=True)
class Subject:
    """Who moves.

    Attributes:
        text: as it stands in the sentence.
        pronoun: `he`, `she`, `they` or `it`, by which a second sentence speaks of the same figure.
        plural: whether the verb is a plural one.
    """

    text: str
    pronoun: str
    plural: bool = False


_POSSESSIVE = {"he": "his", "she": "her", "they": "their", "it": "its"}
_REFLEXIVE = {"he": "himself", "she": "herself", "they": "themselves", "it": "itself"}
_OBJECT = {"he": "him", "she": "her", "they": "them", "it": "it"}


def third_person(verb: str) -> str:
    """Return the form that goes with `he`, e.g. `walks`."""
    if verb in _IRREGULAR_3SG:
        return _IRREGULAR_3SG[verb]
    if re.search(r"(s|x|z|ch|sh|o)$", verb) and verb != "tiptoe":
        return verb + "es"
    return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + "s"


def participle(verb: str) -> str:
    """Return the form in -ing, e.g. `walking`."""
    if verb in _IRREGULAR_ING:
        return _IRREGULAR_ING[verb]
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if re.search(r"[^eoy]e$", verb):
        return verb[:-1] + "ing"
    return verb + verb[-1] + "ing" if _ONE_SYLLABLE_CVC.match(verb) else verb + "ing"


def agree(text: str, subject: Subject) -> str:
    """Fill `<they>`, `<their>`, `<them>` and `<self>` for a subject."""
    words = {"their": _POSSESSIVE, "them": _OBJECT, "self": _REFLEXIVE, "they": {subject.pronoun: subject.pronoun}}
    return re.sub(r"<(\w+)>", lambda found: words[found[1]][subject.pronoun], text)


def _each_verb(phrase: str, form: str, plural: bool) -> str:
    """Put the first word and every `*word` of a phrase into a form: `present` or `ing`."""
    marked = phrase if phrase.startswith("*") else "*" + phrase

    def inflect(found: re.Match[str]) -> str:
        verb = found[1]
        if form == "ing":
            return participle(verb)
        return ("are" if verb == "be" else verb) if plural else third_person(verb)

    return re.sub(r"\*([\w-]+)", inflect, marked)


def finite(phrase: str, subject: Subject) -> str:
    """Return a verb phrase in the present, e.g. `bends over and picks something up`."""
    return agree(_each_verb(phrase, "present", subject.plural), subject)


def gerund(phrase: str, subject: Subject) -> str:
    """Return a verb phrase in -ing, e.g. `bending over and picking something up`."""
    return agree(_each_verb(phrase, "ing", subject.plural), subject)
