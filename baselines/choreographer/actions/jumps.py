"""Jumps: the pelvis flies a parabola with g = 9.81 m/s^2 between take-off and landing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, home, key

GRAVITY = 9.81
EXTENDED = 0.01  # metres of the pelvis above standing at take-off: heels up, legs not quite straight
Values = Mapping[str, Sequence[float]]


def _arms(flexion: float, outward: float, twist: float, elbow: float) -> dict[str, Sequence[float]]:
    """Return the same angles for both arms."""
    return {"r_arm": (flexion, outward, twist, elbow), "l_arm": (flexion, outward, twist, elbow)}


ARMS_BACK, ARMS_UP, AT_REST = _arms(-38, 12, -20, 22), _arms(104, 22, 0, 26), _arms(16, 14, -20, 34)


def flight(
    height: float,
    way: tuple[float, float] = (0.0, 0.0),
    push: float = 0.27,
    tuck: float = 0.04,
    spread: tuple[float, float] = (0.0, 0.0),
    feet: str = "lr",
    shift: float = 0.0,
    off: Values | None = None,
    on: Values | None = None,
) -> list[Key]:
    """Return the keys from the push to the landing on the toes.

    Args:
        height: metres that the pelvis rises after take-off.
        way: metres to the right and forward.
        push: seconds from the crouch before to take-off.
        tuck: metres that the feet are drawn up on top.
        spread: metres outward that the feet are at take-off and at landing.
        feet: which ones stand: l, r or both.
        shift: of the pelvis towards a single standing foot.
        off: other groups at take-off.
        on: other groups at landing.
    """
    speed = math.sqrt(2 * GRAVITY * height)
    air = 2 * speed / GRAVITY
    x, y = way
    fast = {"root": (0.86 * x / air, 0.86 * y / air, speed)}
    weight = {"root": (0.0, 0.0, -GRAVITY)}
    start = {"root": (shift + 0.1 * x, 0.1 * y, EXTENDED), **_soles(feet, 46), **_feet(feet, 0, 0, 0, spread[0])}
    end = {"root": (shift + 0.96 * x, 0.96 * y, EXTENDED), **_soles(feet, 26), **_feet(feet, x, y, 0, spread[1])}
    keys = [Key(push, {**start, **(off or {})}, fast, weight, fixed=True)]
    for share in (0.25, 0.5, 0.75):
        up = 4 * share * (1 - share) * height + tuck * math.sin(math.pi * share)
        out = spread[0] + (spread[1] - spread[0]) * share
        keys.append(Key(air / 4, {**_feet(feet, share * x, share * y, up, out), **_soles(feet, 40)}, fixed=True))
    landing = {"root": (fast["root"][0], fast["root"][1], -speed)}
    return [*keys, Key(air / 4, {**end, **(on or {})}, landing, weight, fixed=True)]


def _feet(feet: str, x: float, y: float, z: float, out: float) -> dict[str, tuple[float, float, float]]:
    return {f"{side}_foot": (x + (out if side == "r" else -out), y, z) for side in feet}


def _soles(feet: str, pitch: float) -> dict[str, tuple[float]]:
    return {f"{side}_sole": (pitch,) for side in feet}


def absorb(
    dt: float,
    depth: float,
    way: tuple[float, float] = (0.0, 0.0),
    shift: float = 0.0,
    feet: str = "lr",
    groups: Values | None = None,
) -> Key:
    """Return the key of the deepest point after a landing, feet flat, with other groups as given."""
    return Key(dt, {"root": (way[0] + shift, way[1] - 0.06, -depth), **_soles(feet, 0), **(groups or {})})


@action("jump", forms("jump", "leap", "bound", "vault", "bounce"), "leapt|jumps", sided="way")
def jump(move: Move) -> Phrase:
    """A jump with both feet, on the spot or some way."""
    ways = {"forward": (0.0, 0.75), "backward": (0.0, -0.4), "right": (0.45, 0.0), "left": (0.45, 0.0)}
    x, y = ways.get(move.direction, (0.0, 0.0))
    far = (x * move.size, y * move.size)
    height = 0.26 * move.size
    crouch = key(0.42, root=(0, -0.09, -0.27), tilt=(26,), spine=(18,), neck=(-22,), **ARMS_BACK)
    air = flight(
        height,
        far,
        off={**ARMS_UP, "tilt": (2,), "spine": (-2,), "neck": (-4,)},
        on={"tilt": (6,), "spine": (6,), "neck": (-6,)},
    )
    soft = absorb(0.2, 0.20, far, groups={"tilt": (24,), "spine": (14,), "neck": (-18,), **AT_REST})
    upright = key(
        0.42, root=(*far, -0.01), tilt=(0,), spine=(0,), neck=(0,), r_arm=(3, 9, -20, 16), l_arm=(3, 9, -20, 16)
    )
    return Phrase([], [crouch, *air, soft, upright], [home(0.3)], travel=far)


@action(
    "hop",
    forms("hop"),
    "hops|(?:jump|hop)(?:s|ing|ed|ping|ped)? on (?:one|his|her|their|the) (?:left |right )?(?:leg|foot)",
    sided="foot",
)
def hop(move: Move) -> Phrase:
    """Small jumps on one leg, the other drawn up."""
    far = {"forward": (0.0, 0.34), "backward": (0.0, -0.22)}.get(move.direction, (0.0, 0.0))
    hold = {"l_foot": (0.02, -0.10, 0.24), "l_sole": (42,)}
    ready = key(0.6, root=(0.088, 0, -0.03), r_arm=(14, 26, -20, 60), l_arm=(14, 26, -20, 60), spine=(5, -2), **hold)
    dip = key(0.2, root=(0.088, -0.02, -0.11), tilt=(8,), spine=(10, -2))
    gone = {"l_foot": (0.02 + far[0], far[1] - 0.10, 0.30)}
    air = flight(0.085, far, push=0.2, feet="r", shift=0.088, off={"tilt": (2,), "l_foot": hold["l_foot"]}, on=gone)
    soft = absorb(0.16, 0.09, far, 0.088, "r", {"tilt": (8,), "l_foot": (0.02 + far[0], far[1] - 0.10, 0.24)})
    down = key(0.4, root=(0.06, 0, -0.01), l_foot=(0, 0, 0), l_sole=(4,), tilt=(0,))
    return Phrase([ready], [dip, *air, soft], [down, home(0.45)], repeats=4, travel=far)


@action("jumping_jacks", "jumping jacks?|star jumps?|side straddle hops?")
def jumping_jacks(move: Move) -> Phrase:
    """Feet apart and arms up, feet together and arms down."""
    open_ = flight(0.05, push=0.16, spread=(0.0, 0.24), off=_arms(20, 50, -10, 10), on=_arms(30, 140, 0, 8))
    close = flight(0.05, push=0.16, spread=(0.24, 0.0), off=_arms(26, 120, 0, 8), on=_arms(10, 34, -10, 10))
    low = {"root": (0, 0, -0.005)}  # legs that are apart reach less high
    close[0] = replace(close[0], values={**close[0].values, **low})
    open_[-1] = replace(open_[-1], values={**open_[-1].values, **low})
    wide, shut = absorb(0.14, 0.11, groups=_arms(30, 158, 0, 8)), absorb(0.12, 0.07, groups=_arms(6, 14, -20, 12))
    dip = key(0.14, root=(0, -0.02, -0.07), tilt=(4,))
    return Phrase([dip], [*open_, wide, *close, shut], [home(0.4)], repeats=4, elastic=False)


@action("jump_rope", "(?:jump|skip)(?:s|ing|ped|ping|ed)? (?:a )?rope|rope (?:jump|skip)(?:s|ing|ping)?|jumping rope")
def jump_rope(move: Move) -> Phrase:
    """Small quick jumps, the wrists turning a rope."""
    front, back = _arms(14, 22, 10, 62), _arms(2, 26, 24, 70)
    air = flight(0.06, push=0.14, off=front, on=back)
    return Phrase([key(0.4, root=(0, -0.02, -0.06), **back)], [*air, absorb(0.13, 0.06)], [home(0.5)], repeats=6)


@action("tuck_jump", "tuck(?:s|ed)? jumps?|jumps? high|jumps? (?:up )?(?:very )?high|high jumps?")
def tuck_jump(move: Move) -> Phrase:
    """A high jump with the knees drawn up."""
    crouch = key(0.45, root=(0, -0.10, -0.33), tilt=(30,), spine=(20,), neck=(-24,), **ARMS_BACK)
    air = flight(
        0.36,
        push=0.28,
        tuck=0.26,
        off={**ARMS_UP, "tilt": (0,), "spine": (0,), "neck": (0,)},
        on={"tilt": (6,), "spine": (8,)},
    )
    soft = absorb(0.22, 0.27, groups={"tilt": (28,), "spine": (18,), "neck": (-18,), **AT_REST})
    return Phrase([], [crouch, *air, soft, home(0.5)], [home(0.3)])
