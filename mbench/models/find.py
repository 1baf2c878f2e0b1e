"""Finding the motion of a prompt in a folder that somebody else filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mbench.errors import ConfigError

SUFFIXES = (".npz", ".npy", ".pt", ".bvh")
GENERATED = ("motion_gen_condition_on_motion.pt", "motion_gen_condition_on_text.pt")  # of the official generator
WIDEST = 8  # digits that a zero-padded id is looked for with


def find_motion(folder: Path, prompt_id: str) -> Path | None:
    """Return the motion file of a prompt, or None where there is none.

    Looks for `<id>.npz`, `.npy`, `.pt` and `.bvh`, and for `<id>/motion_gen_condition_on_*.pt` of the official
    generator; an id that is a number also in any zero-padded spelling (`7`, `007`).

    Args:
        folder: where the files lie.
        prompt_id: id of the prompt; the global id in an official suite.

    Raises:
        ConfigError: two files could be meant; both are named.
    """
    found = [path for path in _places(folder, prompt_id) if path.is_file()]
    if len(found) > 1:
        names = " and ".join(str(path.relative_to(folder)) for path in found[:2])
        raise ConfigError(f"{folder}: prompt {prompt_id!r} has two motions, {names}; expected one, remove the other")
    return found[0] if found else None


def _places(folder: Path, prompt_id: str) -> Iterator[Path]:
    """Yield every path that the motion of a prompt may have."""
    for name in _spellings(prompt_id):
        yield from (folder / f"{name}{suffix}" for suffix in SUFFIXES)
        yield from (folder / name / file for file in GENERATED)


def _spellings(prompt_id: str) -> list[str]:
    """Return the id, and every zero-padded spelling where it is a number."""
    if not (prompt_id.isascii() and prompt_id.isdigit()):
        return [prompt_id]
    number = int(prompt_id)
    return sorted({prompt_id, *(f"{number:0{width}d}" for width in range(1, WIDEST + 1))}, key=len)
