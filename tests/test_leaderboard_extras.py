"""Commands of the leaderboard and the arena where an extra is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from helpers import environment, one_line_error
from leaderboard.extras import PACKAGES, need
from mbench.errors import ConfigError


def without(package: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `mbench` in a process in which a package can't be imported."""
    code = f"import sys; sys.modules[{package!r}] = None; sys.argv = ['mbench', *{list(arguments)!r}]"
    command = [sys.executable, "-c", f"{code}\nfrom mbench.cli import main\nmain()"]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("jinja2", ("leaderboard", "build", "results", "--out", "site")),
        ("jinja2", ("arena", "report", "study", "--out", "site")),
        ("gradio", ("arena", "serve", "--demo")),
        ("sqlalchemy", ("arena", "export", "study", "--out", "votes.csv")),
        ("sqlalchemy", ("arena", "import", "study", "votes.csv")),
        ("sqlalchemy", ("arena", "report", "study")),
        ("gradio", ("serve", "results")),
        ("av", ("arena", "create", "study.yaml", "results")),
    ],
)
def test_a_missing_package_is_told_in_one_line(package, arguments):
    one_line_error(without(package, *arguments), f"needs {package}", "pip install 'mbench[")


def test_installed_packages_are_no_reason_to_stop():
    for what in PACKAGES:
        need(what)


def test_all_that_are_missing_are_named(monkeypatch):
    monkeypatch.setitem(PACKAGES, "leaderboard", ("json", "no_such_package", "nor_this_one"))
    with pytest.raises(ConfigError, match="needs no_such_package, nor_this_one, not installed"):
        need("leaderboard")
