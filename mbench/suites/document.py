"""The suite format: YAML or JSON to `Suite`, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from mbench.errors import ConfigError
from mbench.suites.names import expand_dimensions
from mbench.suites.prompt import Prompt
from mbench.suites.suite import Suite
from mbench.yamlfile import load_yaml, validation_message


def _text(value: Any) -> Any:
    """Refuse what YAML made a number, date or truth value of."""
    if not isinstance(value, str):
        raise ValueError("text (put it in quotes)")
    return value


def _seconds(value: Any) -> Any:
    """Refuse numbers written as text, e.g. with a unit."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number of seconds, without unit or quotes")
    return value


def _dimensions(value: Any) -> Any:
    """Expand groups and spellings."""
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("a list of dimensions, e.g. [quality, pose]")
    try:
        return expand_dimensions(value)
    except ConfigError as error:
        raise ValueError(f"names of dimensions: {error}") from error


Text = Annotated[str, BeforeValidator(_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PromptRow(_Strict):
    """A prompt as it is written."""

    id: Text
    text: Text
    seconds: Annotated[float, BeforeValidator(_seconds)]
    dimensions: Annotated[tuple[str, ...], BeforeValidator(_dimensions)]
    candidates: list[Text] = []
    tags: list[Text] = []
    reference: Text | None = None


class SuiteDocument(_Strict):
    """A suite as it is written."""

    name: Text
    version: Text = "1"
    description: Text = ""
    licence: Text = ""
    prompts: list[PromptRow]


def suite_of(values: Any, where: str, folder: Path, source: str) -> Suite:
    """Return the suite that a document describes; only its form is checked, not its sense.

    Args:
        values: content of the document.
        where: begins the message of an error.
        folder: relative references start here.
        source: of the suite.

    Raises:
        ConfigError: unknown, missing or wrong fields, in one line.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected a suite with the fields name and prompts; found {type(values).__name__}")
    try:
        document = SuiteDocument.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{where}: {validation_message(error, SuiteDocument)}") from error
    prompts = tuple(_prompt(row, folder) for row in document.prompts)
    return Suite(document.name, document.version, document.description, prompts, document.licence, source)


def _prompt(row: PromptRow, folder: Path) -> Prompt:
    reference = None if row.reference is None else folder / row.reference
    return Prompt(row.id, row.text, row.seconds, row.dimensions, tuple(row.candidates), tuple(row.tags), reference)


def read_document(path: Path) -> Any:
    """Return the content of a YAML or JSON file; a field that is written twice is refused in both.

    Raises:
        ConfigError: it can't be read, or is not what its suffix says; the line and the cause are told.
    """
    if path.suffix.lower() != ".json":
        return load_yaml(path)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: is not valid JSON in line {error.lineno}: {error.msg}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not text; expected a JSON file") from None
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: is not valid JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, or raise on a repeated key: JSON keeps the last one without a word."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"field {next(key for key in keys if keys.count(key) > 1)!r} is written twice")
    return fields


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
