"""How a style is said."""

from __future__ import annotations

from dataclasses import dataclass

from mbench.datasets.caption_labels import normalise, table


@dataclass(frozen=True)
class Style:
    """The words of a style.

    Attributes:
        adverbs: single words that stand before or after the verb.
        phrases: what stands after the clause; an empty one leaves the style unsaid.
        people: subjects that say it by themselves.
    """

    adverbs: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to say."""
        return bool(self.adverbs or self.phrases or self.people)


def style_of(name: str | None) -> Style:
    """Return the words of a style; an unknown one becomes `in a NAME way`."""
    key = normalise(name or "")
    if not key:
        return Style()
    words = table("styles").get(key)
    if words is None:
        return Style(phrases=(f"in {_article(key)} {key} way", f"in {_article(key)} {key} manner"))
    return Style(*(tuple(words.get(kind, ())) for kind in ("adverbs", "phrases", "people")))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
