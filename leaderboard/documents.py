"""What `run.json` and `result.json` must hold before anything is shown of them: result folders come from anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mbench.errors import ConfigError
from mbench.files import read_json
from mbench.results import SCHEMA
from mbench.yamlfile import validation_message

LARGEST = 64 << 20  # bytes of a JSON file; a run of 450 prompts has under 1 MB

HIGHEST = 1e15  # of a number: far above all that is measured, far below where squares overflow

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(ge=-HIGHEST, le=HIGHEST)]
Line = Annotated[str, Field(max_length=400)]
Text = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
MetricName = Annotated[str, Field(pattern=r"^[^/:]{1,60}/[^/:]{1,60}$")]  # a colon would name code


class _Document(BaseModel):
    """Fields that are not named are let through: later versions may add some without another schema number."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)


class _Interval(_Document):
    """A value with its 95 % interval, which has both ends in order or none."""

    value: Number | None
    low: Number | None = None
    high: Number | None = None

    @model_validator(mode="after")
    def _in_order(self) -> _Interval:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval with both ends, or null for both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low not above high")
        if self.value is None and self.low is not None:
            raise ValueError("no interval where there is no value")
        return self


class MetricSummary(_Interval):
    """One metric of `result.json`; see `mbench.summary.summary_of`."""

    n: Count
    missing: Count
    failed: Count
    reasons: dict[str, Count]
    unit: Line
    better: Literal["lower", "higher"]
    version: Line
    dimension: Name
    is_dimension: bool
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    judge: Line | None = None
    judge_notes: str = ""
    chance: float | None = None


class PillarSummary(_Interval):
    """One pillar of `result.json`."""

    value: Annotated[float, Field(ge=0, le=1)]
    dimensions: Annotated[list[MetricName], Field(min_length=1)]
    n: Count


class SuiteFacts(_Document):
    """Which suite a run is of."""

    name: Name
    version: Line
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ResultDocument(_Document):
    """`result.json`."""

    model: Name
    kind: Line
    run_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_]{1,64}$")]
    suite: SuiteFacts
    prompts: Count
    replicates: Annotated[int, Field(ge=1, le=1000)]
    motions: Count
    metrics: dict[MetricName, MetricSummary]
    pillars: dict[Literal["quality", "fidelity", "generalization"], PillarSummary]
    anchors: int
    notes: list[Text] = []


class CardFacts(_Document):
    """The card of a model."""

    name: Name
    version: Line
    kind: Line
    licence: Text
    paper: Text = ""
    weights: Text = ""
    trained_on: Text = ""
    notes: Text = ""


class PromptFacts(_Document):
    """A prompt as `run.json` tells it."""

    id: Annotated[str, Field(pattern=r"^[\w.+-]{1,200}$")]
    text: Text
    seconds: Annotated[float, Field(gt=0, le=3600)]
    dimensions: list[Name] = []
    tags: list[Name] = []


class Provenance(_Document):
    """What made a run; see `mbench.provenance`."""

    python: str = ""
    platform: str = ""
    packages: dict[str, str] = {}
    commit: str | None = None
    command: list[str] = []


class RunFacts(_Document):
    """The part `run` of the configuration."""

    seed: int = 0
    replicates: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1)] | None = None


class ConfigFacts(_Document):
    """The configuration; see `mbench.config.EvaluateConfig`."""

    run: RunFacts = RunFacts()


class RunDocument(_Document):
    """`run.json`; those of older versions lack `prompts`."""

    run_id: str
    config: ConfigFacts
    card: CardFacts
    suite: SuiteFacts
    prompts: list[PromptFacts] | None = None
    versions: dict[MetricName, Line] = {}
    provenance: Provenance = Provenance()
    start: Annotated[str, Field(max_length=40)]
    end: Annotated[str, Field(max_length=40)] | None


def read_document(path: Path, kind: type[BaseModel]) -> dict[str, Any]:
    """Return the content of `run.json` or `result.json`, checked.

    Args:
        path: of the file.
        kind: `RunDocument` or `ResultDocument`.

    Raises:
        MBenchError: it can't be read, is too large, of a newer schema, or lacks or has wrong fields; in one line.
    """
    if path.stat().st_size > LARGEST:
        raise ConfigError(f"{path}: has {path.stat().st_size / 1e6:.0f} MB; expected a file of `mbench evaluate`")
    value = _parse(path)
    schema = value.get("schema") if isinstance(value, dict) else None
    if not isinstance(schema, int):
        raise ConfigError(f"{path}: has no schema number; expected a file that `mbench evaluate` wrote")
    if schema > SCHEMA:
        raise ConfigError(f"{path}: schema {schema}; this mbench reads up to {SCHEMA}: update mbench")
    try:
        kind.model_validate(value)
    except ValidationError as error:
        raise ConfigError(f"{path}: {validation_message(error, kind)}") from error
    return dict(value)


def _parse(path: Path) -> Any:
    """Return a JSON value that can be written again as UTF-8: no NaN, no half characters."""
    try:
        value = read_json(path)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ConfigError:
        raise
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{path}: is not plain JSON: {' '.join(str(error).split())[:200]}") from error
    return value
