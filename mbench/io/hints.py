"""What a user says about a file that the file does not say itself."""

from __future__ import annotations

from dataclasses import dataclass

from mbench.errors import ConfigError

DECODE = ("integrate", "slice")


@dataclass(frozen=True)
class Hints:
    """The options of `mbench.io.read_motion`.

    Attributes:
        up: up axis (`mbench.io.convention.AXES`), `auto` or None to detect.
        fps: frames per second; overrides what the file says.
        unit: of length: a name of `mbench.io.convention.UNITS`, metres per file unit, `auto` or None to detect.
        decode: how 276-dim rows become joints: `integrate` or `slice`.

    Raises:
        ConfigError: a frame rate or a decoding that does not exist.
    """

    up: str | None = None
    fps: float | None = None
    unit: str | float | None = None
    decode: str = "integrate"

    def __post_init__(self) -> None:
        """Check what does not need the data."""
        if self.decode not in DECODE:
            raise ConfigError(f"decode is {self.decode!r}; expected {' or '.join(DECODE)}")
        if self.fps is None:
            return
        if isinstance(self.fps, bool) or not isinstance(self.fps, int | float) or not 0 < self.fps < float("inf"):
            raise ConfigError(f"fps is {self.fps!r}; expected a number > 0")
