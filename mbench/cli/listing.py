"""`mbench list` and `mbench describe`."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import typer

from mbench.cli.output import print_json, print_table
from mbench.errors import PluginError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Kinds(str, Enum):
    """What can be listed."""

    metrics = "metrics"
    models = "models"
    judges = "judges"
    suites = "suites"
    bodies = "bodies"


class Kind(str, Enum):
    """What can be described."""

    metric = "metric"
    model = "model"
    judge = "judge"
    suite = "suite"
    body = "body"


def list_(
    kind: Annotated[Kinds, typer.Argument(help="What to list.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List what is registered, built in or by plugins."""
    singular = {"bodies": "body"}.get(kind.value, kind.value[:-1])
    rows = [_facts_or_cause(singular, name) for name in _registry(singular).names()]
    if json:
        print_json({"schema": 1, kind.value: rows})
    elif not rows:
        typer.echo(f"no {kind.value} are registered in this version")
    else:
        print_table(["name", "what"], [[row["name"], _first_line(row)] for row in rows], left=2)


def describe(
    kind: Annotated[Kind, typer.Argument(help="Kind of the thing.")],
    name: Annotated[str, typer.Argument(help="Its name; any accepted spelling, or module:object.")],
    json: Json = False,
) -> None:
    """Say what one thing is: formula, unit, direction, source, what it needs, card."""
    facts = _facts(kind.value, name)
    if json:
        print_json({"schema": 1, **facts})
        return
    for key, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        first, *rest = text.splitlines() or [""]
        typer.echo(f"{key:>12}  {first}")
        for line in rest:
            typer.echo(f"{'':>12}  {line}".rstrip())


def _registry(kind: str) -> Any:
    if kind == "metric":
        from mbench.metrics.base import METRICS

        return METRICS
    if kind == "model":
        from mbench.models.base import MODELS

        return MODELS
    if kind == "suite":
        from mbench.suites import SUITES

        return SUITES
    if kind == "judge":
        from mbench.judges.base import JUDGES

        return JUDGES
    from mbench.body import BODIES

    return BODIES


def _facts_or_cause(kind: str, name: str) -> dict[str, Any]:
    """Return the facts of a thing; a plugin that does not import is listed with the cause."""
    try:
        return _facts(kind, name)
    except PluginError as error:
        return {"name": name, "broken": str(error)}


def _facts(kind: str, name: str) -> dict[str, Any]:
    item = _registry(kind).get(name)
    if kind == "metric":
        return _metric_facts(item)
    if kind == "suite":
        return _suite_facts(name)
    if kind == "body":
        facts = dict(item.facts())
        return {**facts, "name": name, "description": facts.pop("notes", "")}
    return _class_facts(name, item)


def _metric_facts(item: Any) -> dict[str, Any]:
    info = item.info
    return {
        "name": info.name, "dimension": info.dimension, "unit": info.unit, "better": info.better,
        "needs": sorted(info.needs), "version": info.version, "source": info.source,
        "frame rate": f"{info.fps:g} fps" if info.fps else "any", "least frames": info.min_frames,
        "formula": info.formula,
    }  # fmt: skip


def _suite_facts(name: str) -> dict[str, Any]:
    from collections import Counter

    from mbench.suites import load_suite

    suite = load_suite(name)
    dimensions = Counter(dimension for prompt in suite.prompts for dimension in prompt.dimensions)
    return {
        "name": suite.name, "description": suite.description, "version": suite.version, "prompts": len(suite),
        "hash": suite.hash, "dimensions": [f"{dimension} {count}" for dimension, count in dimensions.items()],
        "seconds": f"{min(p.seconds for p in suite.prompts):g} to {max(p.seconds for p in suite.prompts):g}",
    }  # fmt: skip


def _class_facts(name: str, item: Any) -> dict[str, Any]:
    """Return the docstring and options of a model class; making the model could load weights."""
    import inspect

    options = []
    for parameter in inspect.signature(item).parameters.values():
        if parameter.name != "base" and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            needed = parameter.default is inspect.Parameter.empty
            options.append(parameter.name if needed else f"{parameter.name}={parameter.default!r}")
    about = item.described() if hasattr(item, "described") else {}
    return {"name": name, "options": options, "description": inspect.getdoc(item) or "", **about}


def _first_line(row: dict[str, Any]) -> str:
    """Return what a listing says of a thing."""
    if "broken" in row:
        return f"does not import: {row['broken']}"
    text = str(row.get("formula") or row.get("description") or "")
    first = text.splitlines()[0] if text else ""
    return f"{row['unit']}, {row['better']} is better. {first}" if "unit" in row else first
