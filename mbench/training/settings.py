"""What decides a training besides its data, and the learning rate of a step."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

from mbench.errors import ConfigError

_NEVER_DECIDE = {"every", "log_every", "evaluate_every", "device"}


@dataclass(frozen=True)
class TrainSettings:
    """Settings of `mbench.training.train`.

    Attributes:
        steps: of AdamW, one batch each.
        rate: highest learning rate.
        warmup: steps over which the rate rises linearly.
        schedule: after the warm-up, along a half cosine to 0, or constant.
        decay: of a constant rate, steps at the end over which it falls linearly to 0. Until they begin, a run can be
            made longer (Hägele et al. 2024, arXiv 2405.18392).
        weight_decay: decoupled, of AdamW; parameters with fewer than two axes (biases, norms, scalars) have none.
        clip: largest norm of the gradient.
        ema: decay of the moving average of the weights, or none. At update t it is at most (1 + t) / (10 + t), so that
            the first weights are soon forgotten.
        precision: of the forward pass; bf16 is autocast, the weights stay in fp32.
        every: steps between checkpoints.
        log_every: steps between lines of the log.
        evaluate_every: steps between evaluations; none for one at the end only.
        seed: of whatever is random inside the network and its loss.
        device: cpu, cuda, or auto: cuda where there is one.

    Raises:
        ConfigError: a value is out of its range.
    """

    steps: int = 1000
    rate: float = 3e-4
    warmup: int = 100
    schedule: Literal["cosine", "constant"] = "cosine"
    decay: int = 0
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float | None = 0.999
    precision: Literal["fp32", "bf16"] = "bf16"
    every: int = 200
    log_every: int = 20
    evaluate_every: int | None = None
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check every value."""
        choices = {"schedule": ("cosine", "constant"), "precision": ("fp32", "bf16"), "device": ("auto", "cpu", "cuda")}
        for name, known in choices.items():
            self._check(name, getattr(self, name) in known, f"one of {', '.join(known)}")
        for name in ("steps", "every", "log_every"):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        for name in ("rate", "clip"):
            self._check(name, getattr(self, name) > 0, "above 0")
        for name in ("warmup", "decay", "weight_decay"):
            self._check(name, getattr(self, name) >= 0, "at least 0")
        self._check("decay", self.schedule == "constant" or not self.decay, "0 for another schedule than constant")
        self._check("ema", self.ema is None or 0 <= self.ema < 1, "from 0 to below 1, or null")
        self._check("evaluate_every", self.evaluate_every is None or self.evaluate_every >= 1, "at least 1, or null")

    def _check(self, name: str, fine: bool, expected: str) -> None:
        if not fine:
            raise ConfigError(f"training: {name} is {getattr(self, name)!r}; expected {expected}")

    def identity(self) -> dict[str, Any]:
        """Return the settings that decide the weights; the number of steps does only where the rate depends on it."""
        left_out = _NEVER_DECIDE | ({"steps"} if self.schedule == "constant" else set())
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in left_out}

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        if self.schedule == "constant":
            left = self.steps - step
            return self.rate * left / self.decay if left < self.decay else self.rate
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * 0.5 * (1 + math.cos(math.pi * done))
