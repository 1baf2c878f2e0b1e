"""`motions`: a folder of files in any readable format, found by prompt id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mbench.config import resolve_path
from mbench.errors import ConfigError, MBenchError
from mbench.files import sha256_of
from mbench.io import READABLE, read_motion
from mbench.models.base import MODELS, Card
from mbench.models.find import find_motion
from mbench.motion import Motion
from mbench.suites.prompt import Prompt


class Motions:
    """Motions that something else made, as files named by prompt id.

    Args:
        folder: holds `<id>.npz`, `.npy`, `.pt` or `.bvh` files, or the official layout `<id>/motion_gen_*.pt`.
        name: what results and the leaderboard call the model that made them.
        up: up axis of the files, `y` or `z`; detected where it is not given.
        fps: their frame rate, where the files do not hold it.
        unit: m, cm, mm or inch; detected where it is not given.
        decode: how 276-dim files become joints: `integrate`, as published, or `slice`.
        licence: of the motions, for the card.
        base: the folder that a relative `folder` starts from.

    Raises:
        ConfigError: the folder is not there or holds no readable file.
    """

    max_replicates = 1  # a file a prompt

    def __init__(
        self,
        folder: str,
        name: str | None = None,
        up: str | None = None,
        fps: float | None = None,
        unit: str | None = None,
        decode: str = "integrate",
        licence: str = "not stated",
        base: Path = Path(),
    ) -> None:
        self.folder = resolve_path(folder, base)
        self._how = {"up": up, "fps": fps, "unit": unit, "decode": decode}
        files = _motion_files(self.folder)
        if not files:
            raise ConfigError(f"model 'motions': folder {self.folder} holds no motion file ({', '.join(READABLE)})")
        self.card = Card(
            name=name or self.folder.resolve().name,
            version="1",
            kind="files",
            licence=licence,
            weights=sha256_of(*files),
            notes=f"{len(files)} files",
        )

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Yield the motion of each prompt's file, or why it can't be read; seeds do not matter."""
        for prompt in prompts:
            try:
                yield self._read(prompt)
            except MBenchError as error:
                yield error

    def _read(self, prompt: Prompt) -> Motion:
        path = find_motion(self.folder, prompt.id)
        if path is None:
            raise ConfigError(f"no file for prompt {prompt.id!r} in {self.folder}")
        return read_motion(path, **self._how)  # type: ignore[arg-type]


def _motion_files(folder: Path) -> list[Path]:
    """Return the readable files below a folder, sorted."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise ConfigError(f"model 'motions': folder {folder} {what}; expected a folder of motion files")
    try:
        return sorted(path for path in folder.rglob("*") if path.suffix.lower() in READABLE and path.is_file())
    except OSError as error:
        raise ConfigError(f"model 'motions': folder {folder} can't be read: {error.strerror}") from error


MODELS.add("motions", Motions)
