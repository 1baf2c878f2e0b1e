"""Locomotion: footprints on the floor, and the body that steps into them.

A journey is a list of footprints, each with the moment its foot leaves the floor and the moment it lands. Planted feet
turn about the toe joint, which does not move; the pelvis travels between the feet, sways to the one that carries it,
and rises over it (walking) or between two of them (running). Arms swing against the legs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.controls import NEUTRAL, SLICES, TOE_OUT, WIDTH, rotation2
from baselines.choreographer.phrase import FPS, Span
from baselines.choreographer.timing import curve

Floats = NDArray[np.float64]
TOES = {-1: NEUTRAL[SLICES["l_foot"]], 1: NEUTRAL[SLICES["r_foot"]]}
KEYS = {-1: "l_", 1: "r_"}


@dataclass(frozen=True)
class Gait:
    """How somebody steps. Lengths in metres, angles in degrees, times in seconds.

    Attributes:
        period: of one step.
        swing: share of a period that a foot is in the air; above 1 both are, for a while (running).
        length: of a step.
        lift: height of the toe in mid-swing.
        forward: how far the lifted toe is ahead of its straight line in mid-swing (high knees), or behind it.
        push: heel up when the toe leaves the floor.
        strike: toe up when the heel lands; negative to land on the toes.
        heel: heel up throughout (tiptoe).
        drop: pelvis below standing.
        bob: half of its rise and fall; negative to be low over the standing foot (running).
        sway: sideways towards the standing foot.
        twist: of the pelvis with the leading leg.
        roll: drop of the pelvis on the swinging side.
        lean: of the trunk, forward.
        arm: swing of the arms, each way.
        elbow: flexion.
        out: abduction of the upper arms.
        wide: feet farther apart, each.
        uneven: share by which every other step is longer or shorter (limping).
    """

    period: float = 0.54
    swing: float = 0.78
    length: float = 0.62
    lift: float = 0.075
    forward: float = 0.0
    push: float = 38.0
    strike: float = 16.0
    heel: float = 0.0
    drop: float = 0.012
    bob: float = 0.014
    sway: float = 0.022
    twist: float = 5.0
    roll: float = 3.0
    lean: float = 3.0
    arm: float = 24.0
    elbow: float = 20.0
    out: float = 9.0
    wide: float = -0.03
    uneven: float = 0.0


@dataclass(frozen=True)
class Print:
    """A footprint: side (-1 left, 1 right), the centre between the feet (x, y) and heading it belongs to, its times."""

    side: int
    centre: tuple[float, float]
    heading: float
    lift: float
    land: float


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
            return Span(ends + steps * self.gait.period, ends + steps * self.gait.period, ends + steps * self.gait.period * 1.2)
        return Span(ends + 3 * self.gait.period, ends + 6 * self.gait.period, np.inf)

    def _count(self, count: int | None) -> int | None:
        """Return the steps that are asked for, with the one that brings the feet together."""
        if self.spin:
            return self.steps
        return count * (2 if self.together else 1) + (not self.together) if count else self.steps

    def render(self, frames: int, count: int | None, size: float = 1.0, last: bool = False) -> tuple[Floats, Floats]:
        """Return differences from neutral at the starting place (frames, 46), and the place (x, y, heading) of the end."""
        seconds = (frames - 1) / FPS
        gait = replace(self.gait, arm=self.gait.arm * size)
        steps = self._count(count) or max(3, round((seconds - _ends(gait)) / gait.period))
        steps += steps % 2 if self.together else 0
        gait = _paced(gait, seconds / (_ends(gait) + steps * gait.period))
        prints = self.footprints(gait, steps)
        controls = step_through(prints, gait, self, np.arange(frames) / FPS)
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


def _lead(gait: Gait) -> float:
    """Return seconds before the first foot leaves the floor: the weight goes to the other one."""
    return 0.5 * gait.period


def _ends(gait: Gait) -> float:
    """Return seconds that a journey takes beyond its steps: getting ready, and coming to rest."""
    return _lead(gait) + 0.6 * gait.period + (gait.swing - 1) * gait.period


def _paced(gait: Gait, factor: float) -> Gait:
    """Return the gait with its time stretched."""
    return replace(gait, period=gait.period * factor)


def step_through(prints: Sequence[Print], gait: Gait, journey: Journey, at: Floats) -> Floats:
    """Return differences from neutral (T, 46) of a body that steps into footprints."""
    out = np.zeros((len(at), WIDTH))
    for side in (-1, 1):
        _foot(out, [p for p in prints if p.side == side], side, gait, at)
    _pelvis(out, prints, gait, at)
    _swaying(out, prints, gait, journey, at)
    return out


def toe_at(p: Print, gait: Gait) -> Floats:
    """Return the toe joint's place (3,) in a print."""
    home = TOES[p.side]
    turned = rotation2(p.heading) @ (home[0] + p.side * gait.wide, home[1])
    return np.array([turned[0] + p.centre[0], turned[1] + p.centre[1], home[2]])


