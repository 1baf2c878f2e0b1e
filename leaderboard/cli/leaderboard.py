"""`mbench leaderboard`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbench.cli.output import print_json
from mbench.errors import EXIT_COMPLETE, EXIT_MISSING

if TYPE_CHECKING:
    from leaderboard.entries import Problem
    from leaderboard.site.build import Built

app = typer.Typer(no_args_is_help=True, add_completion=False)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Results = Annotated[Path, typer.Argument(metavar="RESULTS", help="The folder of result folders.")]
SHOWN = 20  # findings of one check on a terminal; JSON has all


class Format(str, Enum):
    """What `export` writes."""

    csv = "csv"
    json = "json"
    markdown = "markdown"
    latex = "latex"


@app.callback()
def _about() -> None:
    """Build a leaderboard from result folders, export it, check a submission."""


@app.command()
def build(
    results: Results,
    out: Annotated[Path, typer.Option(help="The folder of the site; new, or one that was built before.")],
    videos: Annotated[bool, typer.Option("--videos/--no-videos", help="Show clips as videos.")] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw videos.")] = 1,
    study: Annotated[
        list[Path] | None, typer.Option(metavar="STUDY", help="A study of the arena, for its page; repeat it.")
    ] = None,
    json: Json = False,
) -> None:
    """Build a static site from result folders, or bring it up to date.

    It works from a folder, without a server and without a network. A result that can't be read is left out and told.
    """
    from leaderboard.extras import need

    need("leaderboard")
    from leaderboard.site.build import build_site

    built = build_site(results, out, videos, workers, study or [], quiet=False)
    if json:
        print_json(_built(built))
    else:
        _print_built(built)
    raise typer.Exit(EXIT_MISSING if built.problems else EXIT_COMPLETE)


def _built(built: Built) -> dict[str, Any]:
    left_out = [{"path": str(problem.path), "reason": problem.reason} for problem in built.problems]
    fields = ("entries", "made", "written", "removed", "videos", "size", "largest", "seconds")
    facts = {field: getattr(built, field) for field in fields}
    return {"schema": 1, "path": str(built.path), "pages": list(built.pages), **facts, "left_out": left_out}


def _print_built(built: Built) -> None:
    """Print what was built, what was as it had to be, what was left out, and how large it all is."""
    _print_problems(built.problems)
    pages = len(built.pages)
    typer.echo(f"{built.entries} results, {pages} pages: {built.made} made, {pages - built.made} as they were")
    typer.echo(f"{built.written} files written, {built.removed} removed, {built.videos} videos")
    size, largest = built.size / 1e6, built.largest / 1e3
    typer.echo(f"{size:.1f} MB in all, the largest page {largest:.0f} kB, in {built.seconds:.1f} s")
    typer.echo(f"site: {built.path / 'index.html'}")


@app.command()
def export(
    results: Results,
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.markdown,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A file; stdout without it.")] = None,
    all_metrics: Annotated[
        bool, typer.Option("--all-metrics", help="Also metrics that are not among the nine dimensions.")
    ] = False,
) -> None:
    """Write pillars and dimensions as a table, with intervals and rank intervals; a board by itself each."""
    from leaderboard.boards import boards_of
    from leaderboard.entries import read_entries
    from leaderboard.export import export as write
    from mbench.errors import ConfigError

    entries, problems = read_entries(results)
    _print_problems(problems)
    if not entries:
        raise ConfigError(f"{results}: holds no finished run; expected the folder that `mbench evaluate` wrote to")
    _write(write(boards_of(entries), format.value, problems, all_metrics), out)
    raise typer.Exit(EXIT_MISSING if problems else EXIT_COMPLETE)


def _print_problems(problems: Iterable[Problem]) -> None:
    from leaderboard.text import plain

    for problem in problems:
        typer.echo(f"left out: {plain(problem)}", err=True)


def _write(text: str, out: Path | None) -> None:
    from mbench.files import atomic_write

    if out is None:
        typer.echo(text, nl=False)
        return
    with atomic_write(out, "w") as file:
        file.write(text)


@app.command()
def check(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="The folder of a run.")], json: Json = False
) -> None:
    """Say whether a submission is complete and comparable, and whether its numbers are those of its files."""
    from leaderboard.submission import check_submission

    report = check_submission(result)
    if json:
        print_json(report)
    else:
        _print_report(report)
    good = all(report[fact] for fact in ("complete", "comparable", "consistent"))
    raise typer.Exit(EXIT_COMPLETE if good else EXIT_MISSING)


def _print_report(report: dict[str, Any]) -> None:
    """Print a line a finding, at most `SHOWN` of a check, then what they amount to."""
    from leaderboard.text import plain

    by_check: dict[str, list[str]] = {}
    for finding in report["findings"]:
        line = f"{finding['kind']}: {finding['check']}: {finding['text']}"
        by_check.setdefault(finding["check"], []).append(plain(line))
    for check_name, lines in by_check.items():
        for line in lines[:SHOWN]:
            typer.echo(line)
        if len(lines) > SHOWN:
            typer.echo(f"{check_name}: … and {len(lines) - SHOWN} more; --json has all")
    typer.echo(f"checked: {', '.join(report['checked'])}")
    facts = {fact: "yes" if report[fact] else "no" for fact in ("complete", "comparable", "consistent")}
    what = f"{report['model']} ({report['run_id']})" if report["model"] else report["folder"]
    typer.echo(f"{plain(what)}: {', '.join(f'{fact}: {answer}' for fact, answer in facts.items())}")
