"""What is done of a distillation, on disk: a line a prompt and the motions that are kept, whole after any kill."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import ConfigError, MBenchError
from mbench.files import append_lines, atomic_write, read_json, whole_lines, write_json
from mbench.yamlfile import shown

CARD, INDEX, MADE_BY, MOTIONS = "card.json", "index.jsonl", "made_by.json", "motions"


class Store:
    """The folder of work under way.

    Args:
        folder: made if it is not there.
        made_by: everything that decides the motions and the choice.

    Raises:
        ConfigError: the folder holds the work of another configuration.
    """

    def __init__(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        self.folder, self.made_by = folder, dict(made_by)
        if (folder / MADE_BY).is_file():
            check_same(read_json(folder / MADE_BY), made_by, folder)
        else:
            write_json(folder / MADE_BY, self.made_by)
        self.records: list[dict[str, Any]] = [json.loads(line) for line in whole_lines(folder / INDEX)]

    @property
    def done(self) -> set[str]:
        """Return the ids of finished prompts."""
        return {record["prompt"] for record in self.records}

    def write_motion(self, name: str, rows: NDArray[np.float32]) -> None:
        """Write the rows (T, 276) of a motion as they are."""
        import torch

        with atomic_write(self.folder / MOTIONS / f"{name}.pt") as file:
            torch.save(torch.from_numpy(np.ascontiguousarray(rows)), file)

    def add(self, records: Sequence[dict[str, Any]]) -> None:
        """Note finished prompts; their motions are on disk already."""
        append_lines(self.folder / INDEX, [json.dumps(own, ensure_ascii=False, allow_nan=False) for own in records])
        self.records.extend(records)


def check_same(before: Any, now: Mapping[str, Any], folder: Path) -> None:
    """Refuse to mix the work of two configurations.

    Raises:
        ConfigError: naming the first field in which they differ.
    """
    old = before if isinstance(before, Mapping) else {}
    # Through JSON, as the stored one went: tuples become lists.
    new = json.loads(json.dumps(dict(now)))
    changed = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    if changed:
        raise ConfigError(
            f"{folder}: was made with another {changed[0]}: {shown(old.get(changed[0]))}, now "
            f"{shown(new.get(changed[0]))}; name another `output`, or remove the folder to begin anew"
        )


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Keep other runs away from an output while the block runs.

    Raises:
        MBenchError: another one is under way.
    """
    from filelock import FileLock, Timeout

    output.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(output.parent / f".{output.name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise MBenchError(f"{output}: another run makes this folder") from error
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
