"""A model and a metric that write down every call, slowly enough to be killed in between.

The subprocesses of the tests import this file by name; the environment variable `CALLS` names the log.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from mbench import Card, Motion, metric
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import REST_OFFSETS

SLOW = float(os.environ.get("SLOW", "0"))


def note(what: str) -> None:
    if log := os.environ.get("CALLS"):
        with Path(log).open("a") as file:
            file.write(f"{what}\n")
    time.sleep(SLOW)


def figure(seed: int, seconds: float) -> Motion:
    """A figure that swings and drifts as the seed says."""
    generator = np.random.default_rng(seed)
    times = np.arange(round(seconds * 20)) / 20
    rotations = np.zeros((len(times), 22, 4))
    rotations[..., 3] = 1
    rotations[:, :, 0] = 0.2 * np.sin(2 * np.pi * generator.uniform(0.3, 1.5) * times)[:, None]
    root = np.outer(times, [*generator.normal(size=2), 0.0]) + [0, 0, 0.95]
    return Motion(forward_kinematics(rotations, root, REST_OFFSETS).astype(np.float32))


class Recorder:
    """Makes a figure a prompt; `broken` prompts raise, `silent` ones yield an exception."""

    def __init__(self, broken: str = "", silent: str = "", weights: str = "") -> None:
        self.card = Card("recorder", "1", "control", "Apache-2.0")
        self._broken, self._silent = broken.split(), silent.split()

    def generate(self, prompts, seeds):
        for prompt, seed in zip(prompts, seeds, strict=True):
            note(f"generate {prompt.id}")
            if prompt.id in self._broken:
                raise RuntimeError(f"no idea how to do {prompt.id}")
            yield LookupError("never heard of it") if prompt.id in self._silent else figure(seed, prompt.seconds)


class Mute:
    """Yields nothing at all."""

    card = Card("mute", "1", "control", "Apache-2.0")

    def generate(self, prompts, seeds):
        return iter(())


class Arrays:
    """Yields bare arrays."""

    card = Card("arrays", "1", "control", "Apache-2.0")

    def generate(self, prompts, seeds):
        return iter([np.zeros((5, 22, 3), np.float32)] * len(prompts))


class Explodes:
    """Can't be made."""

    def __init__(self) -> None:
        raise OSError("no such weights")


@metric("quality/recorded", unit="m", better="higher", source="tests")
def recorded(motion: Motion) -> float | None:
    """How far the pelvis went."""
    note("score")
    return float(np.linalg.norm(motion.joints[-1, 0] - motion.joints[0, 0]))


@metric("quality/breaks", unit="m", better="higher", source="tests")
def breaks(motion: Motion) -> float | None:
    """Raise."""
    raise ZeroDivisionError("by zero")


@metric("quality/not_a_number", unit="m", better="higher", source="tests")
def not_a_number(motion: Motion) -> float | None:
    """Return NaN."""
    return float("nan")


@metric("quality/never_applies", unit="m", better="higher", source="tests")
def never_applies(motion: Motion) -> float | None:
    """Return None."""
    return None
