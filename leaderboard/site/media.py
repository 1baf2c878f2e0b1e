"""Motions on pages: a video with a poster, else a strip of stick figures, else a line that says why there is neither.

A page asks for a motion by `show`, which answers at once; `publish` draws what pages asked for and puts it in place.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.clips import Clip, draw
from leaderboard.site.page import MEDIA
from mbench.errors import MBenchError, one_line
from mbench.files import atomic_write, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.entries import Entry
    from leaderboard.site.page import Site

VIDEO, POSTER, STRIP = ".mp4", ".webp", ".svg"
QUALITY = 70  # of a poster, about 2 kB
FRAMES = 8  # of a strip
LONGEST = 120.0  # seconds of a motion that is drawn


@dataclass(frozen=True)
class Shown:
    """A motion as a page shows it.

    Attributes:
        model: its name.
        prompt: id.
        text: of the prompt.
        replicate: from 0; None where the run has one motion a prompt.
        video: path from the site's root, or None.
        poster: of the video, or None.
        strip: path of a strip, where pages show no videos; or None.
        gone: why there is nothing to see, empty where there is.
    """

    model: str
    prompt: str
    text: str
    replicate: int | None = None
    video: str | None = None
    poster: str | None = None
    strip: str | None = None
    gone: str = ""

    @property
    def label(self) -> str:
        """Return what the motion is, in words."""
        again = "" if self.replicate is None else f", replicate {self.replicate}"
        return f"{self.model}: {self.text}{again}"


def show(site: Site, entry: Entry, prompt: str, replicate: int = 0) -> Shown:
    """Return how a page shows a motion, and note what it needs; nothing is drawn yet.

    Args:
        site: whose page it is.
        entry: the run.
        prompt: id.
        replicate: from 0.
    """
    several = replicate if entry.result["replicates"] > 1 else None
    text = entry.texts.get(prompt, f"(the text of {prompt} is not known)")
    clip = _clip(entry, prompt, replicate)
    if isinstance(clip, str):
        return Shown(entry.name, prompt, text, several, gone=clip)
    if not site.videos:
        return Shown(entry.name, prompt, text, several, strip=_want(site, clip, STRIP))
    return Shown(entry.name, prompt, text, several, _want(site, clip, VIDEO), _want(site, clip, POSTER))


def _clip(entry: Entry, prompt: str, replicate: int) -> Clip | str:
    """Return a motion to draw, or why it can't be: a file that is not the one that was scored shows nothing true."""
    row, path = entry.generations.get((prompt, replicate)), entry.motion(prompt, replicate)
    if row is None or row.file is None:
        return f"There is no motion: {row.reason or 'no reason is recorded'}." if row else "There is no motion."
    if path is None:
        return "Its motion file is gone."
    if row.sha256 is None or sha256_of(path) != row.sha256:
        return "Its motion file has changed since it was scored."
    return _why_not(path) or Clip(path, row.sha256)


def _why_not(path: Path) -> str:
    """Return why a motion file can't be drawn, empty where it can."""
    from mbench.io import read_motion

    try:
        motion = read_motion(path)
    except MBenchError as error:
        return f"Its motion file can't be read: {one_line(error).removeprefix(f'{path}: ')}."
    seconds = len(motion) / motion.fps
    return f"Its motion of {seconds:.0f} s is too long to be drawn." if seconds > LONGEST else ""


def _want(site: Site, clip: Clip, suffix: str) -> str:
    path = f"{MEDIA}/{clip.key}{suffix}"
    site.wanted[path] = clip
    return path


def publish(folder: Path, wanted: Mapping[str, Clip], workers: int = 1, quiet: bool = True) -> int:
    """Put what pages show into a site's folder; return how many files were not there.

    Videos are drawn once for all sites and linked (copied where the cache is on another disk).

    Args:
        folder: of the site.
        wanted: `Site.wanted` of all pages.
        workers: processes that draw.
        quiet: no progress on stderr.

    Raises:
        MBenchError: the renderer is not installed, or a file can't be written.
    """
    absent = {path: clip for path, clip in wanted.items() if not (folder / path).exists()}
    draw((clip for path, clip in absent.items() if not path.endswith(STRIP)), workers, quiet)
    make = {VIDEO: _put_video, POSTER: _write_poster, STRIP: _write_strip}
    for path, clip in absent.items():
        make[Path(path).suffix](clip, folder / path)
    return len(absent)


def _put_video(clip: Clip, target: Path) -> None:
    """Link a drawn video, or copy it."""
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(clip.path, target)
        except OSError:  # another disk, or a file system without links
            with clip.path.open("rb") as source, atomic_write(target) as file:
                shutil.copyfileobj(source, file)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MBenchError(f"{target}: can't be written: {error.strerror or error}") from error


def _write_poster(clip: Clip, target: Path) -> None:
    """Write the picture in the middle of a drawn video: most motions begin and end with somebody who stands."""
    image = _middle(clip.path)
    with atomic_write(target) as file:
        image.save(file, "WEBP", quality=QUALITY)


def _middle(video: Path) -> Any:
    """Return the picture in the middle of a video."""
    import av

    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        half = (stream.duration or 0) // 2
        container.seek(half, stream=stream)
        picture = None
        for picture in container.decode(stream):
            if (picture.pts or 0) >= half:
                break
    if picture is None:
        raise MBenchError(f"{video}: holds no picture; delete it to draw it again")
    return picture.to_image()


def _write_strip(clip: Clip, target: Path) -> None:
    from mbench.io import read_motion
    from mbench.render.strip import strip_svg

    with atomic_write(target, "w") as file:
        file.write(strip_svg(read_motion(clip.motion), FRAMES))
