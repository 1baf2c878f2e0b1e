"""Near the floor: sitting, kneeling, lying, crawling, push-ups."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

ON_THIGHS = hand(0.13, 0.27, -0.40, (0.8, -0.6, -0.2))
ON_KNEES = hand(0.14, 0.38, -0.18, (0.9, -0.2, -0.6))
RISING = both(key(0.5, root=(0, -0.20, -0.30), tilt=(38,), spine=(16,), neck=(-22,), r_arm=(40, 8, -20, 30)))


@action("sit", forms("sit down", "sit", "take a seat") + r"|sat|seated|sitting|takes a seat|sits")
def sit(move: Move) -> Phrase:
    """Sitting down on a chair that is not shown."""
    lean = both(key(0.6, root=(0, -0.22, -0.22), tilt=(34,), spine=(16,), neck=(-20,), r_arm=(34, 8, -20, 26)))
    seat = both(key(0.65, root=(0, -0.40, -0.435), tilt=(-4,), spine=(8,), neck=(0,), r_arm=ON_THIGHS))
    return Phrase([lean, seat], (), [RISING, home(0.7)], hold=1.2, stays=True, elastic=False)


@action("sit_floor", r"(?:sit|sat|sits|sitting|seated)(?: down)? (?:on|onto) the (?:floor|ground|grass)|(?:sit|sat|sits|sitting)(?: down)? cross[- ]legged|cross[- ]legged")
def sit_floor(move: Move) -> Phrase:
    """Sitting down on the floor, knees drawn up."""
    low = both(key(0.9, root=(0, -0.16, -0.52), tilt=(36,), spine=(22,), neck=(-18,), r_arm=(40, 16, -20, 24), r_sole=(6,)))
    down = both(key(0.7, root=(0, -0.46, -0.83), tilt=(-12,), spine=(22,), r_foot=(0.02, 0, 0), r_sole=(0,), neck=(-4,), r_arm=(-20, 24, -10, 18)))
    rest = both(key(0.6, root=(0, -0.50, -0.84), tilt=(-8,), spine=(30,), r_foot=(0.04, 0.04, 0), neck=(-4,), r_arm=hand(0.16, 0.36, -0.12, (0.9, -0.2, -0.6)), r_knee=(8,)))
    up = both(key(0.8, root=(0, -0.14, -0.50), tilt=(40,), spine=(24,), neck=(-18,), r_foot=(0, 0, 0), r_arm=(60, 12, -20, 20), r_knee=(6,)))
    return Phrase([low, down, rest], (), [up, home(0.9)], hold=1.0, stays=True, elastic=False)


@action("kneel", forms("kneel down", "kneel", "genuflect", "propose") + r"|knelt|(?:on|onto|to|down on) (?:one|a|his|her|their|the) (?:left |right )?knees?|takes? a knee", sided="foot", default="right")
def kneel(move: Move) -> Phrase:
    """Down on one knee, or on both where that is said."""
    if move.side == "both":
        return _kneel_both()
    back = key(0.4, r_foot=(0, -0.22, 0.07), r_sole=(30,), root=(-0.06, 0.0, -0.03))
    stand = key(0.3, r_foot=(0, -0.40, 0), r_sole=(46,), root=(-0.02, -0.03, -0.11), tilt=(8,), spine=(6,))
    down = key(0.7, r_foot=(0, -0.40, 0), r_sole=(82,), l_foot=(0, 0.0, 0), root=(0, -0.04, -0.425), tilt=(2,), spine=(6,), neck=(4,), l_arm=hand(-0.12, 0.30, -0.30, (0.8, -0.5, -0.3)))
    rise = key(0.6, r_foot=(0, -0.40, 0), r_sole=(48,), root=(-0.02, -0.02, -0.14), tilt=(14,), spine=(12,), l_arm=(20, 8, -20, 30))
    step = key(0.3, r_foot=(0, -0.18, 0.08), r_sole=(26,), root=(-0.05, 0, -0.02), tilt=(4,), spine=(4,))
    return Phrase([back, stand, down], (), [rise, step, home(0.45)], hold=1.2, stays=True, elastic=False)


def _kneel_both() -> Phrase:
    """Return going down on both knees."""
    low = both(key(0.7, root=(0, 0.06, -0.40), tilt=(14,), spine=(12,), r_sole=(46,), r_arm=(30, 12, -20, 20)))
    down = both(key(0.6, root=(0, 0.35, -0.425), tilt=(0,), spine=(4,), r_sole=(82,), r_arm=(10, 10, -20, 20)))
    rise = both(key(0.7, root=(0, 0.08, -0.40), tilt=(16,), spine=(14,), r_sole=(48,), r_arm=(34, 12, -20, 20)))
    return Phrase([low, down], (), [rise, home(0.8)], hold=1.2, stays=True, elastic=False)


def _lying() -> tuple[list[Key], list[Key]]:
    """Return the keys down to the back, and up again."""
    low = both(key(0.8, root=(0, -0.16, -0.52), tilt=(36,), spine=(22,), neck=(-18,), r_arm=(40, 16, -20, 24)))
    seat = both(key(0.7, root=(0, -0.46, -0.83), tilt=(-14,), spine=(26,), neck=(0,), r_arm=(-34, 26, -10, 12)))
    legs = both(key(0.5, root=(0, -0.47, -0.84), tilt=(-40,), spine=(34,), r_foot=(0.02, 0.16, 0.03), r_sole=(-12,), neck=(10,), r_arm=(-20, 26, -10, 40)))
    flat = both(key(0.8, root=(0, -0.48, -0.85), tilt=(-90,), spine=(2,), r_foot=(0.04, 0.30, 0.16), r_sole=(-70,), neck=(4,), r_arm=(4, 16, -10, 14)))
    sit_up = both(key(0.8, root=(0, -0.47, -0.84), tilt=(-30,), spine=(40,), r_foot=(0.02, 0.14, 0.03), r_sole=(-10,), neck=(10,), r_arm=(20, 20, -10, 30)))
    rise = both(key(0.9, root=(0, -0.14, -0.50), tilt=(42,), spine=(26,), r_foot=(0, 0, 0), r_sole=(4,), neck=(-18,), r_arm=(60, 12, -20, 20)))
    return [low, seat, legs, flat], [sit_up, rise, home(0.9)]


@action("lie_down", r"(?:lie|lay|lies|lays|lying|laying)(?: down| on| flat)|l(?:ies|ays|ying) (?=on)|falls? asleep|sleeps?|sleeping|lying")
def lie_down(move: Move) -> Phrase:
    """Lying down on the back."""
    down, up = _lying()
    return Phrase(down, (), up, hold=1.0, stays=True, elastic=False)


@action("sit_up", r"sit[- ]?ups?|crunch(?:es)?|abdominal exercises?")
def sit_up(move: Move) -> Phrase:
    """From lying on the back, the trunk comes up and goes down."""
    down, up = _lying()
    bent = both(key(0.6, root=(0, -0.48, -0.85), tilt=(-84,), spine=(6,), r_foot=(0.02, 0.06, 0.0), r_sole=(0,), neck=(14,), r_arm=hand(0.13, 0.05, 0.16, (1, 0.2, 0))))
    crunch = both(key(0.7, root=(0, -0.48, -0.84), tilt=(-30,), spine=(52,), neck=(16,)))
    flat = both(key(0.8, root=(0, -0.48, -0.85), tilt=(-84,), spine=(6,), neck=(10,)))
    return Phrase([*down[:3], bent], [crunch, flat], up, repeats=2, elastic=False)


def _plank() -> tuple[list[Key], Key, list[Key]]:
    """Return the keys from standing into a plank, the plank itself, and the way back."""
    pins = {"r_hand": (0.22, 0.66, 0.06, 0.0)}
    grip = {"r_hand": (0.22, 0.66, 0.06, 1.0)}
    start = both(key(0.0, **pins))
    bend = both(key(1.0, root=(0, 0.02, -0.40), tilt=(68,), spine=(46,), neck=(-20,), r_arm=(100, 4, 0, 10), r_sole=(20,), **grip))
    right = key(0.28, r_foot=(0, -0.40, 0.05), r_sole=(50,), root=(-0.03, 0.08, -0.43), tilt=(72,), spine=(30,))
    right_down = key(0.28, r_foot=(0, -0.76, 0), r_sole=(72,), root=(-0.02, 0.12, -0.46), tilt=(74,), spine=(20,))
    left = key(0.28, l_foot=(0, -0.40, 0.05), l_sole=(50,), root=(0.02, 0.15, -0.50), tilt=(76,), spine=(10,))
    plank = both(key(0.32, r_foot=(0, -0.76, 0), r_sole=(76,), root=(0, 0.20, -0.545), tilt=(75,), spine=(0,), neck=(-24,), r_arm=(90, 6, 0, 6), **grip))
    back = [held(left, 0.35), key(0.3, l_foot=(0, 0, 0), l_sole=(24,), root=(-0.02, 0.10, -0.45), tilt=(74,), spine=(26,)), held(right, 0.28)]
    stand = both(key(0.3, r_foot=(0, 0, 0), r_sole=(22,), root=(0, 0.02, -0.40), tilt=(68,), spine=(46,), neck=(-20,), **grip))
    release = both(key(0.35, root=(0, -0.06, -0.30), tilt=(52,), spine=(40,), r_sole=(4,), **pins))
    return [start, bend, right, right_down, left, plank], plank, [*back, stand, release, home(0.8)]


@action("push_up", r"push[- ]?ups?|press[- ]?ups?")
def push_up(move: Move) -> Phrase:
    """Push-ups from a plank, hands and toes fixed."""
    down, plank, up = _plank()
    low = both(key(0.6, root=(0, 0.22, -0.70), tilt=(86,), spine=(0,), neck=(-28,), r_sole=(80,)))
    top = both(key(0.6, root=plank.values["root"], tilt=plank.values["tilt"], spine=(0,), neck=(-24,), r_sole=(76,)))
    return Phrase(down, [low, top], up, repeats=2, elastic=False)


@action("plank", r"planks?|planking")
def plank(move: Move) -> Phrase:
    """Holding the body straight on hands and toes."""
    down, _, up = _plank()
    return Phrase(down, (), up, hold=1.5, stays=True, elastic=False)


@action("crawl", forms("crawl") + r"|on all fours|(?:on|onto) (?:his|her|their) hands and knees")
def crawl(move: Move) -> Phrase:
    """On hands and knees, opposite limbs moving together."""
    stride, reach = 0.36, 0.83

    def limbs(right: float, left: float, lift_right: float = 0.0, lift_left: float = 0.0) -> dict[str, tuple[float, ...]]:
        """Return right hand with left knee, and left hand with right knee, so far on."""
        return {
            "r_hand": (0.17, reach + right, 0.06 + lift_right, 1), "l_foot": (0, left_toe + right, lift_right / 2),
            "l_hand": (-0.17, reach + left, 0.06 + lift_left, 1), "r_foot": (0, left_toe + left, lift_left / 2),
        }  # fmt: skip

    left_toe = 0.0
    flat = {"tilt": (78,), "spine": (6,), "neck": (-34,), "r_arm": (86, 2, 0, 10), "l_arm": (86, 2, 0, 10), "r_sole": (84,), "l_sole": (84,)}
    start = both(key(0.0, r_hand=(0.17, reach, 0.06, 0)))
    low = both(key(0.7, root=(0, 0.06, -0.40), tilt=(20,), spine=(18,), r_sole=(46,), r_arm=(40, 12, -20, 20), r_hand=(0.17, reach, 0.06, 0)))
    knees = key(0.5, root=(0, 0.33, -0.43), **{**flat, "tilt": (40,), "spine": (20,)})
    fours = key(0.5, root=(0, 0.38, -0.45), **flat, **limbs(0, 0))
    cycle = [
        key(0.25, root=(0.01, 0.38 + stride / 4, -0.45), tilt=(78, 2), spine=(6, -4), **limbs(stride / 2, 0, 0.08)),
        key(0.25, root=(0, 0.38 + stride / 2, -0.45), tilt=(78, 0), spine=(6, 0), **limbs(stride, 0)),
        key(0.25, root=(-0.01, 0.38 + stride * 3 / 4, -0.45), tilt=(78, -2), spine=(6, 4), **limbs(stride, stride / 2, 0, 0.08)),
        key(0.25, root=(0, 0.38 + stride, -0.45), tilt=(78, 0), spine=(6, 0), **limbs(stride, stride)),
    ]
    rise = both(key(0.7, root=(0, 0.33, -0.43), tilt=(14,), spine=(16,), neck=(-10,), r_sole=(82,), r_arm=(34, 12, -20, 20), r_hand=(0.17, reach, 0.06, 0)))
    squat = both(key(0.7, root=(0, 0.08, -0.40), tilt=(16,), spine=(14,), r_sole=(48,)))
    return Phrase([start, low, knees, fours], cycle, [rise, squat, home(0.8)], repeats=3, elastic=False, travel=(0, stride))


@action("stand_up", r"(?:stands?|gets?|got|stood|rises?|rose|rising|standing|getting) (?:back )?up(?:right)?|rises?|rose to (?:his|her|their) feet|gets? (?:to|on) (?:his|her|their) feet")
def stand_up(move: Move) -> Phrase:
    """Getting up from a chair; after another posture, simply the way back from it."""
    seat = both(key(0.0, root=(0, -0.40, -0.435), tilt=(-4,), spine=(8,), r_arm=ON_THIGHS))
    return Phrase([seat, held(seat, 0.5)], (), [RISING, home(0.75)], hold=0.2, elastic=False)


@action("pick_up", r"(?:pick|lift|scoop|grab)(?:s|ing|ed|bing|bed)? (?:[a-z]+ ){0,4}?(?:up|(?:off|from) the (?:floor|ground))|picks? up|picking up|collects?|gathers?", sided="hand")
def pick_up(move: Move) -> Phrase:
    """Down on bent knees, a hand to the floor, and up with something."""
    down = key(0.85, root=(0.02, -0.16, -0.44), tilt=(48,), spine=(34, 6), neck=(-4,), r_arm=(92, -2, 0, 10), r_collar=(0, 8), l_arm=(48, 14, -20, 48), l_sole=(14,), l_knee=(4,), r_knee=(12,))
    grip = held(down, 0.3)
    up = key(0.9, root=(0, 0, 0), tilt=(0,), spine=(2,), neck=(16,), r_arm=hand(0.12, 0.32, -0.18, (0.6, -0.3, -1)), r_collar=(0,), l_arm=(3, 9, -20, 16), l_sole=(0,), l_knee=(0,), r_knee=(0,))
    if move.side == "both":
        down, grip, up = (Key(k.dt, {**k.values, "l_arm": k.values["r_arm"], "spine": (k.values["spine"][0],)}) for k in (down, grip, up))
    return Phrase([], [down, grip, up, held(up, 0.5), home(0.6)], [home(0.15)], elastic=False)


@action("put_down", r"(?:put|set|plac|lay|lower)(?:s|es|e|ing|ting|ed)? (?:[a-z]+ ){0,4}?(?:down|on the (?:floor|ground))|puts down", sided="hand")
def put_down(move: Move) -> Phrase:
    """Something held in front is brought down to the floor."""
    hold = both(key(0.6, r_arm=hand(0.14, 0.33, -0.18, (0.7, -0.3, -1)), neck=(14,)))
    down = both(key(0.9, root=(0, -0.17, -0.44), tilt=(48,), spine=(36,), neck=(-2,), r_arm=(92, -2, 0, 10), r_knee=(10,)))
    return Phrase([], [hold, down, held(down, 0.3), home(0.9)], [home(0.15)], elastic=False)
