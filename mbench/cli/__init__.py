"""The command line: `mbench`. Results on stdout, progress and errors on stderr.

Exit codes: 0 complete, 1 finished with something missing, 2 something the user can put right, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from typing import Any, NoReturn

import typer

from mbench.cli import agreement, bodies, cache, data, evaluate, files, judge, listing, render
from mbench.cli.plugins import PluginGroup
from mbench.errors import EXIT_INTERRUPTED, EXIT_USER, MBenchError, one_line

# ClickException: newer versions of typer carry a click of their own.
UsageError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="mbench",
    cls=PluginGroup,
    help="Judge text-to-3D-human-motion models. Start with: mbench evaluate model.yaml",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    evaluate.evaluate, evaluate.validate, evaluate.score, evaluate.compare, agreement.agreement,
    files.convert, files.inspect, bodies.convert_body, render.render, judge.train_judge,
    listing.list_, listing.describe,
):  # fmt: skip
    app.command(name=command.__name__.rstrip("_").replace("_", "-"))(command)
app.add_typer(data.app, name="data")
app.add_typer(cache.app, name="cache")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if version:
        from mbench import __version__

        typer.echo(f"mbench {__version__}")
        raise typer.Exit


def main() -> None:
    """Run `mbench` and exit with its code; what the user can put right is one line on stderr."""
    run(app, "mbench")


def run(app: typer.Typer, name: str) -> NoReturn:
    """Run a command line and exit with its code; what the user can put right is one line on stderr.

    Args:
        app: the commands.
        name: what messages call the program.
    """
    try:
        code = app(standalone_mode=False)
        if code == EXIT_INTERRUPTED:  # how typer reports Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            sys.exit(EXIT_USER)
        _fail(name, f"{error.format_message()} (see: {name} --help)")
    except MBenchError as error:
        _fail(name, str(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted; the same command carries on where this stopped", err=True)
        _leave(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of a pipe left, e.g. `| head`
        sys.exit(EXIT_USER)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EPERM):
            raise
        _fail(name, one_line(error))


def _fail(name: str, message: str) -> NoReturn:
    typer.echo(f"{name}: {' '.join(message.split())}", err=True)
    _leave(EXIT_USER)


def _leave(code: int) -> NoReturn:
    """Exit, at once where a judge's call is still under way: Python's own end could abort it, and change the code."""
    from mbench.judges.vision.pacing import THREAD

    if any(thread.name == THREAD for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
