"""Leg work on the spot: squats, lunges, kicks, balance."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key

SIDE_STEP = 0.30  # metres
GUARD = {"r_arm": (24, 14, -25, 95), "l_arm": (24, 14, -25, 95)}
ON_LEFT = (-0.085, 0.0, 0.004)  # the pelvis over the left foot


def swapping(move: Move) -> bool:
    """Return whether repeats change legs: where no side is named, or both are."""
    return move.side in ("", "both")


@action(
    "squat",
    forms("squat", "crouch down and stand up"),
    "deep knee bends?|bends? (?:his|her|their|the) knees|knee bends?",
)
def squat(move: Move) -> Phrase:
    """Hips back and down, arms forward for balance, and up again."""
    depth = 0.44 * min(move.size, 1.15)
    down = both(
        key(0.75, root=(0, -0.17, -depth), tilt=(30,), spine=(12,), neck=(-24,), r_arm=(82, 6, -10, 8), r_knee=(10,))
    )
    return Phrase([], [down, held(down, 0.2), home(0.75)], [home(0.2)], repeats=2, elastic=False)


@action("crouch", forms("crouch", "duck", "cower", "hunker down", "huddle"), "ducks?|gets? low")
def crouch(move: Move) -> Phrase:
    """Low on bent legs, trunk forward, hands near the knees."""
    pose = both(
        key(
            0.7,
            root=(0, -0.14, -0.46),
            tilt=(40,),
            spine=(26,),
            neck=(-22,),
            r_arm=(52, 4, -20, 42),
            r_sole=(8,),
            r_knee=(8,),
        )
    )
    return Phrase([pose], hold=1.2, stays=True)


@action("lunge", forms("lunge"), "lunges", sided="foot")
def lunge(move: Move) -> Phrase:
    """A long step, both knees bent, and back."""
    back = -1 if move.direction == "backward" else 1
    if move.direction in ("left", "right"):
        return _side_lunge(move)
    lifts = key(0.3, r_foot=(0, 0.30 * back, 0.12), r_sole=(14,), root=(-0.05, 0.06 * back, -0.01), tilt=(2,))
    lands = key(
        0.28,
        r_foot=(-0.01, 0.74 * back, 0),
        r_sole=(-4 if back > 0 else 30,),
        l_sole=(16 if back > 0 else 0,),
        root=(-0.01, 0.33 * back, -0.12),
    )
    sinks = key(
        0.4,
        r_foot=(-0.01, 0.74 * back, 0),
        r_sole=(0 if back > 0 else 58,),
        l_sole=(58 if back > 0 else 0,),
        root=(0, 0.37 * back, -0.35),
        spine=(4,),
        **GUARD,
    )
    rises = key(
        0.45,
        r_foot=(-0.01, 0.74 * back, 0),
        r_sole=(0 if back > 0 else 25,),
        l_sole=(22 if back > 0 else 0,),
        root=(-0.03, 0.27 * back, -0.12),
    )
    returns = key(0.28, r_foot=(0, 0.34 * back, 0.11), r_sole=(12,), l_sole=(0,), root=(-0.06, 0.08 * back, -0.01))
    return Phrase(
        [], [lifts, lands, sinks, held(sinks, 0.2), rises, returns, home(0.35)], [home(0.15)], alternate=swapping(move)
    )


def _side_lunge(move: Move) -> Phrase:
    """Return a long step aside, one knee bent, the other leg straight."""
    lifts = key(0.3, r_foot=(0.3, 0, 0.08), root=(-0.03, 0, -0.01))
    lands = key(0.28, r_foot=(0.62, 0, 0), root=(0.24, 0, -0.10))
    sinks = key(0.45, r_foot=(0.62, 0, 0), root=(0.44, -0.12, -0.34), tilt=(26,), spine=(10,), neck=(-18,), **GUARD)
    rises = key(0.5, r_foot=(0.62, 0, 0), root=(0.18, 0, -0.10), tilt=(8,))
    returns = key(0.28, r_foot=(0.28, 0, 0.08), root=(-0.02, 0, -0.01), tilt=(0,))
    return Phrase(
        [],
        [lifts, lands, sinks, held(sinks, 0.15), rises, returns, home(0.35)],
        [home(0.15)],
        alternate=not move.direction,
    )


@action("kick", forms("kick", "punt"), "kicks", sided="foot")
def kick(move: Move) -> Phrase:
    """A kick: the knee comes up, the leg snaps out and comes back."""
    lean = {"tilt": (-10, -3), "spine": (12, 3), "l_arm": (38, 22, -20, 60), "r_arm": (-14, 26, -20, 50)}
    ready = key(
        0.3,
        root=(-0.085, -0.02, -0.02),
        r_foot=(-0.02, -0.16, 0.06),
        r_sole=(48,),
        spine=(2, 2),
        l_arm=(20, 14, -20, 40),
    )
    if move.direction in ("left", "right", "side"):
        lean = {"tilt": (0, -20), "spine": (0, 4), "l_arm": (20, 34, -10, 70), "r_arm": (10, 34, -10, 60)}
        poses = [(-0.02, 0.06, 0.36), (0.62, -0.06, 0.68), (-0.02, 0.06, 0.36)]
        soles = [(25,), (-10, -38), (25,)]
    elif move.direction == "backward":
        lean = {"tilt": (34,), "spine": (10,), "neck": (-24,), **GUARD}
        poses, soles = [(-0.02, 0.05, 0.28), (-0.02, -0.76, 0.42), (-0.02, -0.1, 0.22)], [(20,), (62,), (35,)]
    else:
        poses, soles = (
            [(-0.03, 0.16, 0.34), (-0.05, 0.76, 0.44 + 0.22 * move.size), (-0.03, 0.18, 0.30)],
            [(40,), (-24,), (30,)],
        )
    chamber, snap, recoil = (
        key(dt, r_foot=foot, r_sole=sole, root=ON_LEFT)
        for dt, foot, sole in zip((0.24, 0.17, 0.24), poses, soles, strict=True)
    )
    snap = key(snap.dt, **{**snap.values, **lean})
    return Phrase([], [ready, chamber, snap, recoil, home(0.42)], [home(0.15)], alternate=move.side == "both")


@action(
    "raise_knee",
    "(?:rais|lift|bring|pull|draw)(?:s|es|e|ing|ed)? (?:up )?(?:his |her |their |the |one |a )?(?:left |right"
    " )?(?:knees?|legs?|foot|feet)(?: up)?",
    "knee (?:raises?|lifts?|ups?)|leg (?:raises?|lifts?)",
    sided="foot",
)
def raise_knee(move: Move) -> Phrase:
    """A knee comes up to the hip and goes down again."""
    shift = key(0.3, root=(-0.06, 0, 0), r_foot=(0, 0, 0), r_sole=(10,))
    up = key(
        0.45,
        root=ON_LEFT,
        r_foot=(-0.02, 0.24, 0.46),
        r_sole=(18,),
        tilt=(-4,),
        spine=(6, 3),
        l_arm=(22, 16, -20, 40),
        r_arm=(-8, 18, -20, 30),
    )
    down = key(0.42, root=(-0.06, 0, 0), r_foot=(0, 0.0, 0.0), r_sole=(6,))
    return Phrase([], [shift, up, held(up, 0.25), down, home(0.3)], [home(0.15)], alternate=swapping(move))


@action(
    "balance",
    forms("balance"),
    "stands? on (?:one|his|her|their|the|a single) (?:left |right )?(?:leg|foot)",
    "standing on (?:one|his|her|their|the) (?:left |right )?(?:leg|foot)|on one (?:leg|foot)|flamingo",
    "tree pose|crane (?:pose|stance)",
    sided="foot",
    default="right",
)
def balance(move: Move) -> Phrase:
    """One leg stands, the other is drawn up, arms out."""
    shift = both(key(0.6, root=(-0.07, 0, 0), r_arm=(6, 46, 0, 14)))
    arms = {"r_arm": (6, 76, 10, 12), "l_arm": (6, 74, 10, 14)}
    up = key(
        0.6,
        root=(-0.088, 0, 0.004),
        r_foot=(-0.06, 0.08, 0.34),
        r_sole=(24,),
        r_knee=(18,),
        spine=(2, 3),
        tilt=(0, -3),
        **arms,
    )
    wobble = key(0.9, root=(-0.082, 0.006, 0), spine=(3, 0), r_arm=(8, 84, 10, 10), l_arm=(4, 66, 10, 16))
    steady = key(0.9, root=(-0.094, -0.004, 0), spine=(1, 5), r_arm=(5, 70, 10, 14), l_arm=(6, 80, 10, 12))
    down = key(0.6, root=(-0.06, 0, 0), r_foot=(0, 0, 0), r_sole=(0,), r_knee=(0,), spine=(0, 1), tilt=(0, -1))
    return Phrase([shift, up], [wobble, steady], [down, home(0.6)])


@action("stomp", forms("stomp", "stamp", "tread"), sided="foot")
def stomp(move: Move) -> Phrase:
    """A foot is lifted and brought down hard."""
    up = key(
        0.32,
        root=(-0.08, 0, 0.002),
        r_foot=(0, 0.10, 0.26),
        r_sole=(8,),
        spine=(4, 3),
        l_arm=(8, 14, -20, 50),
        r_arm=(8, 14, -20, 50),
    )
    down = key(
        0.15,
        root=(-0.02, 0, -0.04),
        r_foot=(0, 0.02, 0),
        r_sole=(0,),
        spine=(12,),
        l_arm=(12, 14, -20, 40),
        r_arm=(12, 14, -20, 40),
    )
    settle = key(0.3, root=(0, 0, -0.01), r_foot=(0, 0.02, 0), spine=(6,))
    back = key(0.18, root=(-0.05, 0, 0), r_foot=(0, 0.01, 0.05))
    return Phrase([], [up, down, settle, back, home(0.25)], [home(0.3)], repeats=2, alternate=swapping(move))


@action(
    "calf_raise",
    "calf raises?|heel raises?|(?:rais|lift)(?:s|es|ing|ed)? (?:his |her |their |the )?heels?",
    "ris(?:es|ing|e) (?:up )?(?:on|onto) (?:his |her |their |the )?toes",
)
def calf_raise(move: Move) -> Phrase:
    """Up on the toes and down."""
    up = both(key(0.55, root=(0, 0.05, 0.072), r_sole=(36,), spine=(-2,), r_arm=(6, 16, -20, 14)))
    return Phrase([], [up, held(up, 0.3), home(0.55)], [home(0.2)], repeats=3)


@action(
    "swing_leg",
    "(?:swing|swung)(?:s|ing)? (?:his |her |their |the |one |a )?(?:left |right )?legs?|leg swings?",
    sided="foot",
    default="right",
)
def swing_leg(move: Move) -> Phrase:
    """A straight leg swings to and fro."""
    shift = key(
        0.5, root=(-0.085, 0, 0.006), r_foot=(0.02, 0, 0.05), spine=(0, 2), r_arm=(4, 34, 0, 14), l_arm=(4, 42, 0, 14)
    )
    front = key(0.42, root=ON_LEFT, r_foot=(0, 0.53, 0.19), r_sole=(-5,), tilt=(-4,), spine=(6, 2))
    back = key(0.46, root=ON_LEFT, r_foot=(0, -0.50, 0.085), r_sole=(40,), tilt=(10,), spine=(2, 2))
    return Phrase(
        [shift],
        [front, back],
        [key(0.4, root=(-0.08, 0, 0), r_foot=(0, 0, 0.04), r_sole=(6,), tilt=(0,), spine=(0, 2)), home(0.5)],
        repeats=2,
    )


@action(
    "toe_touch",
    "(?:touch|reach)(?:s|es|ing|ed)? (?:(?:down )?(?:to |for )?)?(?:his |her |their |the )?(?:toes?|feet|foot"
    "|floor|ground|ankles?)",
    "toe touch(?:es)?|bends? (?:over|down)|bent over|bending (?:over|down)|forward fold",
)
def toe_touch(move: Move) -> Phrase:
    """Hands to the toes with nearly straight legs."""
    pose = both(
        key(1.0, tilt=(78,), spine=(66,), neck=(0,), root=(0, -0.19, -0.03), r_arm=(136, 2, 0, 4), r_collar=(4, 10))
    )
    return Phrase([], [pose, held(pose, 0.5), home(1.0)], [home(0.2)], elastic=False)


@action(
    "step_touch",
    "step touch(?:es)?|sway(?:s|ing|ed)?|rocks? (?:side to side|back and forth)",
    "shifts? (?:his|her|their) weight|side to side",
    sided="way",
)
def sway(move: Move) -> Phrase:
    """The weight goes from one foot to the other."""
    right = key(
        0.6,
        root=(0.075, 0, -0.012),
        tilt=(0, 4),
        spine=(0, -4),
        neck=(0, -2),
        l_sole=(14,),
        r_arm=(0, 14, -20, 22),
        l_arm=(6, 12, -20, 22),
    )
    left = key(
        0.6,
        root=(-0.075, 0, -0.012),
        tilt=(0, -4),
        spine=(0, 4),
        neck=(0, 2),
        l_sole=(0,),
        r_sole=(14,),
        l_arm=(0, 14, -20, 22),
        r_arm=(6, 12, -20, 22),
    )
    return Phrase([], [held(Key(0.6, {**right.values, "r_sole": (0,)}), 0.6), left], [home(0.6)], repeats=3)
