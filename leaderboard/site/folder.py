"""The folder of a site: what of it is ours, what is unchanged, and that a kill leaves nothing wrong.

`mbench-site.json` lists our files. It is written before the first file of a build is (with all that the build may write
or remove) and after the last one, so every file of ours is in it at any time; files of others are never touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mbench.errors import ConfigError, MBenchError
from mbench.files import atomic_write, read_json, write_json

NAME = "mbench-site.json"
SCHEMA = 1
LOCK = ".mbench-site.lock"


class SiteFolder:
    """The files of a site.

    Args:
        path: the folder; made by `locked`.

    Attributes:
        files: what the last build knew of each file, by its path: `key` (of a page: what decided it), `sha256`,
            `media` (of a page: paths of the videos and pictures it shows). Nothing is known of those themselves, nor
            of a file that was promised but not finished.
        written: how many files this build wrote.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, dict[str, Any]] = {}
        self.written = 0

    def check(self) -> None:
        """Check that the folder is new, empty, or a site's.

        Raises:
            ConfigError: it is not.
        """
        _read(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other builds, and read what the last one knew.

        Raises:
            ConfigError: the folder holds something that `mbench leaderboard build` did not make.
            MBenchError: another build holds it, or it can't be written.
        """
        from filelock import FileLock, Timeout

        self.check()
        lock = FileLock(self.path / LOCK, timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise MBenchError(f"{self.path}: another build of this site is under way; wait for it or stop it") from None
        except OSError as error:
            raise MBenchError(f"{self.path}: can't be written: {error.strerror or error}") from error
        try:
            self.files = _read(self.path)
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def has(self, path: str, key: str) -> bool:
        """Whether a page is there as it would be made: of the same inputs, unchanged since, with all that it shows."""
        known = self.files.get(path, {})
        if known.get("key") != key or not all((self.path / file).exists() for file in known["media"]):
            return False
        file = self.path / path
        return file.is_file() and _sha256(file.read_bytes()) == known["sha256"]

    def promise(self, paths: Iterable[str]) -> None:
        """Say which files this build may write; those that are known already are ours anyway."""
        new: dict[str, dict[str, Any]] = {path: {} for path in paths if path not in self.files}
        if new or not (self.path / NAME).exists():
            self.files |= new
            self._write_manifest()

    def write(self, path: str, data: bytes, key: str = "", media: Sequence[str] = ()) -> None:
        """Write a promised file, unless it holds this content already."""
        self.files[path] = {"key": key, "sha256": _sha256(data), "media": list(media)}
        file = self.path / path
        if file.is_file() and file.read_bytes() == data:
            return
        with atomic_write(file) as target:
            target.write(data)
        self.written += 1

    def finish(self, paths: Iterable[str]) -> int:
        """Remove our files that are not among `paths`, and what a kill left half-written; return how many.

        Raises:
            MBenchError: a file can't be removed.
        """
        kept = set(paths)
        gone = [path for path in self.files if path not in kept]
        try:
            self._remove_torn()
            for path in gone:
                (self.path / path).unlink(missing_ok=True)
                self._remove_empty(path)
        except OSError as error:
            raise MBenchError(f"{self.path}: can't be tidied: {error.strerror or error}") from error
        self.files = {path: known for path, known in self.files.items() if path in kept}
        self._write_manifest()
        return len(gone)

    def _remove_torn(self) -> None:
        """Remove the temporary files of `atomic_write` that a kill left beside our files."""
        for parent in {(self.path / path).parent for path in self.files}:
            for left in parent.glob(".*.*"):
                name = left.name[1:].rpartition(".")[0]
                if (parent / name).relative_to(self.path).as_posix() in self.files:
                    left.unlink(missing_ok=True)

    def _remove_empty(self, path: str) -> None:
        """Remove the folders above a removed file that hold nothing any more."""
        for parent in (self.path / path).parents:
            if parent == self.path or not parent.is_dir() or any(parent.iterdir()):
                return
            parent.rmdir()

    def _write_manifest(self) -> None:
        content = {"schema": SCHEMA, "files": dict(sorted(self.files.items()))}
        if not (self.path / NAME).exists() or read_json(self.path / NAME) != content:
            write_json(self.path / NAME, content)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the files of a site's folder, none of one that is not there or empty.

    Raises:
        ConfigError: it is no folder, or not the folder of a site.
    """
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{path}: is a file; expected a folder for the site")
    if not (path / NAME).exists():
        if path.exists() and any(not file.name.startswith(".") for file in path.iterdir()):
            raise ConfigError(
                f"{path}: holds files but no {NAME}, so it is not a site of ours; give an empty or a new folder"
            )
        return {}
    found = read_json(path / NAME)
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or not all(_is_file_of_ours(*item) for item in files.items()):
        raise ConfigError(f"{path / NAME}: is not the list of a site's files; delete the folder to build it anew")
    if found.get("schema") != SCHEMA:
        raise ConfigError(
            f"{path / NAME}: schema {found.get('schema')}; expected {SCHEMA}: update mbench, or build elsewhere"
        )
    return files


def _is_file_of_ours(path: str, known: Any) -> bool:
    """Whether an item of the list can only be a file inside the folder, and what a build knows of one."""
    if Path(path).is_absolute() or ".." in Path(path).parts or not isinstance(known, dict):
        return False
    media = known.get("media", [])
    return known.keys() in ({"key", "sha256", "media"}, set()) and isinstance(media, list)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
