"""The recipe of a training: the YAML of `vimogen train CONFIG`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from mbench.config import resolve_path
from mbench.errors import ConfigError, did_you_mean
from mbench.training import TrainSettings
from mbench.yamlfile import load_yaml, shown, validation_message
from vimogen.flow import Guidance
from vimogen.generator import Sampling
from vimogen.losses import KINEMATIC

PositiveInt = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
T = TypeVar("T")


def _as_list(value: Any) -> list[str]:
    """Return one folder, or several, as a list."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(own, str) for own in found):
        raise ValueError(f"data: found {shown(value)}; expected a folder, or a list of folders")
    return found


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NetworkRecipe(_Strict):
    """Sizes of the network; see `vimogen.network.NetworkConfig`."""

    dim: PositiveInt = 256
    ffn_dim: PositiveInt = 1024
    num_layers: PositiveInt = 8
    num_heads: PositiveInt = 4
    frames_per_token: PositiveInt = 4
    predicts: Literal["velocity", "motion"] = "motion"
    reference: bool = True

    @model_validator(mode="after")
    def _fits(self) -> NetworkRecipe:
        if self.dim % 2 or self.dim % self.num_heads:
            raise ValueError(f"network.dim is {self.dim}; expected an even multiple of its {self.num_heads} heads")
        return self


class SubsetRecipe(_Strict):
    """How clips of a subset are trained on.

    Attributes:
        share: of the samples of a batch, relative to those of the other subsets.
        text: share of the samples that take the text branch; the others take the reference branch. Without that branch
            all take the text branch.
        clean: of simulated captures, the motion to make is the clip that they were made of, which they are the
            reference of; without, each is its own.
        columns: what the text branch is told of: all, or the rotations only, where the path of the root is not trusted.
        paired: train each motion against the noise of its row's `seed` (`vimogen distil`): whole clips, none mirrored.
        draw: {field of a row: {value: times}}: how many times as often as others such rows are drawn; of several
            fields, the product.
    """

    share: Weight = 1.0
    text: Share = 0.8
    clean: bool = False
    columns: Literal["all", "rotations"] = "all"
    paired: bool = False
    draw: dict[str, dict[str, Weight]] = {}


class Recipe(_Strict):
    """A whole `vimogen train` configuration.

    Attributes:
        data: folder of `vimogen data build` or `vimogen distil`, or several; relative to the YAML file. The statistics
            are those of the first.
        output: folder of the run: checkpoint, log, curve, then the weights; relative to the current folder.
        name: of the model, for its card.
        version: of the model, for its card.
        licence: of the weights, which follows from the data's.
        network: its size.
        start: weights folder to start from; relative to the YAML file. None starts from chance.
        tokens: of a text, at most.
        subsets: how each subset is trained on; one that the data have and this lacks is left out.
        null_text: share of the text branch's samples that see the null text.
        frames: shortest and longest part of a clip.
        mirror: share of samples that are mirrored.
        root: weight of the squares of the columns of the root (258 and up).
        floor: noise level below which the weight of the loss grows no more; of networks that predict the motion.
        losses: weights of the kinematic losses; 0 leaves one out.
        adversarial: weight of the adversarial loss; 0 leaves it out.
        adversarial_from: step at which it sets in.
        batch: samples a step.
        train: how long and how; see `mbench.training.TrainSettings`.
        validate_on: validation prompts whose motions are measured at each evaluation.
        sampling: what the generator does by default; see `vimogen.generator.Sampling`.
        learn_gate: train a learned gate, and nothing else, on top of the weights of `start`; see
            `vimogen.training.gating`.
        notes: for the card.
    """

    data: Annotated[list[str], BeforeValidator(_as_list)]
    output: str
    name: str = "vimogen"
    version: str = "1"
    licence: str = "follows from that of the data"
    network: NetworkRecipe = NetworkRecipe()
    start: str | None = None
    tokens: PositiveInt = 40
    subsets: dict[str, SubsetRecipe] = {"optical": SubsetRecipe()}
    null_text: Share = 0.1
    frames: tuple[PositiveInt, PositiveInt] = (40, 200)
    mirror: Share = 0.5
    root: Weight = 3.0
    floor: Share = 0.2
    losses: dict[str, Weight] = {"posing": 2.0, "velocity": 5.0, "drift": 0.5, "contact": 5.0}
    adversarial: Weight = 0.0
    adversarial_from: int = Field(default=0, ge=0)
    batch: PositiveInt = 32
    train: dict[str, Any] = {}
    validate_on: PositiveInt = 24
    sampling: dict[str, Any] = {}
    learn_gate: bool = False
    notes: str = ""
    base: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        if unknown := set(self.losses) - set(KINEMATIC):
            raise ValueError(f"losses names {', '.join(sorted(unknown))}; expected {', '.join(KINEMATIC)}")
        if self.learn_gate and (self.start is None or not self.network.reference or self.adversarial):
            raise ValueError("learn_gate needs weights to start from, with a reference branch, and no adversarial loss")
        if self.frames[0] > self.frames[1]:
            raise ValueError(f"frames is {list(self.frames)}; expected the shortest, then the longest")
        if not self.subsets or not any(subset.share for subset in self.subsets.values()):
            raise ValueError("subsets: none has a share above 0; expected one that is trained on")
        return self

    @property
    def folders(self) -> list[Path]:
        """Return the folders of the data."""
        return [resolve_path(own, self.base) for own in self.data]

    @property
    def settings(self) -> TrainSettings:
        """Return the settings of the training loop.

        Raises:
            ConfigError: a field it does not have, or a value out of its range.
        """
        return _built(TrainSettings, self.train, "train")


