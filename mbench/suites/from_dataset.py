"""A suite from the captions of real motions: what `mbench data suite` makes."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from mbench.datasets.shards import Shards, caption_of
from mbench.datasets.truth import claim_of, claim_of_all
from mbench.errors import ConfigError
from mbench.files import atomic_write
from mbench.io import write_motion
from mbench.suites import suite_from_rows, write_suite
from mbench.suites.validation import text_key

SECONDS = (1.0, 30.0)  # shorter clips show nothing, longer ones show more than their caption says
DISTRACTORS = 9

MODEL_YAML = """\
# The real motions of this folder, scored as if a model had made them.
model:
  name: motions
  options: {{folder: motions, name: {name}, up: z}}
suite: suite.yaml
"""


def suite_from_dataset(
    dataset: Path,
    out: Path,
    limit: int | None = None,
    split: str | None = None,
    source: str | None = None,
    seed: int = 0,
) -> int:
    """Write `suite.yaml`, `motions/<id>.npz` and `model.yaml` into a new folder.

    Clips without caption, with a known jump or with a doubtful label, and clips under 1 s or over 30 s, are left out.
    Distractors are captions that name an action, a side or a direction that the clip's own do not.

    Args:
        dataset: folder of motion shards.
        out: a folder that is not there or is empty.
        limit: at most so many clips, drawn in turn from every content so that rare actions are in.
        split: only this split.
        source: only this source.
        seed: of the draw.

    Returns:
        the number of prompts.

    Raises:
        MBenchError: the dataset can't be read, nothing in it fits, or `out` holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out}: is not empty; expected a new folder")
    shards = Shards(dataset)
    generator = np.random.default_rng(seed)
    rows = _spread([row for row in shards.where(split=split, source=source) if _usable(row)], limit, generator)
    if not rows:
        raise ConfigError(f"{dataset}: no clip with a caption has split {split!r} and source {source!r}")
    prompts = [_prompt(row, rows, generator) for row in rows]
    name = "-".join(part for part in (dataset.resolve().name, source, split) if part)
    suite = suite_from_rows(f"real-{name}", prompts, description=f"Captions of {len(prompts)} real motions of {name}.")
    for row in rows:
        write_motion(shards.motion(row), out / "motions" / f"{row['id']}.npz")
    write_suite(suite, out / "suite.yaml")
    with atomic_write(out / "model.yaml", "w") as file:
        file.write(MODEL_YAML.format(name=f"real-{name}"))
    return len(prompts)


def _usable(row: dict[str, Any]) -> bool:
    fits = SECONDS[0] <= row["frames"] / row["fps"] <= SECONDS[1]
    return bool(caption_of(row)) and fits and not row.get("glitch_frames") and not row.get("label_suspect")


def _spread(rows: list[dict[str, Any]], limit: int | None, generator: np.random.Generator) -> list[dict[str, Any]]:
    """Return at most `limit` rows, one of each content in turn, in the order of the dataset; captions once each."""
    by_content: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for index in generator.permutation(len(rows)):
        by_content[str(rows[index]["content"])].append(rows[index])
    chosen: list[dict[str, Any]] = []
    seen: set[str] = set()
    groups = [by_content[content] for content in sorted(by_content)]
    while groups and (limit is None or len(chosen) < limit):
        for group in groups[: None if limit is None else limit - len(chosen)]:
            row = group.pop()
            if (key := text_key(str(caption_of(row)))) not in seen:
                seen.add(key)
                chosen.append(row)
        groups = [group for group in groups if group]
    place = {row["id"]: index for index, row in enumerate(rows)}
    return sorted(chosen, key=lambda row: place[row["id"]])


def _prompt(row: dict[str, Any], rows: list[dict[str, Any]], generator: np.random.Generator) -> dict[str, Any]:
    own = claim_of_all([str(row["content"] or ""), str(caption_of(row))])
    texts = {text_key(text := str(caption_of(other))): text for other in rows}
    others = [
        text for key, text in texts.items()
        if key != text_key(str(caption_of(row))) and not claim_of(text).may_hold_for(own)
    ]  # fmt: skip
    drawn = [others[i] for i in generator.permutation(len(others))[:DISTRACTORS]]
    judged = ["consistency", "generalization"] if len(drawn) == DISTRACTORS else ["generalization"]
    return {
        "id": row["id"],
        "text": str(caption_of(row)),
        "seconds": round(row["frames"] / row["fps"], 2),
        "dimensions": ["quality", "pose", *judged],
        "candidates": drawn if len(drawn) == DISTRACTORS else [],
        "tags": [str(row["source"])],
    }
