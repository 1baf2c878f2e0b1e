"""Writing files so that a kill or a full disk leaves the old file or the new one, never half of one."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mbench.errors import MBenchError


@contextmanager
def atomic_write(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path`, renamed to it when the block ends well and removed when it does not.

    Args:
        path: the file to make or replace.
        mode: `wb` or `w` (UTF-8).

    Raises:
        MBenchError: the folder can't be written, or the disk is full.
    """
    encoding = None if "b" in mode else "utf-8"
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise MBenchError(f"{path}: can't be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask; mkstemp makes files that only the owner can read."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically; NaN and infinity are refused.

    Raises:
        MBenchError: the file can't be written.
        ValueError: the value holds NaN or infinity.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_write(path, "w") as file:
        file.write(text)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        MBenchError: it can't be read or is not JSON; the line and the cause are told.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MBenchError(f"{path}: can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise MBenchError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise MBenchError(f"{path}: is not JSON: {error.msg} in line {error.lineno}") from error


def append_lines(path: Path, lines: list[str]) -> None:
    """Append whole lines with one write and flush them to the disk.

    Raises:
        MBenchError: the file can't be written; what could not be written whole is taken back.
    """
    data = "".join(f"{line}\n" for line in lines).encode()
    size = path.stat().st_size if path.exists() else 0
    try:
        with path.open("ab") as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, size)
                raise
    except OSError as error:
        raise MBenchError(f"{path}: can't be written: {error.strerror or error}") from error


def whole_lines(path: Path) -> list[str]:
    """Return the lines of a file that end in a newline, none if there is no file; a kill may have torn the last one.

    A torn line is cut off the file too, so that the next append starts on a fresh line.
    """
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return whole.decode().splitlines()


def sha256_of(*paths: Path) -> str:
    """Return the hex sha256 of the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def hash_of(value: Any) -> str:
    """Return the hex sha256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False, default=str).encode()).hexdigest()
