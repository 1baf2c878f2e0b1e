"""Commands of other packages: found by entry point, imported when they are run; broken ones say so."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
import typer

from helpers import environment, mbench, one_line_error
from mbench import registry
from mbench.cli import main
from mbench.cli.plugins import COMMANDS

FINE, BROKEN, GONE = "hello", "broken", "gone"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Put a package with three commands on the path, as `pip install` would: one works, two do not import."""
    (tmp_path / "plugin_commands.py").write_text(
        "import typer\napp = typer.Typer()\n\n\n@app.command()\ndef run(name: str) -> None:\n"
        '    """Greet somebody."""\n    typer.echo(f"hello {name}")\n'
    )
    (tmp_path / "plugin_broken.py").write_text("import a_module_that_is_not_installed\n")
    facts = tmp_path / "plugin_commands-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-commands\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(
        f"[mbench.plugins]\ncommand.{FINE} = plugin_commands:app\ncommand.{BROKEN} = plugin_broken:app\n"
        f"command.{GONE} = plugin_commands:nothing\ncommand.evaluate = plugin_commands:app\n"
    )
    return {"PYTHONPATH": f"{tmp_path}:{environment()['PYTHONPATH']}"}


def test_a_command_of_a_plugin_runs(installed):
    found = mbench(FINE, "you", **installed)
    assert (found.returncode, found.stdout, found.stderr) == (0, "hello you\n", "")


def test_the_help_lists_commands_of_plugins_and_says_which_do_not_import(installed):
    found = mbench("--help", **installed)
    assert found.returncode == 0
    lines = found.stdout.splitlines()
    assert any(FINE in line and "Greet somebody." in line for line in lines)
    for name in (BROKEN, GONE):
        (line,) = [line for line in lines if f" {name} " in line]
        assert "(not available: command" in line


@pytest.mark.parametrize(
    ("command", "cause"), [(BROKEN, "a_module_that_is_not_installed"), (GONE, "has no attribute 'nothing'")]
)
@pytest.mark.parametrize("arguments", [[], ["--help"], ["x", "--y", "z"]], ids=" ".join)
def test_a_command_that_does_not_import_says_so_in_one_line(installed, command, cause, arguments):
    line = one_line_error(mbench(command, *arguments, **installed), f"command {command!r}", "could not be imported")
    assert cause in line


def test_a_plugin_does_not_replace_a_command_of_mbench(installed):
    found = mbench("evaluate", "--help", **installed)
    assert "Generate a motion for every prompt" in found.stdout


def test_an_unknown_command_is_one_line(installed):
    one_line_error(mbench("helo", **installed), "helo")


def test_commands_are_imported_only_when_they_are_asked_for(monkeypatch, capsys):
    asked = []

    class Point(EntryPoint):
        def load(self):
            asked.append(self.name)
            command = typer.Typer()
            command.command()(lambda: typer.echo("ran"))
            return command

    points = {f"command.{name}": Point(f"command.{name}", "x:y", "mbench.plugins") for name in ("one", "other")}
    monkeypatch.setattr(registry, "_plugins", lambda: points)
    monkeypatch.setattr(COMMANDS, "_items", {})
    for arguments, expected in ((["mbench", "--version"], []), (["mbench", "one"], ["command.one"])):
        monkeypatch.setattr("sys.argv", arguments)
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        assert asked == expected
    assert "ran" in capsys.readouterr().out
