"""What made a result: versions, code, machine, command line."""

from __future__ import annotations

import hashlib
import inspect
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("mbench", "numpy", "scipy", "torch", "smplx", "sentence-transformers", "joblib")


def provenance() -> dict[str, Any]:
    """Return package versions, commit, platform and command line as JSON values."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES if _version(name)},
        "commit": _commit(),
        "command": sys.argv,
    }


def now() -> str:
    """Return the time, UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def code_hash(item: Any) -> str:
    """Return the sha256 of the source that defines an object's class, so that changed code is another run.

    For a class of a package (`__init__.py`) all Python files of its folder count, otherwise its module's file; empty
    where there is no source, as in a notebook.
    """
    try:
        path = Path(inspect.getfile(type(item)))
    except (TypeError, OSError):
        return ""
    module = sys.modules.get(type(item).__module__)
    in_package = path.name == "__init__.py" or (module is not None and module.__package__ not in (None, "", "mbench"))
    files = sorted(path.parent.rglob("*.py")) if in_package else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the source tree this package runs from, with `+` where it has changes."""
    here = Path(__file__).parent
    try:
        options: dict[str, Any] = {"cwd": here, "capture_output": True, "text": True, "timeout": 5}
        tracked = subprocess.run(["git", "ls-files", "--error-unmatch", Path(__file__).name], **options)
        if tracked.returncode:
            return None  # installed into an environment that lies in somebody else's repository
        commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], **options).stdout.strip()
        changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], **options).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}{'+' if changed else ''}" if commit else None
