"""What is in a dataset, in numbers; no motion is read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import fmean, median
from typing import Any

from mbench.datasets.base import Clip, TextMotionDataset

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
FREQUENT = 12
# Words of grammar and of nobody in particular, which would fill the list of the most frequent ones.
COMMON_WORDS = frozenset(
    "a an the and or then while as with without to of in on at from into onto for by up down off over out it is are be"
    " was were this that these those his her their its he she they them him one someone person man woman human people"
    " figure subject character there which who after before again not way like both each".split()
)


def describe(dataset: TextMotionDataset) -> dict[str, Any]:
    """Return counts, hours, captions, licences and what was left out, as JSON values; what is not there is None.

    Args:
        dataset: any kind.
    """
    clips = dataset.clips
    seconds = sorted(clip.seconds for clip in clips)
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "path": str(dataset.path),
        **_amount(clips),
        "splits": {split: _amount(part) for (split,), part in _grouped(clips, "split").items()},
        "sources": [
            {"source": source, "licence": licence, **_amount(part)}
            for (source, licence), part in _grouped(clips, "source", "licence").items()
        ],
        "captions": _captions(clips),
        "actors": {
            "count": len({clip.actor for clip in clips if clip.actor}),
            "clips_without": sum(not clip.actor for clip in clips),
        },
        "fps": {f"{fps:g}": count for fps, count in sorted(Counter(clip.fps for clip in clips).items())},
        "seconds": {
            "shortest": seconds[0] if seconds else None,
            "median": median(seconds) if seconds else None,
            "longest": seconds[-1] if seconds else None,
        },
        "notes": dict(Counter(note for clip in clips for note in clip.notes).most_common()),
        "remarks": dict(dataset.remarks),
        "skipped": dict(dataset.skipped),
    }


def _amount(clips: Iterable[Clip]) -> dict[str, Any]:
    lengths = [clip.seconds for clip in clips]
    return {"clips": len(lengths), "hours": sum(lengths) / 3600}


def _grouped(clips: Iterable[Clip], *fields: str) -> dict[tuple[str, ...], list[Clip]]:
    """Return clips by the values of fields, the largest group first."""
    groups: dict[tuple[str, ...], list[Clip]] = defaultdict(list)
    for clip in clips:
        groups[tuple(getattr(clip, field) for field in fields)].append(clip)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def _captions(clips: Iterable[Clip]) -> dict[str, Any]:
    """Return how many captions there are, by whom, how long and how varied."""
    captions = [caption for clip in clips for caption in clip.captions]
    words = [WORD.findall(caption.text.lower()) for caption in captions]
    vocabulary = Counter(word for text in words for word in text)
    telling = [(word, count) for word, count in vocabulary.most_common() if word not in COMMON_WORDS]
    return {
        "count": len(captions),
        "by_source": dict(Counter(caption.source for caption in captions).most_common()),
        "of_a_part": sum(not clip.covered_by(caption) for clip in clips for caption in clip.captions),
        "clips_without": sum(not clip.captions for clip in clips),
        "words_mean": fmean(map(len, words)) if words else None,
        "words_median": median(map(len, words)) if words else None,
        "distinct": len({caption.text.strip().lower() for caption in captions}),
        "vocabulary": len(vocabulary),
        "frequent": dict(telling[:FREQUENT]),
    }
