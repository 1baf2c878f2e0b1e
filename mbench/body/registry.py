"""Bodies by name: the built-in ones, those of plugins, and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mbench.body.arrays import Arrays
from mbench.body.files import SUFFIXES, read_body_file
from mbench.card import Card
from mbench.errors import FormatError
from mbench.files import sha256_of
from mbench.registry import Registry


@dataclass(frozen=True)
class BodySource:
    """Where a body comes from.

    Attributes:
        name: registered name, or the stem of the file's name.
        facts: returns what is known of it, JSON values: at least the fields of `mbench.card.Card`, of which `weights`
            is the sha256 that results refer to.
        arrays: returns its arrays, checked.
        smpl_betas: whether its shape directions are those of the SMPL family, so that betas in files mean something.
    """

    name: str
    facts: Callable[[], dict[str, Any]]
    arrays: Callable[[], Arrays]
    smpl_betas: bool = False

    def card(self) -> Card:
        """Return the card."""
        facts = self.facts()
        return Card(**{field.name: facts[field.name] for field in fields(Card) if field.name in facts})


BODIES: Registry[BodySource] = Registry("body", builtin=("mbench.body.builtin",))


def find_body(name_or_path: str | Path) -> BodySource:
    """Return the source of a body.

    Args:
        name_or_path: a registered name, `module:object`, or a `.npz` or `.pkl` file of SMPL, SMPL-H or SMPL-X.

    Raises:
        UnknownNameError: no such name.
        FormatError: no such file.
        PluginError: a plugin of that name does not import.
    """
    if isinstance(name_or_path, Path) or is_file(name_or_path):
        return _file(Path(name_or_path))
    return BODIES.get(name_or_path)


def is_file(name: str) -> bool:
    """Return whether a body's name is that of a file: it has a suffix of one, or a folder."""
    return Path(name).suffix.lower() in SUFFIXES or "/" in name


def _file(path: Path) -> BodySource:
    """Return the source that is a user's file; it is read when it is needed."""
    if not path.is_file():
        found = "is a folder; expected a body file" if path.exists() else "there is no such file"
        raise FormatError(f"{path}: {found}")

    def facts() -> dict[str, Any]:
        notes = "the user's file; its licence is that of whoever distributed it"
        return {
            "name": path.stem, "version": "file", "kind": "files", "licence": "unknown", "weights": sha256_of(path),
            "notes": notes,
        }  # fmt: skip

    return BodySource(path.stem, facts, lambda: read_body_file(path), smpl_betas=True)
