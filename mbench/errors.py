"""The errors a user can put right, and exit codes.

Every message is one line that says what was found, what was expected and the likely cause.
The command line prints it and exits with `EXIT_USER`; Python callers catch `MBenchError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_COMPLETE = 0
EXIT_MISSING = 1
EXIT_USER = 2
EXIT_INTERRUPTED = 130


class MBenchError(Exception):
    """Something the user can put right; the message is one line."""


class MotionError(MBenchError, ValueError):
    """A motion that is not one: wrong shape, non-finite values, a frame rate that is not positive."""


class FormatError(MBenchError, ValueError):
    """A file that can't be read as what its suffix says it is."""


class ConfigError(MBenchError, ValueError):
    """A YAML or JSON file, or an option, with a wrong, unknown or missing field."""


class UnknownNameError(MBenchError, LookupError):
    """A name that no plugin registered."""


class PluginError(MBenchError):
    """A plugin that was asked for and failed to import or to run."""


class JudgeError(MBenchError):
    """A judge that can answer nothing at all (no server, no key, no such model): the run stops and can be resumed."""


class NotApplicable(Exception):  # noqa: N818 - not an error: it carries the reason why a value is missing
    """Raised by a metric that does not apply to a motion; the message becomes the reason of the missing value."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the nearest known names, or an empty string.

    Args:
        name: what the user wrote.
        known: the names that exist.
    """
    near = difflib.get_close_matches(name, list(known), n=2, cutoff=0.5)
    return f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else ""


def one_line(error: BaseException) -> str:
    """Return an exception as one line, its type first unless it is ours.

    Args:
        error: any exception.
    """
    text = " ".join(str(error).split())
    if isinstance(error, MBenchError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
