"""Working gestures, as seen without the tool."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Phrase, both, held, home, key
from baselines.choreographer.reach import hand

DOWN = (0.5, -0.2, -1.0)  # elbows pointing down
OUT = (1.0, -0.2, -0.4)
PUSHING = (("near", 0.14, 0.22, -0.06), ("far", 0.13, 0.47, -0.02), ("ease", 0.14, 0.30, -0.05))
MOUTH = hand(0.03, 0.17, 0.12, DOWN)
AT_CHEST = {"r_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1)), "l_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1))}


@action("push", forms("push", "shove"), "pushes")
def push(move: Move) -> Phrase:
    """Both hands from the chest forward against something heavy, one foot back."""
    hands = {name: hand(x, y, z, (0.8, -0.6, -0.8)) for name, x, y, z in PUSHING}
    near = both(key(0.5, r_arm=hands["near"], spine=(8,), tilt=(6,), root=(0, 0, -0.05), neck=(-8,)))
    step = key(0.2, r_foot=(0.02, -0.18, 0.06), root=(-0.05, 0, -0.05))
    brace = key(0.22, r_foot=(0.03, -0.36, 0), r_sole=(16,), root=(0, -0.04, -0.10))
    arms = {name: {"r_arm": angles, "l_arm": angles} for name, angles in hands.items()}
    far = key(0.6, spine=(10,), tilt=(22,), root=(0, 0.10, -0.11), neck=(-22,), r_sole=(34,), **arms["far"])
    ease = key(0.5, spine=(8,), tilt=(12,), root=(0, 0.0, -0.09), neck=(-12,), r_sole=(18,), **arms["ease"])
    step_home = key(0.25, r_foot=(0.02, -0.18, 0.06), r_sole=(10,), root=(-0.04, -0.01, -0.03))
    return Phrase([near, step, brace], [far, held(far, 0.4), ease], [step_home, home(0.5)], elastic=False)


@action("pull", forms("pull", "drag toward", "tug", "yank"), "pulls|tug of war")
def pull(move: Move) -> Phrase:
    """Both hands draw something in, the weight goes back."""
    grab = both(
        key(
            0.7,
            r_arm=hand(0.10, 0.46, -0.14, (0.8, -0.5, -0.8)),
            spine=(12,),
            tilt=(8,),
            root=(0, 0.02, -0.06),
            neck=(-10,),
        )
    )
    draw = both(
        key(
            0.7,
            r_arm=hand(0.13, 0.14, -0.22, (0.9, -1, -0.2)),
            spine=(0, 0, 0),
            tilt=(-14,),
            root=(0, -0.13, -0.14),
            neck=(4,),
        )
    )
    return Phrase([grab], [draw, held(draw, 0.2), grab], [home(0.8)], repeats=2, elastic=False)


@action(
    "wipe",
    forms("wipe", "wash", "clean", "scrub", "polish", "dust", "paint", "erase", "iron", "mop"),
    "washes|polishes",
    sided="hand",
)
def wipe(move: Move) -> Phrase:
    """An open hand goes round on a wall or a pane."""
    height = -0.24 if move.direction == "down" else 0.06
    ring = [(0.24, height + 0.14), (0.38, height), (0.22, height - 0.12), (0.06, height)]
    cycle = [key(0.24, r_arm=hand(x, 0.40, z, DOWN), spine=(4, 0, 8 - 30 * (x - 0.06))) for x, z in ring]
    return Phrase(
        [key(0.7, r_arm=hand(0.06, 0.40, height, DOWN), spine=(4, 0, 8))], cycle, [home(0.7)], repeats=3, elastic=False
    )


@action("stir", forms("stir", "mix", "whisk", "cook", "knead"), "mixes|cooks", sided="hand")
def stir(move: Move) -> Phrase:
    """A hand goes round over a pot, the other holds it."""
    ring = [(0.10, 0.42), (0.20, 0.36), (0.10, 0.29), (0.0, 0.36)]
    cycle = [key(0.2, r_arm=hand(x, y, -0.24, OUT)) for x, y in ring]
    ready = key(0.7, r_arm=hand(0.0, 0.36, -0.24, OUT), l_arm=hand(0.12, 0.34, -0.26, DOWN), neck=(22,), spine=(8,))
    return Phrase([ready], cycle, [home(0.7)], repeats=4, elastic=False)


@action("pour", forms("pour", "water plants", "fill"), "pours|watering", sided="hand")
def pour(move: Move) -> Phrase:
    """A hand is raised and tips over the other."""
    cup = hand(0.02, 0.34, -0.24, DOWN)
    up, tip = (
        key(0.7, r_arm=hand(0.14, 0.34, -0.02, OUT), l_arm=cup, neck=(14,)),
        key(0.5, r_arm=hand(0.10, 0.36, 0.04, (1, 0, 0.6)), l_arm=cup, spine=(4, 3), neck=(18,)),
    )
    return Phrase([], [up, tip, held(tip, 0.7), up, home(0.7)], [home(0.15)], elastic=False)


@action("dig", forms("dig", "shovel", "rake", "hoe"), "dug|sweep(?:s|ing)? (?:the|a|up)|broom|vacuum(?:s|ing)?")
def dig(move: Move) -> Phrase:
    """Two hands on a shaft, pushed down and swung up to the side."""
    low = key(
        0.6,
        r_arm=hand(0.10, 0.30, -0.34, DOWN),
        l_arm=hand(0.02, 0.44, -0.36, DOWN),
        tilt=(28,),
        spine=(26, 0, 8),
        neck=(-6,),
        root=(0, -0.08, -0.18),
    )
    high = key(
        0.6,
        r_arm=hand(0.30, 0.26, -0.16, DOWN),
        l_arm=hand(-0.16, 0.34, -0.20, DOWN),
        tilt=(8,),
        spine=(8, 0, -26),
        neck=(4, 0, -10),
        root=(0.03, -0.03, -0.06),
    )
    return Phrase([], [low, high], [home(0.8)], repeats=2, elastic=False)


@action("write", forms("write", "draw", "sketch"), "wrote|writes on (?:a|the) (?:board|wall)", sided="hand")
def write(move: Move) -> Phrase:
    """A hand makes small strokes along a line."""
    line = [(0.02, 0.10), (0.06, 0.06), (0.10, 0.10), (0.14, 0.06), (0.18, 0.10), (0.22, 0.06)]
    cycle = [key(0.18, r_arm=hand(x, 0.40, z, DOWN)) for x, z in line]
    return Phrase(
        [key(0.7, r_arm=hand(0.02, 0.40, 0.06, DOWN), spine=(3,))],
        [*cycle, key(0.4, r_arm=hand(0.02, 0.38, 0.02, DOWN))],
        [home(0.7)],
        repeats=2,
        elastic=False,
    )
