"""Locomotion: footprints on the floor, and the body that steps into them.

A journey is a list of footprints, each with the moment its foot leaves the floor and the moment it lands. Planted feet
turn about the toe joint, which does not move; the pelvis travels between the feet, sways to the one that carries it,
and rises over it (walking) or between two of them (running). Arms swing against the legs; see `stepping`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.controls import rotation2
from baselines.choreographer.gait import Gait, Print
from baselines.choreographer.phrase import FPS, Span
from baselines.choreographer.stepping import step_through

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Journey:
    """A way to go.

    Attributes:
        gait: how.
        bearing: direction of travel against the heading, degrees counterclockwise (0 forward, 180 backward).
        bend: heading gained a metre travelled, degrees counterclockwise (a circle).
        veer: heading, degrees, after which the way is straight; None never.
        spin: heading gained in all, in place, degrees counterclockwise.
        together: every other step only closes up (sidestep, turning in place).
        first: the foot that starts, -1 left or 1 right.
        steps: how many as it comes; None to fill the time.
    """

    gait: Gait
    bearing: float = 0.0
    bend: float = 0.0
    veer: float | None = None
    spin: float = 0.0
    together: bool = False
    first: int = 1
    steps: int | None = None

    in_place = False

    def span(self, count: int | None) -> Span:
        """Return how long it may take with a count of steps, or None where none was asked for."""
        steps = self._count(count)
        ends = _ends(self.gait)
        if steps:
            return Span(
                ends + steps * self.gait.period, ends + steps * self.gait.period, ends + steps * self.gait.period * 1.2
            )
        return Span(ends + 3 * self.gait.period, ends + 6 * self.gait.period, np.inf)

    def _count(self, count: int | None) -> int | None:
        """Return the steps that are asked for, with the one that brings the feet together."""
        if self.spin:
            return self.steps
        return count * (2 if self.together else 1) + (not self.together) if count else self.steps

    def render(
        self, frames: int, count: int | None, size: float = 1.0, tempo: float = 1.0, last: bool = False
    ) -> tuple[Floats, Floats]:
        """Return differences from neutral at the starting place (frames, 46), and the place (3,) where it ends.

        Args:
            frames: how many at 20 fps.
            count: of steps, or None for as many as fit.
            size: factor of the swing of the arms.
            tempo: factor of the speed: of cadence, and, less, of the length of a step.
            last: not used; a journey always ends standing.
        """
        seconds = (frames - 1) / FPS
        gait = replace(self.gait, arm=self.gait.arm * size, length=self.gait.length * tempo**0.4)
        steps = self._count(count) or max(3, round((seconds * tempo**0.6 - _ends(gait)) / gait.period))
        steps += steps % 2 if self.together else 0
        gait = replace(gait, period=gait.period * seconds / (_ends(gait) + steps * gait.period))
        gait = replace(gait, drop=gait.drop + _extra_drop(gait))
        prints = self.footprints(gait, steps)
        ahead = 0.25 if self.spin else float(np.cos(np.radians(self.bearing)))
        controls = step_through(prints, gait, ahead, np.arange(frames) / FPS)
        return controls, np.array([*prints[-1].centre, prints[-1].heading])

    def footprints(self, gait: Gait, steps: int) -> list[Print]:
        """Return the prints of so many steps, starting from feet side by side at the origin."""
        shares = _travelled(steps, self.together, gait.uneven)
        prints = []
        for number, share in enumerate(shares):
            centre, heading = self._along(share, gait.length)
            heading += self.spin * share / shares[-1]
            lift = _lead(gait) + number * gait.period
            side = self.first if number % 2 == 0 else -self.first
            prints.append(Print(side, centre, heading, lift, lift + gait.swing * gait.period))
        return prints

    def _along(self, share: float, length: float) -> tuple[tuple[float, float], float]:
        """Return the centre and heading after so many step lengths of the way: a line, an arc, or an arc and a line."""
        way, bend = (0.0 if self.spin else share * length), np.radians(self.bend)
        curved = min(way, abs(self.veer / self.bend)) if self.veer and self.bend else way
        angle = curved * bend
        x, y = ((np.cos(angle) - 1) / bend, np.sin(angle) / bend) if bend else (0.0, way)
        straight = rotation2(np.degrees(angle)) @ (0.0, way - curved) if bend else (0.0, 0.0)
        centre = rotation2(self.bearing) @ (x + straight[0], y + straight[1])
        return (float(centre[0]), float(centre[1])), float(np.degrees(angle))


def _travelled(steps: int, together: bool, uneven: float) -> Floats:
    """Return how far, in step lengths, each step's print lies: shorter first, and the last one closes up."""
    if together:
        return np.repeat(np.arange(1, steps // 2 + 1), 2).astype(float)
    stride = np.ones(steps)
    stride[0], stride[-1] = 0.7, 0.0
    stride[1:-1:2] *= 1 - uneven
    stride[2:-1:2] *= 1 + uneven
    return np.cumsum(stride)


def _extra_drop(gait: Gait) -> float:
    """Return metres by which the pelvis must be lower for the leg to reach a foot that lands so far ahead.

    An inverted pendulum of leg length 0.8 m loses d^2 / 1.6 at a distance d; a tenth of a metre is what a raised toe
    in front and a raised heel behind give back.
    """
    distance = max((2 - gait.swing) / 2 * gait.length - 0.1, 0.0)
    return max(distance**2 / 1.6 - gait.drop - max(gait.bob, 0.0), 0.0)


def _lead(gait: Gait) -> float:
    """Return seconds before the first foot leaves the floor: the weight goes to the other one."""
    return 0.5 * gait.period


def _ends(gait: Gait) -> float:
    """Return seconds that a journey takes beyond its steps: getting ready, and coming to rest."""
    return _lead(gait) + 0.6 * gait.period + (gait.swing - 1) * gait.period
