"""The YAML of `vimogen distil`: whose motions, for which prompts, which are kept. Unknown fields are refused."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mbench.config import JudgeConfig, resolve_path
from mbench.errors import ConfigError, did_you_mean
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import canonical_name
from mbench.yamlfile import load_yaml, validation_message
from vimogen.models import BASE, LIGHT, SHIPPED
from vimogen.options import changed

PositiveInt = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0)]
PILLAR = "quality/"
SHIPPED_PROMPTS = "harvested.jsonl"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ChooseRecipe(_Strict):
    """Which candidates are kept: the best by match times quality.

    Attributes:
        judge: a registered judge, or a mapping with name and options: how sure it is that a motion shows its text.
        quality: weights of metrics of the pillar quality; each is put on the scale of its anchors (1 real motion, 0 the
            fault that it must catch), and the mean is a motion's quality.
        least_match: candidates of which the judge is less sure than this are not kept.
        least_quality: nor are candidates of less quality.
    """

    judge: JudgeConfig = JudgeConfig()
    quality: Annotated[dict[str, Weight], Field(min_length=1)] = {
        "quality/jitter_degree": 1.0,
        "quality/foot_sliding": 1.0,
        "quality/ground_penetration": 1.0,
        "quality/foot_floating": 1.0,
    }
    least_match: Share = 0.05
    least_quality: Share = 0.3

    @field_validator("judge", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Accept a bare name."""
        return {"name": value} if isinstance(value, str) else value

    @field_validator("quality")
    @classmethod
    def _anchored(cls, quality: dict[str, float]) -> dict[str, float]:
        """Return the weights by the metrics' registered names."""
        known = [name.removeprefix(PILLAR) for name in load_anchors().by_metric if name.startswith(PILLAR)]
        for name in quality:
            if canonical_name(name).removeprefix(PILLAR) not in known:
                raise ValueError(f"metrics of {', '.join(known)}{did_you_mean(name, known)}")
        return {canonical_name(name): weight for name, weight in quality.items()}


class CaptionsRecipe(_Strict):
    """Captions of training data that are prompts too.

    Attributes:
        data: a folder of `vimogen data build`, relative to the YAML file.
        subsets: whose captions.
    """

    data: str
    subsets: Annotated[list[str], Field(min_length=1)] = ["optical"]


class DistilRecipe(_Strict):
    """A whole `vimogen distil` configuration.

    Attributes:
        model: whose motions are wanted: vimogen-base, vimogen-light, or a weights folder, relative to the YAML file.
        prompts: JSONL of id, text and seconds, as `vimogen data prompts` writes it; relative to the YAML file. None for
            those that are shipped.
        captions: of training data, which are prompts too; None for no more than `prompts`.
        output: the folder to publish, relative to the current folder; work under way lies beside it, in `OUTPUT.work`.
        reference: where reference motions come from; see `vimogen.reference.build.build_reference`.
        gate: a mode, or a mapping; see `vimogen.gate.GateSettings`.
        branches: `gated` asks the branch that the gate says; `both` also asks the text branch where the reference
            passes, for as many candidates.
        candidates: motions a branch and prompt, of other noise each.
        keep: how many of a prompt's candidates are kept at most, the best first.
        choose: which.
        sampling: what differs from the sampling of the weights; see `vimogen.options.SamplingOptions`.
        val: share of the prompts whose motions are validation data.
        seed: of all noise and references; (seed, prompt id, number of the candidate) decides a motion.
        batch: motions that are sampled at once.
        workers: processes that measure quality.
        device: cpu, cuda, cuda:N or auto.
        base: the folder that relative paths of the file start from; set by `load_distil`.
    """

    model: str
    prompts: str | None = None
    captions: CaptionsRecipe | None = None
    output: str
    reference: Any = None
    gate: Any = "auto"
    branches: Literal["gated", "both"] = "gated"
    candidates: PositiveInt = 4
    keep: PositiveInt = 1
    choose: ChooseRecipe = ChooseRecipe()
    sampling: dict[str, Any] = {}
    val: Share = 0.05
    seed: int = 0
    batch: PositiveInt = 32
    workers: PositiveInt = 1
    device: str = "auto"
    base: Path = Field(default=Path(), exclude=True)

    @property
    def weights(self) -> Path:
        """Return the folder of the generator's weights."""
        return SHIPPED / self.model if self.model in (BASE, LIGHT) else resolve_path(self.model, self.base)

    @property
    def prompts_file(self) -> Path:
        """Return the file of the prompts."""
        if self.prompts is None:
            return Path(str(files("vimogen.data.prompts").joinpath(SHIPPED_PROMPTS)))
        return resolve_path(self.prompts, self.base)

    @property
    def captions_folder(self) -> Path | None:
        """Return the folder of the captions."""
        return None if self.captions is None else resolve_path(self.captions.data, self.base)

    @model_validator(mode="after")
    def _fits(self) -> DistilRecipe:
        if self.keep > self.candidates:
            raise ValueError(f"keep to be at most candidates, {self.candidates}; keep is {self.keep}")
        return self


def load_distil(path: Path) -> DistilRecipe:
    """Return the checked configuration of a YAML file.

    Raises:
        ConfigError: the file, the field, what was found and what was expected, in one line.
    """
    from vimogen.generator import Sampling

    values = load_yaml(path)
    if not isinstance(values, dict) or "base" in values:
        raise ConfigError(f"{path}: expected fields such as `model: vimogen-base` and `output: data/distilled`")
    try:
        recipe = DistilRecipe.model_validate({**values, "base": path.parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {validation_message(error, DistilRecipe)}") from error
    try:
        changed(Sampling(), recipe.sampling)  # wrong values are told now
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return recipe
