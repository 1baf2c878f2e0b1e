"""The prompts of `vimogen data prompts`: JSON lines of id, text, seconds, and what else is known of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.errors import FormatError, one_line
from mbench.motion import BENCHMARK_FPS
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt
from vimogen.make import LONGEST, SHORTEST
from vimogen.training.clips import listed

SAFE = re.compile(r"\w[\w.-]*")  # an id names a file


@dataclass(frozen=True)
class Wanted:
    """A prompt for which a motion is wanted.

    Attributes:
        prompt: id, text and seconds.
        family: of the action, for tables; an empty text where the file says none.
        held_out: whether it is of an action whose captions the generator was not trained on.
    """

    prompt: Prompt
    family: str = ""
    held_out: bool = False

    @property
    def frames(self) -> int:
        """Return the frames of its motion, at 20 fps: no fewer than generators are trained on."""
        return max(round(self.prompt.seconds * BENCHMARK_FPS), SHORTEST)


def read_prompts(path: Path) -> list[Wanted]:
    """Return the prompts of a JSONL file, in its order; fields other than those of `Wanted` are passed over.

    Raises:
        FormatError: it can't be read or holds no prompt, a line is no JSON object, lacks a field, has a wrong one, or
            repeats an id.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: can't be read: {one_line(error)}") from error
    found: dict[str, Wanted] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        wanted = _wanted(line, f"{path}: line {number}")
        if wanted.prompt.id in found:
            raise FormatError(f"{path}: line {number}: id {wanted.prompt.id!r} came before; expected every id once")
        found[wanted.prompt.id] = wanted
    if not found:
        raise FormatError(f"{path}: holds no prompt; expected lines such as {{'id': …, 'text': …, 'seconds': 5}}")
    return list(found.values())


def read_captions(folder: Path, subsets: Sequence[str]) -> list[Wanted]:
    """Return captions of training clips as prompts: of each clip one, drawn by its id, and no text twice.

    A student that reads harvested prompts only forgets how people describe captured motion. Captions of held-out
    actions are left out, as in the teacher's training.

    Args:
        folder: of `vimogen data build`.
        subsets: whose captions.

    Raises:
        MBenchError: the folder can't be read, or holds no such caption.
    """
    found: dict[str, Wanted] = {}
    for row in listed(folder):
        texts = row.get("motion_text_annot") or []
        if row["subset"] in subsets and row.get("split") == "train" and not row.get("held_out") and texts:
            text = texts[seed_of("caption", row["id"]) % len(texts)]
            longest = LONGEST / BENCHMARK_FPS
            seconds = min(float(row.get("seconds", longest)), longest)
            name = "caption-" + re.sub(r"[^\w.-]", "-", str(row["id"]))
            found.setdefault(text, Wanted(Prompt(name, text, seconds), family="captions"))
    if not found:
        raise FormatError(f"{folder}: holds no training caption of {', '.join(subsets)} that is not held out")
    return list(found.values())


def _wanted(line: str, where: str) -> Wanted:
    """Return the prompt of a line."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise FormatError(f"{where}: is not JSON: {error.msg}") from error
    if not isinstance(row, dict):
        raise FormatError(f"{where}: is a {type(row).__name__}; expected an object with id, text and seconds")
    prompt = Prompt(_id(row, where), _text(row, where), _seconds(row, where))
    return Wanted(prompt, str(row.get("family") or ""), bool(row.get("held_out")))


def _id(row: dict[str, Any], where: str) -> str:
    value = row.get("id")
    if not isinstance(value, str) or not SAFE.fullmatch(value):
        raise FormatError(f"{where}: id is {value!r}; expected letters, digits, '-', '_' and '.'")
    return value


def _text(row: dict[str, Any], where: str) -> str:
    value = row.get("text")
    if not isinstance(value, str) or not value.strip():
        raise FormatError(f"{where}: text is {value!r}; expected what the motion must show")
    return value.strip()


def _seconds(row: dict[str, Any], where: str) -> float:
    value, longest = row.get("seconds"), LONGEST / BENCHMARK_FPS
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= longest:
        raise FormatError(f"{where}: seconds is {value!r}; expected a number above 0, at most {longest:g}")
    return float(value)
