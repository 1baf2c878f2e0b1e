"""Write the page of a model: what it is, its training, its data and licences, curves, scores, limits and failures.

    python scripts/vimogen_card.py vimogen-light [--failures results/vimogen-light/RUN] [--out docs]

It is made from `vimogen/weights/NAME` (scripts/ship_weights.py), from `docs/tables` (benchmarks/vimogen_*.py) and,
with --failures, from a run of `mbench evaluate` on mbench-mini. It writes `NAME.md` and `images/NAME_*.png`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from model_card.facts import NAMES, Facts, read_facts
from model_card.page import page

from mbench.errors import ConfigError, MBenchError, one_line
from mbench.files import atomic_write

ROOT = Path(__file__).parents[1]


def gallery(facts: Facts, weights: Path, run: Path, picture: Path) -> dict[str, Any]:
    """Draw the clips of the lowest match of a run and return what the page says of them."""
    from model_card.failures import counts, draw_failures, judged, read_clips, worst

    from mbench.judges.base import build_judge
    from vimogen.checkpoint import card_of

    clips, missing = read_clips(run, facts.name, card_of(weights / facts.name).weights)
    shown = judged(clips, build_judge("retrieval"))
    if not (drawn := worst(shown)):
        raise ConfigError(f"{run}: holds no motion that the judge has an answer for; expected a finished run")
    draw_failures(drawn, picture)
    return {**counts(shown, missing), "drawn": len(drawn)}


def write_card(facts: Facts, weights: Path, out: Path, run: Path | None = None, tables: Path | None = None) -> Path:
    """Write the page and its pictures, and return the page.

    Args:
        facts: of the model.
        weights: the folder with a folder of its name.
        out: where the page goes; pictures go to `images` in it.
        run: a result folder for the failures, or none.
        tables: the folder of the tables of experiments; None for that of the documentation.

    Raises:
        MBenchError: a file can't be read or written, or the run is not one of these weights.
    """
    from model_card.curves import draw_curves

    images = out / "images"
    if stages := facts.card.get("stages"):
        draw_curves(stages, images / f"{facts.name}_curves.png")
    failures = None if run is None else gallery(facts, weights, run, images / f"{facts.name}_failures.png")
    path = out / f"{facts.name}.md"
    with atomic_write(path, "w") as file:
        file.write(page(facts, failures, tables or ROOT / "docs" / "tables"))
    return path


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help=" or ".join(NAMES))
    parser.add_argument(
        "--failures", type=Path, metavar="RUN", help="a result folder of mbench evaluate on mbench-mini"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    parser.add_argument("--weights", type=Path, default=ROOT / "vimogen" / "weights")
    options = parser.parse_args()
    try:
        facts = read_facts(options.name, options.weights)
        print(write_card(facts, options.weights, options.out, options.failures))
    except MBenchError as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
