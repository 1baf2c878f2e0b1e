"""What an evaluation is about to do, checked before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.config import EvaluateConfig, load_config, resolve_path
from mbench.errors import ConfigError
from mbench.files import hash_of
from mbench.judges.base import Judge, build_judge
from mbench.metrics.base import Metric
from mbench.models.base import MotionModel
from mbench.models.build import build_model
from mbench.provenance import code_hash
from mbench.results import RunFolder
from mbench.scoring import select_metrics
from mbench.suites import Suite, load_suite, suite_names
from mbench.suites.prompt import Prompt

Task = tuple[Prompt, int]  # a prompt and a replicate


@dataclass(frozen=True)
class Plan:
    """Everything an evaluation is about to do, checked, before anything is written.

    Attributes:
        config: as loaded.
        suite: the whole suite.
        prompts: those of this run (`limit`).
        metrics: by name.
        card: of the model, as JSON values.
        model: the model, None when a finished run is scored again.
        judge: the judge, None where no metric needs one.
        run_id: hash of everything that decides the motions.
        folder: where the results go.
    """

    config: EvaluateConfig
    suite: Suite
    prompts: tuple[Prompt, ...]
    metrics: list[tuple[str, Metric]]
    card: dict[str, Any]
    model: MotionModel | None
    judge: Judge | None
    run_id: str
    folder: RunFolder

    @property
    def tasks(self) -> list[Task]:
        """Return (prompt, replicate) in the order of the suite."""
        return [(prompt, replicate) for prompt in self.prompts for replicate in range(self.config.run.replicates)]


def make_plan(config: EvaluateConfig) -> Plan:
    """Check a configuration as a whole: suite, metrics and model are loaded, nothing is written.

    Raises:
        MBenchError: whatever is wrong with it.
    """
    suite = load_suite(_suite_name(config))
    metrics = select_metrics(config.metrics)
    model = build_model(config.model, config.base, config.run.device)
    most = getattr(model, "max_replicates", None)
    if most is not None and config.run.replicates > most:
        raise ConfigError(
            f"run.replicates is {config.run.replicates}; model {config.model.name!r} makes at most {most}"
        )
    card = model.card.to_dict()
    decides = {
        "model": config.model.model_dump(), "card": card, "code": code_hash(model), "suite": suite.hash,
        "seed": config.run.seed, "replicates": config.run.replicates, "limit": config.run.limit,
    }  # fmt: skip
    run_id = hash_of(decides)[:12]
    folder = RunFolder(Path(config.output) / _safe(card["name"]) / run_id)
    prompts = suite.prompts[: config.run.limit]
    return Plan(config, suite, prompts, metrics, card, model, _judge(config, metrics), run_id, folder)


def _judge(config: EvaluateConfig, metrics: list[tuple[str, Metric]]) -> Judge | None:
    """Return the judge, made only where a metric asks for one."""
    return build_judge(config.judge) if any("judge" in item.info.needs for _, item in metrics) else None


def reopen(folder: Path) -> Plan:
    """Return the plan of a run that exists, so that it can be scored again without its model.

    Raises:
        MBenchError: the folder holds no run, or its suite has changed.
    """
    run = RunFolder(folder).read_run()
    if run is None:
        raise ConfigError(f"{folder}: holds no run.json; expected a YAML file, or the folder of a run")
    config = load_config({**run["config"]}).model_copy(update={"base": Path(run["base"])})
    suite = load_suite(_suite_name(config))
    if suite.hash != run["suite"]["hash"]:
        raise ConfigError(f"{folder}: suite {suite.name!r} has changed since the run; its scores would mix two suites")
    prompts = suite.prompts[: config.run.limit]
    metrics = select_metrics(config.metrics)
    judge = _judge(config, metrics)
    return Plan(config, suite, prompts, metrics, run["card"], None, judge, run["run_id"], RunFolder(folder))


def _suite_name(config: EvaluateConfig) -> str:
    """Return the name of a registered suite or `module:object`, or the path resolved against the YAML's folder."""
    known = config.suite in suite_names() or ":" in config.suite
    return config.suite if known else str(resolve_path(config.suite, config.base))


def _safe(name: str) -> str:
    """Return a model's name as the name of a folder."""
    return re.sub(r"[^\w.+-]+", "-", name).strip("-.") or "model"


def plan_of(config: EvaluateConfig | Path | str | dict[str, Any]) -> Plan:
    """Return the plan of a configuration, a YAML file, its content as a mapping, or the folder of a run.

    Raises:
        MBenchError: whatever is wrong with it.
    """
    if isinstance(config, EvaluateConfig):
        return make_plan(config)
    if not isinstance(config, dict) and Path(config).is_dir():
        return reopen(Path(config))
    return make_plan(load_config(config))
