"""Head and posture: looking, nodding, standing."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Phrase, home, key
from baselines.choreographer.reach import hand


@action(
    "stand",
    forms(
        "stand still", "stand straight", "stay still", "idle", "wait", "pause", "rest", "remain", "freeze", "breathe"
    ),
    "stands?(?! up)|standing(?! up)|stood(?! up)|does nothing|motionless|hold(?:s|ing)? still|stops?",
    "stopped|stopping",
)
def stand(move: Move) -> Phrase:
    """Quiet standing: the weight goes to one leg and back."""
    shift = key(1.4, root=(0.035, 0, -0.004), tilt=(0, -2), spine=(0, 2.5), neck=(0, -1, 6))
    return Phrase([shift], outro=[home(1.2)], hold=1.5)


@action("nod", forms("nod"), "shakes? (?:his|her|their) head yes|says? yes")
def nod(move: Move) -> Phrase:
    """Nodding."""
    return Phrase([], [key(0.24, neck=(22,), spine=(2,)), key(0.26, neck=(-5,), spine=(0,))], [home(0.4)], repeats=3)


@action(
    "shake_head",
    r"sh(?:akes?|aking|ook) (?:his |her |their |the )?heads?|says? no\b|disagree(?:s|ing|d)?",
    "refus(?:es|ing|ed?)",
)
def shake_head(move: Move) -> Phrase:
    """Shaking the head."""
    return Phrase(
        [],
        [key(0.27, neck=(4, 0, 34), spine=(0, 0, 4)), key(0.27, neck=(4, 0, -34), spine=(0, 0, -4))],
        [home(0.45)],
        repeats=3,
    )


@action(
    "look_around",
    forms("look", "gaze", "glance", "peer", "search", "scan", "watch", "observe", "inspect"),
    "(?:turn|mov|rotat)(?:s|es|e|ing|ed)? (?:his|her|their|the) head(?: from side to side| around)?",
    sided="way",
    default="right",
)
def look_around(move: Move) -> Phrase:
    """Looking to one side, both sides, up or down."""
    if move.direction in ("up", "down"):
        pitch = -38 if move.direction == "up" else 34
        return Phrase([key(0.6, neck=(pitch,), spine=(pitch / 5,))], hold=1.2)
    there = key(0.7, neck=(3, 0, -58), spine=(0, 0, -16), tilt=(0, 0, -4))
    if move.direction in ("left", "right"):
        return Phrase([there], hold=1.2)
    back = key(1.1, neck=(-4, 0, 58), spine=(0, 0, 16), tilt=(0, 0, 4))
    rest, look = (
        key(0.5, neck=(3, 0, -54), spine=(0, 0, -15), tilt=(0, 0, -4)),
        key(0.5, neck=(-4, 0, 54), spine=(0, 0, 15), tilt=(0, 0, 4)),
    )
    return Phrase([], [there, rest, back, look], repeats=1)


@action("tilt_head", "tilt(?:s|ing|ed)? (?:his |her |their |the )?head", sided="way", default="right")
def tilt_head(move: Move) -> Phrase:
    """The head leans to a shoulder."""
    return Phrase([key(0.6, neck=(3, 30), spine=(0, 4))], hold=1.0)


@action("shrug", forms("shrug"), "doesn'?t know|is unsure")
def shrug(move: Move) -> Phrase:
    """Shoulders up, palms out."""
    up = {"r_arm": (12, 16, 38, 78), "l_arm": (12, 16, 38, 78), "r_collar": (20,), "l_collar": (20,)}
    return Phrase(
        [],
        [
            key(0.35, neck=(-3, 8), **up),
            key(0.35, neck=(-3, 8), **up),
            key(0.4, neck=(0,), r_arm=(5, 10, 0, 30), l_arm=(5, 10, 0, 30), r_collar=(0,), l_collar=(0,)),
        ],
        [home(0.35)],
    )


@action(
    "think",
    forms("think", "ponder", "contemplate", "wonder"),
    "thought|(?:hand|finger) (?:on|to|under) (?:his|her|their|the) chin",
    "strok(?:es|ing) (?:his|her|their) (?:chin|beard)",
)
def think(move: Move) -> Phrase:
    """Hand at the chin, the other arm supporting the elbow."""
    pose = {"r_arm": hand(0.03, 0.19, 0.06, (0.3, 0.1, -1)), "l_arm": hand(-0.02, 0.26, -0.20, (0.7, -0.2, -0.7))}
    return Phrase([key(0.8, neck=(12, -6, 8), spine=(4,), **pose)], hold=1.8, elastic=False)
