"""The one container of text-motion data: clips with captions, read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mbench.errors import MBenchError, one_line
from mbench.motion import Motion


@dataclass(frozen=True)
class Caption:
    """What a text says of a clip, or of a span of it.

    Attributes:
        text: as the dataset has it.
        start: seconds into the clip; None for the clip's start.
        end: seconds into the clip; None for its end.
        source: who wrote it: `kit-ml`, `cmu-index`, `template`, `humanml3d`, `vimogen`, …
    """

    text: str
    start: float | None = None
    end: float | None = None
    source: str = ""

    @property
    def whole(self) -> bool:
        """Return whether it speaks of the whole clip."""
        return self.start is None and self.end is None


@dataclass(frozen=True)
class Clip:
    """A row of a dataset: everything but the motion itself, which `TextMotionDataset.motion` reads.

    Attributes:
        id: unique in the dataset.
        fps: of the stored motion.
        frames: of the stored motion.
        captions: original ones, as they are.
        split: train, val, test, or what else the dataset calls it; empty where it has none.
        source: the collection it comes from.
        licence: of the motion.
        actor: who moved, or empty.
        labels: what the dataset says in keys instead of sentences, e.g. `{"content": "walk", "style": "angry"}`.
        notes: known defects of the motion or its label: `glitch_frames`, `label_suspect`, …
        where: how the reader finds the motion.
    """

    id: str
    fps: float
    frames: int
    captions: tuple[Caption, ...] = ()
    split: str = ""
    source: str = ""
    licence: str = ""
    actor: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    where: Any = field(default=None, repr=False, compare=False)

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        return self.frames / self.fps

    def covered_by(self, caption: Caption) -> bool:
        """Return whether a caption speaks of the whole clip: it has no span, or one of at least nine tenths."""
        start, end = self.span(caption)
        return end - start >= 0.9 * self.seconds

    def span(self, caption: Caption) -> tuple[float, float]:
        """Return the part of the clip that a caption speaks of: start and end in seconds, inside the clip."""
        start = min(max(caption.start or 0.0, 0.0), self.seconds)
        end = self.seconds if caption.end is None else min(caption.end, self.seconds)
        return start, max(start, end)


@dataclass(frozen=True)
class TextMotionDataset:
    """Clips of one folder or file, with what could not be read of it.

    Attributes:
        name: of the folder or file.
        kind: `shards`, `humanml3d` or `vimogen228k`.
        path: where it is.
        clips: those that can be used, in the order of the dataset.
        skipped: {clip, line or file: why it is left out}.
        read: reads the motion of a clip.
        remarks: {what was read other than it stands in the files: how often}.
    """

    name: str
    kind: str
    path: Path
    clips: tuple[Clip, ...]
    skipped: dict[str, str]
    read: Callable[[Clip], Motion] = field(repr=False)
    remarks: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many clips can be used."""
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        """Yield the clips in the order of the dataset."""
        return iter(self.clips)

    def motion(self, clip: Clip) -> Motion:
        """Return the motion of a clip: z up, metres, at the stored frame rate.

        Raises:
            MBenchError: its file is missing or broken; mostly a FormatError.
        """
        return self.read(clip)

    def where(self, **values: str) -> Iterator[Clip]:
        """Yield the clips whose fields have these values, e.g. `split="test"`.

        Raises:
            AttributeError: a clip has no such field.
        """
        for clip in self.clips:
            if all(getattr(clip, key) == value for key, value in values.items()):
                yield clip

    def motions(self, **values: str) -> Iterator[tuple[Clip, Motion]]:
        """Yield the clips of `where` with their motions, one in memory at a time (of shards, two shards at most).

        Raises:
            MBenchError: as `motion`, when the clip is reached.
        """
        for clip in self.where(**values):
            yield clip, self.motion(clip)

    def checked(self) -> TextMotionDataset:
        """Return the dataset without the clips whose motion can't be read: they move to `skipped`. Reads everything."""
        broken: dict[str, str] = {}
        for clip in self.clips:
            try:
                found = len(self.motion(clip))
                if found != clip.frames:
                    broken[clip.id] = f"its motion has {found} frames; {clip.frames} are listed"
            except MBenchError as error:
                broken[clip.id] = one_line(error)
        clips = tuple(clip for clip in self.clips if clip.id not in broken)
        return replace(self, clips=clips, skipped={**self.skipped, **broken})
