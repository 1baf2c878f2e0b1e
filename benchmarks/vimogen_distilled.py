"""What distillation keeps: vimogen-light against its teacher and against a student that was not distilled.

    python benchmarks/vimogen_distilled.py [--light FOLDER] [--teacher FOLDER] [--student FOLDER] [--limit 260]

Three sets of prompts: harvested ones of held-out actions, harvested ones of held-in actions, and `mbench-mini`, with
the suite's own distractors for those 15 prompts that have some. The share of the gate's gain that light keeps is
(light - teacher's text branch) / (gated teacher - teacher's text branch), its interval over prompts. Motions are kept
in `--work`: a stopped run goes on where it was.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from vimogen.experiments import estimates
from vimogen.experiments.arms import Arm, registered
from vimogen.experiments.marks import CHOICE, MATCH, Marks
from vimogen.experiments.prompts import held_in, held_out, suite
from vimogen.experiments.session import (
    CHOICES,
    GATE_MATCH,
    GATED,
    PILLAR,
    Session,
    parser,
    run,
    table_of_arms,
    table_of_differences,
    table_of_metrics,
)
from vimogen.experiments.tables import Cell, Table
from vimogen.models import BASE, LIGHT

DISTILLED, TEACHER, TEXT, STUDENT = "light", "teacher, gated", "teacher, text branch", "student, not distilled"
PAIRS = ((DISTILLED, TEACHER), (DISTILLED, TEXT), (TEACHER, TEXT), (DISTILLED, STUDENT))
OWN = "Of mbench-mini, the choice is that of the suite: of its 15 prompts that have distractors, which are hard ones."
KEPT = 0.8  # of the gain, that is aimed at


def arms_of(options: Namespace) -> list[Arm]:
    """Return the arms; the student is one only where its weights are given."""
    teacher, light = (None if own is None else str(own) for own in (options.teacher, options.light))
    auto = {"mode": "auto", "match": options.gate_match}
    arms = [
        registered(DISTILLED, LIGHT, {"weights": light}),
        registered(TEACHER, BASE, {"weights": teacher, **GATED, "gate": auto}),
        registered(TEXT, BASE, {"weights": teacher}),
    ]
    if options.student is not None:
        arms.append(registered(STUDENT, LIGHT, {"weights": str(options.student)}))
    return arms


def kept_table(arms: dict[str, Marks]) -> Table:
    """Return the table of the gain of the gate, and of the share that light keeps."""
    rows: list[tuple[Cell, ...]] = []
    for name in (MATCH, CHOICE):
        columns = [arms[arm][name] for arm in (DISTILLED, TEACHER, TEXT)]
        gain, share = estimates.difference(*columns[1:]), estimates.share_kept(*columns)
        enough = share.value is not None and share.value >= KEPT if gain.excludes_zero else "no gain to keep"
        rows.append((name, gain, share, enough, share.n))
    header = ("mark", "gain of the gate", "share that light keeps", f"at least {KEPT:g}", "n")
    note = "Where the interval of the gain includes 0, the share says nothing."
    return Table("Held-out actions, share of the gate's gain", header, tuple(rows), (note,))


def main() -> None:
    """Make, measure, print."""
    options_of = parser(__doc__, 260)
    options_of.add_argument("--light", type=Path, help="folder of the student; default: the shipped vimogen-light")
    options_of.add_argument("--teacher", type=Path, help="folder of the teacher; default: the shipped vimogen-base")
    options_of.add_argument("--student", type=Path, help="folder of a student of the same size that was not distilled")
    options_of.add_argument("--gate-match", type=float, default=GATE_MATCH, help="what the hard gate asks of the judge")
    options = options_of.parse_args()
    session, arms = Session(options), arms_of(options)
    asked = held_out(options.limit, options.seed)
    mini = suite()[: options.limit]
    sets = {"Held-out actions": asked, "Held-in actions": held_in(len(asked), options.seed), "mbench-mini": mini}
    tables: list[Table] = []
    for name, prompts in sets.items():
        marks = {arm.name: session.marks(arm, prompts) for arm in arms}
        tables += [table_of_arms(name, marks), table_of_differences(f"{name}, paired differences", marks, PAIRS)]
        tables += [kept_table(marks)] if prompts is asked else []
        tables.append(table_of_metrics(f"{name}, metrics of quality", marks))
    last = tables[-1]
    tables[-1] = Table(last.title, last.header, last.rows, (OWN, CHOICES, PILLAR))
    session.publish("vimogen_distilled", tables)


if __name__ == "__main__":
    run(main)
