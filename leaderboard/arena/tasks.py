"""What a study will show, before anything has a random name: which motions, in which order, with which questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.arena.attention import attention_checks
from leaderboard.arena.config import MOST_PER_RATER, StudyConfig
from leaderboard.arena.entrants import Entrants, Shown
from leaderboard.arena.known import Known
from leaderboard.arena.schedule import one_a_task, pair_schedule, rating_schedule
from leaderboard.arena.study import Kind, shares_of
from leaderboard.arena.training import training
from mbench.errors import ConfigError
from mbench.files import hash_of


@dataclass(frozen=True)
class Task:
    """An item to be; see `leaderboard.arena.study.Item`."""

    kind: Kind
    prompt: str
    shown: tuple[Shown, ...]
    questions: tuple[str, ...]
    votes: int = 0
    better: Shown | None = None
    worse: Shown | None = None
    why: str = ""


@dataclass(frozen=True)
class Plan:
    """What a study will show.

    Attributes:
        tasks: in the order of the schedule; those to count, then attention checks, then training.
        prompts: {id: {text, seconds}} of all tasks.
        per_rater: tasks a rater gets at most.
    """

    tasks: tuple[Task, ...]
    prompts: Mapping[str, Mapping[str, Any]]
    per_rater: int

    @property
    def shown(self) -> list[Shown]:
        """Return the motions of all tasks, each once."""
        return list({shown: None for task in self.tasks for shown in task.shown})

    def made_from(self, config: StudyConfig) -> str:
        """Return a hash of all that the study is made from: what is asked, and the content of what is shown."""
        tasks = [
            [task.kind, task.prompt, [[s.model, s.sha256] for s in task.shown], task.questions, task.votes, task.why]
            for task in self.tasks
        ]
        asked = [[q.id, q.text, q.help, q.dimensions] for q in config.asked]
        fields = config.model_dump(exclude={"attention_runs", "questions"})
        return hash_of([fields, config.told, asked, tasks, self.prompts, self.per_rater])


def plan_study(config: StudyConfig, entrants: Entrants) -> Plan:
    """Return what a study of these runs will show; the same for the same configuration and runs.

    Args:
        config: of the study.
        entrants: its runs and prompts.

    Raises:
        ConfigError: more pairs or tasks a rater are asked for than there are, attention checks can't be made, or a
            motion file changed since it was generated.
    """
    counted = _counted(config, entrants)
    per_rater = tasks_of_a_rater(config, len(counted))
    checks = attention_checks(config, entrants, shares_of(per_rater, config.repeats, config.attention)["attention"])
    lessons = training(config, entrants)
    known = [_task("attention", check, config) for check in checks] + [
        _task("training", one, config) for one in lessons
    ]
    prompts = [*entrants.prompts, *(task.prompt for task in (*checks, *lessons))]
    told = {str(p["id"]): {"text": str(p["text"]), "seconds": float(p["seconds"])} for p in prompts}
    return Plan((*counted, *known), told, per_rater)


def _counted(config: StudyConfig, entrants: Entrants) -> list[Task]:
    """Return the tasks that count, in order."""
    motions, ids = entrants.shown(), [str(prompt["id"]) for prompt in entrants.prompts]
    groups: list[tuple[str, tuple[Shown, ...]]]
    if config.type == "pairs":
        count = None if config.pairs == "all" else config.pairs
        schedule = pair_schedule(entrants.models, ids, config.seed, count)
        groups = [(prompt, (motions[prompt, a], motions[prompt, b])) for prompt, a, b in schedule]
    else:
        rated = rating_schedule(entrants.models, ids, config.seed)
        groups = [(prompt, (motions[prompt, model],)) for prompt, model in rated]
    asked = tuple(question.id for question in config.asked)
    kind: Kind = "pair" if config.type == "pairs" else "rating"
    if config.together:
        return [Task(kind, prompt, shown, asked, config.votes) for prompt, shown in groups]
    return [Task(kind, *groups[item], (asked[q],), config.votes) for item, q in one_a_task(len(groups), len(asked))]


def tasks_of_a_rater(config: StudyConfig, items: int) -> int:
    """Return how many tasks a rater gets at most: nobody judges an item twice, but as a repeat.

    Args:
        config: of the study.
        items: that count.

    Raises:
        ConfigError: the study has fewer items than the configuration asks a rater for.
    """
    wanted = config.per_rater or MOST_PER_RATER
    fitting = max(n for n in range(1, wanted + 1) if shares_of(n, config.repeats, config.attention)["new"] <= items)
    if config.per_rater is not None and fitting < wanted:
        raise ConfigError(
            f"per_rater: found {wanted}; expected at most {fitting}: the study has {items} items to judge"
        )
    return fitting


def _task(kind: Kind, known: Known, config: StudyConfig) -> Task:
    """Return a task whose answer is known."""
    prompt, questions, why = str(known.prompt["id"]), known.questions, known.why
    if config.type == "pairs":
        return Task(kind, prompt, (known.good, known.bad), questions, better=known.good, why=why)
    if known.show_good:
        return Task(kind, prompt, (known.good,), questions, better=known.good, why=why)
    return Task(kind, prompt, (known.bad,), questions, worse=known.bad, why=why)
