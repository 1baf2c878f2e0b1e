"""Where warp kernels run, and warp kept silent."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from mbench.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda")


def warp_device(device: str = "auto") -> str:
    """Return the warp device of a name: `cpu`, or `cuda:N`.

    Args:
        device: `auto` (CUDA where there is a GPU, else the CPU), `cpu`, `cuda` or `cuda:N`.

    Raises:
        ConfigError: another name, a GPU that is not there, or warp is not installed.
    """
    kind, _, number = device.partition(":")
    if kind not in DEVICES or (number and (kind != "cuda" or not number.isdecimal())):
        raise ConfigError(f"device {device!r} is unknown; expected auto, cpu, cuda or cuda:N")
    gpus = _gpus()
    if kind == "cpu" or (kind == "auto" and not gpus):
        return "cpu"
    if int(number or 0) >= gpus:
        raise ConfigError(f"device {device!r} is not here: warp sees {gpus} CUDA devices; use auto or cpu")
    return f"cuda:{int(number or 0)}"


@cache
def _gpus() -> int:
    """Return the number of GPUs, after starting warp without its banner."""
    try:
        import warp
    except ImportError:
        raise ConfigError("the mesh metrics and the renderer need warp: pip install 'mbench[body]'") from None
    warp.config.log_level = warp.LOG_WARNING
    with _no_stderr():
        warp.init()
    return int(warp.get_cuda_device_count())


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Keep native code off stderr: without a driver, warp's C++ says so in every process, whatever its log level."""
    sys.stderr.flush()
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(null)
        os.close(kept)
