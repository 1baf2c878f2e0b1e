"""Publishing: a folder in the format of ViMoGen-228K, put in place in one step when all of it is written."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mbench.datasets.vimogen228k import UNIFIED
from mbench.errors import MBenchError
from mbench.files import read_json, write_json
from mbench.motion import BENCHMARK_FPS
from vimogen.data.database import Record
from vimogen.data.ingest import motion_path

CARD = "card.json"
MADE_BY = "vimogen data build"
WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def row_of(
    record: Record, split: str, captions: Sequence[Mapping[str, str]], facts: Mapping[str, Any], held_out: Sequence[str]
) -> dict[str, Any]:
    """Return a row of the published format, with fields of ours.

    Args:
        record: of the clip.
        split: train, val or test.
        captions: of the clip.
        facts: of its canonical rows.
        held_out: patterns of words.
    """
    texts = [caption["text"] for caption in captions]
    row: dict[str, Any] = {
        "id": record.key,
        "subset": record.subset,
        "split": split,
        "motion_text_annot": texts,
        "video_text_annot": [],
        "motion_path": motion_path(Path(), record.key).as_posix(),
        "fps": BENCHMARK_FPS,
        "seconds": facts["rows"] / BENCHMARK_FPS,
        "source": record.source,
        "licence": record.licence,
        "actor": record.actor,
        "caption_sources": [caption["source"] for caption in captions],
    }
    if facts["rotations"] != "given":
        row["rotations"] = facts["rotations"]
    if record.simulated_from:
        row["simulated_from"] = record.simulated_from
    if is_held_out([*texts, *record.labels.values()], held_out):
        row["held_out"] = True
    return row


def is_held_out(texts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Return whether a text has a word that fits a pattern such as `kick*`."""
    words = {word for text in texts for word in WORD.findall(text.lower())}
    return any(fnmatch.fnmatchcase(word, pattern.lower()) for word in words for pattern in patterns)


def write_rows_of(folder: Path, work: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the JSON files and the motions.

    Args:
        folder: to write to.
        work: folder that the motions lie in; they are linked where the disk can do that.
        rows: of `row_of`.
    """
    write_json(folder / UNIFIED, rows)
    for subset in dict.fromkeys(row["subset"] for row in rows):
        write_json(folder / f"{subset}.json", [row for row in rows if row["subset"] == subset])
    for row in rows:
        target = folder / row["motion_path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(motion_path(work, row["id"]), target)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, target)


@contextmanager
def in_place_of(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well.

    Raises:
        MBenchError: what is there was not made by `vimogen data build`, or can't be written.
    """
    refuse_foreign(folder)
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    try:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise MBenchError(f"{folder}: can't be written: {error.strerror or error}") from error


def refuse_foreign(folder: Path) -> None:
    """Refuse to replace a folder that is no published one.

    Raises:
        MBenchError: it holds something else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir() or published_mark(folder) is None:
        raise MBenchError(f"output {folder}: holds something that `vimogen data build` has not made; name another one")


def published_mark(folder: Path) -> str | None:
    """Return the fingerprint of what is published in a folder, None where nothing is.

    Raises:
        MBenchError: its card is damaged.
    """
    if not (folder / CARD).is_file():
        return None
    card = read_json(folder / CARD)
    return str(card["fingerprint"]) if isinstance(card, dict) and card.get("made_by") == MADE_BY else None
