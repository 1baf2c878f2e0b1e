"""What `mbench arena report` prints."""

from __future__ import annotations

from typing import Any

import typer

from leaderboard.analysis.tables import counted_facts, metric_rows, model_rows
from mbench.cli.output import print_table
from mbench.report.html import plural

Result = dict[str, Any]


def print_report(result: Result) -> None:
    """Print a table a question, then how raters did.

    Args:
        result: of `leaderboard.analysis.analyse`.
    """
    typer.echo(result["name"])
    if not result["counts"]["answers"]:
        typer.echo("nobody has voted yet")
        return
    for name, value in counted_facts(result):
        typer.echo(f"  {name}: {value}")
    for question in result["questions"]:
        _print_question(question, result)
    _print_raters(result)


def _print_question(question: Result, result: Result) -> None:
    typer.echo(f"\n{question['text'] or question['id'] or 'votes'}")
    if not question["votes"]:
        typer.echo("  no vote yet")
        return
    if len(question.get("groups", ())) > 1:
        groups = "; ".join(", ".join(group) for group in question["groups"])
        typer.echo(f"  votes do not link all models, each group is rated on its own: {groups}")
    pairs = result["type"] == "pairs"
    columns = ["model", "rank", "win ratio" if pairs else "mean rating", "95 %"]
    print_table([*columns, *(["rating", "95 %"] if pairs else []), "votes"], [_cells(r) for r in model_rows(question)])
    _print_agreement(question)
    metrics = result["metrics"] or {"questions": []}
    found = next((one for one in metrics["questions"] if one["question"] == question["id"]), None)
    if found:
        _print_metrics(metric_rows(question, found))


def _cells(row: Result) -> list[str]:
    main, rating = row["main"], row.get("rating")
    cells = [row["model"], row["rank"] or "—", main["text"], main["interval"] or "—"]
    return [*cells, *([rating["text"], rating["interval"] or "—"] if rating else []), str(row["votes"])]


def _print_agreement(question: Result) -> None:
    alpha = question["consistency"].get("alpha", {"value": None})["value"]
    same = question["self_agreement"]["same"]
    if alpha is not None:
        typer.echo(f"  Krippendorff's alpha {alpha:.2f}")
    if same["value"] is not None:
        typer.echo(f"  same answer when asked again: {same['value']:.0%} of {same['votes']}")


def _print_metrics(rows: list[Result]) -> None:
    """Print how far metrics agree; a star is before those that should."""
    cells = []
    for row in rows:
        name, numbers = f"{'*' if row['expected'] else ' '} {row['name']}", (row["accuracy"], row["spearman"])
        ends = [text for found in numbers for text in (found["text"], found["interval"] or "—")]
        cells.append([name, *ends, str(row["votes"])])
    typer.echo()
    print_table(["  metric (* should agree)", "accuracy", "95 %", "Spearman", "95 %", "votes"], cells)


def _print_raters(result: Result) -> None:
    typer.echo()
    excluded, times, side = result["excluded"], result["times"], result["side"]
    if result["attention"]:
        names = f": {', '.join(excluded)}" if excluded else ""
        typer.echo(f"left out for attention checks: {plural(len(excluded), 'rater')}{names}")
    else:
        typer.echo("no attention checks: nobody could be left out")
    if side and side["value"] is not None:
        typer.echo(f"left side wins {side['value']:.1%} of {side['votes']} votes that are no ties")
    if times["tasks"]:
        fast = f"{times['too_fast']:.1%} faster than {times['fast']:g} s"
        typer.echo(f"median time of a task {times['median']:.1f} s; {fast}")


def print_plan(found: Result) -> None:
    """Print the sizes that were simulated, which is needed, and what was assumed.

    Args:
        found: of `leaderboard.analysis.power.plan_votes`.
    """
    plan, world, needed = found["plan"], found["world"], found["needed"]
    rows = [
        [str(row["votes"]), str(row["raters"]), str(row["per_rater"]), f"{row['per_pair']:.0f}",
         f"{row['power']:.2f} ± {2 * row['error']:.2f}", f"{row['all']:.2f}"]
        for row in found["rows"]
    ]  # fmt: skip
    print_table(["votes", "raters", "votes each", "votes a pair", "power", "all neighbours"], rows, left=0)
    if needed is None:
        more = "raters or prompts" if plan["raters"] else "prompts"
        typer.echo(f"\nnot reached: no number of votes gives a power of {plan['power']:g}; take more {more}")
    else:
        typer.echo(
            f"\nneeded: about {needed['votes']} votes on each question, of {needed['raters']} raters "
            f"({needed['tasks']} tasks with repeats and attention checks)"
        )
    for line in _assumptions(plan, world):
        typer.echo(f"  {line}")


def _assumptions(plan: Result, world: Result) -> list[str]:
    """Return what was simulated, in words."""
    win, sd = 0.5 + plan["effect"], "standard deviation"
    return [
        "power: how often the 95 % interval of the difference of two neighbours leaves out 0, ± 2 standard errors of",
        f"  {plan['studies']} simulated studies; all neighbours: how often it does so for all of them at once",
        f"{plan['models']} models in a row, each wins {win:.2f} of the votes against the next that are no ties;",
        f"  ties are {plan['tie_rate']:.2f} of the votes on equal models",
        f"{plan['prompts']} prompts; all pairs of motions get as many votes, give or take one; sides at random",
        f"how good a model is on a prompt: {sd} {world['prompt_sd']:g} log odds; how much a rater likes a model:",
        f"  {world['rater_sd']:g}; how much a rater likes the left: {world['side_sd']:g} about {world['side']:g};",
        f"  how readily a rater calls a tie: {world['tie_sd']:g}",
        f"intervals as in `mbench arena report`; seed {plan['seed']}",
    ]
