"""Loading suites by name or path, making them from rows, writing them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mbench.errors import ConfigError, MBenchError, PluginError, did_you_mean, one_line
from mbench.files import atomic_write
from mbench.suites.document import read_document, suite_of
from mbench.suites.names import shorten_dimensions
from mbench.suites.official import suite_of_official
from mbench.suites.prompt import Prompt
from mbench.suites.suite import SUITES, Suite
from mbench.suites.validation import CHECKS, LENIENT_CHECKS, problems_of

SUFFIXES = (".yaml", ".yml", ".json")


def load_suite(name_or_path: str | Path) -> Suite:
    """Return a checked suite.

    Args:
        name_or_path: a registered name, `module:object`, or the path of a YAML or JSON file: ours, or an official
            `MBench_eval_info.json` or `MBench_final.json`, told apart by what they hold.

    Raises:
        ConfigError: the file can't be read, or the suite has a problem; the first is told, the others are counted.
        UnknownNameError: no suite has this name.
        PluginError: a plugin's suite does not import, or is none.
    """
    if isinstance(name_or_path, Path) or _names_file(name_or_path):
        return _read(Path(name_or_path).expanduser())
    suite = _of_plugin(name_or_path)
    return _checked(suite, f"suite {name_or_path!r}")


def suite_names() -> list[str]:
    """Return the registered names, sorted."""
    return SUITES.names()


def suite_from_rows(
    name: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    version: str = "1",
    description: str = "",
    licence: str = "",
    folder: Path = Path(),
) -> Suite:
    """Return a checked suite made of rows with the fields of a prompt, as a suite file has them.

    Args:
        name: of the suite.
        rows: mappings with id, text, seconds, dimensions, and optionally candidates, tags, reference.
        version: of the suite.
        description: one sentence.
        licence: of the texts.
        folder: relative references start here.

    Raises:
        ConfigError: a field is missing, unknown or wrong, or the suite has a problem.
    """
    prompts = [dict(row) for row in rows]
    values = {"name": name, "version": version, "description": description, "licence": licence, "prompts": prompts}
    where = f"suite {name!r}"
    return _checked(suite_of(values, where, folder, "code"), where)


def write_suite(suite: Suite, path: Path) -> None:
    """Write a suite as YAML or JSON, by suffix; reading it back gives equal prompts.

    Args:
        suite: any suite; references are written relative to the file.
        path: ends in .yaml, .yml or .json.

    Raises:
        ConfigError: another suffix.
        MBenchError: the file can't be written; what was there before stays.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: a suite is written as {', '.join(SUFFIXES)}; found suffix {path.suffix!r}")
    document = {"name": suite.name, "version": suite.version, "description": suite.description}
    if suite.licence:
        document["licence"] = suite.licence
    rows = [_row(prompt, path.parent) for prompt in suite.prompts]
    text = _as_json(document, rows) if path.suffix.lower() == ".json" else _as_yaml(document, rows)
    with atomic_write(path, "w") as file:
        file.write(text)


def _names_file(name: str) -> bool:
    """Return whether a text is a path; a registered name never is."""
    if name in suite_names():
        return False
    return name.lower().endswith(SUFFIXES) or "/" in name or "\\" in name or Path(name).exists()


def _read(path: Path) -> Suite:
    if not path.exists():
        raise ConfigError(f"{path}: there is no such suite file{did_you_mean(path.name, suite_names())}")
    values = read_document(path)
    if isinstance(values, list):
        return _checked(suite_of_official(values, path), str(path), lenient=True)
    return _checked(suite_of(values, str(path), path.parent, str(path)), str(path))


def _of_plugin(name: str) -> Suite:
    """Return what a plugin registered, called if it is a function."""
    entry = SUITES.get(name)
    try:
        suite = entry() if callable(entry) else entry
    except MBenchError:
        raise
    except Exception as error:
        raise PluginError(f"suite {name!r} could not be made: {one_line(error)}") from error
    if not isinstance(suite, Suite):
        raise PluginError(f"suite {name!r} is a {type(suite).__name__}; expected a Suite, or a function that returns one")
    return suite


def _checked(suite: Suite, where: str, lenient: bool = False) -> Suite:
    problems = problems_of(suite, LENIENT_CHECKS if lenient else CHECKS)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigError(f"{where}: {problems[0]}{more}")
    return suite


def _row(prompt: Prompt, folder: Path) -> dict[str, Any]:
    """Return a prompt as a document holds it, empty fields left out."""
    seconds = int(prompt.seconds) if prompt.seconds == int(prompt.seconds) else prompt.seconds
    row: dict[str, Any] = {"id": prompt.id, "text": prompt.text, "seconds": seconds}
    row["dimensions"] = shorten_dimensions(prompt.dimensions)
    if prompt.tags:
        row["tags"] = list(prompt.tags)
    if prompt.reference is not None:
        row["reference"] = Path(os.path.relpath(prompt.reference, folder)).as_posix()
    if prompt.candidates:
        row["candidates"] = list(prompt.candidates)
    return row


def _as_yaml(document: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    return yaml.safe_dump({**document, "prompts": rows}, sort_keys=False, allow_unicode=True, width=120)


def _as_json(document: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return JSON with a line for each field and each candidate, so that changes of it can be read."""
    head = "".join(f"  {json.dumps(key)}: {_json(value)},\n" for key, value in document.items())
    body = ",\n".join("    {\n" + ",\n".join(f"      {_field(*item)}" for item in row.items()) + "\n    }" for row in rows)
    return f'{{\n{head}  "prompts": [\n{body}\n  ]\n}}\n'


def _field(key: str, value: Any) -> str:
    if key != "candidates":
        return f"{json.dumps(key)}: {_json(value)}"
    return '"candidates": [\n        ' + ",\n        ".join(map(_json, value)) + "\n      ]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
