"""What each loss brings: networks trained with all kinematic losses, without each, without any, and adversarially.

    python benchmarks/vimogen_ablations.py --train
    python benchmarks/vimogen_losses.py [--data data/vimogen] [--runs results/ablations] [--limit 100]

Networks of the same size, data and number of steps, see examples/ablations. Prompts are captions of real clips that
were not trained on and as many harvested ones of held-in actions, as one set. Motions are kept in `--work`: a stopped
run goes on where it was.
"""

from __future__ import annotations

from pathlib import Path

from vimogen.experiments import estimates
from vimogen.experiments.ablations import OF_LOSSES, weights_of
from vimogen.experiments.arms import by_rows
from vimogen.experiments.marks import ACCOUNT, METRIC_NAMES, Marks
from vimogen.experiments.prompts import captions, held_in
from vimogen.experiments.session import (
    CHOICES,
    PILLAR,
    Session,
    parser,
    run,
    table_of_arms,
    table_of_differences,
    table_of_metrics,
)
from vimogen.experiments.tables import Cell, Table

ALL = next(iter(OF_LOSSES))
ROWS = ACCOUNT[1:]  # what generated rows say of themselves
NOTES = (
    "Root drift is how far the running sum of velocities ends from the absolute position of the pelvis; pose against "
    "positions, how far joints are from where the rotations put them; spread of bones, the standard deviation of a "
    "bone's length over the clip. All three are of the generated rows; the metrics are of the decoded motion, whose "
    "bones are fixed.",
    CHOICES,
    PILLAR,
)


def table_of_metric_differences(arms: dict[str, Marks]) -> Table:
    """Return how each arm's metrics differ from those with all losses, paired by prompt."""
    names = (*METRIC_NAMES, *ROWS)
    rows: list[tuple[Cell, ...]] = [
        (f"{arm} minus {ALL}", *(estimates.difference(marks[name], arms[ALL][name]) for name in names))
        for arm, marks in arms.items()
        if arm != ALL
    ]
    return Table("Metrics of quality, paired differences", ("difference", *names), tuple(rows), NOTES)


def main() -> None:
    """Make, measure, print."""
    options_of = parser(__doc__, 100)
    options_of.add_argument("--data", type=Path, default=Path("data/vimogen"), help="folder of vimogen data build")
    options_of.add_argument("--runs", type=Path, default=Path("results/ablations"), help="runs of the recipes")
    options = options_of.parse_args()
    session = Session(options)
    prompts = captions(options.data, options.limit, seed=options.seed) + held_in(options.limit, options.seed)
    arms = [by_rows(said, weights_of(options.runs, name)) for said, name in OF_LOSSES.items()]
    marks = {arm.name: session.marks(arm, prompts) for arm in arms}
    tables = [
        table_of_arms("What is shown", marks),
        table_of_differences(
            "What is shown, paired differences", marks, [(name, ALL) for name in OF_LOSSES if name != ALL]
        ),
        table_of_metrics("Metrics of quality", marks, ROWS),
        table_of_metric_differences(marks),
    ]
    session.publish("vimogen_losses", tables)


if __name__ == "__main__":
    run(main)
