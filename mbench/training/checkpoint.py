"""The checkpoint of a training: written whole or not at all, checked before it is used. Imports torch."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from mbench.errors import MBenchError, one_line
from mbench.files import atomic_write

FORMAT = 1


def save_checkpoint(path: Path, identity: Any, state: dict[str, Any]) -> None:
    """Write a checkpoint.

    Args:
        path: the file to make or replace.
        identity: JSON value of whatever decides the run.
        state: tensors, numbers and texts in dicts and lists.

    Raises:
        MBenchError: the file can't be written.
    """
    with atomic_write(path) as file:
        torch.save({"format": FORMAT, "identity": json.dumps(identity), **state}, file)


def load_checkpoint(path: Path, identity: Any) -> dict[str, Any] | None:
    """Return the state of a checkpoint, None where there is no file.

    Raises:
        MBenchError: the file is damaged, or of a run that something else decided; the first such field is named.
    """
    if not path.exists():
        return None
    saved = _read(path)
    if saved.get("format") != FORMAT:
        raise MBenchError(f"{path}: checkpoint of format {saved.get('format')}; this version reads {FORMAT}")
    difference = _difference(json.loads(saved["identity"]), json.loads(json.dumps(identity)))
    if difference:
        raise MBenchError(f"{path}: is of another run: {difference}; train in another folder, or delete the file")
    return saved


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a file, every part of which has the checksum that was written with it."""
    try:
        with zipfile.ZipFile(path) as parts:
            bad = parts.testzip()
        if bad is None:
            return torch.load(path, map_location="cpu", weights_only=True)
        cause = f"the checksum of {bad} is wrong"
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, pickle.UnpicklingError, ValueError) as error:
        cause = one_line(error)[:200]
    except (RuntimeError, NotImplementedError, EOFError) as error:  # what zlib, zipfile and torch raise on bad headers
        cause = one_line(error)[:200]
    raise MBenchError(f"{path}: is damaged or no checkpoint: {cause}; delete it to start again")


def _difference(there: Any, here: Any, name: str = "") -> str:
    """Return where two JSON values differ first and how, an empty string where they are equal."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(there.keys() | here.keys()):
            inner = f"{name}.{key}" if name else key
            if found := _difference(there.get(key), here.get(key), inner):
                return found
        return ""
    return "" if there == here else f"{name} was {_short(there)}, now it is {_short(here)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
