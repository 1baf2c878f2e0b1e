"""The body that steps into footprints: feet, pelvis, and what sways and swings from step to step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.controls import ARM, NEUTRAL, SLICES, WIDTH, rotation2
from baselines.choreographer.gait import Gait, Print
from baselines.choreographer.timing import curve

Floats = NDArray[np.float64]
Rows = list[tuple[float, float | Floats]]
TOES = {-1: NEUTRAL[SLICES["l_foot"]][:2], 1: NEUTRAL[SLICES["r_foot"]][:2]}
KEYS = {-1: "l_", 1: "r_"}
FOOT = 0.125  # metres from ankle to toe joint over the floor
FLAT = 0.22  # share of a period from the landing of the heel to that of the toe


def step_through(prints: Sequence[Print], gait: Gait, ahead: float, at: Floats) -> Floats:
    """Return differences from neutral (T, 46) of a body that steps into footprints.

    Args:
        prints: in order of landing.
        gait: how.
        ahead: 1 where a swinging leg goes forward, -1 backward, 0 aside; scales twist and arms.
        at: seconds (T,).
    """
    out = np.zeros((len(at), WIDTH))
    for side in (-1, 1):
        _foot(out, [p for p in prints if p.side == side], side, gait, at)
    _pelvis(out, prints, gait, at)
    _trunk_and_arms(out, prints, gait, ahead, at)
    return out


def _foot(out: Floats, prints: Sequence[Print], side: int, gait: Gait, at: Floats) -> None:
    """Set toe path and foot angles of one side: planted between swings, over an arc in them."""
    ground: Rows = [(0.0, TOES[side])]
    height: Rows = [(0.0, 0.0)]
    pitch: Rows = [(0.0, 0.0)]
    yaw: Rows = [(0.0, 0.0)]
    for p in prints:
        final = p is prints[-1]
        strike = gait.strike * (0.4 if final else 1)
        ground += _over_ground(ground[-1][1], _toe(p, 0.0 if final else gait.wide), p, gait)
        pitch += _heel(p, gait, strike, pitch[-1], final)
        height += _above_ground(p, gait, strike)
        yaw += [(p.lift, yaw[-1][1]), (p.land, p.heading)]
    key = KEYS[side]
    out[:, SLICES[key + "foot"]] = np.concatenate([_through(ground, at) - TOES[side], _through(height, at)], axis=1)
    out[:, SLICES[key + "sole"].start] = _through(pitch, at)[:, 0]
    out[:, SLICES[key + "sole"].stop - 1] = _through(yaw, at)[:, 0]


def _toe(p: Print, wide: float) -> Floats:
    """Return the toe joint's place (2,) in a print, the foot `wide` metres farther out than in standing."""
    return rotation2(p.heading) @ (TOES[p.side] + (p.side * wide, 0)) + p.centre


def _over_ground(start: float | Floats, end: Floats, p: Print, gait: Gait) -> Rows:
    """Return the keys (time, place) of a swing; the toe leaves the floor before it leaves its place."""
    rows: Rows = [(p.lift + (0.08 if gait.swing < 1 else 0.03) * (p.land - p.lift), start), (p.land, end)]
    if gait.forward:
        ahead = rotation2(p.heading) @ (0.0, gait.forward)
        rows.insert(1, (0.5 * (p.lift + p.land), 0.5 * (start + end) + ahead))
    return rows


def _above_ground(p: Print, gait: Gait, strike: float) -> Rows:
    """Return the keys (time, height) of a swing; a heel that lands first leaves the toe above the floor."""
    landing = max(FOOT * np.sin(np.radians(strike)), 0.0)
    top = p.lift + 0.45 * (p.land - p.lift)
    return [(p.lift, 0.0), (top, gait.lift), (p.land, landing), (p.land + FLAT * gait.period, 0.0)]


def _heel(p: Print, gait: Gait, strike: float, before: tuple[float, float | Floats], final: bool) -> Rows:
    """Return the keys (time, pitch) of a foot from the rise of its heel to standing flat again."""
    air = p.land - p.lift
    rise = max(p.lift - 0.45 * gait.period, before[0] + 0.02)
    return [
        (rise, before[1]),
        (p.lift + 0.05 * air, gait.push + gait.heel),
        (p.lift + 0.6 * air, 0.15 * gait.push + gait.heel),
        (p.land, gait.heel - strike),
        (p.land + FLAT * gait.period, 0.0 if final else gait.heel),
    ]