def load_recipe(path: Path) -> Recipe:
    """Return the recipe of a YAML file.

    Raises:
        ConfigError: it can't be read, or a field is missing, wrong or unknown.
    """
    values = load_yaml(path)
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds no mapping; expected the fields of a recipe, e.g. data: and output:")
    try:
        recipe = Recipe.model_validate(_tuples(values))
    except ValidationError as error:
        raise ConfigError(f"{path}: {_problem(error)}") from error
    try:
        _ = recipe.settings, sampling_of(recipe.sampling)  # wrong values are told now
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return recipe.model_copy(update={"base": path.parent})


def sampling_of(values: dict[str, Any]) -> Sampling:
    """Return a sampling from YAML values, e.g. {steps: 4, sampler: euler, guidance: {scale: 1}}.

    Raises:
        ConfigError: a field it does not have, or a value of another type or out of its range.
    """
    guidance = _built(Guidance, values.get("guidance", {}), "sampling.guidance")
    return _built(Sampling, {**values, "guidance": asdict(guidance)}, "sampling")


def _built(kind: type[T], values: Any, name: str) -> T:
    """Return a dataclass from YAML values, each of the type it must have."""
    if not isinstance(values, dict):
        raise ConfigError(f"{name}: found {shown(values)}; expected a mapping")
    known = list(TypeAdapter(kind).json_schema()["properties"])
    if unknown := [own for own in values if own not in known]:
        raise ConfigError(f"unknown field {f'{name}.{unknown[0]}'!r}{did_you_mean(str(unknown[0]), known)}")
    try:
        return TypeAdapter(kind).validate_json(json.dumps(values), strict=True)  # where a list may be a tuple
    except ValidationError as error:
        first = error.errors()[0]
        inside = "." if first["loc"] and first["type"] != "missing" else ": "
        raise ConfigError(f"{name}{inside}{_problem(error).removeprefix('training: ')}") from error


def _problem(error: ValidationError) -> str:
    """Return the first problem in a line, in the words of the class where it has its own."""
    first = error.errors()[0]
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    return validation_message(error, Recipe) + _as_text(first["input"])


def _as_text(value: Any) -> str:
    """Return what may be the cause where a number was read as a text."""
    number = isinstance(value, str) and re.fullmatch(r"\d+e-?\d+", value)
    return f" (YAML takes {value} for a text; write {value.replace('e', '.0e')})" if number else ""


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with the list of `frames` as the tuple that strict validation asks for."""
    frames = values.get("frames")
    return {**values, "frames": tuple(frames)} if isinstance(frames, list) else values
