"""Commands of other packages: entry points `command.NAME` of the group `mbench.plugins`, each a `typer.Typer`.

They are imported when they are run, or when the help lists them.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mbench.errors import PluginError
from mbench.registry import Registry

COMMANDS: Registry[Any] = Registry("command")


class PluginGroup(TyperGroup):
    """The commands of this package, then those of entry points."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in COMMANDS.names() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; one that does not import says so when it is run, and in the help."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in COMMANDS.names():
            return own
        try:
            command = typer.main.get_command(COMMANDS.get(cmd_name))
        except PluginError as error:
            command = _broken(error)
        command.name = cmd_name
        return command


def _broken(error: PluginError) -> Any:
    """Return a command that says why a plugin's can't be run."""
    app = typer.Typer(add_completion=False)

    @app.command(
        help=f"(not available: {error})",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )
    def broken() -> None:
        raise error

    return typer.main.get_command(app)
