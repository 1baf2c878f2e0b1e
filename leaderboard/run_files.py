"""The files of a run that a stranger may have made: are they there, whole, of one run, and do they hold what they must?

Nothing is written here: `mbench.results` takes torn lines off the files it reads, so files are checked for them first.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from leaderboard.documents import HIGHEST
from mbench.errors import ConfigError, MBenchError, one_line
from mbench.results import Generation, RunFolder, ScoreRow

LARGEST = 128 << 20  # bytes of a file: a million scores
NEEDED = ("result.json", "run.json", "scores.csv", "motions/index.jsonl")
_GENERATIONS = TypeAdapter(list[Generation])


def check_files(path: Path, within: Path) -> None:
    """Check that the files of a run are there, whole, and inside a folder.

    Args:
        path: of the run.
        within: the folder that links must not lead out of.

    Raises:
        ConfigError: one of them is not.
    """
    if not os.path.lexists(path / "result.json"):
        raise ConfigError(f"{path}: the run is not finished: it has no result.json; `mbench evaluate` carries on")
    for file in (path / name for name in NEEDED):
        if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(within)):
            raise ConfigError(f"{file}: is a link out of the folder of results; expected a copy of the run")
        if not file.is_file():
            raise ConfigError(f"{file}: there is no such file; expected the whole folder of a finished run")
        if file.stat().st_size > LARGEST:
            raise ConfigError(f"{file}: has {file.stat().st_size / 1e6:.0f} MB; expected a file of `mbench evaluate`")
    for name in NEEDED[2:]:
        _check_whole(path / name)


def _check_whole(path: Path) -> None:
    """Check that a file ends in a newline."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 1, 0))
        if size and file.read(1) != b"\n":
            raise ConfigError(f"{path}: its last line is torn; copy the folder again")


def check_agreement(path: Path, run: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Check that `run.json` and `result.json` are of the same finished run.

    Raises:
        ConfigError: they are not; the field and both values are told.
    """
    if run["end"] is None:
        raise ConfigError(f"{path}: the run has not ended; `mbench evaluate` carries on where it stopped")
    facts = {
        "run_id": (run["run_id"], result["run_id"]),
        "model": (run["card"]["name"], result["model"]),
        "kind": (run["card"]["kind"], result["kind"]),
        "suite.hash": (run["suite"]["hash"], result["suite"]["hash"]),
        "replicates": (run["config"].get("run", {}).get("replicates", 1), result["replicates"]),
    }
    for field, (one, other) in facts.items():
        if one != other:
            raise ConfigError(f"{path}: {field} is {one!r} in run.json and {other!r} in result.json; they must agree")


def score_rows(path: Path, versions: Mapping[str, str]) -> dict[str, list[ScoreRow]]:
    """Return the rows of `scores.csv` by metric.

    Args:
        path: of the run.
        versions: of the metrics that are wanted; rows of others are left out.

    Raises:
        MBenchError: the file is broken, or holds a number that is NaN or beyond all measure.
    """
    rows: dict[str, list[ScoreRow]] = {name: [] for name in versions}
    with _told(path / "scores.csv"):
        for row in RunFolder(path).read_scores().values():
            if row.value is not None and not abs(row.value) <= HIGHEST:  # nor NaN
                raise ValueError(f"{row.metric} of {row.prompt or 'the set'} is {row.value}")
            if versions.get(row.metric) == row.version:
                rows[row.metric].append(row)
    return rows


def generations(path: Path) -> dict[tuple[str, int], Generation]:
    """Return the rows of `motions/index.jsonl` by (prompt, replicate).

    Args:
        path: of the run.

    Raises:
        MBenchError: the file is broken.
    """
    with _told(path / "motions" / "index.jsonl"):
        found = RunFolder(path).generations()
        _GENERATIONS.validate_json(json.dumps([vars(row) for row in found.values()], allow_nan=False), strict=True)
    return found


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what a file's content did to its reader as one line about the file."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"][1:]))
        raise ConfigError(
            f"{path}: is broken: {field}: {first['msg']}; expected what `mbench evaluate` wrote"
        ) from error
    except MBenchError:
        raise
    except (ValueError, TypeError, RecursionError, csv.Error) as error:
        raise ConfigError(f"{path}: is broken: {one_line(error)}; expected what `mbench evaluate` wrote") from error


def prompts_of(run: Mapping[str, Any], result: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return the prompts of a run as it tells them, else those of the registered suite with the same hash, else none.

    Args:
        run: `run.json`.
        result: `result.json`.
    """
    if run.get("prompts"):
        return ({"dimensions": [], "tags": [], **prompt} for prompt in run["prompts"])
    from mbench.runner import told
    from mbench.suites import load_suite, suite_names

    facts = result["suite"]
    if facts["name"] not in suite_names() or (suite := load_suite(facts["name"])).hash != facts["hash"]:
        return ()
    return map(told, suite.prompts[: result["prompts"]])
