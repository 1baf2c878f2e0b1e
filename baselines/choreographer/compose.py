"""From a plan to controls in the world: action after action, with life and mood over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.controls import NEUTRAL, SLICES, UPPER, WIDTH, mirrored, moved_to, other, rotation2
from baselines.choreographer.moves import ACTIONS, Move
from baselines.choreographer.phrase import FPS, Phrase
from baselines.choreographer.schedule import Part, schedule
from baselines.choreographer.styles import STYLES, Style
from baselines.choreographer.timing import drift, min_jerk

Floats = NDArray[np.float64]
FADE = 0.35  # seconds in which an action on top takes over the arms
SWAP = {"left": "right", "right": "left"}
# Standard deviation of the slow sway of a body that stands still: degrees, and metres for the pelvis.
LIFE = {"spine": (0.5, 0.5, 0.6), "neck": (1.3, 0.8, 2.2), "l_arm": (0.9, 0.6, 1.5, 1.5), "r_arm": (0.9, 0.6, 1.5, 1.5)}
SWAY = (0.007, 0.004)


def compose(moves: Sequence[Move], mood: str, frames: int, rng: np.random.Generator) -> Floats:
    """Return controls in the world (frames, 46), facing +y at first, the pelvis near the origin.

    What is asked for the left is made as its mirror image to the right, so that both are equally natural.

    Args:
        moves: at least one.
        mood: a name of `STYLES`.
        frames: at 20 fps.
        rng: what varies from seed to seed: amplitude, tempo, sway, and the hand where none is named.
    """
    style = STYLES[mood]
    left = _leads_left(moves, rng)
    varied = _varied(style, rng)
    plan = [_swapped(move) for move in moves] if left else list(moves)
    parts = schedule(plan, varied, frames)
    changes, places = _laid_out(parts, varied, frames)
    world = moved_to(NEUTRAL + _alive(changes, varied, rng), places)
    world[:, SLICES["root"].start : SLICES["root"].start + 2] += _sway(world, style, rng)
    return mirrored(world) if left else world


def _varied(style: Style, rng: np.random.Generator) -> Style:
    """Return a mood as one person has it: tempo, amplitude, length of step and swing of the arms a little different."""
    tempo, size = style.tempo * rng.uniform(0.95, 1.06), style.size * rng.uniform(0.94, 1.06)
    habits = {
        "length": (0.92, 1.08),
        "arm": (0.8, 1.2),
        "lift": (0.9, 1.15),
        "bob": (0.85, 1.15),
        "period": (0.95, 1.05),
    }
    gait = {name: style.gait.get(name, 1.0) * rng.uniform(*spread) for name, spread in habits.items()}
    return replace(style, tempo=tempo, size=size, gait={**style.gait, **gait})


def _leads_left(moves: Sequence[Move], rng: np.random.Generator) -> bool:
    """Return whether the first side or way that is named is the left; where none is, one clip in four."""
    whim = bool(rng.random() < 0.25)
    named = [word for move in moves for m in (move, *move.during) for word in (m.side, m.direction) if word in SWAP]
    return named[0] == "left" if named else whim


def _swapped(move: Move) -> Move:
    """Return a move with left and right exchanged."""
    side, direction = SWAP.get(move.side, move.side), SWAP.get(move.direction, move.direction)
    return replace(move, side=side, direction=direction, during=tuple(_swapped(m) for m in move.during))


def _is_mirrored(move: Move) -> bool:
    """Return whether a move is the mirror image of how its action is written (to the right)."""
    return (move.direction if ACTIONS[move.action].sided == "way" else move.side) == "left"


def _laid_out(parts: Sequence[Part], style: Style, frames: int) -> tuple[Floats, Floats]:
    """Return differences from neutral (frames, 46) and the place (frames, 3) they belong to, part after part."""
    changes, places = np.zeros((frames, WIDTH)), np.zeros((frames, 3))
    for number, part in enumerate(parts):
        if part.start >= frames:
            break  # the clip is too short for the whole plan
        last = number == len(parts) - 1
        made, end = rendered(part, style, last)
        start = part.start
        stop = min(start + len(made) - bool(end.any()), frames)
        changes[start:stop] += made[: stop - start]
        if end.any():
            places[stop:] = _after(places[start], end)
        elif last:
            changes[stop:] += made[-1]
    return changes, places


def _after(place: Floats, way: Floats) -> Floats:
    """Return the place reached from a place by a way (x, y, heading) that is relative to it."""
    return np.array([*(place[:2] + rotation2(place[2]) @ way[:2]), place[2] + way[2]])


def rendered(part: Part, style: Style, last: bool = False) -> tuple[Floats, Floats]:
    """Return a part as differences from neutral (frames, 46), and the place where it ends."""
    move = part.move
    size, tempo = style.size * move.size, style.tempo * move.tempo
    made, end = part.score.render(part.frames, move.count, size, tempo, last and move.direction != "up")
    if _is_mirrored(move):
        made, end = mirrored(made), end * (-1, 1, -1)
    for top in part.on_top:
        _lay_over(made, top, style)
    return made, end


def _lay_over(below: Floats, top: Part, style: Style) -> None:
    """Let an action take over head and arms from the one below it; its trunk adds up, its legs do not count."""
    made, _ = rendered(top, style)
    used = top.score.groups() if isinstance(top.score, Phrase) else set()
    used = {other(name) for name in used} if _is_mirrored(top.move) else used
    window = slice(top.start, min(top.start + len(made), len(below)))
    made = made[: window.stop - window.start]
    clock = np.arange(len(made)) / FPS
    weight = (min_jerk(clock / FADE) * min_jerk((clock[-1] - clock) / FADE))[:, None]
    for name in used & set(UPPER):
        below[window, SLICES[name]] *= 1 - weight
        below[window, SLICES[name]] += made[:, SLICES[name]]
    if "spine" in used:
        below[window, SLICES["spine"]] += made[:, SLICES["spine"]]


def _alive(changes: Floats, style: Style, rng: np.random.Generator) -> Floats:
    """Return the differences with the mood's posture, breathing and slow sway on top."""
    clock = np.arange(len(changes)) / FPS
    out = changes + style.offset() * _room_for_mood(changes)
    for name, spread in LIFE.items():
        out[:, SLICES[name]] += drift(rng, clock, len(spread)) * spread * np.sqrt(style.sway)
    breath = np.sin(2 * np.pi * (rng.uniform(0.22, 0.3) * clock + rng.random()))[:, None]
    out[:, SLICES["spine"]] -= breath * (0.6, 0, 0)
    for name in ("l_collar", "r_collar"):
        out[:, SLICES[name]] += breath * (0.9, 0.3)
    return out


def _room_for_mood(changes: Floats) -> Floats:
    """Return how much of the mood's posture shows (T, 46): less in arms that are busy, less in a body that is down."""
    room = np.ones_like(changes)
    down = np.exp(-((changes[:, SLICES["tilt"].start] / 45) ** 2))
    room *= down[:, None]
    for side in ("l_", "r_"):
        busy = np.linalg.norm(changes[:, SLICES[side + "arm"]], axis=1)
        quiet = np.exp(-((busy / 45) ** 2))
        room[:, SLICES[side + "arm"]] *= quiet[:, None]
        room[:, SLICES[side + "collar"]] *= quiet[:, None]
    return room


def _sway(world: Floats, style: Style, rng: np.random.Generator) -> Floats:
    """Return the slow sway of the pelvis over the feet (T, 2), metres."""
    noise = drift(rng, np.arange(len(world)) / FPS, 2) * SWAY * style.sway
    return noise - noise[0]
