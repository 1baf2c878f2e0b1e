"""How often the asked action is picked among ten, of vimogen-light on actions that it was trained on.

    python benchmarks/vimogen_heldin.py [--light FOLDER] [--data data/vimogen] [--limit 250]

Two sets of prompts: captions of real clips that were not trained on, with the clips themselves as what the judge makes
of real capture, and harvested prompts. Chance is 0.1. Motions are kept in `--work`: a stopped run goes on where it was.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vimogen.experiments import estimates
from vimogen.experiments.arms import registered
from vimogen.experiments.estimates import Estimate
from vimogen.experiments.marks import CHOICE, MATCH, Marks
from vimogen.experiments.prompts import captions, held_in
from vimogen.experiments.session import CHOICES, Session, parser, run
from vimogen.experiments.tables import Cell, Table
from vimogen.models import LIGHT

CHANCE = 0.1
AIM = 3.0  # times chance


def row_of(name: str, marks: Marks) -> tuple[Cell, ...]:
    """Return the row of a set: choice, times chance, whether that is enough, match, n."""
    choice = estimates.mean(marks[CHOICE])
    times: Estimate = estimates.mean(np.asarray(marks[CHOICE]) / CHANCE)
    enough = times.value is not None and times.value >= AIM
    return (name, choice, times, enough, estimates.mean(marks[MATCH]), choice.n)


def main() -> None:
    """Make, measure, print."""
    options_of = parser(__doc__, 250)
    options_of.add_argument("--light", type=Path, help="folder of the student; default: the shipped vimogen-light")
    options_of.add_argument("--data", type=Path, default=Path("data/vimogen"), help="folder of vimogen data build")
    options = options_of.parse_args()
    session = Session(options)
    arm = registered(LIGHT, LIGHT, {"weights": None if options.light is None else str(options.light)})
    real, asked = captions(options.data, options.limit, seed=options.seed), held_in(options.limit, options.seed)
    rows = (
        row_of(f"{LIGHT}, captions of real clips", session.marks(arm, real)),
        row_of("real capture, its own captions", session.meter.marks(real, [one.real for one in real])),
        row_of(f"{LIGHT}, harvested prompts", session.marks(arm, asked)),
    )
    header = ("motions, prompts", "10-way choice", "times chance", f"at least {AIM:g} times", "match", "n")
    session.publish("vimogen_heldin", [Table("Held-in actions", header, rows, (CHOICES,))])


if __name__ == "__main__":
    run(main)
