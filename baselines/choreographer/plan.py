"""From a prompt to a plan: which actions, in which order, how often, on which side, which way, how fast, in what mood.

Rules only: regular expressions of this package find the actions (`Action.words`) and, between one action and the
next, the words that modify them (`lexicon`). What no rule understands is reported, never guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import baselines.choreographer.actions  # noqa: F401 - registers the actions
from baselines.choreographer import lexicon
from baselines.choreographer.moves import ACTIONS, Move
from baselines.choreographer.styles import STYLES

_MOODS = {name: re.compile(rf"\b(?:{style.words})\b") for name, style in STYLES.items() if name}
MANNERS = ("limp", "tiptoe", "high_knees", "march", "sneak", "stagger", "shuffle", "skip", "climb_stairs", "sidestep")
_SIDED = r"\b(left|right) (?:[a-z]+ )?$"  # `a left hook`
_STANDING = re.compile(r"^(?:stand|stands|standing|stood)$")


@dataclass(frozen=True)
class Plan:
    """What a prompt asks for.

    Attributes:
        moves: in order; at least one (a prompt that nothing is understood of asks for standing).
        mood: a name of `STYLES`, or "".
        unknown: the parts of the prompt that no rule understood; empty where all were.
    """

    moves: tuple[Move, ...]
    mood: str = ""
    unknown: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values: the actions, with those on top after a `+`, the mood, and what is unknown."""
        actions = ["+".join([m.action, *(d.action for d in m.during)]) for m in self.moves]
        return {"actions": actions, "mood": self.mood, "unknown": self.unknown}


@dataclass(frozen=True)
class _Mention:
    """An action in the text: its name, the words that name it, what modifies it, and how it follows the one before."""

    action: str
    words: str
    around: str
    relation: str
    lead: str = ""


def parse(text: str) -> Plan:
    """Return the plan of a prompt.

    Args:
        text: English; anything else is answered by standing, with the text in `unknown`.
    """
    plain = re.sub(r"\s+", " ", text.lower().replace("’", "'").replace("-wise", "wise")).strip(" .!?")
    mentions, unknown = _mentions(_clauses(plain))
    mentions = _worth_doing(mentions)
    mood = next((name for name, words in _MOODS.items() if words.search(plain)), "")
    moves = _ordered([(mention, _move(mention, mentions[:n])) for n, mention in enumerate(mentions)])
    return Plan(tuple(moves) or (Move("stand"),), mood, "; ".join(unknown))


def _clauses(text: str) -> list[tuple[str, str]]:
    """Return (relation, clause) pairs; `and`, commas and `to` part two clauses only where each has an action."""
    pieces, at, relation = [], 0, "then"
    for joint in lexicon.JOINTS.finditer(text):
        kind = joint.lastgroup or "then"
        before = text[at : joint.start()]
        if kind == "weak" and not (_found(before) and _found(_up_to_next(text, joint.end()))):
            continue
        pieces.append((relation, before.strip(" ,")))
        at, relation = joint.end(), {"stop": "then", "weak": "then"}.get(kind, kind)
    pieces.append((relation, text[at:].strip(" ,")))
    return _leading(pieces)


def _up_to_next(text: str, start: int) -> str:
    """Return the text from a point to the next joint."""
    following = lexicon.JOINTS.search(text, start)
    return text[start : following.start() if following else len(text)]


