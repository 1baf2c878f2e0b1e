"""A tiny training of a recipe in processes that are killed where they are told: vimogen_runs.py RECIPE POINT..."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import torch

from training_runs import _killed_at


def _train(recipe: Path, where: str, count: int) -> None:
    """Train until call number `count` of `where`; the process ends there, or with an exit code."""
    from vimogen.training import run
    from vimogen.training.objective import Objective
    from vimogen.training.recipe import load_recipe

    if where == "loss":
        Objective.__call__ = _killed_at(Objective.__call__, count)
    if where == "replace":
        os.replace = _killed_at(os.replace, count)
    if where == "weights":
        run.save_generator = _killed_at(run.save_generator, count)
    try:
        run.run_training(load_recipe(recipe), quiet=True)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    import matplotlib.figure  # noqa: F401 - once for all children
    import pandas  # noqa: F401

    import mbench.training.loop  # noqa: F401
    import vimogen.training.run  # noqa: F401
    from mbench.scoring import metrics_for_motions
    from vimogen.training.validation import METRICS

    metrics_for_motions(METRICS)

    for point in sys.argv[2:]:
        place, _, number = point.partition(":")
        child = os.fork()
        if not child:
            _train(Path(sys.argv[1]), place, int(number or 0))
        print(point, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201
