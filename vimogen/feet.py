"""Feet that stay where they stand: a step that a network has almost put down is put down, and the leg follows.

The idea is that of Kovar, Schreiner & Gleicher 2002, "Footskate cleanup for motion capture editing": find where a foot
stands, hold it there, ease in and out of it, and bend hip and knee to reach it. Bones keep their lengths.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mbench.metrics.feet import runs
from mbench.motion.skeleton import PELVIS

Floats = NDArray[np.float64]


class Leg(NamedTuple):
    """Joints of a leg."""

    hip: int
    knee: int
    ankle: int
    toe: int


LEGS = (Leg(1, 4, 7, 10), Leg(2, 5, 8, 11))
SLOW = 0.035  # m/frame at 20 fps: a toe slower than this, and as low as `LOW`, stands
LOW = 0.08  # m above the lowest that a toe comes
SHORTEST = 3  # frames that a foot stands, at least
GAP = 2  # frames: a foot that leaves the ground for no longer stands on
EASE = 5  # frames before and after, over which a foot comes to its place and leaves it
TOE = 0.012  # m: how high a toe joint stands above the floor
FLOOR = 0.15  # m: feet that stand higher stand on no floor; motions come with their lowest joint at 0
STEP = 0.06  # m: a stance this near to the floor's is one on the floor; a higher one may be on a stair
CLEAR = 0.03  # m: how high a toe swings at least
SUPPORT = (0.04, 0.06)  # m: a toe below the first carries the body as far as height goes, one above the second does not
SLACK = 0.25  # of the pelvis's speed: a foot so much faster than the other carries 1 / e of what that one does
SLIP = 0.5  # of a slide that the body gives way to; the leg gives way to the rest
BRIEF = 1.5  # frames, of the filter over a slide
REACH = 0.999  # of a leg's length: a knee is never quite straight


def planted(joints: NDArray[np.floating]) -> Floats:
    """Return joints (T, 22, 3), metres, z up, 20 fps, whose feet do not slide while they stand, on a floor at z = 0.

    The body as a whole is moved up or down so that the feet stand on the floor, and is slowed where the foot that
    carries it slides; then legs give way, and hips, knees, ankles and toes keep their distances.
    """
    moved = np.array(joints, dtype=np.float64)
    moved[..., 2] += TOE - floor_of(moved)
    moved[..., :2] -= SLIP * slid(moved)[:, None]
    for leg in LEGS:
        shift = shifts(moved[:, leg.toe])
        told = np.abs(shift).max(axis=-1) > 0
        moved[told] = _reached(moved[told], leg, shift[told])
    return moved


def floor_of(joints: Floats) -> float:
    """Return how high the toes stand (m): their lower quartile; `TOE` where none stands near z = 0.

    Where no toe stands, as in a run without still feet, it is how low the lower toe comes in a tenth of the frames.
    """
    heights = [joints[a:b, leg.toe, 2] for leg in LEGS for a, b in stances(joints[:, leg.toe])]
    lower = joints[:, [leg.toe for leg in LEGS], 2].min(axis=1)
    floor = float(np.quantile(np.concatenate(heights), 0.25) if heights else np.quantile(lower, 0.1))
    return floor if floor < FLOOR else TOE


def slid(joints: Floats) -> Floats:
    """Return how far the feet that carry the body have slid since the first frame (T, 2), m, over the floor at z = 0.

    The slower and lower of both toes carries it; none does in mid-air. A network that is unsure of the phase of a step
    blurs the legs, but not the path of the body: the body then goes farther than the legs carry it.
    """
    if len(joints) < 2:
        return np.zeros((len(joints), 2))
    toes = joints[:, [leg.toe for leg in LEGS]]
    speed = np.gradient(toes[..., :2], axis=0)  # (T, 2, 2)
    pace = np.linalg.norm(np.gradient(joints[:, PELVIS, :2], axis=0), axis=-1)
    low = np.interp(toes[..., 2] - TOE, SUPPORT, (1.0, 0.0))
    slack = SLACK * np.maximum(pace, SLOW)[:, None]
    lead = np.linalg.norm(speed, axis=-1)
    weight = low * np.exp(-(lead - lead.min(axis=1, keepdims=True)) / slack)
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-9) * low.max(axis=1, keepdims=True)
    slide = gaussian_filter1d((share[..., None] * speed).sum(axis=1), BRIEF, axis=0, mode="nearest")
    path: Floats = np.cumsum(slide, axis=0)
    return path - path[:1]


def shifts(toe: Floats) -> Floats:
    """Return by how much a foot is to be moved (T, 3): to one place while it stands, to nothing in mid-flight.

    Up and down it is moved as a whole, to the floor if it stands near it; a toe below the floor is lifted to it.
    """
    frames = len(toe)
    found, held = np.zeros((frames, 3)), np.zeros(frames, bool)
    for start, stop in stances(toe):
        place = np.median(toe[start:stop], axis=0)
        found[start:stop, :2] = place[:2] - toe[start:stop, :2]
        found[start:stop, 2] = TOE - place[2] if abs(TOE - place[2]) < STEP else 0.0
        held[start:stop] = True
    for start, stop in zip(*runs(~held), strict=True):
        away = np.arange(1, stop - start + 1)
        if start:
            found[start:stop] += _eased(away)[:, None] * found[start - 1]
        if stop < frames:
            found[start:stop] += _eased(away[::-1])[:, None] * found[stop]
    found[:, 2] = np.maximum(found[:, 2], clearance(toe + found) - toe[:, 2])
    return found


def clearance(toe: Floats) -> Floats:
    """Return how high a toe (T, 3) must be (T,): clear of the floor while it swings, else on it."""
    if len(toe) < 2:
        return np.zeros(len(toe))
    speed = np.linalg.norm(np.gradient(toe[:, :2], axis=0), axis=-1)
    wanted = CLEAR * np.clip(speed / SLOW - 1, 0, 1)
    return gaussian_filter1d(wanted, 1.0, mode="nearest")


def _eased(away: NDArray[np.integer]) -> Floats:
    """Return the share of a shift that is left so many frames away from a stance: 1 falling to 0 at `EASE`."""
    part = np.clip(away / (EASE + 1), 0, 1)
    return 0.5 * (1 + np.cos(np.pi * part))


def stances(toe: Floats) -> list[tuple[int, int]]:
    """Return (first frame, frame after the last) of the times in which a toe (T, 3) stands.

    In each of their frames it is low, and slow on the way there and on the way on.
    """
    slow = np.linalg.norm(np.diff(toe, axis=0), axis=-1) < SLOW
    down = np.append(slow, True) & np.insert(slow, 0, True) & (toe[:, 2] < toe[:, 2].min() + LOW)
    for start, stop in zip(*runs(~down), strict=True):
        if 0 < start and stop < len(down) and stop - start <= GAP:
            down[start:stop] = True
    return [(int(a), int(b)) for a, b in zip(*runs(down), strict=True) if b - a >= SHORTEST]


def _reached(joints: Floats, leg: Leg, shift: Floats) -> Floats:
    """Return joints (T, 22, 3) whose ankle is moved (T, 3), as far as the leg reaches; knee and toe follow."""
    moved = joints.copy()
    hip, knee, ankle = joints[:, leg.hip], joints[:, leg.knee], joints[:, leg.ankle]
    thigh, shin = np.linalg.norm(knee - hip, axis=-1), np.linalg.norm(ankle - knee, axis=-1)
    line = ankle + shift - hip
    length = np.linalg.norm(line, axis=-1)
    longest = np.maximum(REACH * (thigh + shin), np.linalg.norm(ankle - hip, axis=-1))
    reached = np.clip(length, np.abs(thigh - shin) + 1e-4, longest)
    along = line / np.maximum(length, 1e-8)[:, None]
    ahead = (thigh**2 - shin**2 + reached**2) / (2 * reached)
    aside = np.sqrt(np.maximum(thigh**2 - ahead**2, 0))
    moved[:, leg.knee] = hip + ahead[:, None] * along + aside[:, None] * _bend(knee - hip, along)
    moved[:, leg.ankle] = hip + reached[:, None] * along
    moved[:, leg.toe] += moved[:, leg.ankle] - ankle
    return moved


def _bend(knee: Floats, along: Floats) -> Floats:
    """Return the unit vectors (T, 3) across the new line from hip to ankle, to the side to which the knee bent."""
    across = knee - (knee * along).sum(axis=-1, keepdims=True) * along
    return across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-8)
