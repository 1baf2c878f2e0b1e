"""Metrics of quality of vimogen-light against real capture: ratios, and whether they are within a factor of 2.

    python benchmarks/vimogen_quality.py [--light FOLDER] [--data data/vimogen] [--limit 250]

Each real clip of the splits val and test (at most 10 s) is compared with what the model makes of its caption, as long
as the clip. A ratio is that of the means, generated over real, its interval over clips. Where less is better, a metric
is within the factor up to twice that of real capture; the amount of motion, from half of it to twice. Motions are kept
in `--work`: a stopped run goes on where it was.
"""

from __future__ import annotations

from pathlib import Path

from mbench.metrics.base import METRICS
from vimogen.experiments import estimates
from vimogen.experiments.arms import registered
from vimogen.experiments.estimates import Estimate
from vimogen.experiments.marks import METRIC_NAMES, Marks
from vimogen.experiments.prompts import captions
from vimogen.experiments.session import PILLAR, Session, parser, run
from vimogen.experiments.tables import Cell, Table
from vimogen.models import LIGHT

FACTOR = 2.0


def within(name: str, made: Estimate, real: Estimate) -> bool | None:
    """Return whether a mean is within the factor, None where there is none."""
    if made.value is None or real.value is None:
        return None
    lower = METRICS.get(f"quality/{name}").info.better == "lower"
    return made.value <= FACTOR * real.value and (lower or made.value >= real.value / FACTOR)


def row_of(name: str, made: Marks, real: Marks) -> tuple[Cell, ...]:
    """Return the row of a metric, over the clips where it applies to both motions."""
    info = METRICS.get(f"quality/{name}").info
    both = estimates.paired([made[name], real[name]])
    ratio = estimates.ratio(made[name], real[name])
    means = (estimates.mean(both[:, 0]), estimates.mean(both[:, 1]))
    return (f"{name} ({info.unit})", info.better, *means, ratio, within(name, *means), ratio.n)


def main() -> None:
    """Make, measure, print."""
    options_of = parser(__doc__, 250)
    options_of.add_argument("--light", type=Path, help="folder of the student; default: the shipped vimogen-light")
    options_of.add_argument("--data", type=Path, default=Path("data/vimogen"), help="folder of vimogen data build")
    options = options_of.parse_args()
    session = Session(options)
    asked = captions(options.data, options.limit, seed=options.seed)
    arm = registered(LIGHT, LIGHT, {"weights": None if options.light is None else str(options.light)})
    made = session.marks(arm, asked)
    real = session.meter.marks(asked, [one.real for one in asked])
    rows: list[tuple[Cell, ...]] = [row_of(name, made, real) for name in METRIC_NAMES]
    pillar = f"Quality: {LIGHT} {estimates.quality(made)}, real capture {estimates.quality(real)}. {PILLAR}"
    header = ("metric", "better", LIGHT, "real capture", "ratio", f"within a factor of {FACTOR:g}", "n")
    session.publish("vimogen_quality", [Table("Against real capture", header, tuple(rows), (pillar,))])


if __name__ == "__main__":
    run(main)
