"""`mbench evaluate`: generate → score → summarise.

Stages meet only in the results folder; each can be run alone, stopped and resumed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from mbench.config import EvaluateConfig
from mbench.errors import ConfigError
from mbench.generate_stage import generate
from mbench.plan import Plan, plan_of
from mbench.provenance import now, provenance
from mbench.score_stage import score_run
from mbench.suites.prompt import Prompt
from mbench.summary import summarise

Stage = Literal["generate", "score", "summarise"]


def evaluate(
    config: Plan | EvaluateConfig | Path | str | dict[str, Any],
    stage: Stage | None = None,
    quiet: bool = True,
    retry: bool = False,
    rescore: bool = False,
    official: bool = False,
    pictures: bool = False,
) -> dict[str, Any]:
    """Run an evaluation, or carry on with one that was stopped, and return its `result.json`.

    Args:
        config: a plan, a configuration, the path of a `model.yaml`, its content as a mapping, or the folder of a run.
        stage: run only this stage; None for all that are left.
        quiet: no progress on stderr.
        retry: generate again what failed before.
        rescore: compute again what has a score already.
        official: write the result files of the official release too.
        pictures: draw bodies into the report, where the renderer is installed.

    Returns:
        the content of `result.json`; after the stages generate and score alone, that of `run.json`.

    Raises:
        MBenchError: anything the user can put right.
    """
    plan = config if isinstance(config, Plan) else plan_of(config)
    if plan.model is None and stage == "generate":
        raise ConfigError(f"{plan.folder.path}: a run folder can be scored again, not generated; pass its YAML file")
    with plan.folder.locked():
        _write_run(plan, finished=False)
        if stage in (None, "generate") and plan.model is not None:
            generate(plan, quiet, retry)
        if stage in (None, "score"):
            score_run(plan, quiet, rescore)
        if stage in (None, "summarise"):
            return _finish(plan, official, pictures)
        return _write_run(plan, finished=True)


def _finish(plan: Plan, official: bool, pictures: bool) -> dict[str, Any]:
    """Write the summary, the report and, if asked for, the official files."""
    from mbench.report import write_report

    result = summarise(plan)
    plan.folder.write_result(result)
    _write_run(plan, finished=True)
    if official:
        from mbench.official import write_official

        write_official(plan.folder, plan.prompts)
    write_report(plan.folder, plan.prompts, pictures)
    return result


def _write_run(plan: Plan, finished: bool) -> dict[str, Any]:
    before = plan.folder.read_run() or {}
    run = {
        "run_id": plan.run_id,
        "config": plan.config.model_dump(),
        "base": str(plan.config.base.resolve()),
        "card": plan.card,
        "suite": {"name": plan.suite.name, "version": plan.suite.version, "hash": plan.suite.hash},
        "prompts": [told(prompt) for prompt in plan.prompts],
        "versions": plan.versions,
        "provenance": provenance(),
        "start": before.get("start", now()),
        "end": now() if finished else None,
    }
    plan.folder.write_run(run)
    return run


def told(prompt: Prompt) -> dict[str, Any]:
    """Return what a reader of the folder needs to know of a prompt where the suite is not at hand."""
    return {
        "id": prompt.id, "text": prompt.text, "seconds": float(prompt.seconds),
        "dimensions": list(prompt.dimensions), "tags": list(prompt.tags),
    }  # fmt: skip