def _through(rows: Rows, at: Floats) -> Floats:
    """Return the curve (T, D) through (time, value) rows; of rows at one time the last counts."""
    kept = [row for row, after in zip(rows, [*rows[1:], (np.inf, 0.0)], strict=True) if after[0] - row[0] > 1e-6]
    times = [time for time, _ in kept]
    return curve(at, times, np.array([value for _, value in kept], dtype=float).reshape(len(times), -1))


def _moments(prints: Sequence[Print], gait: Gait) -> tuple[Floats, Floats]:
    """Return when the weight passes from foot to foot (K,), and when each step is half way (K,)."""
    passing = np.array([p.land for p in prints]) + (1 - gait.swing) * gait.period / 2
    return passing, passing - gait.period / 2


def _pelvis(out: Floats, prints: Sequence[Print], gait: Gait, at: Floats) -> None:
    """Set the path of the pelvis over the floor and its heading, half-way between prints, and its height."""
    passing, half = _moments(prints, gait)
    route = np.array([(0.0, 0.0, 0.0)] + [(*p.centre, p.heading) for p in prints])
    between = (route[1:-1] + route[:-2]) / 2
    ends = (0.2 * half[0], passing[-1] + 0.25 * gait.period)
    way: Rows = [(ends[0], route[0]), *zip(passing[:-1], between, strict=True), (ends[1], route[-1])]
    rise: Rows = [(0.0, 0.0)]
    for mid, late in zip(half, passing, strict=True):
        rise += [(mid, gait.bob - gait.drop), (late, -gait.bob - gait.drop)]
    rise[-1] = (passing[-1], 0.5 * (-gait.bob - gait.drop))
    rise += [(passing[-1] + 0.35 * gait.period, 0.0)]
    places = _through(way, at)
    root = SLICES["root"]
    out[:, root] = np.concatenate([places[:, :2], _through(rise, at)], axis=1)
    out[:, SLICES["tilt"].stop - 1] = places[:, 2]


def _trunk_and_arms(out: Floats, prints: Sequence[Print], gait: Gait, ahead: float, at: Floats) -> None:
    """Add sway and roll to the standing foot, twist with the leading leg, lean, and arms against the legs."""
    stands, leads, arms, fade = _rhythm(prints, gait, ahead, at)
    heading = np.radians(out[:, SLICES["tilt"].stop - 1])
    out[:, SLICES["root"]] += gait.sway * np.stack([stands * np.cos(heading), stands * np.sin(heading), 0 * stands], 1)
    lean, twist = gait.lean * fade, gait.twist * leads
    out[:, SLICES["tilt"]] += np.stack([0.3 * lean, -gait.roll * stands, twist], axis=1)
    out[:, SLICES["spine"]] += np.stack([0.7 * lean, gait.roll * stands, -1.7 * twist], axis=1)
    out[:, SLICES["neck"]] += np.stack([-0.6 * lean, 0 * fade, 0.7 * twist], axis=1)
    for side in (-1, 1):
        forward = -side * arms
        elbow = (gait.elbow - ARM[3]) * fade + 0.35 * gait.arm * np.maximum(forward, -0.3) * fade
        change = [gait.arm * forward, (gait.out - ARM[1]) * fade, 0 * fade, elbow]
        out[:, SLICES[KEYS[side] + "arm"]] += np.stack(change, axis=1)


def _rhythm(prints: Sequence[Print], gait: Gait, ahead: float, at: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return four curves (T,) of a journey.

    Which foot stands (-1 left, 1 right), which one leads, the same a little later for the arms, and 0 to 1 to 0 for
    what lasts as long as the journey.
    """
    passing, half = _moments(prints, gait)
    ready, still = 0.15 * half[0], passing[-1] + 0.4 * gait.period
    stands: Rows = [(ready, 0.0)]
    leads: Rows = [(ready, 0.0)]
    for mid, late, p in zip(half, passing, prints, strict=True):
        stands += [(mid, -float(p.side)), (late, 0.0)]
        leads += [(late, p.side * ahead)]
    leads[-1] = (passing[-1], 0.0)
    arms: Rows = [(time + 0.03, value) for time, value in leads]
    fade: Rows = [(0.0, 0.0), (half[0], 1.0), (passing[-1], 1.0)]
    curves = [_through([*rows, (still, 0.0)], at)[:, 0] for rows in (stands, leads, arms, fade)]
    return curves[0], curves[1], curves[2], curves[3]
