"""A visitor's own motion, where the server takes files: read at once, with limits, since anybody may have made it."""

from __future__ import annotations

import secrets
import tempfile
import threading
import zipfile
from collections import OrderedDict
from pathlib import Path

from leaderboard.serve.takes import LONGEST
from mbench.errors import FormatError, MBenchError
from mbench.motion import Motion

SUFFIXES = (".npz", ".npy", ".bvh")  # no .pt: that format can hold programs
MAX_BYTES = 4 * 1024 * 1024  # of the file
MAX_UNPACKED = 64 * 1024 * 1024
MOST = 100  # kept at once; the oldest goes first


class Uploads:
    """Motions that visitors sent, each under a token that nobody can guess. No file is kept.

    Args:
        most: motions kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._motions: OrderedDict[str, Motion] = OrderedDict()

    def add(self, name: str, data: bytes) -> str:
        """Keep the motion of a file and return its token.

        Args:
            name: of the file; its suffix says what it is.
            data: the content.

        Raises:
            MBenchError: see `read_upload`.
        """
        motion, token = read_upload(Path(name).name, data), secrets.token_urlsafe(24)
        with self._lock:
            self._motions[token] = motion
            while len(self._motions) > self._most:
                self._motions.popitem(last=False)
        return token

    def find(self, token: str) -> Motion:
        """Return the motion of a token.

        Raises:
            MBenchError: there is none (any more).
        """
        with self._lock:
            if token not in self._motions:
                raise MBenchError("Your file is not here any more; choose it again.")
            return self._motions[token]


def read_upload(name: str, data: bytes) -> Motion:
    """Return the motion of an uploaded file.

    Raises:
        MBenchError: a suffix that is not taken, content that is too large or can't be read, or a motion that is too
            long; the message names the file, never a folder of the server.
    """
    from mbench.io import read_motion

    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise FormatError(f"{name}: has the suffix {suffix!r}; expected one of {', '.join(SUFFIXES)}")
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name}: has {len(data)} bytes; expected up to {MAX_BYTES}")
    with tempfile.TemporaryDirectory(prefix="mbench-upload-") as folder:
        path = Path(folder, f"motion{suffix}")
        path.write_bytes(data)
        try:
            _check_unpacked(path)
            motion = read_motion(path)
        except MBenchError as error:
            raise FormatError(str(error).replace(str(path), name)) from error
    if motion.seconds > LONGEST:
        raise FormatError(f"{name}: lasts {motion.seconds:.1f} s; expected up to {LONGEST:g} s: cut it first")
    return motion


def _check_unpacked(path: Path) -> None:
    """Refuse an archive that grows too large when it is unpacked."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_UNPACKED:
        raise FormatError(f"{path}: unpacks to {size / 1e6:.0f} MB; expected up to {MAX_UNPACKED / 1e6:.0f} MB")
