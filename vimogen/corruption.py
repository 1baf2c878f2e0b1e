"""Spoiling a reference motion as visual motion capture does, so that clean capture can stand in for it in training.

Source: ViMoGen, arXiv 2510.26794. In normalised units; in shapes, T are frames, C columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Corruption:
    """How much a reference is spoilt; the defaults are the published ones.

    Attributes:
        noisy: range from which a clip draws the share of its frames that get noise.
        noise: range from which a clip draws the standard deviation of the noise.
        blended: range from which a clip draws the share of its frames that become a blend of their neighbours.
        dropped: share of frames that are lost.
    """

    noisy: tuple[float, float] = (0.0, 0.4)
    noise: tuple[float, float] = (0.05, 0.15)
    blended: tuple[float, float] = (0.03, 0.08)
    dropped: float = 0.02

    def __call__(self, reference: Floats, generator: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the spoilt reference (T, C) and which frames are left (T,); lost ones are 0, the first is never lost.

        Args:
            reference: (T, C), normalised, T >= 1.
            generator: decides everything.
        """
        frames = len(reference)
        hit = generator.random(frames) < generator.uniform(*self.noisy)
        noise = generator.normal(0.0, generator.uniform(*self.noise), reference.shape)
        spoilt = np.where(hit[:, None], reference + noise, reference)
        spoilt = _blended(spoilt, generator.random(frames) < generator.uniform(*self.blended), generator)
        left = generator.random(frames) >= self.dropped
        left[0] = True  # attention needs a frame
        return np.where(left[:, None], spoilt, 0.0).astype(np.float32), left


def _blended(reference: NDArray[np.float64], hit: NDArray[np.bool_], generator: np.random.Generator) -> Floats:
    """Return hit frames as a of the frame before and 1 - a of the one after; the first and the last stay."""
    share = 0.5 + 0.3 * (generator.random(len(reference)) - 0.5)
    blend = reference.copy()
    blend[1:-1] = share[1:-1, None] * reference[:-2] + (1 - share[1:-1, None]) * reference[2:]
    return np.where(hit[:, None], blend, reference)
