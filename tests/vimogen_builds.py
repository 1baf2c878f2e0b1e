"""Small sources and configurations of `vimogen data build`, made for tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from baselines.choreographer import choreograph
from dataset_files import write_rows, write_shards
from mbench.motion import Motion
from vimogen.data.build import Built, build
from vimogen.data.config import BuildConfig, load_build

ACTIONS = {
    "walk": ("a person walks forward", 4.0),
    "wave": ("a person waves the right hand", 4.0),
    "bow": ("a person bows", 4.0),
    "kick": ("a person kicks with the left leg", 3.0),
    "short": ("a person walks forward", 1.5),
}


@cache
def performed(name: str) -> Motion:
    text, seconds = ACTIONS[name]
    return choreograph(text, seconds, seed=1)


def write_capture(folder: Path, names: list[str] | None = None, **fields: Any) -> Path:
    """Write a folder of motion shards, captioned from the label `content`; `fields` go into every row."""
    names = list(ACTIONS) if names is None else names
    write_shards(folder, {name: performed(name.split(".")[0]) for name in names}, licence="CC0", source="studio")
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    text = {name: ACTIONS[name.split(".")[0]][0] for name in names}
    rows = [
        {**row, "content": row["id"].split(".")[0], "captions": [{"text": text[row["id"]], "source": "us"}], **fields}
        for row in rows
    ]
    write_rows(folder, rows)
    return folder


def change_rows(folder: Path, change: dict[str, dict[str, Any]]) -> None:
    """Change fields of rows of a folder of shards, by id."""
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    write_rows(folder, [{**row, **change.get(row["id"], {})} for row in rows])


def write_build(folder: Path, **fields: Any) -> Path:
    """Write the YAML of a build of `folder/capture` to `folder/out`."""
    values = {"output": str(folder / "out"), "subsets": {"optical": {"dataset": "capture"}}, **fields}
    path = folder / "build.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def config_of(folder: Path, **fields: Any) -> BuildConfig:
    return load_build(write_build(folder, **fields))


def built(folder: Path, **fields: Any) -> Built:
    return build(config_of(folder, **fields), quiet=True)


def published(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "out" / "ViMoGen-228K.json").read_text())
    return rows
