"""Packages that a plain install leaves out, told in one line before anything is imported that needs them."""

from __future__ import annotations

from importlib.util import find_spec

from mbench.errors import ConfigError

PACKAGES = {
    "leaderboard": ("jinja2", "av"),
    "arena": ("jinja2", "av", "gradio", "sqlalchemy"),
    "votes": ("sqlalchemy",),
}


def need(what: str) -> None:
    """Refuse to go on without the packages of a part: `leaderboard`, `arena` or (of the arena, without pages) `votes`.

    Raises:
        ConfigError: the packages that are missing, and how to get them.
    """
    missing = [name for name in PACKAGES[what] if find_spec(name) is None]
    if missing:
        extra = "arena" if what == "votes" else what
        raise ConfigError(f"this needs {', '.join(missing)}, not installed here: pip install 'mbench[{extra}]'")
