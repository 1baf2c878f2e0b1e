"""Texts of strangers, made safe to print."""

from __future__ import annotations


def plain(text: object) -> str:
    """Return a text on one line without characters that a terminal would obey or that turn what is around them.

    Args:
        text: anything; whitespace becomes one space, characters that do not print become `�`.
    """
    line = " ".join(str(text).split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
