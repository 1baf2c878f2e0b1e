"""Everyday gestures, as seen without the object."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Phrase, both, held, home, key
from baselines.choreographer.reach import hand

DOWN = (0.5, -0.2, -1.0)  # elbows pointing down
OUT = (1.0, -0.2, -0.4)
MOUTH = hand(0.03, 0.17, 0.12, DOWN)
AT_CHEST = {"r_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1)), "l_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1))}


@action("drink", forms("drink", "sip"), "drank|drinks|tak(?:es|ing) a (?:sip|drink)", sided="hand")
def drink(move: Move) -> Phrase:
    """A hand to the mouth, the head tilts back."""
    fetch, lips = key(0.5, r_arm=hand(0.12, 0.36, -0.16, DOWN)), key(0.6, r_arm=MOUTH, neck=(-6,))
    sip = key(0.4, r_arm=hand(0.03, 0.18, 0.15, OUT), neck=(-22,), spine=(-3,))
    return Phrase([], [fetch, lips, sip, held(sip, 0.6), fetch, home(0.5)], [home(0.15)], elastic=False)


@action("eat", forms("eat", "chew"), "ate|eats|tak(?:es|ing) a bite", sided="hand")
def eat(move: Move) -> Phrase:
    """A hand goes from a plate to the mouth and back."""
    plate, bite = key(0.5, r_arm=hand(0.08, 0.34, -0.20, DOWN), neck=(14,)), key(0.5, r_arm=MOUTH, neck=(6,))
    return Phrase(
        [key(0.6, r_arm=hand(0.08, 0.34, -0.20, DOWN), l_arm=hand(0.06, 0.30, -0.24, DOWN), neck=(14,))],
        [bite, plate],
        [home(0.6)],
        repeats=2,
        elastic=False,
    )


@action(
    "phone",
    "(?:talk|speak|answer|call)(?:s|ing|ed)? (?:on |to )?(?:a |the |his |her |their )?(?:cell ?|mobile "
    ")?(?:phone|telephone)",
    "phone(?: call)?|calls|calling|telephone",
    sided="hand",
)
def phone(move: Move) -> Phrase:
    """A hand at the ear."""
    ear = key(0.8, r_arm=hand(0.115, 0.05, 0.16, (0.7, 0.5, -1)), neck=(4, 8))
    nod = key(0.8, r_arm=hand(0.115, 0.05, 0.16, (0.7, 0.5, -1)), neck=(12, 6), spine=(2, 0, 6))
    return Phrase([ear], [nod, held(ear, 0.8)], [home(0.7)], repeats=2, elastic=False)


@action(
    "brush",
    "brush(?:es|ing|ed)? (?:his|her|their) (?:teeth|hair)|comb(?:s|ing|ed)?(?: (?:his|her|their) hair)?",
    "shav(?:es|ing)",
    sided="hand",
)
def brush(move: Move) -> Phrase:
    """A hand moves to and fro near the face."""
    a, b = key(0.2, r_arm=hand(0.02, 0.17, 0.12, OUT)), key(0.2, r_arm=hand(0.10, 0.16, 0.13, OUT))
    return Phrase(
        [key(0.7, r_arm=hand(0.04, 0.17, 0.12, OUT), neck=(4,))], [a, b], [home(0.7)], repeats=5, elastic=False
    )


@action(
    "scratch_head",
    "(?:scratch|touch|rub|hold|pat)(?:s|es|ing|ed)? (?:the back of )?(?:his |her |their |the |both )?"
    "(?:hands? (?:on|to) )?(?:heads?|hair|face|neck|forehead)",
    "hands? (?:on|to|behind) (?:his|her|their|the) head",
    sided="hand",
)
def scratch_head(move: Move) -> Phrase:
    """A hand on the head, scratching."""
    a, b = key(0.2, r_arm=hand(0.10, 0.04, 0.27, (1, 0.4, 0.1))), key(0.2, r_arm=hand(0.10, -0.01, 0.24, (1, 0.4, 0.1)))
    keys = [
        both(k) if move.side == "both" else k
        for k in (key(0.8, r_arm=hand(0.10, 0.02, 0.26, (1, 0.4, 0.1)), neck=(10, -4)), a, b)
    ]
    return Phrase(keys[:1], keys[1:], [home(0.7)], repeats=4, elastic=False)


@action(
    "cry",
    forms("cry", "weep", "sob"),
    "cries|crying|cover(?:s|ing|ed)? (?:his|her|their) (?:face|eyes|mouth|ears)",
    "wip(?:es|ing) (?:his|her|their) (?:tears|eyes)|fac(?:e)? in (?:his|her|their) hands|facepalms?",
)
def cry(move: Move) -> Phrase:
    """Face in both hands, shoulders heaving."""
    pose = {"neck": (24,), "spine": (22,), "root": (0, -0.02, -0.02)}
    face = hand(0.05, 0.18, 0.10, (0.5, 0.2, -1))
    heave, sink = (
        both(key(0.45, r_arm=face, r_collar=(8,), spine=(18,))),
        both(key(0.45, r_arm=face, r_collar=(1,), spine=(25,))),
    )
    return Phrase([both(key(0.9, r_arm=face, **pose))], [heave, sink], [home(0.9)], repeats=2, elastic=False)


@action("pray", forms("pray"), "prays|(?:hands|palms) together|namaste|in prayer")
def pray(move: Move) -> Phrase:
    """Palms together before the chest, head bowed."""
    return Phrase(
        [both(key(0.9, r_arm=hand(0.025, 0.24, -0.10, (1, -0.1, -0.5)), neck=(18,), spine=(6,)))],
        hold=1.8,
        elastic=False,
    )


@action(
    "carry",
    forms("carry", "hold", "cradle", "hug", "embrace"),
    "held|carries|holding|with (?:a|an) (?:box|tray|baby)|hugs",
)
def carry(move: Move) -> Phrase:
    """Both forearms in front, as if holding a box."""
    return Phrase(
        [both(key(0.7, r_arm=hand(0.14, 0.34, -0.20, (0.7, -0.5, -1)), spine=(-3,)))], hold=1.8, elastic=False
    )


@action("knock", forms("knock"), "knocks|rings? (?:a|the) (?:door)?bell", sided="hand")
def knock(move: Move) -> Phrase:
    """A fist taps in front of the shoulder."""
    hit, off = key(0.13, r_arm=hand(0.14, 0.40, 0.08, DOWN)), key(0.17, r_arm=hand(0.15, 0.30, 0.08, DOWN))
    return Phrase(
        [key(0.6, r_arm=hand(0.15, 0.30, 0.08, DOWN), spine=(3,))], [hit, off], [home(0.6)], repeats=3, elastic=False
    )


@action(
    "open_door",
    "(?:open|clos|shut)(?:s|es|e|ing|ed|ting)? (?:a |an |the )?(?:door|window|drawer|fridge|cupboard"
    "|curtains?|jar|bottle)",
    sided="hand",
)
def open_door(move: Move) -> Phrase:
    """A hand goes to a handle, turns it and draws it aside."""
    grip = key(0.7, r_arm=hand(0.16, 0.42, -0.22, DOWN), spine=(6, 0, 6))
    turn = key(0.3, r_arm=hand(0.18, 0.40, -0.26, DOWN), spine=(6, 2, 6))
    draw = key(0.8, r_arm=hand(0.42, 0.20, -0.24, DOWN), spine=(0, 0, -14), root=(0.02, -0.05, -0.02), neck=(0, 0, 6))
    return Phrase([], [grip, turn, draw, held(draw, 0.3), home(0.7)], [home(0.15)], elastic=False)


@action(
    "check_watch",
    "(?:check|look)(?:s|ing|ed)? (?:at )?(?:his|her|their|the) (?:watch|wrist|time)",
    sided="hand",
    default="left",
)
def check_watch(move: Move) -> Phrase:
    """A wrist comes up before the eyes."""
    return Phrase([key(0.6, r_arm=hand(0.02, 0.28, -0.06, OUT), neck=(26, 0, 4), spine=(3,))], hold=1.0, elastic=False)


@action(
    "give",
    forms("give", "hand over", "offer", "present", "serve", "introduce", "present"),
    "gave|gives|hands? (?:something )?to",
    sided="hand",
)
def give(move: Move) -> Phrase:
    """A hand goes out, palm up, and stays there a moment."""
    out = both(key(0.7, r_arm=hand(0.12, 0.44, -0.20, DOWN), spine=(10,), root=(0, 0.02, -0.02), neck=(-4,)))
    return Phrase([], [both(key(0.4, **AT_CHEST)), out, held(out, 0.6), home(0.7)], [home(0.15)], elastic=False)


@action(
    "talk",
    forms("talk", "speak", "explain", "argue", "lecture", "discuss", "chat", "sing"),
    "spoke|conversation|gesticulat(?:es|ing)|sang|speech",
)
def talk(move: Move) -> Phrase:
    """Hands that go with speech: one, the other, both."""
    rest = hand(0.12, 0.26, -0.28, DOWN)
    open_, half = hand(0.30, 0.34, -0.12, DOWN), hand(0.18, 0.34, -0.16, DOWN)
    cycle = [
        key(0.45, r_arm=open_, l_arm=rest, neck=(-2, 2, -6), spine=(0, 0, -4)),
        key(0.4, r_arm=half, l_arm=rest, neck=(4, 0, 0)),
        key(0.45, r_arm=rest, l_arm=open_, neck=(-2, -2, 6), spine=(0, 0, 4)),
        key(0.5, r_arm=open_, l_arm=open_, neck=(-4, 0, 0), spine=(-2,)),
    ]
    return Phrase([both(key(0.6, r_arm=rest))], cycle, [home(0.7)], repeats=2, elastic=False)
