"""The stages that look at all clips: near-duplicates within a subset, and splits across all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mbench.files import hash_of
from mbench.io.pt import pt_rows
from mbench.progress import progress
from vimogen.data.config import DuplicateConfig, SplitConfig
from vimogen.data.database import Database, Record, Result
from vimogen.data.duplicates import Copy, duplicates, feature
from vimogen.data.ingest import motion_path
from vimogen.data.split import STRICTEST, leaks, split_of

DUPLICATES, SPLIT = "duplicates", "split"
VERSION = 1  # raise it when code changes a result


def without_duplicates(
    database: Database,
    work: Path,
    config: DuplicateConfig,
    splits: SplitConfig,
    alive: Mapping[str, str],
    records: Mapping[str, Record],
    quiet: bool = False,
) -> dict[str, str]:
    """Return {key: fingerprint} of the clips of a subset that repeat no other.

    Of copies one in the test split is kept rather than one in validation, and that rather than one to train on.

    Args:
        database: of the build.
        work: folder of the rows.
        config: when two clips are one.
        splits: how splits are drawn.
        alive: {key: fingerprint of its rows} of the clips that came so far.
        records: of the subset.
        quiet: show no progress.
    """
    mark = hash_of([DUPLICATES, VERSION, config.model_dump(), splits.model_dump(), dict(alive)])
    subset = next((records[key].subset for key in alive), "")
    known = database.results(DUPLICATES, subset)
    if any(key not in known or known[key].fingerprint != mark for key in alive):
        keys = list(alive)
        order = sorted(range(len(keys)), key=lambda i: STRICTEST.index(split_of(records[keys[i]], splits)))
        found = {} if config.distance is None else _found(keys, work, config, order, quiet)
        database.save(DUPLICATES, [(key, _result(mark, found.get(key), keys)) for key in keys])
        known = database.results(DUPLICATES, subset)
    return {key: alive[key] for key in alive if known[key].reason is None}


def _found(keys: list[str], work: Path, config: DuplicateConfig, order: list[int], quiet: bool) -> dict[str, Copy]:
    """Return {key: what it repeats, by its index among the keys}."""
    assert config.distance is not None
    features, lengths = [], []
    with progress(DUPLICATES, len(keys), quiet) as finished:
        for key in keys:
            rows = pt_rows(motion_path(work, key))
            features.append(feature(rows))
            lengths.append(len(rows))
            finished(1)
    found = duplicates(np.stack(features), np.array(lengths), order, config.distance, config.length)
    return {keys[index]: copy for index, copy in found.items()}


def _result(mark: str, copy: Copy | None, keys: list[str]) -> Result:
    if copy is None:
        return Result(mark)
    kept, how = keys[copy.of], "is the mirror image of" if copy.mirrored else "repeats"
    facts = {"repeats": kept, "metres": copy.metres, "mirrored": copy.mirrored}
    return Result(mark, f"{how} {kept} ({copy.metres * 1000:.1f} mm a joint)", facts)


def split(
    database: Database, config: SplitConfig, alive: Mapping[str, str], records: Mapping[str, Record]
) -> dict[str, str]:
    """Return {key: train, val or test} of the clips that can be published.

    Args:
        database: of the build.
        config: for datasets that name no split.
        alive: {key: fingerprint of its rows} of all subsets.
        records: of all subsets.
    """
    chosen = {key: split_of(records[key], config) for key in alive}
    left_out = leaks(chosen, [records[key] for key in alive])
    mark = hash_of([SPLIT, VERSION, config.model_dump(), {key: records[key].group for key in alive}, chosen])
    known = database.results(SPLIT)
    if any(key not in known or known[key].fingerprint != mark for key in alive):
        database.save(SPLIT, [(key, Result(mark, left_out.get(key), {"split": chosen[key]})) for key in alive])
    return {key: own for key, own in chosen.items() if key not in left_out}
