"""`mbench agreement`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mbench.cli.evaluate import Json
from mbench.cli.output import between, number, print_json, print_table
from mbench.errors import EXIT_MISSING


def agreement(
    scores: Annotated[list[Path], typer.Argument(metavar="SCORES…", help="Run folders, a folder of them, or a CSV.")],
    human: Annotated[Path, typer.Argument(metavar="HUMAN.csv", help="Votes: prompt, model_a, model_b, winner, …")],
    out: Annotated[Path | None, typer.Option(help="Draw win ratios into this .svg or .png.")] = None,
    json: Json = False,
) -> None:
    """Measure how far metrics agree with people, beside how far people agree with each other."""
    from mbench.agreement import agreement as measure
    from mbench.agreement.figure import check_figure, write_figure

    if out is not None:
        check_figure(out)
    result = measure(scores, human)
    if out is not None:
        write_figure(result, out)
    if json:
        print_json(result)
    else:
        _print(result)
        if out is not None:
            typer.echo(f"figure: {out}")
    raise typer.Exit(EXIT_MISSING if result["unscored"] else 0)


def _print(result: dict[str, Any]) -> None:
    """Print a table a question, people first, then metrics by accuracy; then what was left out."""
    for question in result["questions"]:
        heading = f"{question['question']}: " if question["question"] else ""
        typer.echo(
            f"{heading}{question['votes']} votes ({question['ties']} ties, of these {question['both_bad']} both bad) "
            f"on {question['prompts']} prompts, {question['pairs']} pairs of motions"
        )
        _print_question(question)
        typer.echo()
    for name, why in result["left_out"].items():
        typer.echo(f"left out: {name}: {why}")
    if result["unscored"]:
        typer.echo(f"missing: {result['unscored']} votes are on motions that no metric has a score for")


def _print_question(question: dict[str, Any]) -> None:
    columns = ["", "accuracy", "95 %", "with ties", "95 %", "tau-b", "95 %", "Spearman", "95 %", "votes", "no score"]
    metrics = sorted(question["metrics"].items(), key=lambda item: -(item[1]["accuracy"]["value"] or 0))
    rows = [_row(name, m, str(m["without_score"])) for name, m in metrics]
    human = question["human"]
    if human["votes"]:
        rows.insert(0, _row("people, one against the others", human, str(question["votes"] - human["votes"])))
    print_table(columns, rows)
    if "reason" in human:
        typer.echo(f"people against people: not measured: {human['reason']}")
    else:
        alpha = human["krippendorff_alpha"]
        interval = between(alpha["low"], alpha["high"])
        typer.echo(f"Krippendorff's alpha of {human['raters']} raters: {number(alpha['value'], 3)} {interval}")


def _row(name: str, found: dict[str, Any], missing: str) -> list[str]:
    cells = []
    for key in ("accuracy", "accuracy_with_ties", "tau_b", "spearman"):
        measure = found.get(key, {"value": None, "low": None, "high": None})
        cells += [number(measure["value"], 3), between(measure["low"], measure["high"])]
    return [name, *cells, str(found["votes"]), missing]
