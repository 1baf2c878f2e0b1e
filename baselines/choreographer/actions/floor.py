"""Down and up again: sitting, kneeling, lying."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

ON_THIGHS = hand(0.13, 0.27, -0.40, (0.8, -0.6, -0.2))
ON_KNEES = hand(0.14, 0.38, -0.18, (0.9, -0.2, -0.6))
RISING = both(key(0.5, root=(0, -0.20, -0.30), tilt=(38,), spine=(16,), neck=(-22,), r_arm=(40, 8, -20, 30)))


@action("sit", forms("sit down", "sit", "take a seat"), "sat|seated|sitting|takes a seat|sits")
def sit(move: Move) -> Phrase:
    """Sitting down on a chair that is not shown."""
    lean = both(key(0.6, root=(0, -0.22, -0.22), tilt=(34,), spine=(16,), neck=(-20,), r_arm=(34, 8, -20, 26)))
    seat = both(key(0.65, root=(0, -0.40, -0.435), tilt=(-4,), spine=(8,), neck=(0,), r_arm=ON_THIGHS))
    return Phrase([lean, seat], (), [RISING, home(0.7)], hold=1.2, stays=True, elastic=False)


@action(
    "sit_floor",
    "(?:sit|sat|sits|sitting|seated)(?: down)? (?:on|onto) the (?:floor|ground|grass)",
    "(?:sit|sat|sits|sitting)(?: down)? cross[- ]legged|cross[- ]legged",
)
def sit_floor(move: Move) -> Phrase:
    """Sitting down on the floor, knees drawn up."""
    low = both(
        key(0.9, root=(0, -0.16, -0.52), tilt=(36,), spine=(22,), neck=(-18,), r_arm=(40, 16, -20, 24), r_sole=(6,))
    )
    down = both(
        key(
            0.7,
            root=(0, -0.46, -0.83),
            tilt=(-12,),
            spine=(22,),
            r_foot=(0.02, 0, 0),
            r_sole=(0,),
            neck=(-4,),
            r_arm=(-20, 24, -10, 18),
        )
    )
    rest = both(
        key(
            0.6,
            root=(0, -0.50, -0.84),
            tilt=(-8,),
            spine=(30,),
            r_foot=(0.04, 0.04, 0),
            neck=(-4,),
            r_arm=hand(0.16, 0.36, -0.12, (0.9, -0.2, -0.6)),
            r_knee=(8,),
        )
    )
    up = both(
        key(
            0.8,
            root=(0, -0.14, -0.50),
            tilt=(40,),
            spine=(24,),
            neck=(-18,),
            r_foot=(0, 0, 0),
            r_arm=(60, 12, -20, 20),
            r_knee=(6,),
        )
    )
    return Phrase([low, down, rest], (), [up, home(0.9)], hold=1.0, stays=True, elastic=False)


@action(
    "kneel",
    forms("kneel down", "kneel", "genuflect", "propose"),
    "knelt|(?:on|onto|to|down on) (?:one|a|his|her|their|the) (?:left |right )?knees?|takes? a knee",
    sided="foot",
    default="right",
)
def kneel(move: Move) -> Phrase:
    """Down on one knee, or on both where that is said."""
    if move.side == "both":
        return _kneel_both()
    back = key(0.4, r_foot=(0, -0.22, 0.07), r_sole=(30,), root=(-0.06, 0.0, -0.03))
    stand = key(0.3, r_foot=(0, -0.40, 0), r_sole=(46,), root=(-0.02, -0.03, -0.11), tilt=(8,), spine=(6,))
    down = key(
        0.7,
        r_foot=(0, -0.40, 0),
        r_sole=(82,),
        l_foot=(0, 0.0, 0),
        root=(0, -0.04, -0.425),
        tilt=(2,),
        spine=(6,),
        neck=(4,),
        l_arm=hand(-0.12, 0.30, -0.30, (0.8, -0.5, -0.3)),
    )
    rise = key(
        0.6,
        r_foot=(0, -0.40, 0),
        r_sole=(48,),
        root=(-0.02, -0.02, -0.14),
        tilt=(14,),
        spine=(12,),
        l_arm=(20, 8, -20, 30),
    )
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
    low = key(0.8, root=(0, -0.16, -0.52), tilt=(36,), spine=(22,), neck=(-18,), r_arm=(40, 16, -20, 24))
    seat = key(0.7, root=(0, -0.46, -0.83), tilt=(-14,), spine=(26,), neck=(0,), r_arm=(-34, 26, -10, 12))
    legs = key(0.5, root=(0, -0.47, -0.84), **_reclined(-40, 34, 10, (0.02, 0.16, 0.03), -12), r_arm=(-20, 26, -10, 40))
    flat = key(0.8, root=(0, -0.48, -0.85), **_reclined(-90, 2, 4, (0.04, 0.30, 0.16), -70), r_arm=(4, 16, -10, 14))
    rise = key(0.8, root=(0, -0.47, -0.84), **_reclined(-30, 40, 10, (0.02, 0.14, 0.03), -10), r_arm=(20, 20, -10, 30))
    squat = key(0.9, root=(0, -0.14, -0.50), **_reclined(42, 26, -18, (0, 0, 0), 4), r_arm=(60, 12, -20, 20))
    return [both(k) for k in (low, seat, legs, flat)], [both(rise), both(squat), home(0.9)]


def _reclined(tilt: float, spine: float, neck: float, foot: Sequence[float], sole: float) -> dict[str, Sequence[float]]:
    """Return pitch of pelvis, spine and neck, where the right foot is and its pitch."""
    return {"tilt": (tilt,), "spine": (spine,), "neck": (neck,), "r_foot": foot, "r_sole": (sole,)}


@action(
    "lie_down",
    "(?:lie|lay|lies|lays|lying|laying)(?: down| on| flat)|l(?:ies|ays|ying) (?=on)|falls? asleep|sleeps?",
    "sleeping|lying",
)
def lie_down(move: Move) -> Phrase:
    """Lying down on the back."""
    down, up = _lying()
    return Phrase(down, (), up, hold=1.0, stays=True, elastic=False)


@action("sit_up", "sit[- ]?ups?|crunch(?:es)?|abdominal exercises?")
def sit_up(move: Move) -> Phrase:
    """From lying on the back, the trunk comes up and goes down."""
    down, up = _lying()
    bent = both(
        key(
            0.6,
            root=(0, -0.48, -0.85),
            tilt=(-84,),
            spine=(6,),
            r_foot=(0.02, 0.06, 0.0),
            r_sole=(0,),
            neck=(14,),
            r_arm=hand(0.13, 0.05, 0.16, (1, 0.2, 0)),
        )
    )
    crunch = both(key(0.7, root=(0, -0.48, -0.84), tilt=(-30,), spine=(52,), neck=(16,)))
    flat = both(key(0.8, root=(0, -0.48, -0.85), tilt=(-84,), spine=(6,), neck=(10,)))
    return Phrase([*down[:3], bent], [crunch, flat], up, repeats=2, elastic=False)


@action(
    "stand_up",
    "(?:stands?|gets?|got|stood|rises?|rose|rising|standing|getting) (?:back )?up(?:right)?|rises?",
    "rose to (?:his|her|their) feet|gets? (?:to|on) (?:his|her|their) feet",
)
def stand_up(move: Move) -> Phrase:
    """Getting up from a chair; after another posture, simply the way back from it."""
    seat = both(key(0.0, root=(0, -0.40, -0.435), tilt=(-4,), spine=(8,), r_arm=ON_THIGHS))
    return Phrase([seat, held(seat, 0.5)], (), [RISING, home(0.75)], hold=0.2, elastic=False)
