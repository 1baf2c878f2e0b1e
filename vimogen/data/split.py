"""Which clips train, validate and test: as their dataset says, else by a hash of who moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from mbench.seeds import seed_of
from vimogen.data.config import SplitConfig
from vimogen.data.database import Record

TRAIN, VAL, TEST = "train", "val", "test"
STRICTEST = (TEST, VAL, TRAIN)  # what is in an earlier one must not be in a later one
GIVEN = {
    "train": TRAIN, "training": TRAIN, "train_val": TRAIN, "val": VAL, "valid": VAL, "validation": VAL, "dev": VAL,
    "test": TEST, "testing": TEST,
}  # fmt: skip


def split_of(record: Record, config: SplitConfig) -> str:
    """Return train, val or test: the dataset's own where it names one of them, else by the group's hash.

    Args:
        record: of the clip; its `group` is its actor, or the clip itself where nobody is named.
        config: shares and seed.
    """
    given = GIVEN.get(record.split.strip().lower())
    if given is not None:
        return given
    place = seed_of("split", config.seed, record.group) / 2**32
    return TEST if place < config.test else VAL if place < config.test + config.val else TRAIN


def leaks(splits: Mapping[str, str], records: Iterable[Record]) -> dict[str, str]:
    """Return {key: why it is left out} of clips whose actor is in a stricter split too.

    Source clips and their simulated captures count as one actor's.

    Args:
        splits: {key: split}.
        records: of the same clips.
    """
    groups: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        groups[record.group][splits[record.key]].append(record)
    found: dict[str, str] = {}
    for group, parts in groups.items():
        first, *others = [split for split in STRICTEST if split in parts]
        for split in others:
            found |= {record.key: f"{group} is in {first}, too, and can't be in {split}" for record in parts[split]}
    return found
