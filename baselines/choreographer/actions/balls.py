"""Ball games: throwing, bowling, catching, shooting, dribbling."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

CHIN, CHIN_AHEAD = hand(0.09, 0.20, 0.02, (0.5, -0.3, -1)), hand(0.10, 0.28, 0.02, (0.5, -0.2, -1))
STANCE = {"root": (0, 0.0, -0.05), "tilt": (3, 0, 0), "spine": (8, 0, 0), "neck": (-4,)}
FRONT_FOOT = 0.26  # metres that the left foot is ahead where a right-handed person strikes or throws


def stepped(dt: float, y: float, **groups: tuple[float, ...]) -> list[Key]:
    """Return two keys that put the left foot forward by `y` metres in an arc, arriving in a pose."""
    rise = {
        **{name: tuple(0.5 * v for v in value) for name, value in groups.items() if name in ("root", "tilt", "spine")}
    }
    return [key(dt / 2, l_foot=(0, y / 2, 0.07), **rise), key(dt / 2, l_foot=(0, y, 0), **groups)]


def stepped_back(dt: float, y: float) -> list[Key]:
    """Return the keys that bring the left foot home."""
    return [key(dt / 2, l_foot=(0, y / 2, 0.07)), home(dt / 2)]


@action("throw", forms("throw", "toss", "pitch", "hurl", "fling", "lob"), "threw|throws|thrown|pitches", sided="hand")
def throw(move: Move) -> Phrase:
    """Overarm: the trunk turns away, the left foot steps, the arm follows over the shoulder."""
    wind = key(
        0.55, root=(0.05, -0.05, -0.03), **_turned(-6, 4, -34, -16, 40), r_arm=(-8, 84, 62, 92), l_arm=(66, 10, -10, 24)
    )
    cocked = {**_turned(-8, 2, -24, -6, 26), "r_arm": (-14, 92, 92, 88), "l_arm": (50, 30, -10, 34)}
    step = stepped(0.34, FRONT_FOOT, root=(0.0, 0.08, -0.06), **cocked)
    push = {"root": (-0.03, 0.15, -0.06), "r_sole": (34, 0, 10)}
    loose = key(0.17, **_turned(14, -4, 26, 12, -20, 8), r_arm=(118, 42, 20, 14), l_arm=(-6, 26, -10, 50), **push)
    far = {"root": (-0.03, 0.17, -0.07), "r_sole": (42, 0, 10)}
    follow = key(0.25, **_turned(28, -4, 32, 14, -24, 12), r_arm=(42, -24, -20, 24), **far)
    easy = {"root": (-0.05, 0.06, -0.02), "r_sole": (0, 0, 0), "r_arm": (6, 8, -20, 20), "l_arm": (3, 9, -20, 18)}
    settle = key(0.45, **_turned(4, 0, 4, 2, -3, 2), **easy)
    return Phrase([], [wind, *step, loose, follow, settle, *stepped_back(0.5, FRONT_FOOT)], [home(0.15)])


def _turned(
    pitch: float, roll: float, yaw: float, hips: float, head: float, lean: float = 0
) -> dict[str, tuple[float, ...]]:
    """Return a turned trunk: spine pitch, roll and yaw, yaw of hips and head, lean of the hips."""
    return {"spine": (pitch, roll, yaw), "tilt": (lean, 0, hips), "neck": (-0.6 * pitch, 0, head)}


@action("underhand", "underhand|underarm|bowl(?:s|ing|ed)?(?: a ball)?|roll(?:s|ing|ed)? (?:a|the) ball", sided="hand")
def underhand(move: Move) -> Phrase:
    """The arm swings from behind to the front, low, with a step."""
    back = key(
        0.6,
        r_arm=(-58, 16, -10, 10),
        l_arm=(30, 34, -10, 30),
        spine=(16, 2, -16),
        tilt=(10, 0, -6),
        root=(0.05, -0.02, -0.06),
    )
    step = stepped(
        0.36,
        0.40,
        root=(-0.02, 0.20, -0.20),
        spine=(20, 0, -8),
        tilt=(18,),
        r_arm=(-48, 16, -10, 8),
        l_arm=(10, 56, -10, 20),
        r_sole=(30,),
    )
    swing = key(0.28, r_arm=(64, -2, -10, 10), spine=(22, 0, 12), tilt=(20,), root=(-0.03, 0.24, -0.24), r_sole=(44,))
    follow = key(0.3, r_arm=(112, -6, -10, 18), spine=(12, 0, 14), tilt=(12,), root=(-0.03, 0.22, -0.16), r_sole=(34,))
    settle = key(
        0.5,
        r_arm=(8, 9, -20, 18),
        l_arm=(3, 12, -20, 18),
        spine=(3,),
        tilt=(2,),
        root=(-0.05, 0.08, -0.03),
        r_sole=(0,),
    )
    return Phrase([], [back, *step, swing, follow, settle, *stepped_back(0.5, 0.40)], [home(0.15)])


@action("catch", forms("catch", "receive"), "caught|catches")
def catch(move: Move) -> Phrase:
    """Both hands go out and draw in."""
    out = both(key(0.5, r_arm=hand(0.07, 0.44, 0.04, (0.8, -0.2, -0.8)), spine=(8,), root=(0, 0.02, -0.03), neck=(-6,)))
    in_ = both(
        key(0.25, r_arm=hand(0.07, 0.22, -0.14, (0.8, -0.5, -0.7)), spine=(10,), root=(0, -0.04, -0.07), neck=(6,))
    )
    return Phrase([], [out, in_, held(in_, 0.4), home(0.6)], [home(0.15)], elastic=False)


@action(
    "basketball_shot",
    "(?:shoot|shot|make)(?:s|ing)? (?:a |the |some )?(?:basketball|hoops?|basket|free throw|ball)",
    "basketball shot|jump shot|free throw|dunks?|volleyball",
)
def basketball_shot(move: Move) -> Phrase:
    """Knees bend, both hands push the ball up and away."""
    dip = both(
        key(
            0.6,
            r_arm=hand(0.07, 0.26, -0.12, (0.8, -0.4, -0.8)),
            root=(0, -0.06, -0.19),
            tilt=(14,),
            spine=(10,),
            neck=(-18,),
        )
    )
    aim = both(
        key(
            0.3,
            r_arm=hand(0.07, 0.24, 0.20, (0.6, 0.6, -0.6)),
            root=(0, -0.01, -0.06),
            tilt=(4,),
            spine=(0,),
            neck=(-16,),
        )
    )
    shot = both(
        key(0.2, r_arm=(136, 12, 0, 12), root=(0, 0.04, 0.07), tilt=(0,), spine=(-3,), neck=(-18,), r_sole=(36,))
    )
    return Phrase([], [dip, aim, shot, held(shot, 0.25), home(0.8)], [home(0.15)], elastic=False)


@action(
    "dribble",
    forms("dribble"),
    "bounc(?:es|ing) (?:a|the) (?:basket)?ball|plays? basketball|playing basketball",
    sided="hand",
)
def dribble(move: Move) -> Phrase:
    """A hand pushes a ball to the floor again and again, the knees bent."""
    pose = {"root": (0, -0.08, -0.16), "tilt": (20,), "spine": (12, 3), "neck": (-16,), "l_arm": (34, 24, -20, 70)}
    high, low = (
        key(0.26, r_arm=(22, 16, -4, 82), root=(0, -0.08, -0.15)),
        key(0.24, r_arm=(10, 16, -4, 34), root=(0, -0.08, -0.17)),
    )
    return Phrase([key(0.6, r_arm=(22, 16, -4, 80), **pose)], [low, high], [home(0.7)], repeats=5)
