"""The checkpoint of a training: written whole or not at all, checked before it is used. Imports torch.

The file is what `torch.save` writes, and the sha256 of that behind it: 32 bytes, which `torch.load` passes over. The
checksums inside the archive do not cover its directory, and torch does not look at them.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import IO, Any, cast

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
        hashed = _Hashed(file)
        torch.save({"format": FORMAT, "identity": json.dumps(identity), **state}, cast("IO[bytes]", hashed))
        file.write(hashed.digest.digest())


class _Hashed:
    """A file that hashes what is written to it; it can do what `torch.save` asks of a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def load_checkpoint(path: Path, identity: Any) -> dict[str, Any] | None:
    """Return the state of a checkpoint, None where there is no file.

    Raises:
        MBenchError: the file is damaged, or of a run that something else decided; the first such field is named.
    """
    if not path.exists():
        return None
    saved = _read(path)
    if saved["format"] != FORMAT:
        raise MBenchError(f"{path}: checkpoint of format {saved['format']}; this version reads {FORMAT}")
    difference = _difference(json.loads(saved["identity"]), json.loads(json.dumps(identity)))
    if difference:
        raise MBenchError(f"{path}: is of another run: {difference}; train in another folder, or delete the file")
    return saved


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a file whose hash is the one behind it."""
    try:
        if not _whole(path):
            raise MBenchError(f"{path}: is damaged, or no checkpoint of a training; delete it to start again")
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise MBenchError(f"{path}: can't be read: {one_line(error).split('. ')[0][:200]}") from error


def _whole(path: Path) -> bool:
    digest, left = hashlib.sha256(), path.stat().st_size - hashlib.sha256().digest_size
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
        return file.read() == digest.digest()


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
