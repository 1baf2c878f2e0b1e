"""Simulated studies as tables of votes: with repeats, attention checks and careless raters, or of ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.simulate import Draws, People, World, balanced, draw_votes
from mbench.seeds import seed_of

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

START = np.datetime64("2026-01-01T08:00:00")
CAREFUL = 0.97  # how often careful raters pass an attention check
CHECKED = ("check:control", "check:real")


@dataclass(frozen=True)
class Extras:
    """What a study holds beside the votes that count.

    Attributes:
        repeats: of each rater's votes, how many come again with the sides exchanged.
        attention: attention checks a rater.
        careless: how many raters, from the first, answer at random and fast.
    """

    repeats: int = 0
    attention: int = 0
    careless: int = 0


NOTHING = Extras()


def pair_table(draws: Draws, models: Sequence[str], question: str = "overall", kind: str = "pair") -> pandas.DataFrame:
    """Return votes as the table of `leaderboard.arena.table`; each took 10 seconds.

    Args:
        draws: the votes.
        models: names.
        question: id.
        kind: of all rows.
    """
    import pandas

    names = np.array(list(models))
    low, high = np.minimum(draws.left, draws.right), np.maximum(draws.left, draws.right)
    return pandas.DataFrame({
        "rater": [f"r{rater:03d}" for rater in draws.rater],
        "question": question,
        "item": [f"p{p:03d}-{a}-{b}" for p, a, b in zip(draws.prompt, low, high, strict=True)],
        "kind": kind,
        "prompt": [f"p{prompt:03d}" for prompt in draws.prompt],
        "model_a": names[draws.left],
        "model_b": names[draws.right],
        "winner": np.array(["a", "tie", "b"])[draws.outcome],
        "better": "",
        "seconds": 10.0,
        "time": [f"{t}Z" for t in START + np.arange(len(draws.rater)) * np.timedelta64(10, "s")],
        "comment": "",
    })  # fmt: skip


def simulate_pairs(
    world: World, models: Sequence[str], prompts: int, raters: int, per_rater: int, seed: int,
    extras: Extras = NOTHING, question: str = "overall",
) -> pandas.DataFrame:  # fmt: skip
    """Return a study of pairs as a table; without extras its votes are those of `draw_votes`.

    Args:
        world: raters and prompts that are drawn from.
        models: names, one a strength.
        prompts: how many.
        raters: how many.
        per_rater: votes of each, repeats and attention checks not among them.
        seed: the same seed gives the same table.
        extras: what else there is.
        question: id.
    """
    import pandas

    generator = np.random.default_rng(seed_of("extras", seed))
    votes = draw_votes(world, prompts, raters, per_rater, seed)
    again = People(world, prompts, raters, np.random.default_rng(seed))  # the same people as in `draw_votes`
    chosen = _some(votes.rater, extras.repeats, generator)
    arguments = (votes.rater[chosen], votes.prompt[chosen], votes.right[chosen], votes.left[chosen])
    parts = [
        pair_table(votes, models, question),
        pair_table(again.vote(*arguments, generator), models, question, "repeat"),
        pair_table(_checks(raters, extras.attention, generator), CHECKED, question, "attention"),
    ]
    parts[2]["better"] = np.where(parts[2]["model_a"] == CHECKED[1], "a", "b")
    parts[2]["item"] = [f"check-{prompt}" for prompt in parts[2]["prompt"]]
    table = pandas.concat([part for part in parts if len(part)], ignore_index=True)
    table["seconds"] = generator.lognormal(np.log(12), 0.5, len(table)).round(1)
    return _with_careless(table, extras.careless, generator)


def _some(rater: Ints, each: int, generator: np.random.Generator) -> Ints:
    """Return the places of `each` votes of every rater, at random."""
    own = [generator.permutation(np.flatnonzero(rater == one))[:each] for one in np.unique(rater)]
    return np.concatenate(own).astype(np.int64)


def _checks(raters: int, each: int, generator: np.random.Generator) -> Draws:
    """Return attention checks: `CHECKED`, whose second is better."""
    rater, prompt = np.repeat(np.arange(raters), each), np.tile(np.arange(each), raters)
    left = generator.integers(0, 2, len(rater))
    passed = generator.random(len(rater)) < CAREFUL
    return Draws(rater, prompt, left, 1 - left, np.where((left == 1) == passed, 0, 2))


def _with_careless(table: pandas.DataFrame, careless: int, generator: np.random.Generator) -> pandas.DataFrame:
    """Return a table where some raters answer at random within a second."""
    own = table["rater"].isin([f"r{rater:03d}" for rater in range(careless)]).to_numpy()
    table.loc[own, "winner"] = generator.choice(["a", "b", "tie"], int(own.sum()))
    table.loc[own, "seconds"] = generator.uniform(0.5, 1.5, int(own.sum())).round(1)
    return table


@dataclass(frozen=True)
class RatingWorld:
    """Raters and prompts that studies of ratings are drawn from.

    A rater r gives model i on prompt p the whole number from 1 to 5 nearest to 3 + s_i + a_ip + b_ir + h_r + e, where
    a, b, h and e are normal: how good a model is on a prompt, how much a rater likes a model, how mild a rater is, and
    what is left.

    Attributes:
        strengths: s of each model.
        prompt_sd: of a.
        rater_sd: of b.
        mildness_sd: of h.
        noise_sd: of e.
    """

    strengths: tuple[float, ...]
    prompt_sd: float = 0.5
    rater_sd: float = 0.3
    mildness_sd: float = 0.4
    noise_sd: float = 0.8


def true_scores(world: RatingWorld) -> Floats:
    """Return the mean opinion scores that a study of endless size would find: (models,)."""
    from scipy.stats import norm

    spread = np.sqrt(world.prompt_sd**2 + world.rater_sd**2 + world.mildness_sd**2 + world.noise_sd**2)
    borders = np.array([1.5, 2.5, 3.5, 4.5])
    return 1 + norm.sf((borders - 3 - np.array(world.strengths)[:, None]) / spread).sum(axis=1)


def simulate_ratings(
    world: RatingWorld, models: Sequence[str], prompts: int, raters: int, per_rater: int, seed: int
) -> pandas.DataFrame:
    """Return a study of ratings as a table: every rater rates `per_rater` of all clips; arguments as above."""
    import pandas

    generator = np.random.default_rng(seed)
    rater, item = balanced(generator, prompts * len(models), raters, per_rater)
    prompt, model = np.divmod(item, len(models))
    on_prompts = generator.normal(0, world.prompt_sd, (prompts, len(models))) + world.strengths
    liked = generator.normal(0, world.rater_sd, (raters, len(models)))
    mild = generator.normal(0, world.mildness_sd, raters)
    noise = generator.normal(0, world.noise_sd, len(rater))
    value = 3 + on_prompts[prompt, model] + liked[rater, model] + mild[rater] + noise
    return pandas.DataFrame({
        "rater": [f"r{one:03d}" for one in rater],
        "question": "overall",
        "item": [f"p{p:03d}-{m}" for p, m in zip(prompt, model, strict=True)],
        "kind": "rating",
        "prompt": [f"p{one:03d}" for one in prompt],
        "model": np.array(models)[model],
        "value": np.clip(np.rint(value), 1, 5).astype(np.int64),
        "better": "",
        "seconds": generator.lognormal(np.log(9), 0.5, len(rater)).round(1),
        "time": [f"{t}Z" for t in START + np.arange(len(rater)) * np.timedelta64(10, "s")],
        "comment": "",
    })  # fmt: skip
