"""Sentences made of the lexicon: who does it, one to three actions, how each is done, how they are joined."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mbench.datasets.caption_words import Subject, agree, finite, gerund
from mbench.seeds import seed_of
from vimogen.data.prompts.lexicon import KINDS, Action, actions, modifiers

SUBJECTS = (
    *[Subject("a person", "they")] * 8,
    *[Subject("someone", "they")] * 4,
    *[Subject("the person", "they")] * 3,
    *[Subject("a man", "he")] * 4,
    *[Subject("a woman", "she")] * 4,
    Subject("the man", "he"),
    Subject("the woman", "she"),
    Subject("somebody", "they"),
    Subject("a human", "they"),
    Subject("the figure", "it"),
    Subject("a young man", "he"),
    Subject("a young woman", "she"),
    Subject("an old man", "he"),
    Subject("an old woman", "she"),
    Subject("a child", "they"),
    Subject("a boy", "he"),
    Subject("a girl", "she"),
    Subject("an actor", "they"),
    Subject("the performer", "they"),
    Subject("an athlete", "they"),
    Subject("he", "he"),
    Subject("she", "she"),
    Subject("they", "they", plural=True),
)
YOU = Subject("you", "you", plural=True)
SHORTEST, LONGEST = 2, 10  # seconds of a prompt
NUMBERS = {"once": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "few": 3,
           "couple": 2, "several": 4, "repeatedly": 4, "again": 4}  # fmt: skip
PACES = {"slow": 1.4, "leisure": 1.3, "careful": 1.2, "gradual": 1.3, "quick": 0.8, "fast": 0.7, "swift": 0.8,
         "hurried": 0.8, "brisk": 0.9}  # fmt: skip
MOVING = ("walking", "other gaits")
COMMON_COMPANY = 0.85
ON_TOP = ("arms", "head and face", "everyday")  # what arms and head can do while the legs walk
WHOLE_BODY = re.compile(r"^(?:stand|put|take|wash|hammer|hang|open|push|pull|tie|look for|sow|drag|haul|mow)\b")


@dataclass(frozen=True)
class Candidate:
    """A sentence that may become a prompt.

    Attributes:
        text: the sentence.
        seconds: that it takes, whole, 2 to 10.
        actions: names of the actions, in the order in which they are done.
        family: of the first.
    """

    text: str
    seconds: int
    actions: tuple[str, ...]
    family: str


@dataclass(frozen=True)
class _Part:
    """One action as it is said here: the phrase with an adverb before it or not, what follows it, and its seconds."""

    action: Action
    phrase: str
    before: str
    after: str
    seconds: float

    def said(self, form: Callable[[str, Subject], str], who: Subject) -> str:
        """Return the words, the verb in a form."""
        return " ".join(filter(None, (self.before, form(self.phrase, who), _for(self.after, who))))


def candidates(count: int, seed: int = 0) -> list[Candidate]:
    """Return different sentences: every phrase of the lexicon on its own, then more of them, then compositions.

    Half of them have one action, a third two, the rest three.

    Args:
        count: how many, at least; all phrases are said once even where there are more of them.
        seed: of everything that is drawn.
    """
    found: dict[str, Candidate] = {}
    for number, candidate in enumerate(_endless(seed)):
        found.setdefault(candidate.text, candidate)
        if len(found) >= count and number >= sum(len(action.phrases) for action in actions()):
            break
    return list(found.values())


def _endless(seed: int) -> Iterator[Candidate]:
    """Yield sentences for ever: a round of all phrases on their own, then one that is drawn for each."""
    phrases = [(action, phrase) for action in actions() for phrase in action.phrases]
    order = [*phrases]
    random.Random(seed_of(seed, "order")).shuffle(order)
    turn = 0
    while True:
        for action, phrase in order:
            rng = random.Random(seed_of(seed, turn, action.name, phrase))
            how_many = 1 if turn % 2 == 0 else rng.choices((2, 3), (2, 1))[0]
            yield _single(action, phrase, turn, rng) if how_many == 1 else _composed(action, phrase, how_many, rng)
        turn += 1


def _single(action: Action, phrase: str, turn: int, rng: random.Random) -> Candidate:
    """Return a sentence of one action."""
    part = _part(action, phrase, rng, rng.choice((0, 1, 1, 2) if turn else (0, 1)))
    return Candidate(_sentence([part], rng), _seconds(part.seconds), (action.name,), action.family)


def _composed(action: Action, phrase: str, how_many: int, rng: random.Random) -> Candidate:
    """Return a sentence of an action and of others that are drawn."""
    if action.family in MOVING and rng.random() < 0.4:
        return _together(action, phrase, rng)
    others = rng.sample([other for other in _company(action, rng) if other is not action], how_many - 1)
    parts = [_part(action, phrase, rng, rng.choice((0, 0, 1)))]
    parts += [_part(other, rng.choice(other.phrases), rng, rng.choice((0, 0, 1))) for other in others]
    rng.shuffle(parts)
    names = tuple(part.action.name for part in parts)
    total = sum(part.seconds for part in parts)
    return Candidate(_sentence(parts, rng), _seconds(total), names, parts[0].action.family)


def _together(action: Action, phrase: str, rng: random.Random) -> Candidate:
    """Return a sentence of going somewhere while the arms or the head do something."""
    above = [other for other in _company(action, rng) if other.family in ON_TOP]
    other = rng.choice(above)
    phrases = [way for way in other.phrases if "," not in way and not WHOLE_BODY.match(way)] or ["look around"]
    legs, arms = _part(action, phrase, rng, rng.choice((0, 1))), _part(other, rng.choice(phrases), rng, 0)
    who = rng.choice(SUBJECTS)
    clauses = legs.said(finite, who), arms.said(gerund, who)
    text = rng.choice(
        (
            f"{who.text} {clauses[0]} while {clauses[1]}",
            f"while {legs.said(gerund, who)}, {who.text} {arms.said(finite, who)}",
        )
    )
    names = (action.name, other.name)
    return Candidate(_finished(text), _seconds(max(legs.seconds, arms.seconds)), names, action.family)


def _company(action: Action, rng: random.Random) -> list[Action]:
    """Return actions to go with one: with a common one mostly common ones, so that many sentences are so as a whole."""
    common = bool(action.common) and rng.random() < COMMON_COMPANY
    return [other for other in actions() if other.common or not common]


def _part(action: Action, phrase: str, rng: random.Random, most: int) -> _Part:
    """Return an action with at most so many modifiers."""
    drawn = _modifiers(action, phrase, rng, most)
    before, after = "", []
    for kind in KINDS:
        words = drawn.get(kind)
        if words and kind == "how" and words.endswith("ly") and " " not in words and rng.random() < 0.35:
            before = words
        elif words:
            after.append(words)
    seconds = action.seconds * _times(" ".join(after)) * _pace(" ".join([before, *after]))
    return _Part(action, phrase, before, " ".join(after), seconds)


def _modifiers(action: Action, phrase: str, rng: random.Random, most: int) -> dict[str, str]:
    """Return words by kind: at most one of a kind, and only those that go with the phrase."""
    lists = [name for name in action.takes if _fits(name, phrase)]
    drawn: dict[str, str] = {}
    for name in rng.sample(lists, min(most, len(lists))):
        kind = next(kind for kind, members in KINDS.items() if name in members)
        drawn.setdefault(kind, rng.choice(modifiers()[name]))
    return drawn


def _fits(name: str, phrase: str) -> bool:
    """Return whether a modifier of a list can follow a phrase: no second place, no second manner."""
    words = phrase.split()
    if "," in phrase:
        return False
    if name in KINDS["where"]:
        return len(words) == 1 or (name in ("turn", "aside") and not re.search(r" (?:to|from|like|in|at|of) ", phrase))
    if name in KINDS["limb"]:
        return not re.search(r"\b(?:left|right|with|both|a hand|palms?)\b", phrase)
    return not re.search(r"\b(?:angrily|impatiently|politely|loudly|wildly|quietly|high|hard|deeply|along)$", phrase)


def _times(words: str) -> float:
    """Return how many times as long an action takes that is done so often; the first time takes the whole of it."""
    found = [number for word, number in NUMBERS.items() if re.search(rf"\b{word}\b", words)]
    return 1 + 0.5 * (min(found[0], 5) - 1) if found else 1.0


def _pace(words: str) -> float:
    """Return the factor of the seconds of an action that is done slowly or fast."""
    return next((factor for word, factor in PACES.items() if word in words), 1.0)


def _seconds(natural: float) -> int:
    """Return whole seconds of a prompt, with time to start and to come to rest."""
    return min(max(round(natural + 1), SHORTEST), LONGEST)


def _sentence(parts: Sequence[_Part], rng: random.Random) -> str:
    """Return one sentence of parts, or two, in a wording that is drawn."""
    draw = rng.random()
    if draw < 0.12 and len(f"{parts[0].phrase} {parts[0].after}".split()) > 1:
        return _finished(_joined([part.said(_base, YOU) for part in parts], rng))
    who = rng.choice(SUBJECTS)
    if draw < 0.28 and len(parts) == 1:
        return _finished(f"{who.text} {_be(who)} {parts[0].said(gerund, who)}")
    if len(parts) == 2 and draw < 0.45:
        return _finished(_turned(parts, who, rng))
    clauses = [part.said(finite, who) for part in parts]
    return _finished(f"{who.text} {_joined(clauses, rng, who.pronoun)}")


def _turned(parts: Sequence[_Part], who: Subject, rng: random.Random) -> str:
    """Return two actions joined by before or after."""
    first, second = parts
    return rng.choice(
        (
            f"{who.text} {first.said(finite, who)} before {second.said(gerund, who)}",
            f"after {first.said(gerund, who)}, {who.text} {second.said(finite, who)}",
            f"{who.text} {second.said(finite, who)} after {first.said(gerund, who)}",
        )
    )


def _joined(clauses: Sequence[str], rng: random.Random, pronoun: str = "") -> str:
    """Return clauses one after the other."""
    if len(clauses) == 1:
        return clauses[0]
    if len(clauses) == 2:
        joints = [" and then ", ", then ", " and ", ", and then "]
        if pronoun in ("he", "she"):
            joints.append(f". Then {pronoun} ")
        return rng.choice(joints).join(clauses)
    first, second, third = clauses
    return rng.choice(
        (
            f"{first}, {second}, and {third}",
            f"{first}, then {second}, and then {third}",
            f"{first}, {second} and finally {third}",
            f"{first} and {second}, then {third}",
        )
    )


def _base(phrase: str, who: Subject) -> str:
    """Return a phrase as an order: `raise your arm`."""
    return _for(phrase.replace("*", ""), who)


def _for(text: str, who: Subject) -> str:
    """Fill `<their>`, `<them>` and `<self>` for a subject, which may be `you`."""
    if who is not YOU:
        return agree(text, who)
    return text.replace("<their>", "your").replace("<self>", "yourself").replace("<them>", "you")


def _be(who: Subject) -> str:
    return "are" if who.plural else "is"


def _finished(text: str) -> str:
    """Return a sentence with its capital and its full stop."""
    return text[0].upper() + text[1:] + "."
