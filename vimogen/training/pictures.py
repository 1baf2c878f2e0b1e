"""Pictures of a training: what the network makes of a few captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mbench.files import atomic_write
from mbench.motion import Motion
from mbench.render.strip import draw_strip

FIGURES = 10  # of a strip
LONGEST = 110  # letters of a caption


def write_samples(path: Path, motions: Sequence[Motion], captions: Sequence[str], step: int) -> None:
    """Draw motions as filmstrips below each other, each under its caption.

    Args:
        path: the PNG to make or replace.
        motions: at least one.
        captions: of each.
        step: steps done, for the title.

    Raises:
        MBenchError: the file can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2 * len(motions) + 0.3), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"step {step:,}", fontsize="small", x=0.99, ha="right")
    for axes, motion, caption in zip(
        figure.subplots(len(motions), squeeze=False)[:, 0], motions, captions, strict=True
    ):
        draw_strip(axes, motion, FIGURES)
        axes.set_title(caption if len(caption) <= LONGEST else f"{caption[:LONGEST]}…", fontsize="small", loc="left")
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=100)
