"""Steps and samplers against what is shown, quality and seconds: vimogen-light, and the teacher with guidance.

    OMP_NUM_THREADS=2 python benchmarks/vimogen_steps.py [--light FOLDER] [--reflow FOLDER] [--limit 100]

Harvested prompts of held-in actions, the same noise for all. Seconds are those of a clip of 5 s made by itself, from
text to motion, the median of some repeats with texts that were not encoded before; heun asks the network twice a step.
The teacher takes its text branch; all are guided as their weights say. `--reflow` names a student that was taught few
steps (docs/vimogen_light.md), which is asked without guidance: half the work a step. Motions are kept in `--work`: a
stopped run goes on where it was. Writes a figure too.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from mbench.suites.prompt import Prompt
from vimogen.experiments import estimates
from vimogen.experiments.arms import Arm, registered
from vimogen.experiments.figure import Curve, Point, draw_curves
from vimogen.experiments.marks import Marks
from vimogen.experiments.prompts import held_in
from vimogen.experiments.session import CHOICES, PILLAR, SHOWN, Session, parser, run, shown
from vimogen.experiments.tables import Cell, Table
from vimogen.flow import SAMPLERS
from vimogen.models import BASE, LIGHT

STEPS = (1, 2, 4, 8, 20, 50)
REFLOW = f"{LIGHT} after reflow"
PICTURE = "vimogen_steps.png"
SECONDS = 5.0
METRICS = ("dynamic_degree", "jitter_degree", "foot_sliding", "foot_skate_speed")


def arm_of(model: str, weights: Path | None, sampler: str, steps: int) -> Arm:
    """Return a model with another sampling."""
    folder = None if weights is None else str(weights)
    options = {"weights": folder, "sampling": {"sampler": sampler, "steps": steps}}
    return registered(f"{model}, {sampler}, {steps}", LIGHT if model == REFLOW else model, options)


def seconds_of(arm: Arm, repeats: int) -> float:
    """Return the median seconds of a clip of 5 s made by itself; a first one is not counted."""
    taken = []
    for number in range(repeats + 1):
        prompt = Prompt(f"t{number}", f"a person walks {time.time_ns() % 10**6} steps forward, then waves", SECONDS)
        began = time.perf_counter()
        list(arm.model.generate([prompt], [number]))
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def curves_of(model: str, found: dict[tuple[str, int], tuple[float, Marks]], samplers: Sequence[str]) -> list[Curve]:
    """Return a curve a sampler."""
    points: dict[str, list[Point]] = {sampler: [] for sampler in samplers}
    for (sampler, steps), (seconds, marks) in found.items():
        match, _, quality = shown(marks)
        points[sampler].append(Point(steps, seconds, match, quality))
    return [Curve(model, sampler, tuple(own)) for sampler, own in points.items()]


def table_of(model: str, found: dict[tuple[str, int], tuple[float, Marks]]) -> Table:
    """Return the table of a model."""
    rows: list[tuple[Cell, ...]] = [
        (sampler, steps, *shown(marks), *(estimates.mean(marks[name]) for name in METRICS), seconds)
        for (sampler, steps), (seconds, marks) in found.items()
    ]
    return Table(model, ("sampler", "steps", *SHOWN, *METRICS, "seconds of a 5 s clip"), tuple(rows))


def main() -> None:
    """Make, measure, time, print."""
    options_of = parser(__doc__, 100)
    options_of.add_argument("--light", type=Path, help="folder of the student; default: the shipped vimogen-light")
    options_of.add_argument("--teacher", type=Path, help="folder of the teacher; default: the shipped vimogen-base")
    options_of.add_argument("--reflow", type=Path, help="folder of a student of few steps")
    options_of.add_argument("--models", nargs="+", choices=(LIGHT, BASE), default=[LIGHT, BASE])
    options_of.add_argument("--steps", type=int, nargs="+", default=list(STEPS))
    options_of.add_argument("--samplers", nargs="+", choices=tuple(SAMPLERS), default=list(SAMPLERS))
    options_of.add_argument("--repeats", type=int, default=7, help="clips that are timed")
    options = options_of.parse_args()
    session, prompts = Session(options), held_in(options.limit, options.seed)
    folders = {LIGHT: options.light, REFLOW: options.reflow, BASE: options.teacher}
    tables, curves = [], []
    for model in (own for own in folders if own in options.models or (own == REFLOW and options.reflow)):
        found = {}
        for sampler, steps in ((sampler, steps) for sampler in options.samplers for steps in options.steps):
            arm = arm_of(model, folders[model], sampler, steps)
            found[sampler, steps] = (seconds_of(arm, options.repeats), session.marks(arm, prompts))
        tables.append(table_of(model, found))
        curves += curves_of(model, found, options.samplers)
    threads = f"{torch.get_num_threads()} threads" if not torch.cuda.is_available() else torch.cuda.get_device_name()
    machine = f"{len(prompts)} prompts; {threads}, float32, load of the machine {os.getloadavg()[0]:.1f}."
    last, notes = tables[-1], (machine, CHOICES, PILLAR)
    tables[-1] = Table(last.title, last.header, last.rows, notes)
    draw_curves(curves, options.out / "tables" / PICTURE)
    session.publish("vimogen_steps", tables, {"match and quality against seconds of a clip": PICTURE})


if __name__ == "__main__":
    run(main)
