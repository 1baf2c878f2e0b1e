"""Writing HTML so that no text of a user can become markup: every child is escaped unless it is `Html` already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

VOID = {"br", "circle", "hr", "line", "meta", "rect"}  # elements that hold nothing
Attribute = str | int | float | None


class Html(str):
    """Markup that is safe to write as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return itself: template engines ask this of what they need not escape."""
        return str(self)


def tag(name: str, /, *children: str | None, **attributes: Attribute) -> Html:
    """Return an element.

    Args:
        name: of the element.
        children: text, which is escaped, or `Html`; None adds nothing.
        attributes: values are escaped, None leaves the attribute out; `class_` is written `class`, `aria_label`
            `aria-label`.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(parts: Iterable[str | None], between: str = "") -> Html:
    """Return parts one after the other, text escaped."""
    safe = (part if isinstance(part, Html) else escape(part) for part in parts if part is not None)
    return Html(between.join(safe))


def facts(pairs: Iterable[tuple[str, str | None]], class_: str = "facts") -> Html:
    """Return a list of names with values; pairs without a value are left out."""
    items = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value]
    return tag("dl", *items, class_=class_)


def table(caption: str, head: Sequence[str], bodies: Iterable[Html], class_: str | None = None) -> Html:
    """Return a table in a box that scrolls sideways on a narrow screen.

    Args:
        caption: what a screen reader says first.
        head: column headings.
        bodies: `tbody` elements.
        class_: of the table.
    """
    headings = [tag("th", heading, scope="col") for heading in head]
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", *headings)), *bodies, class_=class_)
    return tag("div", whole, class_="scroll", role="region", tabindex=0, aria_label=caption)


def row(head: str, *cells: str | None) -> Html:
    """Return a table row whose first cell is its heading."""
    return tag("tr", tag("th", head, scope="row"), *(tag("td", cell) for cell in cells))


def section(title: str, body: Html) -> Html:
    """Return a section with a heading that it is labelled by."""
    key = slug(title)
    heading = tag("h2", title, id=f"{key}-title")
    return tag("section", heading, body, id=key, aria_labelledby=f"{key}-title")


def slug(text: str) -> str:
    """Return a text as an id: `By prompt tag` → `by-prompt-tag`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def number(value: float | None, digits: int = 4) -> str:
    """Return a number for reading, an em dash where it is missing."""
    if value is None:
        return "—"
    shown = digits if abs(value) >= 1e-3 else digits - 1
    written = re.sub(r"e([+-])0(\d)$", r"e\1\2", f"{value:.{shown}g}")
    return written.replace("-", "\N{MINUS SIGN}")


def between(low: float | None, high: float | None, digits: int = 3) -> str:
    """Return an interval for reading, an em dash where there is none."""
    if low is None or high is None:
        return "—"
    return f"{number(low, digits)} {'–' if low >= 0 else 'to'} {number(high, digits)}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def prose(text: str) -> Html:
    """Return a docstring as HTML: paragraphs, lists of lines that start with `- `, and `code` in backticks."""
    return join(_block(block) for block in re.split(r"\n\s*\n", text.strip()))


def _block(block: str) -> Html:
    if block.startswith("- "):
        return tag("ul", *(tag("li", _inline(item)) for item in re.split(r"\n- ", block[2:])))
    return tag("p", _inline(block))


def _inline(text: str) -> Html:
    pieces = " ".join(text.split()).split("`")
    return join(tag("code", piece) if index % 2 else piece for index, piece in enumerate(pieces))
