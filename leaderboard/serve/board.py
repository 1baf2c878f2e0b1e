"""The leaderboard's site as a part of the app: built at the start, and again when results have changed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from leaderboard.site.build import build_site, read_site
from mbench.cache import cache_folder
from mbench.errors import MBenchError, one_line
from mbench.files import hash_of

EVERY = 5.0  # seconds between two looks at the results
PATIENCE = 8.0  # seconds that a reader who asks for an update waits for it
WATCHED = ("run.json", "result.json", "scores.csv")


class Board:
    """The site of a folder of results.

    Args:
        results: see `leaderboard.site.build.build_site`.
        studies: folders of studies.
        videos: whether the site shows videos; they are drawn while the site without them is there already.
        folder: of the site; by default one of the cache, so that the next start finds what this one built.
    """

    def __init__(
        self, results: Path, studies: Sequence[Path] = (), videos: bool = True, folder: Path | None = None
    ) -> None:
        self.results, self.studies, self.videos = results, tuple(studies), videos
        name = hash_of([str(path.resolve()) for path in (results, *studies)])[:16]
        self.folder = folder or cache_folder() / "sites" / name
        self.trouble = ""  # why the last build failed
        self._builder: threading.Thread | None = None
        self._lock = threading.Lock()
        self._built: object = None  # what the results were like
        self._looked = time.monotonic()

    @property
    def building(self) -> bool:
        """Whether a build is under way."""
        return self._builder is not None and self._builder.is_alive()

    def prepare(self, quiet: bool = False) -> None:
        """Have something to show: the site as it was at the end of the last start, else one without videos.

        Raises:
            MBenchError: there is no result that can be shown, or the site can't be written.
        """
        if (self.folder / "index.html").exists():
            read_site(self.results, False, self.studies)
        else:
            build_site(self.results, self.folder, videos=False, studies=self.studies, quiet=quiet)

    def check(self) -> None:
        """Raise an error if there is nothing to show."""
        if not (self.folder / "index.html").exists():
            raise MBenchError(f"{self.folder}: the site is gone; start the server again to build it")

    def look(self) -> None:
        """Start a build if results have changed; the results are looked at every few seconds at most."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked < EVERY or self.building:
                return
            self._looked = now
            if self._state() != self._built:
                self._start()

    def update(self, wait: bool = False) -> None:
        """Start a build, unless one is under way.

        Args:
            wait: until it has ended, but not for long.
        """
        with self._lock:
            if not self.building:
                self._start()
        if wait:
            self.wait(PATIENCE)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until no build is under way, or for so many seconds."""
        if self._builder is not None:
            self._builder.join(seconds)

    def _start(self) -> None:
        self._built = self._state()
        self._builder = threading.Thread(target=self._build, daemon=True, name="leaderboard-build")
        self._builder.start()

    def _build(self) -> None:
        try:
            built = build_site(self.results, self.folder, videos=self.videos, studies=self.studies)
            self.trouble = ""
            for problem in built.problems:
                print(f"left out: {problem}", file=sys.stderr, flush=True)  # noqa: T201
        except MBenchError as error:
            self.trouble = one_line(error)
            print(f"mbench: the leaderboard is as it was: {self.trouble}", file=sys.stderr, flush=True)  # noqa: T201

    def _state(self) -> object:
        """Return what changes whenever results do."""
        return hash_of(sorted(_stamp(path) for name in WATCHED for path in self.results.glob(f"*/*/{name}")))


def _stamp(path: Path) -> str:
    """Return what changes when a file does."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return f"{path} is gone"
    return f"{path} {about.st_mtime_ns} {about.st_size}"
