"""`model.yaml`: what to evaluate, on what, with what. Unknown fields and text for numbers are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mbench.errors import ConfigError, did_you_mean
from mbench.yamlfile import load_yaml, validation_message

PositiveInt = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ModelConfig(_Strict):
    """Which model: a registered name or `module:object`, its options, its weights, the captions it was trained on.

    `captions` (see `mbench.training_captions`) stands in for what the model's card says, and never decides a motion.
    """

    name: str
    options: dict[str, Any] = {}
    weights: str | None = None
    captions: str | None = None


class RunConfig(_Strict):
    """How to run. `batch_size`, `device`, `workers`, `backend` and `scheduler` never change a score."""

    seed: int = 0
    replicates: PositiveInt = 1
    limit: PositiveInt | None = None
    batch_size: PositiveInt = 16
    device: str = "auto"
    workers: PositiveInt = 1
    backend: Literal["joblib", "dask"] = "joblib"
    scheduler: str | None = None


class BodyConfig(_Strict):
    """Which body the skin metrics use, and how it is posed; see `mbench.body.mesh.MeshSettings`."""

    name: str = "default"
    fit: Literal["always", "never"] = "always"
    max_collisions: PositiveInt | None = None
    prior: str | None = None


class JudgeConfig(_Strict):
    """Who answers whether a motion shows its text: a registered judge or `module:object`, and its options."""

    name: str = "retrieval"
    options: dict[str, Any] = {}


class EvaluateConfig(_Strict):
    """A whole `model.yaml`.

    Attributes:
        model: a registered name, or a mapping with name, options, weights and captions.
        suite: a built-in suite, or a path; relative paths are relative to the YAML file.
        metrics: pillars, dimensions or metric names.
        judge: a registered judge, for the metrics that need one; or a mapping with name and options.
        body: a registered body or a body file, for the metrics that need a skin; or a mapping with name, fit,
            max_collisions and prior (a pose prior's weights).
        run: how to run.
        output: where result folders go; relative to the current folder.
        base: the folder that relative paths of the file start from; set by `load_config`.
    """

    model: ModelConfig
    suite: str = "mbench-mini"
    metrics: list[str] = Field(default=["quality", "fidelity", "generalization"], min_length=1)
    judge: JudgeConfig = JudgeConfig()
    body: BodyConfig = BodyConfig()
    run: RunConfig = RunConfig()
    output: str = "results"
    base: Path = Field(default=Path(), exclude=True)

    @field_validator("model", "body", "judge", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Accept a bare name."""
        return {"name": value} if isinstance(value, str) else value

    @field_validator("metrics", mode="before")
    @classmethod
    def _metrics_by_name(cls, value: Any) -> Any:
        """Accept a bare name."""
        return [value] if isinstance(value, str) else value


def load_config(source: Path | str | dict[str, Any], overrides: Sequence[str] = ()) -> EvaluateConfig:
    """Return the checked configuration of a YAML file or of a mapping.

    Args:
        source: path of a YAML file, or its content as a mapping.
        overrides: `key=value`, dotted keys, values as YAML: `run.seed=3`, `model.options.fps=30`.

    Raises:
        ConfigError: the file, the field, what was found and what was expected, in one line.
    """
    if isinstance(source, dict):
        values, where, base = dict(source), "configuration", Path()
    else:
        path = Path(source)
        values, where, base = load_yaml(path), str(path), path.parent
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: holds {_kind(values)}; expected fields such as `model: choreographer`")
    for override in overrides:
        _override(values, override)
    if "base" in values:
        raise ConfigError(f"{where}: unknown field 'base'")
    try:
        return EvaluateConfig.model_validate({**values, "base": base})
    except ValidationError as error:
        raise ConfigError(f"{where}: {validation_message(error, EvaluateConfig)}") from error


def _kind(value: Any) -> str:
    """Return a word for what a YAML document holds."""
    return "nothing" if value is None else f"a {type(value).__name__}"


def _override(values: dict[str, Any], override: str) -> None:
    """Set one dotted key in place."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {override!r}: expected key=value, e.g. --set run.seed=3")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override!r}: the value is not YAML") from error
    *parents, last = key.split(".")
    node = values
    for parent in parents:
        child = node.get(parent)
        if parent in ("model", "judge", "body") and isinstance(child, str):
            child = {"name": child}
        node[parent] = dict(child) if isinstance(child, dict) else {}
        if child is not None and not isinstance(child, dict):
            raise ConfigError(f"--set {override!r}: {parent!r} is {child!r}, not a group of fields")
        node = node[parent]
    node[last] = value


def resolve_path(text: str, base: Path) -> Path:
    """Return a path of the configuration: relative ones start from the folder of the YAML file."""
    path = Path(text).expanduser()
    return path if path.is_absolute() else base / path


def check_options(function: Any, options: dict[str, Any], what: str) -> None:
    """Check that a class takes these options, before it is made.

    Raises:
        ConfigError: an option it does not take, or one that it needs and lacks.
    """
    import inspect

    parameters = inspect.signature(function).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    names = [name for name, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    for name in options:
        if name not in names and not takes_any:
            hint = did_you_mean(name, names) or f"; it takes {', '.join(names) or 'none'}"
            raise ConfigError(f"{what}: unknown option {name!r}{hint}")
    for name in names:
        if parameters[name].default is inspect.Parameter.empty and name not in options:
            raise ConfigError(f"{what}: option {name!r} is missing; expected `options: {{{name}: …}}`")
