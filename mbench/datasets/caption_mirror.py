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
# The whole word, or what it starts: leftward, right-handed, lefty, rightmost; never upright, rightly or leftover.
_SIDE = re.compile(
    rf"\b(?:(?:{_TURNING})\b|(?:left|right)(?=(?:wards?|most|hand|handed|hander|footed|y|ies)?\b))", re.IGNORECASE
)
# Where the word names no side. The rules read what stands around it and never the word, so that they decide the same
# of the mirrored text.
_WHO_LEFT = re.compile(r"\b(?:has|have|had|been|he|she|they|who|it|person|man|woman|someone)\s+$", re.IGNORECASE)
_LEFT_WHAT = re.compile(r"\s+(?:the|a|an|his|her|their|its|this|off|out|behind|alone|over|standing)\b", re.IGNORECASE)
_FIXED_BEFORE = re.compile(r"\b(?:all|that's|that is|upside)\s+$", re.IGNORECASE)
_FIXED_AFTER = re.compile(r"(?:\s+|-)(?:away|now|angles?|angled|side up)\b", re.IGNORECASE)
_EXACTLY = re.compile(
    r"\s+(?:after|before|there|here|through|beside|behind|next to|in front|in the middle|on top|where|when|as|until)\b",
    re.IGNORECASE,
)
_TAKES_A_SIDE = re.compile(
    r"\b(?:the|his|her|their|its|and|or|to|from|on|then|degrees|slightly|sharply|sharp|far|hard|back|forwards?|"
    r"(?:turn|walk|step|mov|go|goe|run|runn|jog|jogg|hop|hopp|jump|leap|lean|look|fac|veer|bend|sway|shift|slid|"
    r"sidestep|sidestepp|shuffl|spin|spinn|rotat|kick|punch|swing|reach|point|dodg|head|curv|pivot|roll|fall)"
    r"(?:e|s|es|ed|ing)?)\s+$",
    re.IGNORECASE,
)


def mirror_text(text: str) -> str:
    """Return a text with left and right, clockwise and counterclockwise swapped; the case of letters is kept.

    Twice is the text again, but that anticlockwise comes back as counterclockwise. "right away", "right angle", "left
    the room" and their like are no sides and stay. What the rules can't tell is said in docs/captions.md.
    """
    return _SIDE.sub(lambda found: _swapped(text, found), text)


def _swapped(text: str, found: re.Match[str]) -> str:
    if found[0].lower() in {"left", "right"} and _no_side(text[: found.start()], text[found.end() :]):
        return found[0]
    return _in_case_of(found[0], _SWAP[found[0].lower()])


def _no_side(before: str, after: str) -> bool:
    if _FIXED_BEFORE.search(before) or _FIXED_AFTER.match(after):
        return True
    if _WHO_LEFT.search(before) and _LEFT_WHAT.match(after):
        return True
    return bool(_EXACTLY.match(after)) and not _TAKES_A_SIDE.search(before)


def _in_case_of(model: str, word: str) -> str:
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else word
