"""`files`: reference motions that lie on disk, by prompt id, or where the suite says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from mbench.config import resolve_path
from mbench.errors import ConfigError, FormatError, MBenchError
from mbench.files import hash_of, sha256_of
from mbench.io import READABLE, read_motion
from mbench.io.npz import read_arrays
from mbench.io.pt import read_content
from mbench.models.find import find_motion
from mbench.motion import Motion
from mbench.suites.prompt import Prompt
from vimogen.reference.base import NoReference, Reference, Settings, each, reference_of

VIDEO_FPS = 16.0  # of the text-to-video models whose motion the published references are
HOLD_SEVERAL = MappingProxyType({".npz": read_arrays, ".pt": read_content})


class FilesSettings(Settings):
    """Options of `files`.

    Attributes:
        files: folder with `<prompt id>.pt`, `.npz`, `.npy` or `.bvh`; None for the suite's own references alone.
        fps: frame rate of files that do not state theirs.
        up: up axis of the files' world. Without it, files with `global_orient` and `body_pose` are taken for mesh
            recovery in the view of a camera, and the axis of other files is detected where it can vary.
        decode: how 276-dim rows become joints: `integrate`, as published, or `slice`.
    """

    files: str | None
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)] = VIDEO_FPS
    up: str | None = None
    decode: Literal["integrate", "slice"] = "integrate"


class Files:
    """Reference motions of files.

    Args:
        settings: see `FilesSettings`.
        base: a relative folder starts here.
        device: not used.

    Raises:
        ConfigError: the folder is not there, or holds no file that could be read.
    """

    name = "files"

    def __init__(self, settings: FilesSettings, base: Path = Path(), device: str = "auto") -> None:
        self._settings = settings
        self.folder = None if settings.files is None else resolve_path(settings.files, base)
        if self.folder is not None and not self._files():
            what = "holds no motion file" if self.folder.is_dir() else "is no folder"
            raise ConfigError(f"reference files: {self.folder} {what}; expected <prompt id>{'|'.join(READABLE)}")

    @cached_property
    def identity(self) -> str:
        """Return a hash of settings and files."""
        options = self._settings.model_dump(exclude={"files"})
        return f"files {hash_of([options, sha256_of(*self._files())])[:10]}"

    def references(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> list[Reference | MBenchError]:
        """Return each prompt's reference; a file of the folder comes before the one that the suite names."""
        return each(self._reference, prompts, seeds)

    def _reference(self, prompt: Prompt, seed: int) -> Reference:
        path = self._path(prompt)
        motion = read_reference(path, self._settings)
        return reference_of(motion, self.name, prompt, seed, file=path.name, sha256=sha256_of(path))

    def _path(self, prompt: Prompt) -> Path:
        found = find_motion(self.folder, prompt.id) if self.folder is not None else None
        path = found or prompt.reference
        if path is None:
            where = "the suite names no file" if self.folder is None else f"{self.folder} holds none"
            raise NoReference(f"no reference file for prompt {prompt.id!r}: {where}")
        if not path.is_file():
            raise NoReference(f"prompt {prompt.id!r}: the suite names {path}, which is not there")
        return path

    def _files(self) -> list[Path]:
        if self.folder is None:
            return []
        return sorted(path for path in self.folder.rglob("*") if path.suffix.lower() in READABLE and path.is_file())


def read_reference(path: Path, settings: FilesSettings) -> Motion:
    """Return the motion of a reference file: z up, metres, at its own frame rate.

    Raises:
        FormatError: it can't be read as what its suffix says.
        MotionError: values that are no motion.
    """
    if settings.up is None and {"global_orient", "body_pose"} <= _keys(path):
        from vimogen.data.recovery import recovered

        motion = recovered(path)
    else:
        motion = read_motion(path, up=settings.up, decode=settings.decode)
    return motion.replace(fps=settings.fps) if motion.meta.get("fps_assumed") else motion


def _keys(path: Path) -> set[str]:
    """Return the names of the arrays in a file; none for a file of one array, or one that can't be read."""
    if path.suffix not in HOLD_SEVERAL:
        return set()
    try:
        content = HOLD_SEVERAL[path.suffix](path)
    except FormatError:
        return set()  # read_motion says what is wrong with it
    return set(map(str, content)) if isinstance(content, Mapping) else set()
