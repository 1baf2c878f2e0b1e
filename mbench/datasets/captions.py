"""Captions from labels: a grammar of templates and paraphrases, written for this project.

A label or an index description is read into phases (`caption_labels`); a sentence draws a wording for each phase, a
subject, a tense, a way to join them, and a place for the style. Every draw is seeded by the label, the style and the
seed alone, so that a caption never depends on the order of the data.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from mbench.datasets.base import Clip
from mbench.datasets.caption_actions import ACTIONS, actions_of
from mbench.datasets.caption_labels import MOVES, Meaning, meaning_of
from mbench.datasets.caption_mirror import mirror_text
from mbench.datasets.caption_sentences import sentence
from mbench.datasets.caption_styles import Style, style_of
from mbench.seeds import seed_of

__all__ = ["ACTIONS", "actions_of", "captions_of", "mirror_text", "paraphrases", "is_spam"]

TRIES = 60  # draws for each caption asked for, before a label is said to have no more wordings
_SPAM = re.compile(r"https?:|www\.|</?\w+[^>]*>|\S+@\S+\.\w", re.IGNORECASE)


def paraphrases(label: str, style: str | None = None, count: int = 12, seed: int = 0) -> list[str]:
    """Return different captions of a label, none twice.

    Args:
        label: of the content, e.g. `walk-turn-left`, or a description, e.g. `run/jog, veer right`.
        style: of the movement, e.g. `angry`.
        count: how many; the first n are the same for any larger count.
        seed: another one draws other wordings.

    Returns:
        `count` captions, fewer where the grammar has no more; none where the label says nothing of a motion.
    """
    meaning = meaning_of(label) or (Meaning((MOVES,)) if style and not label.strip() else None)
    if meaning is None:
        return []
    return _distinct(_drawn(meaning, style_of(style), seed_of("captions", label, style or "", seed)), count)


def _drawn(meaning: Meaning, style: Style, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    while True:
        yield sentence(meaning, style, rng)


def _distinct(drawn: Iterator[str], count: int) -> list[str]:
    found: dict[str, str] = {}
    for _ in range(TRIES * count):
        if len(found) >= count:
            break
        text = next(drawn)
        found.setdefault(text.lower().rstrip("."), text)
    return list(found.values())


def is_spam(text: str) -> bool:
    """Return whether a caption holds an address or HTML, which no description of a motion does."""
    return bool(_SPAM.search(text))


def captions_of(clip: Clip, count: int = 12, seed: int = 0) -> list[str]:
    """Return captions of a clip: the original ones of the whole clip as they are, then paraphrases.

    Paraphrased are the labels `content` and `style` and the descriptions of the CMU index.

    Args:
        clip: with captions, labels, both or neither.
        count: of the paraphrases, shared by what there is to paraphrase.
        seed: of the paraphrases.

    Returns:
        No text twice; empty for a clip that says nothing of its motion.
    """
    written = [caption for caption in clip.captions if clip.covered_by(caption) and not is_spam(caption.text)]
    kept = [caption.text for caption in written]
    keys = {caption.text: None for caption in written if caption.source == "cmu-index"}
    style = clip.labels.get("style") or None
    content = clip.labels.get("content") or ""
    labels: Sequence[tuple[str, str | None]] = [(text, style) for text in dict.fromkeys([content, *keys])]
    lists = [paraphrases(label, kind, count, seed) for label, kind in labels if label or kind]
    return list(dict.fromkeys(kept + _interleaved(lists)[:count]))


def _interleaved(lists: Sequence[list[str]]) -> list[str]:
    longest = max(map(len, lists), default=0)
    return [texts[place] for place in range(longest) for texts in lists if place < len(texts)]
