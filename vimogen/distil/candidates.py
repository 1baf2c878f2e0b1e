"""The motions that are made for a prompt: of which noise, by which branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mbench.seeds import seed_of
from vimogen.distil.prompts import Wanted
from vimogen.distil.recipe import DistilRecipe
from vimogen.gate import Decision, Gate, decide
from vimogen.reference.base import ReferenceSource

if TYPE_CHECKING:
    from vimogen.generator import Request

TEXT, REFERENCE = "text", "reference"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A motion to make.

    Attributes:
        wanted: for which prompt.
        number: among the candidates of the prompt, from 0.
        branch: text or reference.
        request: to the generator.
    """

    wanted: Wanted
    number: int
    branch: str
    request: Request


def decisions_of(group: Sequence[Wanted], source: ReferenceSource, gate: Gate, seed: int) -> list[Decision]:
    """Return what the gate says of the reference of each prompt; there is one reference a prompt.

    Raises:
        MBenchError: as `vimogen.gate.decide`.
    """
    prompts = [wanted.prompt for wanted in group]
    seeds = [seed_of(seed, prompt.id, "reference") for prompt in prompts]
    return decide(source.references(prompts, seeds), prompts, gate)


def candidates_of(wanted: Wanted, decision: Decision, recipe: DistilRecipe) -> list[Candidate]:
    """Return the motions to make for a prompt; each number has noise of its own.

    Args:
        wanted: the prompt.
        decision: of the gate.
        recipe: how many, of which branches.
    """
    from vimogen.generator import Request
    from vimogen.network import LEARNED

    weight = LEARNED if decision.weight is None else decision.weight
    branches = [REFERENCE] if decision.used else [TEXT]
    if decision.used and recipe.branches == "both":
        branches = [TEXT, REFERENCE]
    found = []
    for number, branch in enumerate(name for name in branches for _ in range(recipe.candidates)):
        seed = seed_of(recipe.seed, wanted.prompt.id, number)
        told = (decision.rows, weight) if branch == REFERENCE else (None, None)
        found.append(Candidate(wanted, number, branch, Request(wanted.prompt.text, wanted.frames, seed, *told)))
    return found
