"""One training loop for every network of the project; `docs/training.md` says how to use it.

Importing this package imports neither torch nor accelerate; `train` does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.errors import MBenchError
from mbench.training.settings import TrainSettings

if TYPE_CHECKING:
    import torch

__all__ = ["TrainSettings", "train"]


def train(
    network: torch.nn.Module,
    loss: Callable[[torch.nn.Module, Any, int], dict[str, torch.Tensor]],
    batch: Callable[[int], Any],
    settings: TrainSettings,
    folder: Path,
    evaluate: Callable[[torch.nn.Module, int], dict[str, float]] | None = None,
    decides: Any = None,
    quiet: bool = False,
) -> torch.nn.Module:
    """Train a network, or go on where an earlier call was stopped.

    The torch generator is seeded anew before every step from the settings' seed, the step and the process, so that
    dropout is the same in a resumed run; the caller's generator is left as it was. The first weights are the caller's.

    Args:
        network: trained in place, in training mode. Its frozen parameters stay as they are.
        loss: called as `loss(network, batch, step)`; returns scalars, of which `loss` is minimised and all are logged.
            With several GPUs the network it is given is wrapped: call it, not its methods.
        batch: returns the batch of a step: tensors, and dicts, lists and tuples of them, which are moved to the device.
            It runs in a thread, ahead of the training, and must depend on nothing but the step: no global generator.
            With N processes, process i takes the batches `N * step + i`.
        settings: see there.
        folder: where `checkpoint.pt`, `log.jsonl` and `loss.png` are written.
        evaluate: called as `evaluate(network, steps done)` in the main process, without gradients, with the moving
            average in eval mode, every `settings.evaluate_every` steps and at the end; its numbers are logged.
        decides: JSON value of whatever else decides the run (data, sizes of the network); a checkpoint with another
            is refused.
        quiet: show no progress.

    Returns:
        The moving average, or the network where there is none, in eval mode and on the CPU.

    Raises:
        MBenchError: a setting is out of range, accelerate or the GPU is missing, the checkpoint is damaged or of
            another run, the loss or its gradient is not finite, or a file can't be written.
        KeyboardInterrupt: Ctrl-C; the checkpoint was written first. A second Ctrl-C does not wait for it.
    """
    if find_spec("accelerate") is None:
        raise MBenchError("training needs accelerate, which is not installed; pip install 'mbench[train]'")
    from mbench.training.loop import Training

    return Training(network, loss, batch, settings, Path(folder), evaluate, decides, quiet).run()
