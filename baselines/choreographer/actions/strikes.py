"""Fighting: punches, guards, chops, archery."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

CHIN, CHIN_AHEAD = hand(0.09, 0.20, 0.02, (0.5, -0.3, -1)), hand(0.10, 0.28, 0.02, (0.5, -0.2, -1))
STANCE = {"root": (0, 0.0, -0.05), "tilt": (3, 0, 0), "spine": (8, 0, 0), "neck": (-4,)}
FRONT_FOOT = 0.26  # metres that the left foot is ahead where a right-handed person strikes or throws


@action(
    "punch",
    forms("punch", "jab", "strike", "hit", "fight", "spar"),
    "hits|hitting|boxes|boxing|boxed|shadow ?boxing|fighting",
    "thr[oe]w(?:s|ing)? (?:[a-z]+ ){0,3}?punch(?:es)?",
    sided="hand",
)
def punch(move: Move) -> Phrase:
    """Fists at the chin, one shoots out with the turn of the trunk."""
    guard = {"r_arm": CHIN, "l_arm": CHIN_AHEAD, **STANCE}
    out = key(
        0.17,
        r_arm=(87, -8, -20, 6),
        r_collar=(2, 14),
        spine=(10, 0, 30),
        tilt=(4, 0, 14),
        neck=(-4, 0, -30),
        root=(0, 0.05, -0.06),
        r_sole=(16, 0, 10),
    )
    back = key(
        0.24,
        r_arm=CHIN,
        r_collar=(0,),
        spine=(8, 0, 0),
        tilt=(3, 0, 0),
        neck=(-4, 0, 0),
        root=(0, 0, -0.05),
        r_sole=(0, 0, 0),
    )
    pause = Key(0.12, {**back.values, "l_arm": CHIN_AHEAD})
    if move.side in ("", "both"):
        guard["l_arm"] = CHIN
    return Phrase(
        [key(0.5, **guard)],
        [out, back, pause],
        [home(0.6)],
        repeats=3,
        alternate=move.side in ("", "both"),
        elastic=False,
    )


@action("uppercut", forms("uppercut"), "uppercuts?", sided="hand")
def uppercut(move: Move) -> Phrase:
    """A fist comes up from below."""
    dip = key(
        0.25, r_arm=(-12, 14, -10, 95), l_arm=CHIN_AHEAD, root=(0.03, -0.03, -0.13), tilt=(6, 2, 0), spine=(12, 10, -20)
    )
    up = key(
        0.2,
        r_arm=hand(0.04, 0.30, 0.20, (0.4, 0.2, -1)),
        l_arm=CHIN_AHEAD,
        root=(0, 0.03, -0.01),
        tilt=(0, 0, 10),
        spine=(-2, 0, 24),
        r_sole=(18, 0, 8),
    )
    back = key(
        0.35, r_arm=CHIN, l_arm=CHIN_AHEAD, root=(0, 0, -0.05), tilt=(3, 0, 0), spine=(8, 0, 0), r_sole=(0, 0, 0)
    )
    return Phrase(
        [key(0.45, r_arm=CHIN, l_arm=CHIN_AHEAD, **STANCE)], [dip, up, back], [home(0.6)], repeats=2, elastic=False
    )


@action("block", forms("block", "defend", "parry", "shield"), "dodge[sd]?|dodging|covers? up", sided="hand")
def block(move: Move) -> Phrase:
    """Forearms up in front of the face, the body drawn back."""
    up = both(
        key(
            0.3,
            r_arm=hand(0.08, 0.24, 0.16, (0.6, 0.3, -1)),
            root=(0, -0.05, -0.09),
            tilt=(-2,),
            spine=(18,),
            neck=(6,),
            r_collar=(8,),
        )
    )
    return Phrase([], [up, held(up, 0.35), home(0.5)], [home(0.15)], elastic=False)


@action(
    "karate_chop",
    "karate(?: chops?)?|chop(?:s|ping|ped)?|martial arts|kung ?fu|hammer(?:s|ing|ed)?|pounds?|pounding",
    "bang(?:s|ing|ed)?",
    sided="hand",
)
def chop(move: Move) -> Phrase:
    """A hand comes down from above the shoulder."""
    up = key(0.35, r_arm=(120, 40, 30, 92), spine=(-4, 0, -10), root=(0, 0, -0.03), neck=(-2, 0, 6))
    down = key(0.17, r_arm=(52, 2, -10, 34), spine=(16, 0, 12), root=(0, 0.02, -0.09), neck=(2, 0, -8))
    return Phrase([], [up, down, held(down, 0.15)], [home(0.6)], repeats=3)


@action(
    "archery",
    "(?:shoot|draw|pull|fir)(?:s|es|ing)? (?:a |an |the |his |her |their )?(?:bow|arrows?)(?: and arrow)?",
    "archery|shot an arrow|aims? (?:a|his|her) bow",
    sided="hand",
    default="right",
)
def archery(move: Move) -> Phrase:
    """The left arm holds a bow, the right hand draws to the cheek and lets go."""
    hold = {"tilt": (0, 0, -34), "spine": (0, 0, -34), "neck": (0, 0, 66), "root": (0, 0, -0.01)}
    nock = key(0.8, l_arm=(30, 84, 0, 8), r_arm=hand(-0.22, 0.40, 0.02, (1, 0.3, 0.1)), **hold)
    draw = key(0.9, l_arm=(16, 88, 0, 4), r_arm=hand(0.10, 0.12, 0.08, (1, -0.2, 0.25)), **hold)
    loose = key(0.15, l_arm=(16, 88, 0, 4), r_arm=hand(0.24, 0.08, 0.10, (1, -0.4, 0.25)), **hold)
    return Phrase([], [nock, draw, held(draw, 0.5), loose, held(loose, 0.4), home(0.9)], [home(0.15)], elastic=False)
