"""Writing suites as files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mbench.errors import ConfigError
from mbench.files import atomic_write
from mbench.suites.names import shorten_dimensions
from mbench.suites.prompt import Prompt
from mbench.suites.suite import SUFFIXES, Suite
from mbench.suites.validation import checked


def write_suite(suite: Suite, path: Path) -> None:
    """Write a suite as YAML or JSON, by suffix; reading it back gives equal prompts.

    Args:
        suite: any suite; references are written relative to the file.
        path: ends in .yaml, .yml or .json.

    Raises:
        ConfigError: another suffix, or a suite that could not be read again.
        MBenchError: the file can't be written; what was there before stays.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: a suite is written as {', '.join(SUFFIXES)}; found suffix {path.suffix!r}")
    checked(suite, f"suite {suite.name!r}")
    document = {"name": suite.name, "version": suite.version, "description": suite.description}
    if suite.licence:
        document["licence"] = suite.licence
    rows = [_row(prompt, path.parent) for prompt in suite.prompts]
    text = _as_json(document, rows) if path.suffix.lower() == ".json" else _as_yaml(document, rows)
    with atomic_write(path, "w") as file:
        file.write(text)


def _row(prompt: Prompt, folder: Path) -> dict[str, Any]:
    """Return a prompt as a document holds it, empty fields left out."""
    seconds = int(prompt.seconds) if prompt.seconds == int(prompt.seconds) else prompt.seconds
    row: dict[str, Any] = {
        "id": prompt.id, "text": prompt.text, "seconds": seconds, "dimensions": shorten_dimensions(prompt.dimensions),
    }  # fmt: skip
    if prompt.tags:
        row["tags"] = list(prompt.tags)
    if prompt.reference is not None:
        row["reference"] = Path(os.path.relpath(prompt.reference, folder)).as_posix()
    if prompt.candidates:
        row["candidates"] = list(prompt.candidates)
    return row


def _as_yaml(document: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    import yaml

    return yaml.safe_dump({**document, "prompts": rows}, sort_keys=False, allow_unicode=True, width=120)


def _as_json(document: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return JSON with a line for each field and each candidate, so that changes of it can be read."""
    head = "".join(f"  {json.dumps(key)}: {_json(value)},\n" for key, value in document.items())
    body = ",\n".join(map(_object, rows))
    return f'{{\n{head}  "prompts": [\n{body}\n  ]\n}}\n'


def _object(row: dict[str, Any]) -> str:
    fields = ",\n".join(f"      {_field(key, value)}" for key, value in row.items())
    return f"    {{\n{fields}\n    }}"


def _field(key: str, value: Any) -> str:
    if key != "candidates":
        return f"{json.dumps(key)}: {_json(value)}"
    return '"candidates": [\n        ' + ",\n        ".join(map(_json, value)) + "\n      ]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
