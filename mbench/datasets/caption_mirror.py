"""The text of a mirrored motion."""

from __future__ import annotations

import re

_SWAP = {
    "left": "right",
    "right": "left",
    "clockwise": "counterclockwise",
    "counterclockwise": "clockwise",
    "counter-clockwise": "clockwise",
    "anticlockwise": "clockwise",
    "anti-clockwise": "clockwise",
}
_TURNING = r"counter-?clockwise|anti-?clockwise|clockwise"
# The whole word, or what it starts: leftward, right-handed, lefty, rightmost; never upright or rightly.
_SIDE = re.compile(
    rf"\b(?:({_TURNING})|(left|right)(?=(?:wards?|most|hand|handed|hander|y|ies|footed)?\b))", re.IGNORECASE
)
# What follows or stands before a "left" that is the past of leave, and a "right" that names no side.
_LEAVE_AFTER = re.compile(r"\s+(?:the|a|an|his|her|their|its|this|off|out|behind|alone|over|standing)\b", re.IGNORECASE)
_LEAVE_BEFORE = re.compile(r"\b(?:has|have|had|been|he|she|they|who|it|person|someone)\s+$", re.IGNORECASE)
_RIGHT_AFTER = re.compile(
    r"\s+(?:away|now|after|before|there|here|through|beside|behind|next to|in front|in the middle|on top|"
    r"where|when|as|until|then|angles?|angled|side up)\b|-angled?\b",
    re.IGNORECASE,
)
_RIGHT_BEFORE = re.compile(r"\b(?:all|alright|that's|upside|that is)\s+$", re.IGNORECASE)


def mirror_text(text: str) -> str:
    """Return a text with left and right, clockwise and counterclockwise swapped; the case of letters is kept.

    Twice is the text again, but that anticlockwise comes back as counterclockwise. "right away", "right angle", "left
    the room" and their like are no sides and stay. What the rule can't tell is said in docs/captions.md.
    """
    return _SIDE.sub(lambda found: _swapped(text, found), text)


def _swapped(text: str, found: re.Match[str]) -> str:
    before, after = text[: found.start()], text[found.end() :]
    word = found[0].lower()
    if word == "left" and _LEAVE_AFTER.match(after) and _LEAVE_BEFORE.search(before):
        return found[0]
    if word == "right" and (_RIGHT_AFTER.match(after) or _RIGHT_BEFORE.search(before)):
        return found[0]
    return _in_case_of(found[0], _SWAP[word])


def _in_case_of(model: str, word: str) -> str:
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else word
