"""Small videos of motions, drawn once and kept: the site and the arena show the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mbench.cache import cache_folder
from mbench.files import hash_of

DRAWN = "1"  # raised whenever the same motion is drawn otherwise
SIZE = 320  # pixels of a side


@dataclass(frozen=True)
class Clip:
    """A motion as a video.

    Attributes:
        motion: the motion file.
        sha256: of the file.
        view: `fixed`, `follow`, `front` or `side`, as in `mbench.render`.
        style: `mesh` or `skeleton`.
        size: pixels of a side, even.
        fps: frame rate that the motion is resampled to; None for its own.
    """

    motion: Path
    sha256: str
    view: str = "fixed"
    style: str = "mesh"
    size: int = SIZE
    fps: float | None = None

    @property
    def key(self) -> str:
        """Return what the video is called: the same for the same motion file and look, and nothing of its model."""
        rate = [] if self.fps is None else [self.fps]
        return hash_of([DRAWN, self.sha256, self.view, self.style, self.size, *rate])[:20]

    @property
    def path(self) -> Path:
        """Return where the video is kept, drawn or not."""
        return cache_folder() / "clips" / f"{self.key}.mp4"


def draw(clips: Iterable[Clip], workers: int = 1, quiet: bool = True) -> int:
    """Draw the videos that are not there yet; return how many those were. A kill loses at most those under way.

    Args:
        clips: any number, in any order; equal ones are drawn once.
        workers: processes.
        quiet: no progress on stderr.

    Raises:
        MBenchError: a motion can't be read, a video can't be written, or the renderer is not installed.
    """
    from mbench.progress import progress

    undrawn = [clip for clip in {clip.key: clip for clip in clips}.values() if not clip.path.exists()]
    with progress("draw clips", len(undrawn), quiet) as advance:
        if workers == 1 or len(undrawn) < 2:
            for clip in undrawn:
                _draw(clip)
                advance(1)
        else:
            from joblib import Parallel, delayed

            for _ in Parallel(n_jobs=workers, return_as="generator_unordered")(delayed(_draw)(c) for c in undrawn):
                advance(1)
    return len(undrawn)


def _draw(clip: Clip) -> None:
    from mbench.io import read_motion
    from mbench.motion.resample import resample
    from mbench.render import render, write_video

    motion = read_motion(clip.motion)
    motion = motion if clip.fps is None else resample(motion, clip.fps)
    write_video(render(motion, style=clip.style, size=clip.size, view=clip.view), clip.path, motion.fps)
