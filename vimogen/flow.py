"""Flow matching: the path from motion to noise, its schedule, samplers and guidance.

Source: ViMoGen, arXiv 2510.26794; flow matching as in Lipman et al. 2023 (arXiv 2210.02747) on the straight path of Liu
et al. 2023 (arXiv 2209.03003): x_s = (1 - s) x_0 + s noise, s from 0 (motion) to 1 (noise). A network sees the
timestep 1000 s and returns the velocity dx/ds = noise - x_0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mbench.motion.representations.vimogen276 import WIDTH
from mbench.seeds import seed_of

TRAINING_STEPS = 1000
SHIFT = 5.0  # gives noisy times more of the steps (Esser et al. 2024, arXiv 2403.03206)
RELEASED_START = 0.7  # where the release starts sampling, before the shift: 7.9 % of its result is left-over noise

Velocity = Callable[[Tensor, Tensor], Tensor]  # (x (B, T, C), timestep (B,)) -> (B, T, C)


def sigmas(steps: int, start: float = 1.0, shift: float = SHIFT) -> Tensor:
    """Return the noise levels at which a sampler asks the network, then 0: (steps + 1,), float32, falling.

    Args:
        steps: at least 1.
        start: before the shift; `RELEASED_START` for what the release does.
        shift: k in s <- k s / (1 + (k - 1) s).
    """
    even = torch.linspace(start, 0.0, steps + 1)
    return shift * even / (1 + (shift - 1) * even)


def timesteps(sigma: Tensor) -> Tensor:
    """Return what the network is told of a noise level: 1000 s."""
    return TRAINING_STEPS * sigma


def training_weights() -> Tensor:
    """Return the weight of the loss at each of the training noise levels `sigmas(1000)[:-1]`: (1000,), mean 1.

    A bell over the timestep, less its smallest value: the middle of the path counts most, pure noise nothing.
    """
    bell = torch.exp(-2 * ((timesteps(sigmas(TRAINING_STEPS)[:-1]) - 500) / 1000) ** 2)
    bell = bell - bell.min()
    return bell * (TRAINING_STEPS / bell.sum())


def noise_of(seed: int, frames: int) -> Tensor:
    """Return the noise that a generated motion starts from: (frames, 276), standard normal, on the CPU.

    The seed and the number of frames decide it, so that a motion of the same two can be paired with it again.
    """
    return torch.randn(frames, WIDTH, generator=torch.Generator().manual_seed(seed_of("vimogen", seed)))


def noisy(motion: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Return x_s: (B, T, C).

    Args:
        motion: (B, T, C).
        noise: (B, T, C), standard normal.
        sigma: (B,).
    """
    s = sigma[:, None, None]
    return (1 - s) * motion + s * noise


def motion_of(x: Tensor, velocity: Tensor, sigma: Tensor) -> Tensor:
    """Return the motion that a velocity points to from x_s; inverse of `noisy` where the velocity is right."""
    return x - sigma[:, None, None] * velocity


def euler(velocity: Velocity, noise: Tensor, grid: Tensor) -> Tensor:
    """Return a sample (B, T, C) by Euler's method: as many calls of the network as the grid has steps.

    Args:
        velocity: the network.
        noise: (B, T, C), x at the first noise level.
        grid: of `sigmas`.
    """
    x = noise
    for now, then in zip(grid[:-1], grid[1:], strict=True):
        x = x + (then - now) * velocity(x, _everywhere(now, x))
    return x


def heun(velocity: Velocity, noise: Tensor, grid: Tensor) -> Tensor:
    """Return a sample (B, T, C) by Heun's method, of second order: two calls a step, one for the last.

    Arguments as for `euler`. The last step, to 0, is Euler's: the network has not learned the velocity at 0.
    """
    x = noise
    for now, then in zip(grid[:-1], grid[1:], strict=True):
        slope = velocity(x, _everywhere(now, x))
        if then > 0:
            slope = (slope + velocity(x + (then - now) * slope, _everywhere(then, x))) / 2
        x = x + (then - now) * slope
    return x


def multistep(velocity: Velocity, noise: Tensor, grid: Tensor) -> Tensor:
    """Return a sample (B, T, C) by DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095).

    It is of second order with one call a step: it remembers the motion that the step before pointed to. Arguments as
    for `euler`; the first step, from pure noise, and the last, to 0, are of first order.
    """
    x, before, width = noise, noise, torch.tensor(torch.inf)
    ratio = torch.log((1 - grid) / grid)  # half the log of the signal-to-noise ratio, from -inf to inf
    for index, (now, then) in enumerate(zip(grid[:-1], grid[1:], strict=True)):
        pointed = motion_of(x, velocity(x, _everywhere(now, x)), now.to(x).expand(len(x)))
        step = ratio[index + 1] - ratio[index]
        bend = step / (2 * width) if index and then > 0 else 0.0
        x = then / now * x + (1 - then / now) * (pointed + bend * (pointed - before))
        before, width = pointed, step
    return x


SAMPLERS: dict[str, Callable[[Velocity, Tensor, Tensor], Tensor]] = {
    "euler": euler,
    "heun": heun,
    "multistep": multistep,
}


def _everywhere(sigma: Tensor, x: Tensor) -> Tensor:
    """Return the timestep of a noise level for each sample: (B,)."""
    return timesteps(sigma).to(x.device).expand(len(x))


@dataclass(frozen=True)
class Guidance:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598) of the text branch.

    Attributes:
        scale: 1 is none.
        interval: lowest and highest timestep at which it acts (Kynkaanniemi et al. 2024, arXiv 2404.07724).
        rescale: 0 to 1, how far the guided velocity is given the spread of the unguided one (Lin et al. 2024,
            arXiv 2305.08891).
    """

    scale: float = 5.0
    interval: tuple[float, float] = (0.0, 1000.0)
    rescale: float = 0.0

    def acts(self, timestep: float) -> bool:
        """Whether the network has to be asked without the text too."""
        return self.scale != 1 and self.interval[0] <= timestep <= self.interval[1]

    def of(self, with_text: Tensor, without: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the guided velocity: (B, T, C).

        Args:
            with_text: (B, T, C) velocity given the text.
            without: (B, T, C) velocity given the null text.
            mask: (B, T), True where there is a frame: the spread is that of these.
        """
        guided = without + self.scale * (with_text - without)
        if not self.rescale:
            return guided
        factor = _spread(with_text, mask) / _spread(guided, mask)
        return guided * (self.rescale * factor + 1 - self.rescale)


def _spread(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the standard deviation of each sample's values: (B, 1, 1)."""
    if mask is None:
        return x.flatten(1).std(dim=1)[:, None, None]
    return torch.stack([own[there].std() for own, there in zip(x, mask, strict=True)])[:, None, None]
