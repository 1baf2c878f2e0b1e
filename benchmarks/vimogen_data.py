"""What synthetic data and simulated capture bring: text branches trained on optical, + synthetic, + video.

    python benchmarks/vimogen_ablations.py --train
    python benchmarks/vimogen_data.py [--data data/vimogen] [--runs results/ablations] [--limit 150]

Networks of the same size and number of steps, see examples/ablations. Two sets of prompts: captions of real clips that
were not trained on, and harvested prompts of held-in actions. KID is the distance of the motions, in the judge's space,
from the real clips of the splits val and test. Motions are kept in `--work`: a stopped run goes on where it was.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vimogen.experiments import estimates
from vimogen.experiments.ablations import OF_DATA, weights_of
from vimogen.experiments.arms import by_rows
from vimogen.experiments.marks import Marks
from vimogen.experiments.prompts import Asked, captions, held_in
from vimogen.experiments.session import (
    CHOICES,
    PILLAR,
    Session,
    counted,
    parser,
    run,
    shown,
    table_of_differences,
    table_of_metrics,
)
from vimogen.experiments.tables import Cell, Table

FIRST = next(iter(OF_DATA))
REAL = "real capture"
PAIRS = tuple((name, FIRST) for name in OF_DATA if name != FIRST)
KID = "KID compares sets of motions of the same prompts only: that of real capture would be its distance from itself."


def table_of(name: str, arms: dict[str, Marks], real: np.ndarray) -> Table:
    """Return the table of a set of prompts; real capture is not compared with itself."""
    rows: list[tuple[Cell, ...]] = []
    for arm, marks in arms.items():
        distance = None if arm == REAL else estimates.kernel_distance(marks.vectors, real)
        rows.append((arm, *shown(marks), distance, counted(marks)))
    return Table(name, ("trained on", "match", "10-way choice", "quality", "KID", "n"), tuple(rows))


def tables_of(name: str, arms: dict[str, Marks], real: np.ndarray) -> list[Table]:
    """Return all tables of a set of prompts."""
    apart = table_of_differences(f"{name}, paired differences", arms, PAIRS)
    return [table_of(name, arms, real), apart, table_of_metrics(f"{name}, metrics of quality", arms)]


def main() -> None:
    """Make, measure, print."""
    options_of = parser(__doc__, 150)
    options_of.add_argument("--data", type=Path, default=Path("data/vimogen"), help="folder of vimogen data build")
    options_of.add_argument("--runs", type=Path, default=Path("results/ablations"), help="runs of the recipes")
    options = options_of.parse_args()
    session, arms = Session(options), [by_rows(name, weights_of(options.runs, name)) for name in OF_DATA]
    real = session.meter.vectors([asked.real for asked in captions(options.data, limit=100_000)])
    asked = captions(options.data, options.limit, seed=options.seed)
    sets: dict[str, list[Asked]] = {
        "Captions of real clips": asked,
        "Harvested prompts, held-in": held_in(options.limit, options.seed),
    }
    tables: list[Table] = []
    for name, prompts in sets.items():
        marks = {arm.name: session.marks(arm, prompts) for arm in arms}
        if prompts is asked:
            marks[REAL] = session.meter.marks(asked, [one.real for one in asked])
        tables += tables_of(name, marks, real)
    last = tables[-1]
    tables[-1] = Table(last.title, last.header, last.rows, (CHOICES, PILLAR, KID))
    session.publish("vimogen_data", tables)


if __name__ == "__main__":
    run(main)
