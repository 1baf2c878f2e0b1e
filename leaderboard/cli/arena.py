"""`mbench arena`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")]
DatabaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Where the votes are.", show_default="votes.sqlite of STUDY")
]

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _about() -> None:
    """Let people compare motions: create a study, serve it, report what they said."""


@app.command()
def create(
    config: Annotated[
        Path, typer.Argument(metavar="STUDY.yaml", help="What to ask of whom; see docs/arena_create.md.")
    ],
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULTS...", help="Folders of runs, or of models or results with one run a model."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The study's folder.", show_default="studies/ and its name")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw videos.")] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Make a study anew that has no votes yet.")] = False,
) -> None:
    """Fix a study before the first vote: what is compared, asked and shown; draw its videos.

    The same command again finishes what was interrupted.
    """
    from leaderboard.extras import need

    need("leaderboard")
    from leaderboard.arena.config import load_study_config
    from leaderboard.arena.create import create as make
    from leaderboard.arena.summary import summary

    made = make(load_study_config(config), results, out, workers, quiet=False, replace=replace)
    for label, text in summary(made):
        typer.echo(f"{label:<10} {text}")


@app.command("export")
def export_votes(
    study: Folder,
    out: Annotated[Path, typer.Option(metavar="VOTES.csv", help="The file to write.")],
    for_agreement: Annotated[bool, typer.Option(help="Only what `mbench agreement` reads.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Write the votes as a CSV file, a row an answer."""
    from leaderboard.extras import need

    need("votes")
    from leaderboard.arena.exchange import export_votes as export

    count, raters = export(study, database, out, for_agreement)
    typer.echo(f"{out}: {count} rows of {raters} raters")


@app.command("import")
def import_votes(
    study: Folder,
    votes: Annotated[Path, typer.Argument(metavar="VOTES.csv", help="A file that `mbench arena export` wrote.")],
    database: DatabaseUrl = None,
) -> None:
    """Read votes of the study from a CSV file into its database: all of them, or none."""
    from leaderboard.extras import need

    need("votes")
    from leaderboard.arena.database import open_database
    from leaderboard.arena.intake import import_votes as read
    from leaderboard.arena.study import read_study

    fixed = read_study(study)
    new, old = read(fixed, open_database(fixed, database or study), votes)
    typer.echo(f"{votes}: {new} votes stored, {old} were there already")


@app.command("serve")
def serve_study(
    study: Annotated[Path | None, typer.Argument(metavar="STUDY", help="The study's folder.")] = None,
    host: Annotated[str, typer.Option(help="Address to bind; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any that is free.")] = 7860,
    auth: Annotated[
        str | None,
        typer.Option(
            metavar="users.csv|none", help="Who may vote: columns user,password.", show_default="none, if local"
        ),
    ] = None,
    database: DatabaseUrl = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further name of this server, behind a proxy.")
    ] = None,
    share_nothing: Annotated[bool, typer.Option("--share-nothing", help="Refuse to be reached from outside.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="A study of the rule-based model and its controls.")] = False,
) -> None:
    """Let people vote in the browser, until Ctrl-C."""
    from leaderboard.extras import need

    need("arena")
    from leaderboard.arena.app import Served, serve, study_to_serve

    names = tuple(allow_host or ())
    serve(Served(study_to_serve(study, demo), database, host, port, auth, names, share_nothing))


@app.command()
def password() -> None:
    """Ask for a password and print its hash, for the password column of users.csv."""
    from leaderboard.arena.auth import hash_password

    typer.echo(hash_password(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)))


@app.command()
def report(
    study: Annotated[Path | None, typer.Argument(metavar="STUDY", help="The study's folder.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="SITE", help="Write the page into this folder.")] = None,
    results: Annotated[
        list[Path] | None, typer.Option(metavar="RESULTS", help="Runs that raters saw, to compare metrics with votes.")
    ] = None,
    votes: Annotated[Path | None, typer.Option(metavar="VOTES.csv", help="Votes of a file, not the database.")] = None,
    database: DatabaseUrl = None,
    error: Annotated[float, typer.Option(help="How often a careful rater fails an attention check.")] = 0.1,
    level: Annotated[
        float, typer.Option(help="A rater is left out whose failures are less likely than this; 0 leaves out nobody.")
    ] = 0.05,
    fast: Annotated[float, typer.Option(metavar="SECONDS", help="Tasks done faster are counted.")] = 2.0,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON document.")] = False,
) -> None:
    """Say what the votes say: of the models, the raters and the metrics."""
    from leaderboard.extras import need

    need("votes" if votes is None else "leaderboard")
    if out is not None:
        need("leaderboard")
    from leaderboard.analysis.analyse import analyse
    from leaderboard.analysis.printed import print_report
    from leaderboard.analysis.raters import Rule
    from leaderboard.analysis.report import write_report
    from leaderboard.analysis.source import read_source
    from mbench.cli.output import print_json

    source = read_source(study, votes, database)
    found = analyse(source, Rule(error, level), fast, results or ())
    page = None if out is None else write_report(source, found, out)
    if json:
        print_json(found)
    else:
        print_report(found)
    if page is not None:
        typer.echo(f"page: {page}", err=json)


@app.command()
def plan(
    models: Annotated[int, typer.Option(help="How many are compared.")],
    effect: Annotated[
        float, typer.Option(help="A model wins 0.5 + EFFECT of the votes against the next, ties left out.")
    ],
    power: Annotated[float, typer.Option(help="How often neighbours are to be told apart.")] = 0.8,
    prompts: Annotated[int, typer.Option(help="How many.")] = 50,
    raters: Annotated[int | None, typer.Option(help="How many.", show_default="as many as needed")] = None,
    tasks: Annotated[int, typer.Option(help="Tasks of a rater, where --raters is not given.")] = 40,
    tie_rate: Annotated[float, typer.Option(help="Share of ties between equal models.")] = 0.2,
    repeats: Annotated[float, typer.Option(help="Share of tasks that are repeats.")] = 0.05,
    attention: Annotated[float, typer.Option(help="Share of tasks that are attention checks.")] = 0.1,
    prompt_sd: Annotated[float, typer.Option(help="How much models differ from prompt to prompt, log odds.")] = 0.5,
    rater_sd: Annotated[float, typer.Option(help="How much raters differ in what they like, log odds.")] = 0.3,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Simulate studies and say how many votes are needed to tell models apart."""
    from leaderboard.analysis.power import Plan, plan_votes
    from leaderboard.analysis.printed import print_plan
    from mbench.cli.output import print_json

    found = plan_votes(
        Plan(
            models, effect, power, prompts, raters, tasks, tie_rate, repeats, attention, prompt_sd, rater_sd, seed
        )  # fmt: skip
    )
    if json:
        print_json(found)
    else:
        print_plan(found)
