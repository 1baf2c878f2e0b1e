"""Between motions and what the network sees: columns of the 276-dim representation with mean 0 and spread 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MBenchError
from mbench.motion.representations.vimogen276 import (
    ORIENTATION,
    ORIENTATION_VELOCITY,
    ROTATIONS,
    WIDTH,
)

Rows = NDArray[np.float32]
REFERENCE = np.r_[ROTATIONS, ORIENTATION.start : ORIENTATION_VELOCITY.stop]  # no positions, no translation: they drift
FLATTEST = 1e-3  # a column that never changes is divided by this


@dataclass(frozen=True)
class Codec:
    """Mean and spread of the columns over the training data.

    Attributes:
        mean: (276,).
        std: (276,), above 0.

    Raises:
        MBenchError: another shape, or values that are not finite or not above 0.
    """

    mean: Rows
    std: Rows

    def __post_init__(self) -> None:
        """Check both."""
        for name in ("mean", "std"):
            value = getattr(self, name)
            if value.shape != (WIDTH,) or not np.isfinite(value).all():
                raise MBenchError(f"statistics: {name} has shape {value.shape}; expected ({WIDTH},), all finite")
        if (self.std <= 0).any():
            raise MBenchError(f"statistics: std of column {int(self.std.argmin())} is {self.std.min()}; expected > 0")

    @classmethod
    def of(cls, clips: list[Rows]) -> Codec:
        """Return the codec of training clips, each (T, 276)."""
        rows = np.concatenate(clips).astype(np.float64)
        return cls(rows.mean(0).astype(np.float32), rows.std(0).clip(FLATTEST).astype(np.float32))

    def normalised(self, rows: Rows) -> Rows:
        """Return rows (T, 276) as the network sees them."""
        return ((rows - self.mean) / self.std).astype(np.float32)

    def rows(self, normalised: Rows) -> Rows:
        """Return rows (T, 276) in metres; inverse of `normalised`."""
        return (normalised * self.std + self.mean).astype(np.float32)

    def reference(self, rows: Rows) -> Rows:
        """Return what the reference branch sees of rows (T, 276): (T, 138), normalised."""
        return self.normalised(rows)[:, REFERENCE]
