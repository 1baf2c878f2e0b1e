"""`mbench score`: motion files without a suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mbench.errors import ConfigError, MBenchError, one_line
from mbench.io import READABLE, read_motion
from mbench.motion import Motion
from mbench.scoring import Value, Workers, metrics_for_motions, score_all
from mbench.stats import mean_with_interval


def score_files(
    paths: Sequence[Path],
    up: str | None = None,
    fps: float | None = None,
    metrics: Sequence[str] | None = None,
    workers: int = 1,
) -> dict[str, Any]:
    """Score files and folders.

    Args:
        paths: motion files, or folders that are searched through.
        up: `z` or `y`; None to detect it, file by file.
        fps: frame rate, where the files do not hold it.
        metrics: pillars, dimensions or metric names; None for all that read joints or rotations.
        workers: processes.

    Returns:
        `{"schema", "clips": {stem: {metric: number or None}}, "reasons": {stem: {metric: text}}, "summary": {metric:
        {"value", "low", "high", "n", "missing"}}, "incomplete"}`. A file of a folder that can't be read is a clip
        without values. `incomplete`: a file could not be read, or one of the nine dimensions has no value, or a metric
        broke.

    Raises:
        MBenchError: a path that is not there, a file named by the user that can't be read, a folder without motions.
    """
    chosen = metrics_for_motions(metrics)
    files = _files(paths)
    motions: dict[str, Motion] = {}
    unread: dict[str, str] = {}
    for stem, (path, named) in files.items():
        try:
            motions[stem] = read_motion(path, up=up, fps=fps)
        except MBenchError as error:
            if named:
                raise
            unread[stem] = one_line(error)
    rows = dict(zip(motions, score_all(list(motions.values()), chosen, Workers(workers)), strict=True))
    for stem, why in unread.items():
        rows[stem] = [Value(name, None, why, failed=True) for name, _ in chosen]
    return _document({stem: rows[stem] for stem in files}, {name: item.info.is_dimension for name, item in chosen})


def _document(rows: dict[str, list[Value]], is_dimension: dict[str, bool]) -> dict[str, Any]:
    reasons = {stem: {v.metric: v.reason for v in row if v.value is None} for stem, row in rows.items()}
    missing = [value for row in rows.values() for value in row if value.value is None]
    return {
        "schema": 1,
        "clips": {stem: {value.metric: value.value for value in row} for stem, row in rows.items()},
        "reasons": {stem: why for stem, why in reasons.items() if why},
        "summary": {
            name: _summary([v for row in rows.values() for v in row if v.metric == name]) for name in is_dimension
        },
        "incomplete": any(value.failed or is_dimension[value.metric] for value in missing),
    }


def _summary(values: Sequence[Value]) -> dict[str, Any]:
    there = np.array([value.value for value in values if value.value is not None], dtype=np.float64)
    mean, low, high = mean_with_interval(there)
    return {"value": mean, "low": low, "high": high, "n": len(there), "missing": len(values) - len(there)}


def _files(paths: Sequence[Path]) -> dict[str, tuple[Path, bool]]:
    """Return {stem: (file, whether the user named it)}; stems that several files share become relative paths."""
    found: list[tuple[Path, Path, bool]] = []
    for path in paths:
        if path.is_dir():
            inside = _inside(path)
            if not inside:
                raise ConfigError(f"{path}: the folder holds no motion file; expected {', '.join(READABLE)}")
            found += [(file, path, False) for file in inside]
        else:
            found.append((path, path.parent, True))
    stems = [file.stem for file, _, _ in found]
    named: dict[str, tuple[Path, bool]] = {}
    for file, root, by_user in found:
        key = file.stem if stems.count(file.stem) == 1 else str(file.relative_to(root))
        named[key if key not in named else str(file)] = (file, by_user)
    return named


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.rglob("*") if file.suffix.lower() in READABLE and file.is_file())
    except OSError as error:
        raise ConfigError(f"{folder}: can't be read: {error.strerror or error}") from error
