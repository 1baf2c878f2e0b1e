"""The YAML of `vimogen data build`: which data, which thresholds, where to. Unknown fields are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mbench.config import JudgeConfig
from mbench.errors import ConfigError
from mbench.yamlfile import load_yaml, validation_message

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Limit = Annotated[float, Field(ge=0)] | None
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
SOURCES = ("dataset", "files", "recovery", "generator", "simulate")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limits(_Strict):
    """What a clip must keep to; null switches a limit off. docs/vimogen_data.md says where the defaults come from.

    Attributes:
        shortest: fewest rows at 20 fps; 40 is the shortest crop that training takes.
        jitter: most `quality/jitter_degree`, m/frame^2.
        speed: most that any joint moves, m/s: faster is a jump in the capture.
        sliding: most `quality/foot_sliding`, m/frame.
        penetration: most `quality/ground_penetration`, m, against the floor that the source states.
        floating: most `quality/foot_floating`.
        bone_drift: most `quality/bone_length_drift`.
        static: largest share of frames in which no joint moves.
        overrun: seconds by which a caption may speak of what comes after the clip's end.
        notes: known defects of which a clip may have none.
    """

    shortest: Annotated[int, Field(ge=1)] = 40
    jitter: Limit = 0.125
    speed: Limit = 18.0
    sliding: Limit = 0.015
    penetration: Limit = 0.05
    floating: Limit = 0.9
    bone_drift: Limit = 0.05
    static: Limit = 0.9
    overrun: Limit = 0.5
    notes: list[str] = ["glitch_frames", "label_suspect"]


class CaptionConfig(_Strict):
    """How clips get their captions.

    Attributes:
        paraphrases: how many sentences the label grammar adds to the original captions of a clip.
        seed: another one draws other sentences.
        judge: a vision-language judge (`openai`, `gemini`) that also describes each clip; none by default.
    """

    paraphrases: Annotated[int, Field(ge=0)] = 12
    seed: int = 0
    judge: JudgeConfig | None = None


class DuplicateConfig(_Strict):
    """When two clips of a subset are one performance, or mirror images of one.

    Attributes:
        distance: root mean square distance of a joint, metres, up to which they are; null keeps all.
        length: largest difference of their lengths, as a share of the longer.
    """

    distance: Limit = 0.005
    length: Share = 0.1


class SplitConfig(_Strict):
    """Shares of the actors whose clips are validation and test data, where a dataset names no split."""

    val: Share = 0.05
    test: Share = 0.05
    seed: int = 0

    @model_validator(mode="after")
    def _leave_something(self) -> SplitConfig:
        if self.val + self.test >= 1:
            raise ValueError("val and test that leave something to train on")
        return self


class SubsetConfig(_Strict):
    """One subset: exactly one of `dataset`, `files`, `recovery`, `generator` and `simulate`.

    Attributes:
        dataset: a folder or file that `mbench data info` reads.
        files: a folder of motion files, each with a `.txt` of captions, one a line, beside it.
        recovery: a folder of outputs of human mesh recovery, with the same `.txt` files.
        generator: a registered generator, or `module:object`.
        prompts: of the generator: JSONL of id, text, seconds; by default those that come with the package.
        all_prompts: also those that are marked `"understood": false`: for a generator that knows more.
        options: of the generator.
        simulate: another subset, whose clips are passed through a simulated capture.
        fps: of the simulated camera.
        copies: simulated captures a clip.
        licence: of motions that come without one.
        filter: limits that differ from those of the whole build.
        seed: of the generator and of the simulated capture.
    """

    dataset: str | None = None
    files: str | None = None
    recovery: str | None = None
    generator: str | None = None
    simulate: str | None = None
    prompts: str | None = None
    all_prompts: bool = False
    options: dict[str, Any] = {}
    fps: Positive = 16.0
    copies: Annotated[int, Field(ge=1)] = 1
    licence: str = ""
    filter: dict[str, Any] = {}
    seed: int = 0

    @model_validator(mode="after")
    def _one_source(self) -> SubsetConfig:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(SOURCES)}, not {' and '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> str:
        """Return which of `SOURCES` it is."""
        return next(name for name in SOURCES if getattr(self, name) is not None)


class RunSettings(_Strict):
    """Where the work is done; never decides what comes out."""

    workers: Annotated[int, Field(ge=1)] = 1
    backend: Literal["joblib", "dask"] = "joblib"
    scheduler: str | None = None


class BuildConfig(_Strict):
    """A whole build.

    Attributes:
        output: the folder to publish, relative to the current folder; the database lies beside it, in `OUTPUT.work`.
        subsets: by name.
        filter: limits of all subsets.
        captions: where captions come from.
        duplicates: when two clips are one.
        split: for datasets that name no split.
        held_out: patterns of words; rows with such a word in a caption are marked, and no text is trained on them.
        run: processes.
        base: the folder that relative paths of the file start from; set by `load_build`.
    """

    output: str
    subsets: dict[Name, SubsetConfig] = Field(min_length=1)
    filter: Limits = Limits()
    captions: CaptionConfig = CaptionConfig()
    duplicates: DuplicateConfig = DuplicateConfig()
    split: SplitConfig = SplitConfig()
    held_out: list[str] = []
    run: RunSettings = RunSettings()
    base: Path = Field(default=Path(), exclude=True)

    @field_validator("subsets")
    @classmethod
    def _simulates_what_is_there(cls, subsets: dict[str, SubsetConfig]) -> dict[str, SubsetConfig]:
        captured = [name for name, subset in subsets.items() if subset.simulate is None]
        for name, subset in subsets.items():
            if subset.simulate is not None and subset.simulate not in captured:
                raise ValueError(f"{name}.simulate to name a subset that is not simulated: {', '.join(captured)}")
        return subsets

    def limits(self, subset: str) -> Limits:
        """Return the limits of a subset: those of the build, with its own in their place.

        Raises:
            ConfigError: an unknown limit, or a wrong value.
        """
        try:
            return Limits.model_validate({**self.filter.model_dump(), **self.subsets[subset].filter})
        except ValidationError as error:
            raise ConfigError(f"subsets.{subset}.filter: {validation_message(error, Limits)}") from error

    def ordered(self) -> list[str]:
        """Return the names of the subsets, simulated ones after those that they simulate."""
        return sorted(self.subsets, key=lambda name: self.subsets[name].simulate is not None)


def load_build(path: Path) -> BuildConfig:
    """Return the checked configuration of a YAML file.

    Raises:
        ConfigError: the file, the field, what was found and what was expected, in one line.
    """
    values = load_yaml(path)
    if not isinstance(values, dict) or "base" in values:
        raise ConfigError(f"{path}: expected fields such as `output: data/vimogen` and `subsets:`")
    try:
        config = BuildConfig.model_validate({**values, "base": path.parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {validation_message(error, BuildConfig)}") from error
    for name in config.subsets:
        config.limits(name)
    return config
