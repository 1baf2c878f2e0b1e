"""How many votes a study needs: simulated studies, and how often they tell neighbours apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.sandwich import differences
from leaderboard.analysis.simulate import World, average_probabilities, draw_votes
from leaderboard.analysis.spread import normal_quantile
from mbench.errors import ConfigError
from mbench.seeds import seed_of

Floats = NDArray[np.float64]
Result = dict[str, Any]

STUDIES = 200  # simulated of each size; the error of a power of 0.8 is 0.03
AT_ONCE = 200_000  # votes
MOST_RATERS = 1000
FIRST = 19  # the size that is tried first
SHOWN = (0.25, 0.5, 1.0, 1.5)  # of what is needed
ODDS = World((0.0, 0.0))  # its effects are the defaults


@dataclass(frozen=True)
class Plan:
    """What a study is to find out, and with what.

    Attributes:
        models: how many, each better than the next by the same.
        effect: over 0.5, how often a model wins against its neighbour, of votes that are no ties.
        power: how often the interval of the difference of neighbours is to leave out 0.
        prompts: how many.
        raters: how many; None for as many as needed.
        tasks: of each rater, repeats and attention checks among them; used where `raters` is None.
        tie_rate: share of ties between neighbours.
        repeats: share of tasks that are repeats.
        attention: share of tasks that are attention checks.
        prompt_sd: how much a model's strength differs between prompts, log odds.
        rater_sd: how much raters differ in how they like a model, log odds.
        seed: of the simulation.
    """

    models: int
    effect: float
    power: float = 0.8
    prompts: int = 50
    raters: int | None = None
    tasks: int = 40
    tie_rate: float = 0.2
    repeats: float = 0.05
    attention: float = 0.1
    prompt_sd: float = ODDS.prompt_sd
    rater_sd: float = ODDS.rater_sd
    seed: int = 0

    @property
    def items(self) -> int:
        """Return how many pairs of motions there are."""
        return self.prompts * self.models * (self.models - 1) // 2

    def new(self, tasks: int) -> int:
        """Return how many of a rater's tasks are votes that count."""
        return tasks - round(tasks * self.repeats) - round(tasks * self.attention)


def plan_votes(plan: Plan) -> Result:
    """Return how many votes a study needs, by simulation.

    Args:
        plan: what is asked.

    Returns:
        `rows`, the sizes that were tried, by votes: raters, votes of each, votes, tasks, votes on each pair of models,
        `power` (how often the interval of the difference of two neighbours leaves out 0 on the right side, over
        neighbours and studies), `error` (the simulation's standard error of it) and `all` (how often it does for all
        neighbours of a study); `needed`, the row of the smallest size with the power, None where no size has it; and
        `world`, the strengths and effects that were simulated.

    Raises:
        ConfigError: a number that makes no sense, with what was expected.
    """
    _check(plan)
    world = _world(plan)
    measured = cache(lambda size: _row(plan, world, size))
    sizes = _sizes(plan)
    needed = _smallest(lambda index: measured(sizes[index])["power"], len(sizes), plan.power)
    return {
        "plan": vars(plan) | {"studies": STUDIES},
        "world": {**vars(world), "log_tie": world.log_tie if plan.tie_rate else None},
        "rows": [measured(sizes[index]) for index in _around(needed, len(sizes))],
        "needed": None if needed is None else measured(sizes[needed]),
    }


def _check(plan: Plan) -> None:
    """Refuse what can't be simulated."""
    ranges = {
        "models": (2, 30), "effect": (0.01, 0.45), "power": (0.05, 0.99), "prompts": (2, 5000), "tie_rate": (0.0, 0.9),
        "repeats": (0.0, 0.5), "attention": (0.0, 0.5), "prompt_sd": (0.0, 3.0), "rater_sd": (0.0, 3.0),
        "tasks": (2, 2000), "raters": (2, MOST_RATERS),
    }  # fmt: skip
    for name, (least, most) in ranges.items():
        value = getattr(plan, name)
        if value is not None and not least <= value <= most:
            raise ConfigError(f"{name.replace('_', '-')} is {value:g}; expected {least:g} to {most:g}")
    if plan.repeats + plan.attention > 0.5:
        raise ConfigError("repeats and attention are more than 0.5 together; expected at least half of the tasks new")


