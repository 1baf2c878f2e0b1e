"""Measure how often the arena's 95 % intervals hold the truth, over simulated studies. See docs/arena_report.md.

python scripts/arena_coverage.py --studies 200 --workers 2
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from joblib import Parallel, delayed

from leaderboard.analysis.coverage import Design, measure, shares
from leaderboard.analysis.simulate import World
from leaderboard.analysis.simulate_tables import RatingWorld
from mbench.cli.output import print_table

SEED = 7105  # of the published figures; other seeds were used while the method was chosen
FIVE = World((1.0, 0.5, 0.0, -0.5, -1.0))
ALIKE = replace(FIVE, prompt_sd=0.0, rater_sd=0.0, side=0.0, side_sd=0.0, tie_sd=0.0)
FAR = World((4.0, 0.5, 0.0, -0.5, -4.0))
DESIGNS = (
    Design("5 models, 60 prompts, 20 raters x 50 votes", FIVE, 60, 20, 50),
    Design("the same, raters and prompts all alike", ALIKE, 60, 20, 50),
    Design("the same, effects of prompts 1.0, of raters 0.8", replace(FIVE, prompt_sd=1.0, rater_sd=0.8), 60, 20, 50),
    Design("10 models, 60 prompts, 30 raters x 40 votes", World(tuple(np.linspace(1.5, -1.5, 10))), 60, 30, 40),
    Design("5 models, 20 prompts, 10 raters x 30 votes", FIVE, 20, 10, 30),
    Design("5 models, 60 prompts, 5 raters x 100 votes", FIVE, 60, 5, 100),
    Design("5 models, 60 prompts, 3 raters x 100 votes", FIVE, 60, 3, 100),
    Design("two models far off, 30 prompts, 10 raters x 15 votes", FAR, 30, 10, 15),
    Design("ratings, 5 models, 60 prompts, 20 raters x 50", RatingWorld((1.0, 0.5, 0.0, -0.5, -1.0)), 60, 20, 50),
    Design("ratings, 5 models, 60 prompts, 5 raters x 100", RatingWorld((1.0, 0.5, 0.0, -0.5, -1.0)), 60, 5, 100),
)


def main() -> None:
    """Print a row a design."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--design", type=int, action="append", help="number of a row, from 1; all by default")
    options = parser.parse_args()
    rows = []
    for design in [DESIGNS[number - 1] for number in options.design or range(1, len(DESIGNS) + 1)]:
        jobs = (delayed(measure)(design, study, options.seed) for study in range(options.studies))
        rows.append(_row(design.name, shares(Parallel(n_jobs=options.workers)(jobs))))
    print(f"share of 95 % intervals that hold the truth, {options.studies} studies each, seed {options.seed}\n")
    columns = ["design", "rating or score", "by model", "difference", "win ratio", "rank", "half-width"]
    print_table(columns, rows)


def _row(name: str, found: dict[str, float]) -> list[str]:
    main_one = found.get("rating", found.get("score", 0.0))
    return [
        name, percent(main_one), f"{percent(found['lowest'])} to {percent(found['highest'])}",
        percent(found.get("difference")), percent(found.get("win_ratio")), percent(found["rank"]),
        f"{found['half']:.2f}",
    ]  # fmt: skip


def percent(share: float | None) -> str:
    """Return a share for reading."""
    return "—" if share is None else f"{100 * share:.1f} %"


if __name__ == "__main__":
    main()
