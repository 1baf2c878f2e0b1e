"""Hands to the floor: planks, push-ups, crawling, picking things up."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

ON_THIGHS = hand(0.13, 0.27, -0.40, (0.8, -0.6, -0.2))
ON_KNEES = hand(0.14, 0.38, -0.18, (0.9, -0.2, -0.6))
RISING = both(key(0.5, root=(0, -0.20, -0.30), tilt=(38,), spine=(16,), neck=(-22,), r_arm=(40, 8, -20, 30)))

CRAWL_STRIDE, CRAWL_REACH = 0.36, 0.83  # metres a cycle, and from the place to the hands


def _plank() -> tuple[list[Key], Key, list[Key]]:
    """Return the keys from standing into a plank, the plank itself, and the way back."""
    pins = {"r_hand": (0.22, 0.66, 0.06, 0.0)}
    grip = {"r_hand": (0.22, 0.66, 0.06, 1.0)}
    start = both(key(0.0, **pins))
    bend = both(
        key(
            1.0,
            root=(0, 0.02, -0.40),
            tilt=(68,),
            spine=(46,),
            neck=(-20,),
            r_arm=(100, 4, 0, 10),
            r_sole=(20,),
            **grip,
        )
    )
    right = key(0.28, r_foot=(0, -0.40, 0.05), r_sole=(50,), root=(-0.03, 0.08, -0.43), tilt=(72,), spine=(30,))
    right_down = key(0.28, r_foot=(0, -0.76, 0), r_sole=(72,), root=(-0.02, 0.12, -0.46), tilt=(74,), spine=(20,))
    left = key(0.28, l_foot=(0, -0.40, 0.05), l_sole=(50,), root=(0.02, 0.15, -0.50), tilt=(76,), spine=(10,))
    plank = both(
        key(
            0.32,
            r_foot=(0, -0.76, 0),
            r_sole=(76,),
            root=(0, 0.20, -0.545),
            tilt=(75,),
            spine=(0,),
            neck=(-24,),
            r_arm=(90, 6, 0, 6),
            **grip,
        )
    )
    back = [
        held(left, 0.35),
        key(0.3, l_foot=(0, 0, 0), l_sole=(24,), root=(-0.02, 0.10, -0.45), tilt=(74,), spine=(26,)),
        held(right, 0.28),
    ]
    stand = both(
        key(0.3, r_foot=(0, 0, 0), r_sole=(22,), root=(0, 0.02, -0.40), tilt=(68,), spine=(46,), neck=(-20,), **grip)
    )
    release = both(key(0.35, root=(0, -0.06, -0.30), tilt=(52,), spine=(40,), r_sole=(4,), **pins))
    return [start, bend, right, right_down, left, plank], plank, [*back, stand, release, home(0.8)]


@action("push_up", "push[- ]?ups?|press[- ]?ups?")
def push_up(move: Move) -> Phrase:
    """Push-ups from a plank, hands and toes fixed."""
    down, plank, up = _plank()
    low = both(key(0.6, root=(0, 0.22, -0.70), tilt=(86,), spine=(0,), neck=(-28,), r_sole=(80,)))
    top = both(key(0.6, root=plank.values["root"], tilt=plank.values["tilt"], spine=(0,), neck=(-24,), r_sole=(76,)))
    return Phrase(down, [low, top], up, repeats=2, elastic=False)


@action("plank", "planks?|planking")
def plank(move: Move) -> Phrase:
    """Holding the body straight on hands and toes."""
    down, _, up = _plank()
    return Phrase(down, (), up, hold=1.5, stays=True, elastic=False)


def _limbs(right: float, left: float, lift: tuple[float, float] = (0.0, 0.0)) -> dict[str, tuple[float, ...]]:
    """Return right hand and left knee, and left hand and right knee, so far on, and how high they are lifted."""
    return {
        "r_hand": (0.17, CRAWL_REACH + right, 0.06 + lift[0], 1),
        "l_hand": (-0.17, CRAWL_REACH + left, 0.06 + lift[1], 1),
        "l_foot": (0, right, lift[0] / 2),
        "r_foot": (0, left, lift[1] / 2),
    }


def _crawling(share: float, roll: float, right: float, left: float, lift: tuple[float, float] = (0.0, 0.0)) -> Key:
    """Return a key of the crawl at a share of the stride, in which the limbs have come so many strides on."""
    limbs = _limbs(right * CRAWL_STRIDE, left * CRAWL_STRIDE, lift)
    root = (-0.01 * roll / 2, 0.38 + share * CRAWL_STRIDE, -0.45)
    return key(0.25, root=root, tilt=(78, roll), spine=(6, -2 * roll), **limbs)


@action("crawl", forms("crawl"), "on all fours|(?:on|onto) (?:his|her|their) hands and knees")
def crawl(move: Move) -> Phrase:
    """On hands and knees, opposite limbs moving together."""
    free = {"r_hand": (0.17, CRAWL_REACH, 0.06, 0)}
    bent = {"r_arm": (34, 12, -20, 20), "r_sole": (47,)}
    flat = {"spine": (6,), "neck": (-34,), "r_arm": (86, 2, 0, 10), "r_sole": (84,)}
    low = both(key(0.7, root=(0, 0.06, -0.40), tilt=(20,), spine=(18,), **bent, **free))
    knees = both(key(0.5, root=(0, 0.33, -0.43), **{**flat, "tilt": (40,), "spine": (20,)}))
    fours = both(key(0.5, root=(0, 0.38, -0.45), tilt=(78,), **flat))
    fours = Key(0.5, {**fours.values, **_limbs(0, 0)})
    cycle = [_crawling(0.25, 2, 0.5, 0, (0.08, 0)), _crawling(0.5, 0, 1, 0)]
    cycle += [_crawling(0.75, -2, 1, 0.5, (0, 0.08)), _crawling(1, 0, 1, 1)]
    rise = both(
        key(0.7, root=(0, 0.33, -0.43), tilt=(14,), spine=(16,), neck=(-10,), **{**bent, "r_sole": (82,)}, **free)
    )
    squat = both(key(0.7, root=(0, 0.08, -0.40), tilt=(16,), spine=(14,), r_sole=(48,)))
    return Phrase(
        [both(key(0.0, **free)), low, knees, fours],
        cycle,
        [rise, squat, home(0.8)],
        repeats=3,
        elastic=False,
        travel=(0, CRAWL_STRIDE),
    )


@action(
    "pick_up",
    "(?:pick|lift|scoop|grab)(?:s|ing|ed|bing|bed)? (?:[a-z]+ ){0,4}?(?:up|(?:off|from) the (?:floor|ground))",
    "picks? up|picking up|collects?|gathers?",
    sided="hand",
)
def pick_up(move: Move) -> Phrase:
    """Down on bent knees, a hand to the floor, and up with something."""
    down = key(
        0.85,
        root=(0.02, -0.16, -0.44),
        tilt=(48,),
        spine=(34, 6),
        neck=(-4,),
        r_arm=(92, -2, 0, 10),
        r_collar=(0, 8),
        l_arm=(48, 14, -20, 48),
        l_sole=(14,),
        l_knee=(4,),
        r_knee=(12,),
    )
    grip = held(down, 0.3)
    up = key(
        0.9,
        root=(0, 0, 0),
        tilt=(0,),
        spine=(2,),
        neck=(16,),
        r_arm=hand(0.12, 0.32, -0.18, (0.6, -0.3, -1)),
        r_collar=(0,),
        l_arm=(3, 9, -20, 16),
        l_sole=(0,),
        l_knee=(0,),
        r_knee=(0,),
    )
    if move.side == "both":
        down, grip, up = (
            Key(k.dt, {**k.values, "l_arm": k.values["r_arm"], "spine": (k.values["spine"][0],)})
            for k in (down, grip, up)
        )
    return Phrase([], [down, grip, up, held(up, 0.5), home(0.6)], [home(0.15)], elastic=False)


@action(
    "put_down",
    "(?:put|set|plac|lay|lower)(?:s|es|e|ing|ting|ed)? (?:[a-z]+ ){0,4}?(?:down|on the (?:floor|ground))",
    "puts down",
    sided="hand",
)
def put_down(move: Move) -> Phrase:
    """Something held in front is brought down to the floor."""
    hold = both(key(0.6, r_arm=hand(0.14, 0.33, -0.18, (0.7, -0.3, -1)), neck=(14,)))
    down = both(
        key(0.9, root=(0, -0.17, -0.44), tilt=(48,), spine=(36,), neck=(-2,), r_arm=(92, -2, 0, 10), r_knee=(10,))
    )
    return Phrase([], [hold, down, held(down, 0.3), home(0.9)], [home(0.15)], elastic=False)
