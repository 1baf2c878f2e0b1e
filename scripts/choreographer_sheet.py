"""Draw the repertoire of the choreographer: one filmstrip an action.

    python scripts/choreographer_sheet.py [--out docs/images/choreographer.png] [--only walk wave] [--view side]

Strips run from the first frame to where the action is over, eight figures each, left limbs blue, right limbs orange.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from baselines.choreographer.moves import ACTIONS, Move
from baselines.choreographer.perform import perform
from mbench.motion import Motion, Pose
from mbench.render.strip import draw_strip

COLUMNS, FIGURES, GAP = 4, 8, 0.92


def performed(name: str) -> Motion:
    """Return an action on the right side, as long as it comes, without the standing after it."""
    score = ACTIONS[name].make(Move(name, side="right"))
    seconds = min(max(score.span(None).natural + 0.3, 1.5), 6.0)
    motion = perform([Move(name, side="right")], seconds, seed=1)
    still = np.abs(motion.joints - motion.joints[-1]).max(axis=(1, 2)) < 0.06
    last = len(motion) - int(np.argmin(still[::-1])) if not still.all() else len(motion)
    assert motion.pose is not None
    return Motion(motion.joints[:last], motion.fps, Pose(motion.pose.rotations[:last], motion.pose.offsets))


def sheet(names: list[str], view: str, columns: int) -> Figure:
    """Return a figure with one strip an action."""
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.1 * columns, 1.36 * rows), dpi=76)
    for number, name in enumerate(names):
        row, column = number % rows, number // rows
        axes = figure.add_axes((column / columns, 1 - (row + 1) / rows, 1 / columns, 0.88 / rows))
        draw_strip(axes, performed(name), FIGURES, view, GAP)
        axes.text(-0.5, 2.05, name.replace("_", " "), fontsize=9, family="sans-serif")
    return figure


def main() -> None:
    """Write the picture, reduced to a small palette."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images/choreographer.png"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--view", default="three-quarter")
    parser.add_argument("--columns", type=int, default=COLUMNS)
    options = parser.parse_args()
    names = options.only or sorted(ACTIONS)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sheet(names, options.view, options.columns).savefig(options.out)
    picture = Image.open(options.out).convert("RGB").quantize(24)
    picture.save(options.out, optimize=True)
    print(f"{options.out}: {len(names)} actions, {options.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
