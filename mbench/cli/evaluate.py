"""`mbench evaluate`, `validate`, `score` and `compare`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbench.cli.output import print_json
from mbench.errors import EXIT_MISSING

if TYPE_CHECKING:
    from mbench.runner import Stage as StageName

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Stage(str, Enum):
    """The stages of a run."""

    generate = "generate"
    score = "score"
    summarise = "summarise"


class Up(str, Enum):
    """Up axis of motion files."""

    z = "z"
    y = "y"
    auto = "auto"


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model.yaml, or the folder of a run to score again.")],
    stage: Annotated[Stage | None, typer.Option(help="Run only this stage.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N prompts of the suite.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a field, e.g. run.seed=3.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Generate again what failed before.")] = False,
    rescore: Annotated[bool, typer.Option("--rescore", help="Score again what has scores.")] = False,
    official: Annotated[
        bool, typer.Option("--official", help="Also write result files in the official layout.")
    ] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Draw bodies into the report, a second a clip.")
    ] = True,
    json: Json = False,
) -> None:
    """Generate a motion for every prompt of a suite, score them, print the table.

    The same command again carries on where the last one stopped.
    """
    from mbench.cli.tables import print_result
    from mbench.config import load_config
    from mbench.errors import ConfigError
    from mbench.plan import plan_of
    from mbench.runner import evaluate as run

    overrides = [*(set_ or []), *([f"run.limit={limit}"] if limit else [])]
    if model.is_dir() and overrides:
        raise ConfigError(f"{model}: --limit and --set change a model.yaml, not a run that exists")
    plan = plan_of(model) if model.is_dir() else plan_of(load_config(model, overrides))
    name: StageName | None = None if stage is None else stage.value
    result = run(plan, name, quiet=False, retry=retry, rescore=rescore, official=official, pictures=pictures)
    if json:
        print_json({"schema": 1, "folder": str(plan.folder.path), **result})
    elif name in ("generate", "score"):
        typer.echo(f"{name} done: {plan.folder.path}")
    else:
        print_result(result, plan.folder.path)
    raise typer.Exit(_exit_code(plan, result))


def _exit_code(plan: Any, result: dict[str, Any]) -> int:
    """Return 1 where a motion is missing, or a value that should be there."""
    generations = plan.folder.generations()
    no_motion = any((p.id, r) not in generations or generations[p.id, r].reason for p, r in plan.tasks)
    failed = any(metric["failed"] for metric in result.get("metrics", {}).values())
    return EXIT_MISSING if no_motion or failed else 0


def validate(
    model: Annotated[Path, typer.Argument(help="A model.yaml.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a field, e.g. run.seed=3.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a model.yaml, its suite, metrics and model, and say what would run; nothing is written."""
    from mbench.config import load_config
    from mbench.plan import plan_of

    plan = plan_of(load_config(model, set_ or []))
    facts = {
        "model": plan.card["name"],
        "suite": plan.suite.name,
        "prompts": len(plan.prompts),
        "motions": len(plan.tasks),
        "generated": sum(row.file is not None for row in plan.folder.generations().values()),
        "metrics": [name for name, _ in plan.metrics],
        "folder": str(plan.folder.path),
    }
    if json:
        print_json({"schema": 1, **facts})
        return
    facts["metrics"] = ", ".join(name for name, _ in plan.metrics)
    for key, value in facts.items():
        typer.echo(f"{key:>10}  {value}")
    typer.echo(f"{model} is valid")


def score(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Motion files, or folders of them.")],
    up: Annotated[Up, typer.Option(help="Up axis of the files.")] = Up.auto,
    fps: Annotated[float | None, typer.Option(help="Frame rate, where the files do not hold it.")] = None,
    metrics: Annotated[list[str] | None, typer.Option(help="Pillars, dimensions or metrics; repeat it.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    json: Json = False,
) -> None:
    """Score motion files with every metric that needs nothing but the motion, and print the table."""
    from mbench.cli.tables import print_scores
    from mbench.score_files import score_files

    document = score_files(paths, None if up is Up.auto else up.value, fps, metrics, workers)
    incomplete = document.pop("incomplete")
    if json:
        print_json(document)
    else:
        print_scores(document)
    raise typer.Exit(EXIT_MISSING if incomplete else 0)


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of a run.")],
    second: Annotated[Path, typer.Argument(help="Folder of another run on the same suite.")],
    json: Json = False,
) -> None:
    """Compare two runs prompt by prompt: is the first better, worse, or can't it be told?"""
    from mbench.cli.tables import print_comparison
    from mbench.comparison import compare_runs

    comparison = compare_runs(first, second)
    if json:
        print_json(comparison)
    else:
        print_comparison(comparison)
