"""`study.yaml`: what a study asks of whom. Unknown fields and text for numbers are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from leaderboard.arena.questions import BUILT_IN, IDS, INSTRUCTIONS, StudyType
from leaderboard.arena.study import Question
from mbench.errors import ConfigError, did_you_mean
from mbench.suites.prompt import DIMENSIONS
from mbench.yamlfile import load_yaml, validation_message

PositiveInt = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=0.5)]
MOST_PER_RATER = 40  # tasks, where the study does not say: about half an hour


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class QuestionConfig(_Strict):
    """A question; of a built-in id, what is not given is built in. See `leaderboard.arena.study.Question`."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    text: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    help: Annotated[str, Field(max_length=500)] | None = None
    dimensions: list[str] | None = None

    @field_validator("dimensions")
    @classmethod
    def _known(cls, value: list[str] | None) -> list[str] | None:
        for name in value or ():
            if name not in DIMENSIONS:
                raise ValueError(f"dimensions of the benchmark{_hint(name, DIMENSIONS)}")
        return value

    @model_validator(mode="after")
    def _complete(self) -> QuestionConfig:
        if self.text is None and self.id not in IDS:
            raise ValueError(f"a built-in id, or a `text`{_hint(self.id, IDS)}")
        return self

    def question(self, type: StudyType) -> Question:
        """Return the question, built-in parts in the words of a type of study."""
        own = {field: value for field, value in self.model_dump().items() if value is not None}
        if "dimensions" in own:
            own["dimensions"] = tuple(own["dimensions"])
        return replace(BUILT_IN[type][self.id], **own) if self.id in IDS else Question(**own)


class AttentionRuns(_Strict):
    """Where attention checks come from: a run that must win, and a run that must lose, on the same suite."""

    real: str
    control: str


