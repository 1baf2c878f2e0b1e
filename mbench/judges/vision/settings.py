"""The options of a vision-language judge."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mbench.errors import ConfigError
from mbench.yamlfile import validation_message

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """What every vision-language judge takes.

    Attributes:
        model: the name by which the server knows the model.
        revision: what its name does not tell: quantisation, adapter, server version. Part of the judge's identity.
        base_url: where the server is.
        api_key_env: environment variable that holds the key; null sends none.
        mode: `frames`, evenly spread pictures, or `video`, an mp4.
        render: `body`, a skinned body fitted to the joints, or `skeleton`.
        frames: how many pictures, in mode `frames`.
        fps: pictures a second, in mode `video`.
        size: pixels of a side, even.
        samples: how often each question is asked; an odd number has no ties.
        temperature: 0 for the likeliest answer; null leaves it to the server.
        seed: of the samples; null sends none.
        max_tokens: most tokens of a reply, those of thinking among them.
        structured: `auto`, ask for JSON by a schema until the server refuses it; `always`; `never`.
        concurrency: calls at a time.
        requests_per_minute: most calls a minute; null for no limit.
        retries: how often a call is tried again.
        backoff: seconds before the first retry, doubled each time.
        timeout: seconds that a call may take.
        max_cost: no further call once this much is spent; needs the two prices.
        price_per_million_input: of tokens sent, in the currency of `max_cost`.
        price_per_million_output: of tokens received.
        log: file to which each call adds a line; null for `judges/judge-log.jsonl` in the cache folder.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: Annotated[str, Field(min_length=1)]
    revision: str = ""
    base_url: str
    api_key_env: str | None
    mode: Literal["frames", "video"] = "frames"
    render: Literal["body", "skeleton"] = "body"
    frames: Annotated[int, Field(ge=1)] = 8
    fps: Annotated[float, Field(gt=0, le=20)] = 5.0
    size: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 512
    samples: Annotated[int, Field(ge=1)] = 1
    temperature: NotNegative | None = 0.0
    seed: Annotated[int, Field(ge=0)] | None = 0
    max_tokens: Annotated[int, Field(ge=1)] = 2048
    structured: Literal["auto", "always", "never"] = "auto"
    concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    requests_per_minute: Positive | None = None
    retries: Annotated[int, Field(ge=0, le=20)] = 4
    backoff: Positive = 1.0
    timeout: Positive = 120.0
    max_cost: NotNegative | None = None
    price_per_million_input: NotNegative | None = None
    price_per_million_output: NotNegative | None = None
    log: str | None = None

    @property
    def hosted(self) -> bool:
        """Return whether the server is one that never answers without a key."""
        return False

    @property
    def priced(self) -> bool:
        """Return whether costs can be counted."""
        return self.price_per_million_input is not None and self.price_per_million_output is not None


def settings_of(kind: type[S], options: dict[str, Any], judge: str) -> S:
    """Return the checked options of a judge.

    Raises:
        ConfigError: the option, what was found and what was expected.
    """
    try:
        settings = kind.model_validate(options)
    except ValidationError as error:
        raise ConfigError(f"judge {judge!r}: {validation_message(error, kind)}") from error
    if settings.max_cost is not None and not settings.priced:
        raise ConfigError(
            f"judge {judge!r}: max_cost is {settings.max_cost:g} but a price is missing; expected "
            "price_per_million_input and price_per_million_output"
        )
    if settings.samples > 1 and settings.temperature == 0:
        raise ConfigError(
            f"judge {judge!r}: samples is {settings.samples} at temperature 0, where all would say the same; "
            "expected samples: 1, or a temperature such as 0.7"
        )
    return settings
