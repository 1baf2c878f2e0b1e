"""What an evaluation is about to do, checked before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.body.mesh import MeshSettings
from mbench.body.registry import is_file
from mbench.config import EvaluateConfig, load_config, resolve_path
from mbench.errors import ConfigError
from mbench.files import hash_of
from mbench.judges.base import Judge, build_judge
from mbench.metrics.base import PILLARS, Metric
from mbench.models.base import MotionModel
from mbench.models.build import build_model
from mbench.provenance import code_hash
from mbench.results import RunFolder
from mbench.scoring import select_metrics
from mbench.suites import Suite, load_suite, suite_names
from mbench.suites.prompt import Prompt
from mbench.training_captions import TrainingCaptions, locate, read_captions
from mbench.versions import lacks, version_of

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
        versions: of each metric, with the body where it needs one.
        notes: what a reader of the result must know of the plan.
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
    versions: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def mesh(self) -> MeshSettings:
        """Return how metrics of the skinned body are computed."""
        return mesh_settings(self.config)

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
    metrics, notes = _usable(config)
    model = build_model(config.model, config.base, config.run.device)
    most = getattr(model, "max_replicates", None)
    if most is not None and config.run.replicates > most:
        raise ConfigError(
            f"run.replicates is {config.run.replicates}; model {config.model.name!r} makes at most {most}"
        )
    card = model.card.to_dict()
    own_captions(config, card)  # read now, so that a wrong file is told before anything runs
    decides = {
        "model": config.model.model_dump(exclude={"captions"}),
        "card": {field: value for field, value in card.items() if field != "captions"},
        "code": code_hash(model), "suite": suite.hash,
        "seed": config.run.seed, "replicates": config.run.replicates, "limit": config.run.limit,
    }  # fmt: skip
    run_id = hash_of(decides)[:12]
    folder = RunFolder(Path(config.output) / _safe(card["name"]) / run_id)
    prompts = suite.prompts[: config.run.limit]
    judge = _judge(config, metrics)
    versions = _versions(config, metrics, judge)
    return Plan(config, suite, prompts, metrics, card, model, judge, run_id, folder, versions, notes)


def own_captions(config: EvaluateConfig, card: dict[str, Any]) -> TrainingCaptions | None:
    """Return the captions that a model was trained on: of the YAML, else of its card; None where neither names any.

    Raises:
        ConfigError: the file is not there or can't be read.
    """
    named = config.model.captions or card.get("captions")
    return read_captions(locate(named, config.base)) if named else None


def mesh_settings(config: EvaluateConfig) -> MeshSettings:
    """Return the settings of metrics of the skinned body; a body file's path starts from the YAML's folder."""
    body = config.body.name
    if is_file(body):
        body = str(resolve_path(body, config.base))
    prior = None if config.body.prior is None else str(resolve_path(config.body.prior, config.base))
    return MeshSettings(body, config.body.fit, config.body.max_collisions, prior, config.run.device)


def _versions(config: EvaluateConfig, metrics: list[tuple[str, Metric]], judge: Judge | None) -> dict[str, str]:
    mesh = mesh_settings(config)
    return {name: version_of(item, mesh, judge) for name, item in metrics}


def _usable(config: EvaluateConfig) -> tuple[list[tuple[str, Metric]], tuple[str, ...]]:
    """Return the metrics that can be computed here, and a note on those of a pillar that can't.

    Raises:
        ConfigError: one that is named itself needs something that is not installed.
    """
    chosen = select_metrics(config.metrics)
    lacking = {name: how for name, item in chosen if (how := lacks(item)) is not None}
    named = {name for name, _ in select_metrics([n for n in config.metrics if n.strip().lower() not in PILLARS])}
    for name in sorted(named & set(lacking)):
        raise ConfigError(f"metric {name!r} needs the skinned body: {lacking[name]}")
    note = f"not scored: {', '.join(lacking)} need the skinned body: {next(iter(lacking.values()), '')}"
    return [(name, item) for name, item in chosen if name not in lacking], (note,) if lacking else ()


def _judge(config: EvaluateConfig, metrics: list[tuple[str, Metric]]) -> Judge | None:
    """Return the judge, made only where a metric asks for one; its weights' path starts from the YAML's folder."""
    if not any("judge" in item.info.needs for _, item in metrics):
        return None
    options = dict(config.judge.options)
    if isinstance(options.get("weights"), str):
        options["weights"] = str(resolve_path(options["weights"], config.base))
    return build_judge(config.judge.name, options, config.run.device)


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
    own_captions(config, run["card"])
    prompts = suite.prompts[: config.run.limit]
    metrics, notes = _usable(config)
    judge = _judge(config, metrics)
    versions = _versions(config, metrics, judge)
    run_folder = RunFolder(folder)
    return Plan(config, suite, prompts, metrics, run["card"], None, judge, run["run_id"], run_folder, versions, notes)


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