class StudyConfig(_Strict):
    """A whole `study.yaml`.

    Attributes:
        name: what raters read.
        type: `pairs` (which of two is better) or `ratings` (1 to 5).
        questions: ids of built-in questions, or mappings with id, text, help and dimensions.
        together: all questions about a pair at once; else a task asks one.
        prompts: `all`, how many (drawn with tags in proportion), or a list of ids.
        pairs: `all`, or how many pairs of motions; only of type `pairs`.
        votes: of how many raters votes are wanted on each item.
        per_rater: tasks a rater gets at most; by default 40, or fewer where the study has fewer.
        repeats: share of a rater's tasks that repeat an earlier one.
        attention: share of a rater's tasks that are attention checks.
        attention_runs: where attention checks come from; by default they are made.
        style: `mesh` or `skeleton`.
        size: pixels of a side of the videos, even.
        lease_minutes: how long a task is kept for the rater who has it.
        instructions: what raters read first; empty lines separate paragraphs.
        seed: decides which prompts and pairs, and their order.
        base: the folder that relative paths of the file start from; set by `load_study_config`.
    """

    name: Annotated[str, Field(min_length=1, max_length=120)]
    type: StudyType = "pairs"
    questions: Annotated[list[QuestionConfig], Field(max_length=12)] = [QuestionConfig(id="overall")]
    together: bool = True
    prompts: Literal["all"] | PositiveInt | list[str] = "all"
    pairs: Literal["all"] | PositiveInt = "all"
    votes: PositiveInt = 5
    per_rater: PositiveInt | None = None
    repeats: Share = 0.05
    attention: Share = 0.1
    attention_runs: AttentionRuns | None = None
    style: Literal["mesh", "skeleton"] = "mesh"
    size: Annotated[int, Field(ge=64, le=1024, multiple_of=2)] = 480
    lease_minutes: Annotated[float, Field(ge=1, le=1440)] = 15
    instructions: Annotated[str, Field(max_length=5000)] = ""
    seed: int = 0
    base: Path = Field(default=Path(), exclude=True)

    @field_validator("prompts", mode="before")
    @classmethod
    def _prompts(cls, value: Any) -> Any:
        return _checked_prompts(value)

    @field_validator("pairs", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if value != "all" and not _is_count(value):
            raise ValueError("`all`, or how many pairs of motions to judge")
        return value

    @field_validator("questions", mode="before")
    @classmethod
    def _questions(cls, value: Any) -> Any:
        return _checked_questions(value)

    @field_validator("name", "instructions")
    @classmethod
    def _stripped(cls, value: str, info: Any) -> str:
        if info.field_name == "name" and not value.strip():
            raise ValueError("a name that raters can read")
        return value.strip()

    @model_validator(mode="after")
    def _consistent(self) -> StudyConfig:
        if self.type == "ratings" and self.pairs != "all":
            raise ValueError("no `pairs`: a study of type ratings shows one motion at a time")
        if self.repeats + self.attention > 0.5:
            raise ValueError("`repeats` and `attention` to be at most 0.5 together: half of the tasks must be new")
        return self

    @property
    def asked(self) -> tuple[Question, ...]:
        """Return the questions, built-in ones in the words of the study's type."""
        return tuple(question.question(self.type) for question in self.questions)

    @property
    def told(self) -> str:
        """Return what raters read first."""
        return self.instructions or INSTRUCTIONS[self.type]


def load_study_config(source: Path | dict[str, Any]) -> StudyConfig:
    """Return the checked configuration of a YAML file or of a mapping.

    Args:
        source: path of a YAML file, or its content as a mapping.

    Raises:
        ConfigError: the file, the field, what was found and what was expected, in one line.
    """
    if isinstance(source, dict):
        values, where, base = dict(source), "study", Path()
    else:
        values, where, base = load_yaml(source), str(source), source.parent
    if not isinstance(values, dict):
        found = "nothing" if values is None else f"a {type(values).__name__}"
        raise ConfigError(f"{where}: holds {found}; expected fields such as `name: Our study`")
    if "base" in values:
        raise ConfigError(f"{where}: unknown field 'base'")
    try:
        return StudyConfig.model_validate({**values, "base": base})
    except ValidationError as error:
        raise ConfigError(f"{where}: {_message(error)}") from error


def _message(error: ValidationError) -> str:
    """Return the first problem as one line; one of the whole file has no field and no value to show."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error" and not first["loc"]:
        return "expected " + first["msg"].removeprefix("Value error, ")
    text = validation_message(error, StudyConfig)
    return text.replace("expected String should have", "expected").replace("expected List should have", "expected")


def _checked_prompts(value: Any) -> Any:
    """Return what `prompts` may be, or say what it may."""
    expected = "`all`, how many, or a list of ids of prompts"
    if value == "all" or _is_count(value):
        return value
    if not isinstance(value, list) or not value:
        raise ValueError(expected)
    for prompt in value:
        if not isinstance(prompt, str):
            raise ValueError(f"{expected}; ids that are numbers need quotes: {str(prompt)!r}")
    _refuse_twice(value)
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _checked_questions(value: Any) -> Any:
    """Return a list of mappings: a bare id is one, and a list of one."""
    questions = [value] if isinstance(value, str | dict) else value
    if not isinstance(questions, list) or not questions:
        raise ValueError("at least one id of a built-in question, or mapping with id and text")
    found = [{"id": question} if isinstance(question, str) else question for question in questions]
    for question in questions:
        if isinstance(question, str) and question not in IDS:
            raise ValueError(f"built-in questions, or mappings with id and text{_hint(question, IDS)}")
    _refuse_twice([question.get("id") for question in found if isinstance(question, dict)])
    return found


def _refuse_twice(ids: list[Any]) -> None:
    twice = [str(id) for id, times in Counter(map(str, ids)).items() if times > 1]
    if twice:
        raise ValueError(f"each id once; {twice[0]!r} is there twice")


def _hint(name: str, known: Iterable[str]) -> str:
    """Return what might have been meant, else what there is."""
    return did_you_mean(name, known) or f"; one of {', '.join(known)}"