def _leading(pieces: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the clauses with `While walking, he waves` and `Before sitting, he waves` turned round.

    A prompt that opens with such a word has an empty first clause.
    """
    if len(pieces) >= 3 and not pieces[0][1]:
        (_, _), (kind, first), (_, second), *rest = pieces
        turned = {"before": [("then", second), ("then", first)], "during": [("then", first), ("during", second)]}
        return [*turned.get(kind, [("then", first), ("then", second)]), *rest]
    return [piece for piece in pieces if piece[1]]


def _found(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, action) of all actions named in a text, from left to right, the longest first."""
    hits = [(m.start(), -m.end(), name) for name, action in ACTIONS.items() for m in action.words.finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(hits):
        if (not kept or start >= kept[-1][1]) and not _is_noun(text[:start], text[start:-end]):
            kept.append((start, -end, name))
    return kept


def _is_noun(before: str, words: str) -> bool:
    """Return whether a word is a thing (`the box`), not something that is done (`does a squat`, `like a robot`)."""
    if " " in words or lexicon.DOES.search(before) or lexicon.ON_TOP.search(before):
        return False
    plain = not re.search(r"(?:s|ed|ing)$", words)
    return bool(lexicon.ARTICLE.search(before) or (plain and lexicon.NOUN_PHRASE.search(before)))


def _mentions(clauses: Sequence[tuple[str, str]]) -> tuple[list[_Mention], list[str]]:
    """Return the actions of all clauses, and the clauses that none was found in nor any word that modifies one."""
    mentions: list[_Mention] = []
    unknown, waiting = [], ""
    for relation, clause in clauses:
        found = _found(clause)
        if found:
            mentions += _of_clause(f"{waiting} {clause}".strip(), relation, len(waiting) + bool(waiting), found)
            waiting = ""
        elif not _modifies(clause):
            unknown.append(clause)
        elif mentions:
            mentions[-1] = replace(mentions[-1], around=f"{mentions[-1].around} {clause}")
        else:
            waiting = clause
    return mentions, unknown if mentions else [clause for _, clause in clauses]


def _of_clause(clause: str, relation: str, shift: int, found: Sequence[tuple[int, int, str]]) -> list[_Mention]:
    """Return the mentions of one clause; each is modified by the words up to the next action."""
    out: list[_Mention] = []
    starts = [0] + [start + shift for start, _, _ in found[1:]] + [len(clause)]
    for number, (start, end, name) in enumerate(found):
        words, lead = clause[start + shift : end + shift], clause[starts[number] : start + shift]
        around, kind = clause[starts[number] : starts[number + 1]], relation
        if out and _same(out[-1].action, name):
            first = out.pop()
            words, lead, around, kind = first.words, first.lead, first.around + around, first.relation
        elif out:
            on_top = words.split()[0].endswith("ing") or lexicon.ON_TOP.search(clause[: start + shift])
            kind = "during" if on_top else "then"
        out.append(_Mention(name, words, around, kind, lead))
    return out


def _same(first: str, second: str) -> bool:
    """Return whether two actions of one clause are one: named twice, or a way to go and how (`walks with a limp`)."""
    return first == second or (first in ("walk", "run", "jog") and second in MANNERS)


def _modifies(clause: str) -> bool:
    """Return whether a clause without an action says how, which way or how often."""
    tables = (lexicon.TIMES, lexicon.TEMPO, lexicon.SIZE)
    patterns = [pattern for table in tables for pattern, _ in table]
    return any(p.search(clause) for p in (*patterns, *lexicon.DIRECTION.values(), *lexicon.SIDES.values()))


def _worth_doing(mentions: Sequence[_Mention]) -> list[_Mention]:
    """Return the mentions without a plain `stands` next to something that is done."""
    busy = [m for m in mentions if not (m.action == "stand" and _STANDING.match(m.words))]
    return busy or list(mentions)


def _move(mention: _Mention, before: Sequence[_Mention]) -> Move:
    """Return what a mention asks for."""
    action, around = ACTIONS[mention.action], mention.around
    direction = _direction(mention)
    if direction == "backward" and any(m.action == "turn" for m in before) and "backward" not in around:
        direction = "forward"  # somebody who turned round and walks back walks forward
    return Move(
        mention.action,
        side=_side(mention) if action.sided in ("hand", "foot") else "",
        count=_count(mention),
        direction=direction,
        degrees=_degrees(mention),
        tempo=_first(lexicon.TEMPO, around, None) or 1.0,
        size=_first(lexicon.SIZE, around, None) or 1.0,
    )


def _degrees(mention: _Mention) -> float | None:
    """Return how far to turn; somebody who spins around does not stop half-way."""
    if mention.action == "spin":
        return _first(lexicon.ANGLES, re.sub(r"\b(?:around|round|back)\b", " ", mention.around), 360.0)
    return _first(lexicon.ANGLES, mention.around, 360.0) if mention.action == "turn" else None


def _first(table: Sequence[tuple[re.Pattern[str], float | None]], text: str, most: float | None) -> float | None:
    """Return the value of the first pattern that is found; the number it found where the table gives none."""
    for pattern, value in table:
        if found := pattern.search(text):
            return value if value is not None else min(float(found[1]), most or math.inf)
    return None


def _count(mention: _Mention) -> int | None:
    """Return how many times, or None: `three times`, `4 steps`, `does five squats`."""
    for pattern, value in lexicon.TIMES:
        if found := pattern.search(mention.around):
            return value or _number(found[1])
    before = re.search(rf"\b({lexicon.NUMBER}) (?:[a-z]+ )?$", mention.lead)
    plural = mention.words.split()[-1].endswith("s")
    return _number(before[1]) if before and (plural or before[1] not in ("one", "some")) else None


def _number(word: str) -> int:
    """Return a number word or figure, between 1 and the most that is sensible."""
    return min(max(int(word) if word.isdigit() else lexicon.NUMBERS[word], 1), lexicon.MOST)


def _side(mention: _Mention) -> str:
    """Return left, right, both or "": the limb that is named, else the word before the action, else its default."""
    named = {name for name in ("left", "right") if lexicon.SIDES[name].search(mention.around)}
    if len(named) == 2 or (not named and lexicon.SIDES["both"].search(mention.around)):
        return "both"
    if named:
        return named.pop()
    said = re.search(_SIDED, mention.lead) or re.search(r"\b(left|right) ", mention.words)
    return said[1] if said else ACTIONS[mention.action].default


def _direction(mention: _Mention) -> str:
    """Return the direction that is named, left and right only where they are not those of a limb."""
    text, gesture = mention.around, ACTIONS[mention.action].sided in ("hand", "foot")
    if gesture:
        rest = mention.around[len(mention.lead) + len(mention.words) :]
        text = re.sub(_SIDED, "", mention.lead) + re.sub(r"\b(?:left|right) ", "", mention.words) + rest
        for name in ("left", "right"):
            text = lexicon.SIDES[name].sub(" ", text)
    elif ACTIONS[mention.action].sided == "way":
        text = re.sub(rf"\b(?:left|right) {lexicon.LIMB}\b", " ", text)
    found = (name for name, pattern in lexicon.DIRECTION.items() if pattern.search(text))
    return next((name for name in found if not (gesture and name == "circle")), "")


def _ordered(pairs: Sequence[tuple[_Mention, Move]]) -> list[Move]:
    """Return the moves in the order in which they are done, those that are done together as one."""
    moves: list[Move] = []
    for mention, move in pairs:
        if mention.relation == "during" and moves and (joined := _together(moves[-1], move)):
            moves[-1] = joined
        elif mention.relation == "after" and moves:
            moves.insert(len(moves) - 1, move)
        else:
            moves.append(move)
    return moves


def _together(first: Move, second: Move) -> Move | None:
    """Return one move with the other on top, the one that needs the legs below; None where both need them."""
    free = [ACTIONS[m.action].make(m).in_place for m in (first, second)]
    if free[1]:
        return replace(first, during=(*first.during, second))
    return replace(second, during=(*first.during, replace(first, during=()))) if free[0] else None
