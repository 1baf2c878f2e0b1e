"""Run folders spoilt at random: they are read, or told in one line; nothing else ever comes of them."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaderboard.boards import boards_of
from leaderboard.entries import read_entries
from leaderboard.export import export
from leaderboard.submission import check_submission
from leaderboard_runs import make_results

JUNK: tuple[Any, ...] = (
    None, -1, 0, 0.5, True, 1e308, -1e308, 1e-320, 2**70, "", "x", "<script>", "\0", "a" * 500, "quality/Foot-Sliding",
    "os:path/x", [], {}, [None], {"a": None},
)  # fmt: skip
LINES = (
    "", "{}", "[]", "null", ",,,,,,", "a,b,c,1,2,", "quality/x,1,p,0,1e999,",
    '{"prompt": "a", "replicate": -5, "seed": 1}',
)  # fmt: skip
CELLS = ("", "x", "-1", "1e300", "nan", "9" * 400, "\0")
JSON, TEXT = ("run.json", "result.json", "result.json"), ("scores.csv", "motions/index.jsonl")
ROUNDS = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return make_results(tmp_path_factory.mktemp("made"), ("choreographer",))["choreographer"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a JSON value."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))


def spoil_json(path: Path, draw: random.Random) -> None:
    value = json.loads(path.read_text())
    *parents, last = draw.choice(list(places(value)))
    node = value
    for key in parents:
        node = node[key]
    how = draw.choice(["set", "delete", "rename"])
    if how == "set" or isinstance(node, list):
        node[last] = draw.choice(JUNK)
    elif how == "delete":
        del node[last]
    else:
        node[str(draw.choice(JUNK))] = node.pop(last)
    path.write_text(json.dumps(value))


def spoil_lines(path: Path, draw: random.Random) -> None:
    lines = path.read_text().split("\n")
    at, how = draw.randrange(len(lines)), draw.choice(["drop", "repeat", "replace", "cell"])
    if how == "drop":
        lines.pop(at)
    elif how == "repeat":
        lines.insert(at, lines[at])
    elif how == "replace":
        lines[at] = draw.choice(LINES)
    else:
        cells = lines[at].split(",")
        cells[draw.randrange(len(cells))] = draw.choice(CELLS)
        lines[at] = ",".join(cells)
    path.write_text("\n".join(lines))


@pytest.mark.parametrize("seed", range(10))
def test_a_spoilt_run_is_read_or_told(made, tmp_path, seed):
    draw = random.Random(seed)
    for number in range(ROUNDS):
        run = tmp_path / str(number) / "model" / "run"
        shutil.copytree(made, run)
        for _ in range(draw.choice([1, 1, 2, 4])):
            if draw.random() < 0.6:
                try:
                    spoil_json(run / draw.choice(JSON), draw)
                except (IndexError, json.JSONDecodeError):  # an earlier one left nothing to spoil
                    continue
            else:
                spoil_lines(run / draw.choice(TEXT), draw)
        entries, problems = read_entries(tmp_path / str(number))
        assert len(entries) + len(problems) == 1
        assert all("\n" not in problem.reason for problem in problems)
        for format in ("csv", "json", "markdown", "latex") if entries else ():
            assert export(boards_of(entries), format, problems, metrics=True)
        report = check_submission(run)
        assert (report["model"] is None) == (not entries)
        json.dumps(report, allow_nan=False)
        shutil.rmtree(tmp_path / str(number))