def _foot(out: Floats, prints: Sequence[Print], side: int, gait: Gait, at: Floats) -> None:
    """Set toe path and foot angles of one side: planted between swings, over an arc in them."""
    ground, height, pitch, yaw = [(0.0, TOES[side][:2])], [(0.0, 0.0)], [(0.0, 0.0)], [(0.0, 0.0)]
    for number, p in enumerate(prints):
        final = number == len(prints) - 1
        toe = TOES[side][:2] + (rotation2(p.heading) @ TOES[side][:2] + p.centre - TOES[side][:2]) if final else toe_at(p, gait)[:2]
        air = p.land - p.lift
        before = ground[-1][1]
        ground += [(p.lift, before), *_midway(before, toe, p, gait), (p.land, toe)]
        strike = gait.strike * (0.4 if final else 1)
        landing = max(0.125 * np.sin(np.radians(strike)), 0)
        height += [(p.lift, 0.0), (p.lift + 0.45 * air, gait.lift), (p.land, landing), (p.land + 0.22 * gait.period, 0.0)]
        rise = max(p.lift - 0.45 * gait.period, height[-5][0] + 0.02) if number else p.lift - 0.4 * gait.period
        pitch += [(rise, gait.heel if number else 0.0), (p.lift + 0.05 * air, gait.push + gait.heel)]
        pitch += [(p.lift + 0.6 * air, 0.15 * gait.push + gait.heel), (p.land, gait.heel - strike)]
        pitch += [(p.land + 0.22 * gait.period, 0.0 if final else gait.heel)]
        yaw += [(p.lift, yaw[-1][1]), (p.land, p.heading)]
    key = KEYS[side]
    xy, up, heel, toward = (_through(rows, at) for rows in (ground, height, pitch, yaw))
    out[:, SLICES[key + "foot"]] = np.concatenate([xy - TOES[side][:2], up], axis=1)
    out[:, SLICES[key + "sole"].start] = heel[:, 0]
    out[:, SLICES[key + "sole"].stop - 1] = toward[:, 0]


def _midway(start: Floats, end: Floats, p: Print, gait: Gait) -> list[tuple[float, Floats]]:
    """Return the key in mid-swing, where the toe leaves the straight line between two prints; usually none."""
    if not gait.forward:
        return []
    ahead = rotation2(p.heading) @ (0.0, gait.forward)
    return [(0.5 * (p.lift + p.land), 0.5 * (start + end) + ahead)]


def _through(rows: Sequence[tuple[float, float | Floats]], at: Floats) -> Floats:
    """Return the curve (T, D) through (time, value) rows; of rows at one time the last counts."""
    kept = [row for row, after in zip(rows, [*rows[1:], (np.inf, 0)], strict=True) if after[0] - row[0] > 1e-6]
    times, values = zip(*kept, strict=True)
    return curve(at, times, np.array(values, dtype=float).reshape(len(times), -1))


