"""A study: what is fixed before the first vote. `study.json` of a study's folder holds it, names of models included.

A study's folder:
    study.json   this, for the server and the analysis alone: nothing of it but texts and random ids goes to a browser
    media/       `<clip>.mp4` and `<clip>-side.mp4`, under random names
    votes.sqlite the votes, unless they go to another database
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from mbench.errors import ConfigError, MBenchError
from mbench.files import read_json, write_json

SCHEMA = 1
NAME = "study.json"
MEDIA = "media"
VIEWS = ("fixed", "side")
CHOICES = ("left", "right", "tie", "both_bad")  # of a pair, as the rater sees it
RATINGS = (1, 2, 3, 4, 5)  # of one motion, 5 is best

Kind = Literal["pair", "rating", "attention", "training"]


@dataclass(frozen=True)
class Question:
    """What raters are asked.

    Attributes:
        id: short name, e.g. `overall`; tables of votes carry it.
        text: the question.
        help: one sentence on how to decide.
        dimensions: of the benchmark, those that this question should agree with; empty for all.
    """

    id: str
    text: str
    help: str = ""
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyClip:
    """A motion that is shown.

    Attributes:
        id: random; also the name of its videos.
        prompt: id.
        model: name, as tables of votes carry it; of checks and training, `check:` and what is shown.
        replicate: of the motion.
        sha256: of the motion file.
    """

    id: str
    prompt: str
    model: str
    replicate: int
    sha256: str


@dataclass(frozen=True)
class Item:
    """One thing to judge: two clips of a prompt, or one.

    Attributes:
        id: random.
        kind: `pair` and `rating` count; `attention` has a known answer and looks like the others; `training` too, and
            is shown first, with feedback.
        prompt: id.
        clips: ids, two or (ratings) one; which of two is on the left is drawn when it is handed out.
        questions: ids of the questions asked at once.
        votes: of how many raters votes are wanted; 0 for attention and training, which every rater gets.
        better: of attention and training, the id of the clip that must win; of ratings, that must not get below 4.
        worse: of attention and training of ratings, the id of the clip that must not get above 2; else None.
        why: of training, what the feedback says.
    """

    id: str
    kind: Kind
    prompt: str
    clips: tuple[str, ...]
    questions: tuple[str, ...]
    votes: int = 0
    better: str | None = None
    worse: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Study:
    """Everything that is fixed before the first vote.

    Attributes:
        id: random.
        name: what raters read.
        type: `pairs` or `ratings`.
        created: UTC.
        instructions: what raters read first, plain text; paragraphs are separated by empty lines.
        questions: in the order they are asked.
        prompts: {id: {text, seconds}} of all items; training can have prompts of its own, `training:…`.
        models: {name: {run_id, suite, card}}, what was compared; those of attention checks are not among them.
        clips: all, by id.
        items: all, in the order of the schedule.
        per_rater: tasks a rater gets at most, repeats and attention checks included, training not.
        repeats: share of a rater's tasks that repeat an earlier one of theirs, sides exchanged.
        attention: share of a rater's tasks that are attention checks.
        lease_seconds: how long a task is kept for the rater who has it.
        secret: random; decides sides and orders, and signs cookies.
        suite: name, version and hash of the suite.
        made_from: hash of the configuration and the motions, so that `mbench arena create` knows its own again.
    """

    id: str
    name: str
    type: Literal["pairs", "ratings"]
    created: str
    instructions: str
    questions: tuple[Question, ...]
    prompts: Mapping[str, Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]
    clips: Mapping[str, StudyClip]
    items: tuple[Item, ...]
    per_rater: int
    repeats: float
    attention: float
    lease_seconds: float
    secret: str
    suite: Mapping[str, Any]
    made_from: str = ""

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """Return the items by id."""
        return {item.id: item for item in self.items}

    @property
    def choices(self) -> tuple[str, ...] | tuple[int, ...]:
        """Return the answers that a question can have."""
        return CHOICES if self.type == "pairs" else RATINGS

    @property
    def shares(self) -> dict[str, int]:
        """Return how many of a rater's tasks are `new`, `repeats` and `attention`; they add up to `per_rater`."""
        return shares_of(self.per_rater, self.repeats, self.attention)

    def of_kind(self, kind: Kind) -> list[Item]:
        """Return the items of a kind, in order."""
        return list(self._kinds.get(kind, ()))

    @cached_property
    def _kinds(self) -> dict[str, list[Item]]:
        """Return the items of each kind: a server asks at each request."""
        kinds: dict[str, list[Item]] = {}
        for item in self.items:
            kinds.setdefault(item.kind, []).append(item)
        return kinds


def shares_of(per_rater: int, repeats: float, attention: float) -> dict[str, int]:
    """Return how many of a rater's tasks are `new`, `repeats` and `attention`.

    Args:
        per_rater: tasks, training not included.
        repeats: share of them that repeat an earlier one.
        attention: share of them that are attention checks.
    """
    again, checks = round(per_rater * repeats), round(per_rater * attention)
    return {"new": per_rater - again - checks, "repeats": again, "attention": checks}


def write_study(study: Study, folder: Path) -> None:
    """Write `study.json`.

    Raises:
        MBenchError: it can't be written.
    """
    write_json(folder / NAME, {"schema": SCHEMA, **asdict(study)})


def read_study(folder: Path) -> Study:
    """Return the study of a folder.

    Raises:
        ConfigError: the folder holds no study, a newer one, or a broken one.
    """
    path = folder / NAME
    if not path.exists():
        raise ConfigError(f"{folder}: holds no {NAME}; expected a folder that `mbench arena create` made")
    value = read_json(path)
    try:
        schema = value.pop("schema")
        if schema > SCHEMA:
            raise ConfigError(f"{path}: schema {schema}; this mbench reads up to {SCHEMA}: update mbench")
        value["questions"] = tuple(Question(**{**q, "dimensions": tuple(q["dimensions"])}) for q in value["questions"])
        value["clips"] = {key: StudyClip(**clip) for key, clip in value["clips"].items()}
        value["items"] = tuple(
            Item(**{**item, "clips": tuple(item["clips"]), "questions": tuple(item["questions"])})
            for item in value["items"]
        )
        return Study(**value)
    except MBenchError:
        raise
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: is not a study: {error}; expected the file that `mbench arena create` wrote"
        ) from error
