"""From a source to the clips of the database: long clips become the spans that their captions speak of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mbench.datasets import Caption, Clip, TextMotionDataset
from mbench.datasets.captions import is_spam
from mbench.files import hash_of
from vimogen.data.database import Record
from vimogen.data.sources import Source

LONGEST_WHOLE = 10.0  # s: a longer clip with captions of spans is published as its spans only
LONGEST_NAME = 200  # bytes of a file's name


def records_of(subset: str, source: Source, dataset: TextMotionDataset) -> Iterator[tuple[Record, str]]:
    """Yield the records of a subset, each with the fingerprint of what decides its motion.

    Mirror images are left out: training mirrors as it reads.
    """
    for clip in dataset:
        if "mirror_of" in clip.labels:
            continue
        mark = source.marks.get(clip.id, source.fingerprint)
        for record in _parts(subset, clip, source):
            yield record, hash_of([mark, record.clip, record.start, record.end])


def skipped_of(dataset: TextMotionDataset) -> dict[str, str]:
    """Return what of a dataset gives no record, and why."""
    mirrors = {
        clip.id: f"is the mirror image of {clip.labels['mirror_of']}; training mirrors as it reads"
        for clip in dataset
        if "mirror_of" in clip.labels
    }
    return {**dataset.skipped, **mirrors}


def _parts(subset: str, clip: Clip, source: Source) -> Iterator[Record]:
    """Yield the whole clip, and each span that captions speak of, with the captions of each."""
    captions = [caption for caption in clip.captions if not is_spam(caption.text)]
    whole = [caption for caption in captions if clip.covered_by(caption)]
    spans: dict[tuple[float, float], list[Caption]] = {}
    for caption in captions:
        if caption not in whole:
            spans.setdefault(clip.span(caption), []).append(caption)
    if not spans or (clip.seconds <= LONGEST_WHOLE and whole):
        yield _record(subset, clip, source, whole, 0.0, None)
    for (start, end), own in sorted(spans.items()):
        yield _record(subset, clip, source, own, start, end)


def _record(
    subset: str, clip: Clip, source: Source, captions: list[Caption], start: float, end: float | None
) -> Record:  # fmt: skip
    name = clip.id if end is None else f"{clip.id}@{start:g}-{end:g}"
    actor = f"{clip.source}/{clip.actor}" if clip.actor else ""
    return Record(
        key=f"{subset}/{name}",
        subset=subset,
        clip=clip.id,
        group=source.groups.get(clip.id) or actor or clip.id,
        split=clip.split,
        source=clip.source,
        licence=clip.licence,
        actor=clip.actor,
        start=start,
        end=end,
        seconds=clip.seconds if end is None else end - start,
        captions=[_caption(caption, start) for caption in captions],
        labels={key: value for key, value in clip.labels.items() if end is None and key in ("content", "style")},
        notes=list(clip.notes),
        simulated_from=source.parents.get(clip.id, ""),
    )


def _caption(caption: Caption, start: float) -> dict[str, Any]:
    end = None if caption.end is None else round(caption.end - start, 3)
    return {"text": caption.text, "source": caption.source, "end": end}


def motion_path(folder: Path, key: str) -> Path:
    """Return the file of a clip's rows under a folder: `motions/SUBSET/NAME.pt`, whatever letters its id has.

    Args:
        folder: of the work, or of what is published.
        key: of the clip.
    """
    subset, _, name = key.partition("/")
    safe = quote(name, safe=" @~+=,()[]&'!")
    if len(safe) > LONGEST_NAME:
        safe = f"{safe[: LONGEST_NAME - 17]}-{hash_of(name)[:16]}"
    return folder / "motions" / subset / f"{safe}.pt"
