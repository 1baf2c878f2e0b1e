"""What the gate is worth: text branch, reference branch, the reference itself, hard gate, soft gate.

    python benchmarks/vimogen_gate.py [--weights FOLDER] [--soft FOLDER] [--limit 260]

Prompts are harvested ones of actions that no text was trained on, so that a reference is the only source of them, and
as many of other actions as a contrast. All arms have the same prompts, lengths and noise; reference motions are those
of the rule-based choreographer. Motions are kept in `--work`: a stopped run goes on where it was.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from mbench.errors import ConfigError
from mbench.files import read_json
from vimogen.experiments import estimates
from vimogen.experiments.arms import Arm, raw_reference, registered
from vimogen.experiments.marks import ACCOUNT, MATCH, Marks
from vimogen.experiments.prompts import held_in, held_out
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
from vimogen.experiments.tables import Table
from vimogen.models import BASE, SHIPPED

SAME_JUDGE = (
    "The judge that marks is also the one that the hard gate asks about its references (not about what is made of "
    "them); the row of the reference branch is free of that choice."
)
TEXT, REFERENCE, RAW = "text branch", "reference branch", "raw reference"
HARD, SOFT = "hard gate", "soft gate"
PAIRS = ((HARD, TEXT), (REFERENCE, TEXT), (HARD, RAW), (SOFT, TEXT), (SOFT, HARD))


def arms_of(options: Namespace) -> list[Arm]:
    """Return the arms; the soft gate is one only where there are weights that have it."""
    weights = None if options.weights is None else str(options.weights)
    auto = {"mode": "auto", "match": options.gate_match}
    arms = [
        registered(TEXT, BASE, {"weights": weights}),
        registered(REFERENCE, BASE, {"weights": weights, **GATED, "gate": "always"}),
        raw_reference(RAW, GATED["reference"]),
        registered(HARD, BASE, {"weights": weights, **GATED, "gate": auto}),
    ]
    soft = options.soft or options.weights or SHIPPED / BASE
    if has_soft_gate(soft):
        arms.append(registered(SOFT, BASE, {"weights": str(soft), **GATED, "gate": "soft"}))
    elif options.soft is not None:
        raise ConfigError(f"--soft: {soft} has no learned gate; expected weights of a recipe with learn_gate")
    return arms


def has_soft_gate(folder: Path) -> bool:
    """Return whether weights have a learned gate."""
    return bool(read_json(folder / "config.json").get("network", {}).get("soft_gate"))


def verdict(arms: dict[str, Marks]) -> str:
    """Return in a sentence whether the gate helps where no text was trained on."""
    gain = estimates.difference(arms[HARD][MATCH], arms[TEXT][MATCH])
    used = estimates.mean(arms[HARD][ACCOUNT[0]])
    outside = "excludes" if gain.excludes_zero else "does not exclude"
    return (
        f"Hard gate minus text branch, held-out actions, match: {gain}, n = {gain.n}; the interval {outside} 0. "
        f"The gate follows {used} of the references."
    )


def tables_of(name: str, arms: dict[str, Marks], notes: tuple[str, ...] = ()) -> list[Table]:
    """Return the tables of a set of prompts."""
    shown = table_of_arms(f"{name} actions", arms)
    apart = table_of_differences(f"{name} actions, paired differences", arms, PAIRS)
    return [
        shown,
        Table(apart.title, apart.header, apart.rows, notes),
        table_of_metrics(f"{name} actions, metrics of quality", arms, ACCOUNT[:1]),
    ]


def main() -> None:
    """Make, measure, print."""
    options_of = parser(__doc__, 260)
    options_of.add_argument("--weights", type=Path, help="folder of the teacher; default: the shipped vimogen-base")
    options_of.add_argument(
        "--soft", type=Path, help="folder with a learned gate; default: the teacher's, if it has one"
    )
    options_of.add_argument("--gate-match", type=float, default=GATE_MATCH, help="what the hard gate asks of the judge")
    options = options_of.parse_args()
    session, arms, limit = Session(options), arms_of(options), options.limit
    asked = held_out(limit, options.seed)
    sets = {"Held-out": asked, "Held-in": held_in(len(asked), options.seed)}
    tables: list[Table] = []
    for name, prompts in sets.items():
        marks = {arm.name: session.marks(arm, prompts) for arm in arms}
        notes = (verdict(marks), SAME_JUDGE, CHOICES, PILLAR) if name == "Held-out" else ()
        tables += tables_of(name, marks, notes)
    session.publish("vimogen_gate", tables)


if __name__ == "__main__":
    run(main)
