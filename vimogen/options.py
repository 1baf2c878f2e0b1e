"""How a generator samples, as a YAML file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mbench.errors import ConfigError
from mbench.yamlfile import validation_message

if TYPE_CHECKING:
    from vimogen.generator import Sampling

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GuidanceOptions(_Strict):
    """Fields of `vimogen.flow.Guidance`; None leaves one as it is."""

    scale: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    interval: tuple[float, float] | None = None
    rescale: Share | None = None

    @field_validator("interval", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class SamplingOptions(_Strict):
    """Fields of `vimogen.generator.Sampling`; None leaves one as it is. `guidance` may be its scale alone."""

    steps: int | None = None
    sampler: str | None = None
    guidance: GuidanceOptions = GuidanceOptions()
    start: float | None = None
    shift: float | None = None
    smooth: bool | None = None

    @field_validator("guidance", mode="before")
    @classmethod
    def _by_scale(cls, value: Any) -> Any:
        """Accept a bare number."""
        return {"scale": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def changed(sampling: Sampling, values: Mapping[str, Any]) -> Sampling:
    """Return a sampling with what YAML values say otherwise.

    Args:
        sampling: what a generator does by default.
        values: fields of `SamplingOptions`.

    Raises:
        ConfigError: a field it does not have, or a value out of its range.
    """
    try:
        options = SamplingOptions.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(f"sampling: {validation_message(error, SamplingOptions)}") from error
    own = {name: value for name, value in options if value is not None and name != "guidance"}
    guidance = {name: value for name, value in options.guidance if value is not None}
    return replace(sampling, guidance=replace(sampling.guidance, **guidance), **own)


def told(sampling: Sampling) -> dict[str, Any]:
    """Return a sampling as JSON values."""
    values = asdict(sampling)
    return {**values, "guidance": {**values["guidance"], "interval": list(sampling.guidance.interval)}}
