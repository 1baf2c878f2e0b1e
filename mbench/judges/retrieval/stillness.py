"""Motions that do not move, and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mbench.datasets.captions import actions_of
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.resample import resample

REACH = 0.05  # metres: what no joint leaves, around its mean place, is a body that does not move
WINDOW = 10  # frames (0.5 s) averaged first, so that a body that only trembles does not count as moving
POSES = frozenset({"stand", "sit", "lie", "balance"})  # actions that a body held still can show


def moves(motion: Motion) -> bool:
    """Return whether any joint leaves a ball of 5 cm around its mean place, after a mean over half a second."""
    joints = np.asarray(resample(motion, BENCHMARK_FPS).joints, np.float64)
    width = min(WINDOW, len(joints))
    sums = np.concatenate([np.zeros((1, *joints.shape[1:])), np.cumsum(joints, axis=0)])
    smooth = (sums[width:] - sums[:-width]) / width
    return bool(np.linalg.norm(smooth - smooth.mean(axis=0), axis=-1).max() > REACH)


def poses_among(texts: Sequence[str]) -> list[int]:
    """Return the places of the texts that a body held still can show: they name poses and no other action."""
    named = [actions_of(text) for text in texts]
    return [place for place, actions in enumerate(named) if actions and actions <= POSES]