def _moments(prints: Sequence[Print], gait: Gait) -> tuple[Floats, Floats]:
    """Return when the weight passes from foot to foot (K,), and when each step is half way (K,)."""
    passing = np.array([p.land for p in prints]) + (1 - gait.swing) * gait.period / 2
    return passing, passing - gait.period / 2


def _pelvis(out: Floats, prints: Sequence[Print], gait: Gait, at: Floats) -> None:
    """Set the path of the pelvis over the floor, its height and its heading."""
    passing, half = _moments(prints, gait)
    centres = np.array([(0.0, 0.0)] + [p.centre for p in prints])
    headings = np.array([0.0] + [p.heading for p in prints])
    start, end = 0.2 * half[0], passing[-1] + 0.25 * gait.period
    way = [(start, centres[0]), *zip(passing[:-1], (centres[1:-1] + centres[:-2]) / 2, strict=True), (end, centres[-1])]
    face = [(start, 0.0), *zip(passing[:-1], (headings[1:-1] + headings[:-2]) / 2, strict=True), (end, headings[-1])]
    high, low = gait.bob - gait.drop, -gait.bob - gait.drop
    rise = [(0.0, 0.0)]
    for number, (mid, late) in enumerate(zip(half, passing, strict=True)):
        rise += [(mid, high), (late, low if number < len(prints) - 1 else 0.5 * low)]
    rise += [(passing[-1] + 0.35 * gait.period, 0.0)]
    root, tilt = SLICES["root"], SLICES["tilt"]
    out[:, root.start : root.start + 2] = _through(way, at)
    out[:, root.start + 2] = _through(rise, at)[:, 0]
    out[:, tilt.start + 2] = _through(face, at)[:, 0]


def _swaying(out: Floats, prints: Sequence[Print], gait: Gait, journey: Journey, at: Floats) -> None:
    """Add what alternates from step to step: sway and roll to the standing foot, twist with the leading leg, arms."""
    passing, half = _moments(prints, gait)
    ready, still = 0.15 * half[0], passing[-1] + 0.4 * gait.period
    ahead = np.cos(np.radians(journey.bearing)) if not journey.spin else 0.25
    stands, leads, arms = [(ready, 0.0)], [(ready, 0.0)], [(ready, 0.0)]
    for number, p in enumerate(prints):
        stands += [(half[number], -float(p.side)), (passing[number], 0.0)]
        leads += [(passing[number], p.side * ahead if number < len(prints) - 1 else 0.0)]
    arms = [(time + 0.03 if value else time, value) for time, value in leads]
    stands, leads, arms = (_through([*rows, (still, 0.0)], at)[:, 0] for rows in (stands, leads, arms))
    fade = _through([(0.0, 0.0), (half[0], 1.0), (passing[-1], 1.0), (still, 0.0)], at)[:, 0]
    heading = np.radians(out[:, SLICES["tilt"].start + 2])
    out[:, SLICES["root"].start] += gait.sway * stands * np.cos(heading)
    out[:, SLICES["root"].start + 1] += gait.sway * stands * np.sin(heading)
    out[:, SLICES["tilt"]] += np.stack([0.3 * gait.lean * fade, -gait.roll * stands, gait.twist * leads], axis=1)
    out[:, SLICES["spine"]] += np.stack([0.7 * gait.lean * fade, gait.roll * stands, -1.7 * gait.twist * leads], axis=1)
    out[:, SLICES["neck"]] += np.stack([-0.6 * gait.lean * fade, 0 * fade, 0.7 * gait.twist * leads], axis=1)
    for side in (-1, 1):
        forward = -side * arms
        change = [gait.arm * forward, (gait.out - NEUTRAL[SLICES["r_arm"]][1]) * fade, 0 * fade]
        bend = (gait.elbow - NEUTRAL[SLICES["r_arm"]][3]) * fade + 0.35 * gait.arm * np.maximum(forward, -0.3) * fade
        out[:, SLICES[KEYS[side] + "arm"]] += np.stack([*change, bend], axis=1)
