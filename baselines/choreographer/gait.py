"""How somebody steps, and where: gaits and footprints."""

from __future__ import annotations

from dataclasses import dataclass


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
