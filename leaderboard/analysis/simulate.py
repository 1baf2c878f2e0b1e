"""Simulated votes on pairs whose right answers are known: raters and prompts of stated variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.analysis.davidson import fit, probabilities

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NODES = 40  # of the Gauss-Hermite quadrature


@dataclass(frozen=True)
class World:
    """Raters and prompts that studies are drawn from. All effects are log odds.

    A rater r says of models i and j on prompt p, with i on the left,

        left : tie : right  =  exp(d / 2) : nu_r : exp(-d / 2),
        d = (s_i + a_ip + b_ir) - (s_j + a_jp + b_jr) + c_r,

    where a, b and c are normal: how good a model is on a prompt, how much a rater likes a model, how much a rater likes
    the left side.

    Attributes:
        strengths: s of each model.
        log_tie: mean of log nu; 0 makes a third of the votes on equal models ties, -inf none.
        prompt_sd: of a, over prompts.
        rater_sd: of b, over raters.
        side: mean of c.
        side_sd: of c, over raters.
        tie_sd: of log nu, over raters.
    """

    strengths: tuple[float, ...]
    log_tie: float = -0.8
    prompt_sd: float = 0.5
    rater_sd: float = 0.3
    side: float = 0.1
    side_sd: float = 0.2
    tie_sd: float = 0.5


def average_probabilities(world: World) -> Floats:
    """Return how votes on each pair of `pairs_of` go on average over raters, prompts and sides: (pairs, 3).

    That is what a study of endless size would find; by Gauss-Hermite quadrature over the sum of the normal effects.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    strengths = np.array(world.strengths)
    first, second = pairs_of(len(strengths))
    spread = np.sqrt(2 * world.prompt_sd**2 + 2 * world.rater_sd**2 + world.side_sd**2)
    difference = (strengths[first] - strengths[second])[:, None, None, None]
    lean = world.side * np.array([1.0, -1.0])[:, None, None] + spread * nodes[:, None]
    found = probabilities(difference + lean, world.log_tie + world.tie_sd * nodes)
    return np.einsum("psdtk,d,t->pk", found, weights, weights) / 2


def true_ratings(world: World) -> Floats:
    """Return the ratings that a study of endless size would find: (models,), sum 0.

    Without effects of raters, prompts and sides these are the strengths less their mean. With them they lie nearer to
    0: averaged over people who differ, preferences are less clear.
    """
    first, second = pairs_of(len(world.strengths))
    endless = 1e9 * average_probabilities(world)  # so many votes that the prior says nothing
    return fit(endless[None], first, second, len(world.strengths)).ratings[0]


def true_win_ratios(world: World) -> Floats:
    """Return the win ratios of the models in a study of endless size where all pairs have as many votes: (models,)."""
    models = len(world.strengths)
    first, second = pairs_of(models)
    p = average_probabilities(world)
    points = p[:, 0] + p[:, 1] / 2
    total = np.bincount(first, points, models) + np.bincount(second, 1 - points, models)
    return total / (models - 1)


def pairs_of(models: int) -> tuple[Ints, Ints]:
    """Return the indices of the two models of each pair: (pairs,), (pairs,)."""
    first, second = np.triu_indices(models, 1)
    return first.astype(np.int64), second.astype(np.int64)


def balanced(generator: np.random.Generator, items: int, raters: int, per_rater: int) -> tuple[Ints, Ints]:
    """Return who judges what: raters (n,) and items (n,), each rater `per_rater` different items.

    The items are dealt like shuffled decks, one after the other, so no item has two votes more than another.

    Raises:
        ValueError: a rater is to judge more items than there are.
    """
    if per_rater > items:
        raise ValueError(f"{per_rater} votes a rater on {items} items; expected at most one vote on each")
    deck = np.empty(0, dtype=np.int64)
    chosen = np.empty((raters, per_rater), dtype=np.int64)
    for own in chosen:
        if len(deck) < per_rater:
            fresh = generator.permutation(items)
            again = np.isin(fresh, deck)  # what this rater gets from the old deck goes under the new one
            deck = np.concatenate([deck, fresh[~again], fresh[again]])
        own[:], deck = deck[:per_rater], deck[per_rater:]
    return np.repeat(np.arange(raters), per_rater), chosen.ravel()


@dataclass(frozen=True)
class Draws:
    """Votes as arrays (n,): indices, and the outcome 0 left, 1 tie, 2 right."""

    rater: Ints
    prompt: Ints
    left: Ints
    right: Ints
    outcome: Ints


class People:
    """The raters and prompts of one study, drawn from a world; in its notation.

    Attributes:
        value: (raters, prompts, models) s + a + b.
        side: (raters,) c.
        log_tie: (raters,).
    """

    def __init__(self, world: World, prompts: int, raters: int, generator: np.random.Generator) -> None:
        models = len(world.strengths)
        on_prompts = generator.normal(0, world.prompt_sd, (prompts, models)) + world.strengths
        self.value = on_prompts + generator.normal(0, world.rater_sd, (raters, 1, models))
        self.side = generator.normal(world.side, world.side_sd, raters)
        ties = generator.normal(0, world.tie_sd, raters)
        self.log_tie = world.log_tie + ties

    def vote(self, rater: Ints, prompt: Ints, left: Ints, right: Ints, generator: np.random.Generator) -> Draws:
        """Return how raters vote on pairs: arguments (n,)."""
        difference = self.value[rater, prompt, left] - self.value[rater, prompt, right] + self.side[rater]
        p = probabilities(difference, self.log_tie[rater])
        outcome = (generator.random(len(p))[:, None] > np.cumsum(p, axis=1)[:, :-1]).sum(axis=1)
        return Draws(rater, prompt, left, right, outcome.astype(np.int64))


def draw_votes(world: World, prompts: int, raters: int, per_rater: int, seed: int) -> Draws:
    """Return the votes of one study: every rater gets `per_rater` of the pairs of all prompts, sides at random."""
    generator = np.random.default_rng(seed)
    people = People(world, prompts, raters, generator)
    return people.vote(*_tasks(world, prompts, raters, per_rater, generator), generator)


def _tasks(
    world: World, prompts: int, raters: int, per_rater: int, generator: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return rater, prompt, left and right of each task."""
    first, second = pairs_of(len(world.strengths))
    rater, item = balanced(generator, prompts * len(first), raters, per_rater)
    prompt, pair = np.divmod(item, len(first))
    turned = generator.random(len(item)) < 0.5
    left, right = np.where(turned, second[pair], first[pair]), np.where(turned, first[pair], second[pair])
    return rater, prompt, left, right