def _world(plan: Plan) -> World:
    """Return raters and prompts for whom a model wins against its neighbour as often as asked, on average."""
    from scipy.optimize import brentq

    nu = 2 * plan.tie_rate / (1 - plan.tie_rate)
    effects = replace(ODDS, log_tie=math.log(nu) if nu else -math.inf, prompt_sd=plan.prompt_sd, rater_sd=plan.rater_sd)

    def wins(gap: float) -> float:
        first, _, second = average_probabilities(replace(effects, strengths=(gap, 0.0)))[0]
        return float(first / (first + second))

    gap = brentq(lambda gap: wins(gap) - 0.5 - plan.effect, 0.0, 30.0)
    return replace(effects, strengths=tuple(gap * ((plan.models - 1) / 2 - i) for i in range(plan.models)))


def _sizes(plan: Plan) -> list[tuple[int, int]]:
    """Return the sizes that can be, smallest first: raters, and votes of each."""
    if plan.raters is None:
        each = min(plan.new(plan.tasks), plan.items)
        return [(raters, each) for raters in range(2, MOST_RATERS + 1)]
    return [(plan.raters, each) for each in range(1, plan.items + 1)]


def _smallest(power: Callable[[int], float], count: int, wanted: float) -> int | None:
    """Return the smallest of `count` sizes that has the power, to 4 %; None if the largest has not.

    Standard errors shrink with the root of the size: from the power of one size follows which to try next.
    """
    low, high, at = -1, count, min(FIRST, count - 1)
    while True:
        found = power(at)
        low, high = (low, at) if found >= wanted else (at, high)
        step = max(high // 25, 1)  # the simulation can't tell sizes apart that are closer
        if high - low <= step:
            return None if high == count else high
        at = int(np.clip(_scaled(at + 1, found, wanted) - 1, low + 1, max(high - step, low + 1)))


def _scaled(size: int, power: float, wanted: float) -> int:
    """Return which size should have the wanted power where another has this one."""
    from scipy.stats import norm

    reach = normal_quantile() + norm.ppf([np.clip(power, 0.02, 0.98), wanted])
    return math.ceil(size * (reach[1] / reach[0]) ** 2)


def _around(needed: int | None, count: int) -> list[int]:
    """Return the sizes to show: what is needed, and parts and multiples of it; without it, of the largest."""
    at = count if needed is None else needed + 1
    return sorted({min(max(round(at * part), 1), count) - 1 for part in SHOWN})


def _row(plan: Plan, world: World, size: tuple[int, int]) -> Result:
    """Return the power of a size."""
    raters, each = size
    told = _told_apart(plan, world, raters, each)
    power = float(told.mean())
    new = plan.new(plan.tasks)
    tasks = plan.tasks if plan.raters is None else math.ceil(each * plan.tasks / new)
    return {
        "raters": raters, "per_rater": each, "votes": raters * each, "tasks": raters * tasks,
        "per_pair": raters * each / (plan.models * (plan.models - 1) / 2),
        "power": power, "error": float(told.mean(axis=1).std() / math.sqrt(len(told))),
        "all": float(told.all(axis=1).mean()),
    }  # fmt: skip


def _told_apart(plan: Plan, world: World, raters: int, each: int) -> NDArray[np.bool_]:
    """Return whether the interval of the difference of neighbours lies above 0: (studies, models - 1)."""
    neighbours = np.eye(plan.models)[:-1] - np.eye(plan.models)[1:]
    step = max(AT_ONCE // (raters * each), 1)
    found = []
    for start in range(0, STUDIES, step):
        numbers = range(start, min(start + step, STUDIES))
        seeds = [seed_of(plan.seed, raters, each, number) for number in numbers]
        drawn = [draw_votes(world, plan.prompts, raters, each, seed) for seed in seeds]
        value, half = differences(drawn, plan.models, neighbours)
        found.append(value - half > 0)
    return np.concatenate(found)
