"""Reading YAML for people: safe, duplicated keys refused, and validation errors as one line."""

from __future__ import annotations

import reprlib
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from mbench.errors import ConfigError, did_you_mean

_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeys(_Loader):
    """A safe loader that refuses a key written twice: YAML keeps the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping, or raise on the first repeated key."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"field {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML (or JSON) file.

    Raises:
        ConfigError: it can't be read, is not text or is not YAML; the line and the cause are told.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; expected a YAML file") from None
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not text; expected a YAML file") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    try:
        return yaml.load(text, Loader=_UniqueKeys)  # a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}: is not valid YAML{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None


def validation_message(error: ValidationError, model: type[BaseModel]) -> str:
    """Return the first problem of a pydantic validation as one line: field, found, expected, and how many others.

    Args:
        error: what pydantic raised.
        model: the class that was validated; its fields are suggested for misspelt ones.
    """
    problems = error.errors(include_url=False)
    first = problems[0]
    field = _field(first["loc"])
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(str(first["loc"][-1]), _known_fields(model, first["loc"][:-1]))
        return f"unknown field {field!r}{hint}{more}"
    if first["type"] == "missing":
        return f"field {field!r} is missing{more}"
    found = shown(first["input"])
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{field}: found {found}; expected {message}{more}"


def shown(value: Any) -> str:
    """Return a value as one short line; nested ones are cut before they are spelt out, as YAML aliases nest fast."""
    text = repr(value) if isinstance(value, str | int | float) else _BRIEF.repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _field(location: tuple[int | str, ...]) -> str:
    """Return `prompts[3].seconds` of ("prompts", 3, "seconds")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _known_fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the field names of the model that a location leads to."""
    current: Any = model
    for part in location:
        if isinstance(part, int):
            continue
        info = current.model_fields.get(part)
        annotations = [] if info is None else [info.annotation, *getattr(info.annotation, "__args__", ())]
        current = next((a for a in annotations if isinstance(a, type) and issubclass(a, BaseModel)), None)
        if current is None:
            return []
    return list(current.model_fields)
