"""Colours, light and the presets of the renderer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mbench.errors import ConfigError, did_you_mean

Colour = tuple[float, float, float]


def srgb(hexadecimal: str) -> Colour:
    """Return the linear RGB of a colour as in CSS, e.g. `#2b6cb0` (gamma 2, as in `kernel_base.encode`)."""
    red, green, blue = (int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red**2, green**2, blue**2


@dataclass(frozen=True)
class Look:
    """How a picture looks.

    Attributes:
        size: pixels of a side of the (square) picture.
        fps: frames per second of a video, None for those of the motion.
        view: see `mbench.render.view.VIEWS`.
        fov: vertical field of view, degrees.
        tilt: degrees by which the camera looks down.
        left: colour of the left limbs, as in CSS.
        right: colour of the right limbs.
        middle: colour of the rest.
        floor: colour of the floor.
        line: colour of its grid of 1 m.
        path: colour of the pelvis' path on the floor.
        horizon: colour into which the floor fades.
        zenith: colour far above the horizon.
    """

    size: int = 512
    fps: float | None = None
    view: str = "fixed"
    fov: float = 36.0
    tilt: float = 14.0
    left: str = "#8fb3d9"
    right: str = "#e3b18a"
    middle: str = "#cfcbc4"
    floor: str = "#d9dbde"
    line: str = "#b3b8bf"
    path: str = "#c2554d"
    horizon: str = "#eceef0"
    zenith: str = "#dfe5ec"


# The published view: 960 x 960, 20 fps, one fixed camera of 60 degrees that looks 30 degrees down, a blue-grey body.
_BLUE_GREY = "#8c9db5"
PRESETS: Mapping[str, Look] = MappingProxyType(
    {
        "default": Look(),
        "mbench": Look(size=960, fps=20.0, fov=60.0, tilt=30.0, left=_BLUE_GREY, right=_BLUE_GREY, middle=_BLUE_GREY),
    }
)


def look_of(preset: str | None, size: int | None = None, view: str | None = None) -> Look:
    """Return a preset with what is asked for otherwise.

    Args:
        preset: a name in `PRESETS`, None for `default`.
        size: pixels, None for the preset's.
        view: None for the preset's.

    Raises:
        ConfigError: an unknown preset, or a size that is not an even number of pixels from 64 to 4096.
    """
    if (preset or "default") not in PRESETS:
        raise ConfigError(
            f"preset is {preset!r}; expected one of {', '.join(PRESETS)}{did_you_mean(str(preset), PRESETS)}"
        )
    look = PRESETS[preset or "default"]
    size = look.size if size is None else size
    if isinstance(size, bool) or not isinstance(size, int) or not 64 <= size <= 4096 or size % 2:
        raise ConfigError(
            f"size is {size!r}; expected an even number of pixels from 64 to 4096 (video needs even sides)"
        )
    return replace(look, size=size, view=look.view if view is None else view)
