"""Parts of a training step: groups of parameters, the moving average, batches ahead. Imports torch; import it late."""

from __future__ import annotations

import copy
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

AHEAD = 2  # batches that are ready or in the making while a step runs


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the trained parameters in two groups of AdamW; those with fewer than two axes are not decayed."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def size_of(batch: Any) -> int:
    """Return the length of the first tensor in a batch that has one; 0 where there is none."""
    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.ndim else 0
    if isinstance(batch, dict):
        batch = list(batch.values())
    return next((size for part in batch if (size := size_of(part))), 0) if isinstance(batch, (list, tuple)) else 0


class Average:
    """Exponential moving average of a network's parameters; its buffers are those of the network.

    Attributes:
        network: a copy of the network, with the averaged weights, in eval mode.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self._decay = copy.deepcopy(network).eval().requires_grad_(False), decay

    @torch.no_grad()
    def update(self, network: nn.Module, count: int) -> None:
        """Take in the weights of a network after update number `count`, from 0.

        The decay is min(decay, (1 + count) / (10 + count)), the usual warm-up, as in TensorFlow's
        `ExponentialMovingAverage(num_updates=...)`.
        """
        weight = 1 - min(self._decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), weight)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)


@contextmanager
def batches_ahead(make: Callable[[int], Any], steps: range) -> Iterator[Callable[[], Any]]:
    """Make the batches of some steps in order, in a thread of their own; yields a function that returns the next one.

    Args:
        make: returns the batch of a step; what it raises is raised where the batch is taken.
        steps: the steps to come.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
    to_come = iter(steps)
    coming = deque(pool.submit(make, step) for step in itertools.islice(to_come, AHEAD))

    def take() -> Any:
        batch = coming.popleft().result()
        coming.extend(pool.submit(make, step) for step in itertools.islice(to_come, 1))
        return batch

    try:
        yield take
    finally:
        pool.shutdown(cancel_futures=True)
