"""The videos of a study: drawn once into the cache, copied under random names that tell nothing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from leaderboard.arena.study import VIEWS, Study
from leaderboard.clips import Clip, draw
from mbench.files import atomic_write
from mbench.motion import BENCHMARK_FPS

OURS = re.compile(r"[0-9a-f]+(-side)?\.mp4|\.[0-9a-f]+(-side)?\.mp4\..*")  # videos, and what a kill left of one


def file_name(clip: str, view: str) -> str:
    """Return the name of a video.

    Args:
        clip: id.
        view: one of `leaderboard.arena.study.VIEWS`.
    """
    return f"{clip}.mp4" if view == VIEWS[0] else f"{clip}-{view}.mp4"


def fill_media(
    folder: Path,
    study: Study,
    motions: Mapping[tuple[str, str, str], Path],
    style: str,
    size: int,
    workers: int = 1,
    quiet: bool = True,
) -> int:
    """Put every video of a study into a folder and take away those of no clip; return how many had to be drawn.

    All have the same number of pixels, the benchmark's frame rate, and the time of the study as their own: none of it
    tells which model's they are.

    Args:
        folder: of the videos.
        study: whose clips they show.
        motions: the motion file of each clip's (prompt, model, sha256).
        style: `mesh` or `skeleton`.
        size: pixels of a side.
        workers: processes that draw.
        quiet: no progress on stderr.

    Raises:
        MBenchError: a motion can't be drawn, or a video can't be written.
    """
    wanted = {
        folder / file_name(clip.id, view): Clip(
            motions[clip.prompt, clip.model, clip.sha256], clip.sha256, view, style, size, BENCHMARK_FPS
        )
        for clip in study.clips.values()
        for view in VIEWS
    }
    missing = {path: clip for path, clip in wanted.items() if not path.exists()}
    drawn = draw(missing.values(), workers, quiet)
    _clear(folder, wanted)
    time = datetime.fromisoformat(study.created.replace("Z", "+00:00")).timestamp()
    for path, clip in missing.items():
        _copy(clip.path, path, time)
    return drawn


def _clear(folder: Path, wanted: Collection[Path]) -> None:
    """Make the folder, and take away videos of no clip, which a killed run left."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path not in wanted and OURS.fullmatch(path.name):
            path.unlink()


def _copy(source: Path, target: Path, time: float) -> None:
    """Copy a video, whole or not at all."""
    with source.open("rb") as read, atomic_write(target) as write:
        shutil.copyfileobj(read, write)
    os.utime(target, (time, time))
