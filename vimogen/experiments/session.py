"""What the scripts of the experiments share: options, progress on stderr, and the columns of their tables."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mbench.errors import MBenchError, one_line
from mbench.judges.base import identity
from vimogen.experiments import estimates
from vimogen.experiments.arms import Arm, motions_of
from vimogen.experiments.estimates import Estimate
from vimogen.experiments.marks import CHOICE, MATCH, METRIC_NAMES, Marks, Meter
from vimogen.experiments.prompts import Asked
from vimogen.experiments.tables import Cell, Result, Table

SHOWN = ("match", "10-way choice", "quality")
GATED = {"reference": {"model": "choreographer"}}
GATE_MATCH = 0.1  # docs/vimogen_reference.md: what the embedded judge is to be asked for of rule-based motion
CHOICES = (
    "Choice is 1 where the judge picks the prompt's text among ten, the others naming other actions; chance is 0.1."
)
PILLAR = (
    "Quality is the mean, over five dimensions that read joints, of their scores from 0 (the fault) to 1 (real "
    "motion). A body that hardly moves scores high on four of them: read the dynamic degree beside it."
)


def parser(doc: str | None, limit: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all experiments have.

    Args:
        doc: of the script.
        limit: prompts of a set, at most, unless told otherwise.
    """
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--limit", type=int, default=limit, help="prompts of a set, at most (default %(default)s)")
    made.add_argument("--out", type=Path, default=Path("docs"), help="tables/ and the page lie there (default docs)")
    made.add_argument("--work", type=Path, default=Path("results/experiments"), help="motions are kept there")
    made.add_argument("--seed", type=int, default=0, help="of prompts and noise")
    made.add_argument("--judge", default="retrieval", help="registered name (default %(default)s)")
    made.add_argument("--workers", type=int, default=1, help="processes that compute metrics")
    return made


def say(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Session:
    """One run of an experiment.

    Args:
        options: of `parser`.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.meter = Meter(options.judge, options.workers)
        self.cards: dict[str, None] = {}

    def marks(self, arm: Arm, prompts: Sequence[Asked]) -> Marks:
        """Return the marks of an arm's motions of prompts, which are made where they are not kept."""
        say(f"{arm.name}: {len(prompts)} prompts")
        motions = motions_of(arm, prompts, self.options.work, self.options.seed, say)
        card = arm.model.card
        if card.weights:
            self.cards[f"{card.name} {card.version}, weights {card.weights[:12]}"] = None
        return self.meter.marks(prompts, motions)

    def publish(self, name: str, tables: Sequence[Table], pictures: Mapping[str, str] | None = None) -> Result:
        """Write the result of a script and print it."""
        facts = (*self.cards, f"judge {identity(self.meter.judge)}, seed {self.options.seed}")
        result = Result(name, command(), tuple(tables), ("\n" + "; ".join(facts) + ".",), dict(pictures or {}))
        result.publish(self.options.out)
        sys.stdout.write(result.markdown() + "\n")
        return result


def command() -> str:
    """Return the command line that is running."""
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])


def run(main: Callable[[], None]) -> NoReturn:
    """Run a script; an error that the user can put right is one line and exit code 2."""
    try:
        main()
    except MBenchError as error:
        say(f"error: {one_line(error)}")
        sys.exit(2)
    sys.exit(0)


def shown(marks: Marks) -> tuple[Estimate, Estimate, Estimate]:
    """Return the estimates of the columns `SHOWN`."""
    return estimates.mean(marks[MATCH]), estimates.mean(marks[CHOICE]), estimates.quality(marks)


def shown_difference(one: Marks, other: Marks) -> tuple[Estimate, Estimate, Estimate]:
    """Return the estimates of the columns `SHOWN` of one minus other, paired by prompt."""
    apart = [estimates.difference(one[name], other[name]) for name in (MATCH, CHOICE)]
    return apart[0], apart[1], estimates.quality_difference(one, other)


def counted(marks: Marks) -> int:
    """Return how many motions there are."""
    return estimates.mean(marks[MATCH]).n


def table_of_arms(title: str, arms: Mapping[str, Marks]) -> Table:
    """Return the table of what arms show: a row an arm."""
    rows: list[tuple[Cell, ...]] = [(name, *shown(marks), counted(marks)) for name, marks in arms.items()]
    return Table(title, ("arm", *SHOWN, "n"), tuple(rows))


def table_of_differences(title: str, arms: Mapping[str, Marks], pairs: Sequence[tuple[str, str]]) -> Table:
    """Return the table of paired differences: a row a pair of arms that are both there."""
    rows: list[tuple[Cell, ...]] = []
    for one, other in pairs:
        if one in arms and other in arms:
            apart = shown_difference(arms[one], arms[other])
            rows.append((f"{one} minus {other}", *apart, apart[0].n))
    return Table(title, ("difference", *SHOWN, "n"), tuple(rows))


def table_of_metrics(title: str, arms: Mapping[str, Marks], more: Sequence[str] = ()) -> Table:
    """Return the table of metrics of quality: a row an arm, a column a metric.

    Args:
        title: of the table.
        arms: marks by name.
        more: further columns of the marks.
    """
    names = (*METRIC_NAMES, *more)
    rows: list[tuple[Cell, ...]] = [
        (arm, *(estimates.mean(marks[name]) for name in names)) for arm, marks in arms.items()
    ]
    return Table(title, ("arm", *names), tuple(rows))
