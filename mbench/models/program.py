"""Running somebody else's program, with a time limit, and saying in one line why it failed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from mbench.errors import ConfigError

TAIL = 400  # characters of stderr shown when the program fails


def run_program(command: str, places: Mapping[str, str], workdir: Path, timeout: float, what: str) -> str | None:
    """Run a command line without a shell; return why it failed, or None. Its standard output is dropped.

    Args:
        command: words as a shell would split them.
        places: {placeholder in the words: what stands there instead}.
        workdir: where it runs.
        timeout: seconds; then it is killed with all that it started.
        what: names the program in messages.

    Raises:
        ConfigError: it can't be started.
    """
    words = [_fill(word, places) for word in shlex.split(command)]
    try:
        process = subprocess.Popen(
            words, cwd=workdir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ConfigError(f"{what}: {words[0]!r} can't be started: {error.strerror}") from error
    try:
        _, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return f"the command took longer than its timeout of {timeout:g} s{_tail(_killed(process))}"
    except BaseException:
        _killed(process)
        raise
    return f"the command exited with {process.returncode}{_tail(stderr)}" if process.returncode else None


def _fill(word: str, places: Mapping[str, str]) -> str:
    """Return a word of the command with its placeholders filled in."""
    for placeholder, path in places.items():
        word = word.replace(placeholder, path)
    return word


def _killed(process: subprocess.Popen[str]) -> str:
    """Kill the program and all it started; return its stderr."""
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[1] or ""


def _tail(stderr: str) -> str:
    """Return the end of stderr as part of one line."""
    text = " ".join(stderr.split())
    return f"; it said: {'…' if len(text) > TAIL else ''}{text[-TAIL:]}" if text else "; it said nothing on stderr"
