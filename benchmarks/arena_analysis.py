"""Print the seconds that the analysis of votes takes.

python benchmarks/arena_analysis.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from leaderboard.analysis.davidson import fit
from leaderboard.analysis.pairs import PairVotes, analyse_pairs
from leaderboard.analysis.power import Plan, plan_votes
from leaderboard.analysis.simulate import World, draw_votes, pairs_of
from leaderboard.analysis.simulate_tables import pair_table

TEN = World(tuple(np.linspace(1.5, -1.5, 10)))
NAMES = [f"m{index}" for index in range(10)]


def timed(what: str, function: Callable[[], Any]) -> None:
    """Print the seconds of a call."""
    start = time.perf_counter()
    function()
    print(f"{time.perf_counter() - start:6.2f} s  {what}")


def main() -> None:
    """Time refits, the analysis of two sizes, and two plans."""
    counts = np.random.default_rng(0).multinomial(1350, np.full(135, 1 / 135), size=4000).reshape(4000, 45, 3)
    timed("4,000 refits of 10 models", lambda: fit(counts.astype(float), *pairs_of(10), 10))
    for raters, each, votes in ((20, 100, "2,000"), (100, 200, "20,000")):
        table = pair_table(draw_votes(TEN, 100, raters, each, 0), NAMES)
        timed(
            f"a question with {votes} votes on 10 models, intervals too", lambda t=table: analyse_pairs(PairVotes.of(t))
        )
    timed("mbench arena plan --models 5 --effect 0.1", lambda: plan_votes(Plan(5, 0.1)))
    timed("mbench arena plan --models 10 --effect 0.1", lambda: plan_votes(Plan(10, 0.1)))


if __name__ == "__main__":
    main()
