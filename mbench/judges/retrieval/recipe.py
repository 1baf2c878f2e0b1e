"""The recipe of a retrieval judge: `mbench train-judge CONFIG`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mbench.datasets.captions import ACTIONS
from mbench.errors import ConfigError, did_you_mean
from mbench.yamlfile import load_yaml, validation_message

PositiveInt = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NetworkConfig(_Strict):
    """Size of the network; see `mbench.judges.retrieval.network.Shape`."""

    width: PositiveInt = 256
    layers: PositiveInt = 4
    heads: PositiveInt = 4
    patch: PositiveInt = 4
    space: PositiveInt = 256
    dropout: float = 0.25


class TrainingConfig(_Strict):
    """How long and how; see `mbench.training.TrainSettings`."""

    steps: PositiveInt = 300
    batch: Annotated[int, Field(ge=2)] = 192
    rate: float = 4e-4
    warmup: int = 60
    weight_decay: float = 0.3
    ema: float | None = 0.999
    precision: Literal["fp32", "bf16"] = "bf16"
    every: PositiveInt = 100
    evaluate_every: PositiveInt | None = 50
    seed: int = 0
    device: str = "auto"


class JudgeRecipe(_Strict):
    """A whole `train-judge` configuration.

    Attributes:
        data: a text-motion dataset; relative to the YAML file.
        held_out: action classes (`mbench.datasets.captions.ACTIONS`) of which no clip is trained on.
        calibrate_on: those of them whose clips fit the map from similarity to probability for unseen actions; the
            others measure it.
        unseen_from: folder of a judge of the same recipe that was trained with actions held out; its figures and its
            map for unseen actions stand for this judge's, which has none of its own. Relative to the current folder.
        captions: texts a clip, at most.
        still: share of the examples that are a pose held still and a text that says so.
        skeletons: bodies that each clip is carried over to, its own among them.
        licence: of the weights, which follows from the data's.
        encoder: of texts; None for the packaged one.
        network: its size.
        train: how long and how.
        output: the folder to write; relative to the current folder.
    """

    data: str
    held_out: list[str] = []
    calibrate_on: list[str] = []
    unseen_from: str | None = None
    captions: PositiveInt = 24
    skeletons: PositiveInt = 3
    still: Annotated[float, Field(ge=0, lt=1)] = 0.1
    licence: str
    encoder: str | None = None
    network: NetworkConfig = NetworkConfig()
    train: TrainingConfig = TrainingConfig()
    output: str = "judge"
    base: Path = Field(default=Path(), exclude=True)


def load_recipe(path: Path) -> JudgeRecipe:
    """Return the checked recipe of a YAML file.

    Raises:
        ConfigError: the file, the field, what was found and what was expected, in one line.
    """
    values: Any = load_yaml(path)
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected fields such as `data: ../shared/mocap`")
    try:
        recipe = JudgeRecipe.model_validate({**values, "base": path.parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {validation_message(error, JudgeRecipe)}") from error
    for field in ("held_out", "calibrate_on"):
        for name in getattr(recipe, field):
            if name not in ACTIONS:
                hint = did_you_mean(name, ACTIONS) or f"; known are {', '.join(sorted(ACTIONS))}"
                raise ConfigError(f"{path}: {field}: no action class is named {name!r}{hint}")
    return recipe
