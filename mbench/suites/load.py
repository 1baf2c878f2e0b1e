"""Loading suites by name or path, and making them from rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mbench.errors import ConfigError, MBenchError, PluginError, did_you_mean, one_line
from mbench.suites.suite import SUFFIXES, SUITES, Suite
from mbench.suites.validation import LENIENT_CHECKS, checked


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
    return checked(suite, f"suite {name_or_path!r}")


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
    from mbench.suites.document import suite_of

    prompts = [dict(row) for row in rows]
    values = {"name": name, "version": version, "description": description, "licence": licence, "prompts": prompts}
    where = f"suite {name!r}"
    return checked(suite_of(values, where, folder, "code"), where)


def _names_file(name: str) -> bool:
    """Return whether a text is a path; a registered name never is."""
    if name in suite_names():
        return False
    return name.lower().endswith(SUFFIXES) or "/" in name or "\\" in name or _is_there(Path(name))


def _is_there(path: Path) -> bool:
    """Return whether a path exists; one that can't even be looked at counts, so that reading it tells why."""
    try:
        return path.exists()
    except OSError:
        return True


def _read(path: Path) -> Suite:
    from mbench.suites.document import read_document, suite_of
    from mbench.suites.official import suite_of_official

    if not _is_there(path):
        raise ConfigError(f"{path}: there is no such suite file{did_you_mean(path.name, suite_names())}")
    values = read_document(path)
    if isinstance(values, list):
        return checked(suite_of_official(values, path), str(path), LENIENT_CHECKS)
    return checked(suite_of(values, str(path), path.parent, str(path)), str(path))


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
        found = type(suite).__name__
        raise PluginError(f"suite {name!r} is a {found}; expected a Suite, or a function that returns one")
    return suite
