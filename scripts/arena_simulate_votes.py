"""Write the votes of simulated raters on a study of pairs, to rehearse its analysis before anybody has voted.

python scripts/arena_simulate_votes.py STUDY votes.csv --raters 20 --strength mine=0.8 --strength theirs=0
mbench arena report STUDY --votes votes.csv --out site/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from leaderboard.analysis.simulate_study import vote_on_study
from leaderboard.arena.study import read_study


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("votes", type=Path)
    parser.add_argument("--raters", type=int, default=20)
    parser.add_argument("--strength", action="append", default=[], metavar="MODEL=LOG_ODDS", help="0 by default")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    study = read_study(options.study)
    given = {model: float(value) for model, _, value in (entry.rpartition("=") for entry in options.strength)}
    unknown = given.keys() - study.models.keys()
    if study.type != "pairs" or unknown:
        parser.error(f"expected a study of pairs, and models of it: {', '.join(study.models)}")
    strengths = {model: given.get(model, 0.0) for model in study.models}
    table = vote_on_study(study, strengths, options.raters, options.seed)
    table.to_csv(options.votes, index=False)
    print(f"{options.votes}: {len(table)} simulated answers of {options.raters} raters")


if __name__ == "__main__":
    main()
