"""Tiny trainings for the tests; run as a script, it trains in processes that are killed at the points it is given."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import torch
from torch import nn

from mbench.training import TrainSettings, train

TINY = TrainSettings(steps=30, rate=1e-2, warmup=5, every=7, log_every=4, evaluate_every=9, device="cpu", ema=0.9)


def tiny_network() -> nn.Module:
    """Return a network with dropout and a buffer, the same every time."""
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))


def tiny_batch(step: int) -> dict:
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
    return {"texts": ["a person walks"], "inner": [(x, x.sum(1, keepdim=True))]}


def tiny_loss(network: nn.Module, batch: dict, step: int) -> dict[str, torch.Tensor]:
    (x, y) = batch["inner"][0]
    error = (network(x) - y).square().mean()
    return {"loss": error, "error": error.sqrt()}


def tiny_evaluate(network: nn.Module, step: int) -> dict[str, float]:
    torch.rand(step)  # an evaluation that draws must not change the training
    x, y = tiny_batch(10**6)["inner"][0]
    return {"mse": float((network(x) - y).square().mean())}


def tiny_run(folder: Path, settings: TrainSettings = TINY, **change) -> nn.Module:
    """Train the tiny network; `change` replaces arguments of `train`."""
    arguments = {"loss": tiny_loss, "batch": tiny_batch, "evaluate": tiny_evaluate, "quiet": True, **change}
    network = arguments.pop("network", None) or tiny_network()
    return train(network, settings=settings, folder=folder, **arguments)


def _killed_at(function, count: int):
    """Return the function, but the process dies of SIGKILL in place of its call number `count`."""
    left = [count]

    def counted(*arguments, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return counted


def _child(folder: Path, where: str, count: int) -> None:
    """Train until call number `count` of `where`; the process ends there, or with an exit code."""
    change = {}
    if where in ("fsync", "replace"):
        setattr(os, where, _killed_at(getattr(os, where), count))
    if where == "batch":
        change["batch"] = _killed_at(tiny_batch, count)
    if where == "loss":
        change["loss"] = _killed_at(tiny_loss, count)
    if where == "interrupt":
        change["batch"] = lambda step: time.sleep(0.02) or tiny_batch(step)
    try:
        tiny_run(folder, **change)
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _fork(folder: Path, where: str, count: int) -> str:
    """Return how a child ended; `interrupt` sends it Ctrl-C when its log has `count` more lines."""
    child = os.fork()
    if not child:
        _child(folder, where, count)
    log, ended = folder / "log.jsonl", threading.Event()
    before = log.read_bytes().count(b"\n") if log.exists() else 0

    def interrupt() -> None:
        while not ended.is_set() and (not log.exists() or log.read_bytes().count(b"\n") < before + count):
            time.sleep(0.002)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGINT)

    if where == "interrupt":
        threading.Thread(target=interrupt, daemon=True).start()
    status = os.waitpid(child, 0)[1]
    ended.set()
    return str(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    torch.set_num_threads(1)
    import accelerate  # noqa: F401 - once for all children
    import matplotlib.figure  # noqa: F401

    import mbench.training.loop  # noqa: F401

    for point in sys.argv[2:]:
        place, _, number = point.partition(":")
        print(point, _fork(Path(sys.argv[1]), place, int(number or 0)), flush=True)  # noqa: T201
