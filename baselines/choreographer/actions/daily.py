"""Everyday and working gestures, as seen without the object."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Phrase, both, held, home, key
from baselines.choreographer.reach import hand

DOWN = (0.5, -0.2, -1.0)  # elbows pointing down
OUT = (1.0, -0.2, -0.4)
MOUTH = hand(0.03, 0.17, 0.12, DOWN)
AT_CHEST = {"r_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1)), "l_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1))}


@action("drink", forms("drink", "sip") + r"|drank|drinks|tak(?:es|ing) a (?:sip|drink)", sided="hand")
def drink(move: Move) -> Phrase:
    """A hand to the mouth, the head tilts back."""
    fetch, lips = key(0.5, r_arm=hand(0.12, 0.36, -0.16, DOWN)), key(0.6, r_arm=MOUTH, neck=(-6,))
    sip = key(0.4, r_arm=hand(0.03, 0.18, 0.15, OUT), neck=(-22,), spine=(-3,))
    return Phrase([], [fetch, lips, sip, held(sip, 0.6), fetch, home(0.5)], [home(0.15)], elastic=False)


@action("eat", forms("eat", "chew") + r"|ate|eats|tak(?:es|ing) a bite", sided="hand")
def eat(move: Move) -> Phrase:
    """A hand goes from a plate to the mouth and back."""
    plate, bite = key(0.5, r_arm=hand(0.08, 0.34, -0.20, DOWN), neck=(14,)), key(0.5, r_arm=MOUTH, neck=(6,))
    return Phrase([key(0.6, r_arm=hand(0.08, 0.34, -0.20, DOWN), l_arm=hand(0.06, 0.30, -0.24, DOWN), neck=(14,))], [bite, plate], [home(0.6)], repeats=2, elastic=False)


@action("phone", r"(?:talk|speak|answer|call)(?:s|ing|ed)? (?:on |to )?(?:a |the |his |her |their )?(?:cell ?|mobile )?(?:phone|telephone)|phone(?: call)?|calls|calling|telephone", sided="hand")
def phone(move: Move) -> Phrase:
    """A hand at the ear."""
    ear = key(0.8, r_arm=hand(0.115, 0.05, 0.16, (0.7, 0.5, -1)), neck=(4, 8))
    nod = key(0.8, r_arm=hand(0.115, 0.05, 0.16, (0.7, 0.5, -1)), neck=(12, 6), spine=(2, 0, 6))
    return Phrase([ear], [nod, held(ear, 0.8)], [home(0.7)], repeats=2, elastic=False)


@action("brush", r"brush(?:es|ing|ed)? (?:his|her|their) (?:teeth|hair)|comb(?:s|ing|ed)?(?: (?:his|her|their) hair)?|shav(?:es|ing)", sided="hand")
def brush(move: Move) -> Phrase:
    """A hand moves to and fro near the face."""
    a, b = key(0.2, r_arm=hand(0.02, 0.17, 0.12, OUT)), key(0.2, r_arm=hand(0.10, 0.16, 0.13, OUT))
    return Phrase([key(0.7, r_arm=hand(0.04, 0.17, 0.12, OUT), neck=(4,))], [a, b], [home(0.7)], repeats=5, elastic=False)


@action("scratch_head", r"(?:scratch|touch|rub|hold|pat)(?:s|es|ing|ed)? (?:his |her |their |the |both )?(?:hands? (?:on|to) )?(?:heads?|hair|face|neck|forehead)|hands? (?:on|to|behind) (?:his|her|their|the) head", sided="hand")
def scratch_head(move: Move) -> Phrase:
    """A hand on the head, scratching."""
    a, b = key(0.2, r_arm=hand(0.10, 0.04, 0.27, (1, 0.4, 0.1))), key(0.2, r_arm=hand(0.10, -0.01, 0.24, (1, 0.4, 0.1)))
    keys = [both(k) if move.side == "both" else k for k in (key(0.8, r_arm=hand(0.10, 0.02, 0.26, (1, 0.4, 0.1)), neck=(10, -4)), a, b)]
    return Phrase(keys[:1], keys[1:], [home(0.7)], repeats=4, elastic=False)


@action("cry", forms("cry", "weep", "sob") + r"|cries|crying|cover(?:s|ing|ed)? (?:his|her|their) (?:face|eyes|mouth|ears)|wip(?:es|ing) (?:his|her|their) (?:tears|eyes)|fac(?:e)? in (?:his|her|their) hands|facepalms?")
def cry(move: Move) -> Phrase:
    """Face in both hands, shoulders heaving."""
    pose = {"neck": (24,), "spine": (22,), "root": (0, -0.02, -0.02)}
    face = hand(0.05, 0.18, 0.10, (0.5, 0.2, -1))
    heave, sink = both(key(0.45, r_arm=face, r_collar=(8,), spine=(18,))), both(key(0.45, r_arm=face, r_collar=(1,), spine=(25,)))
    return Phrase([both(key(0.9, r_arm=face, **pose))], [heave, sink], [home(0.9)], repeats=2, elastic=False)


@action("pray", forms("pray") + r"|prays|(?:hands|palms) together|namaste|in prayer")
def pray(move: Move) -> Phrase:
    """Palms together before the chest, head bowed."""
    return Phrase([both(key(0.9, r_arm=hand(0.025, 0.24, -0.10, (1, -0.1, -0.5)), neck=(18,), spine=(6,)))], hold=1.8, elastic=False)


@action("push", forms("push", "shove") + r"|pushes")
def push(move: Move) -> Phrase:
    """Both hands from the chest forward against something heavy, one foot back."""
    near = both(key(0.5, r_arm=hand(0.14, 0.22, -0.06, (0.8, -0.6, -0.8)), spine=(8,), tilt=(6,), root=(0, 0, -0.05), neck=(-8,)))
    step = key(0.2, r_foot=(0.02, -0.18, 0.06), root=(-0.05, 0, -0.05))
    brace = key(0.22, r_foot=(0.03, -0.36, 0), r_sole=(16,), root=(0, -0.04, -0.10))
    far = both(key(0.6, r_arm=hand(0.13, 0.47, -0.02, (0.8, -0.5, -0.8)), spine=(10,), tilt=(22,), root=(0, 0.10, -0.11), neck=(-22,)))
    far.values["l_sole"], far.values["r_sole"] = (0,), (34,)
    ease = both(key(0.5, r_arm=hand(0.14, 0.30, -0.05, (0.8, -0.6, -0.8)), spine=(8,), tilt=(12,), root=(0, 0.0, -0.09), neck=(-12,)))
    ease.values["r_sole"] = (18,)
    return Phrase([near, step, brace], [far, held(far, 0.4), ease], [key(0.25, r_foot=(0.02, -0.18, 0.06), r_sole=(10,), root=(-0.04, -0.01, -0.03)), home(0.5)], elastic=False)


@action("pull", forms("pull", "drag toward", "tug", "yank") + r"|pulls|tug of war")
def pull(move: Move) -> Phrase:
    """Both hands draw something in, the weight goes back."""
    grab = both(key(0.7, r_arm=hand(0.10, 0.46, -0.14, (0.8, -0.5, -0.8)), spine=(12,), tilt=(8,), root=(0, 0.02, -0.06), neck=(-10,)))
    draw = both(key(0.7, r_arm=hand(0.13, 0.14, -0.22, (0.9, -1, -0.2)), spine=(0, 0, 0), tilt=(-14,), root=(0, -0.13, -0.14), neck=(4,)))
    return Phrase([grab], [draw, held(draw, 0.2), grab], [home(0.8)], repeats=2, elastic=False)


@action("carry", forms("carry", "hold", "cradle", "hug", "embrace") + r"|held|carries|holding|with (?:a|an) (?:box|tray|baby)|hugs")
def carry(move: Move) -> Phrase:
    """Both forearms in front, as if holding a box."""
    return Phrase([both(key(0.7, r_arm=hand(0.14, 0.34, -0.20, (0.7, -0.5, -1)), spine=(-3,)))], hold=1.8, elastic=False)


@action("knock", forms("knock") + r"|knocks|rings? (?:a|the) (?:door)?bell", sided="hand")
def knock(move: Move) -> Phrase:
    """A fist taps in front of the shoulder."""
    hit, off = key(0.13, r_arm=hand(0.14, 0.40, 0.08, DOWN)), key(0.17, r_arm=hand(0.15, 0.30, 0.08, DOWN))
    return Phrase([key(0.6, r_arm=hand(0.15, 0.30, 0.08, DOWN), spine=(3,))], [hit, off], [home(0.6)], repeats=3, elastic=False)


@action("open_door", r"(?:open|clos|shut)(?:s|es|e|ing|ed|ting)? (?:a |an |the )?(?:door|window|drawer|fridge|cupboard|curtains?|jar|bottle)", sided="hand")
def open_door(move: Move) -> Phrase:
    """A hand goes to a handle, turns it and draws it aside."""
    grip = key(0.7, r_arm=hand(0.16, 0.42, -0.22, DOWN), spine=(6, 0, 6))
    turn = key(0.3, r_arm=hand(0.18, 0.40, -0.26, DOWN), spine=(6, 2, 6))
    draw = key(0.8, r_arm=hand(0.42, 0.20, -0.24, DOWN), spine=(0, 0, -14), root=(0.02, -0.05, -0.02), neck=(0, 0, 6))
    return Phrase([], [grip, turn, draw, held(draw, 0.3), home(0.7)], [home(0.15)], elastic=False)


@action("wipe", forms("wipe", "wash", "clean", "scrub", "polish", "dust", "paint", "erase", "iron", "mop") + r"|washes|polishes", sided="hand")
def wipe(move: Move) -> Phrase:
    """An open hand goes round on a wall or a pane."""
    height = -0.24 if move.direction == "down" else 0.06
    ring = [(0.24, height + 0.14), (0.38, height), (0.22, height - 0.12), (0.06, height)]
    cycle = [key(0.24, r_arm=hand(x, 0.40, z, DOWN), spine=(4, 0, 8 - 30 * (x - 0.06))) for x, z in ring]
    return Phrase([key(0.7, r_arm=hand(0.06, 0.40, height, DOWN), spine=(4, 0, 8))], cycle, [home(0.7)], repeats=3, elastic=False)


@action("stir", forms("stir", "mix", "whisk", "cook", "knead") + r"|mixes|cooks", sided="hand")
def stir(move: Move) -> Phrase:
    """A hand goes round over a pot, the other holds it."""
    ring = [(0.10, 0.42), (0.20, 0.36), (0.10, 0.29), (0.0, 0.36)]
    cycle = [key(0.2, r_arm=hand(x, y, -0.24, OUT)) for x, y in ring]
    ready = key(0.7, r_arm=hand(0.0, 0.36, -0.24, OUT), l_arm=hand(0.12, 0.34, -0.26, DOWN), neck=(22,), spine=(8,))
    return Phrase([ready], cycle, [home(0.7)], repeats=4, elastic=False)


@action("pour", forms("pour", "water plants", "fill") + r"|pours|watering", sided="hand")
def pour(move: Move) -> Phrase:
    """A hand is raised and tips over the other."""
    cup = hand(0.02, 0.34, -0.24, DOWN)
    up, tip = key(0.7, r_arm=hand(0.14, 0.34, -0.02, OUT), l_arm=cup, neck=(14,)), key(0.5, r_arm=hand(0.10, 0.36, 0.04, (1, 0, 0.6)), l_arm=cup, spine=(4, 3), neck=(18,))
    return Phrase([], [up, tip, held(tip, 0.7), up, home(0.7)], [home(0.15)], elastic=False)


@action("type", r"typ(?:es|ing|ed)(?: on)?|keyboard|plays? (?:the )?piano|playing (?:the )?piano|pianist|works? (?:on|at) (?:a|the|his|her) computer")
def type_keys(move: Move) -> Phrase:
    """Both forearms level, hands tapping in turn."""
    up, down = hand(0.13, 0.36, -0.19, DOWN), hand(0.16, 0.37, -0.23, DOWN)
    cycle = [key(0.17, r_arm=up, l_arm=down), key(0.17, r_arm=down, l_arm=up), key(0.17, r_arm=hand(0.10, 0.36, -0.20, DOWN), l_arm=down), key(0.17, r_arm=down, l_arm=hand(0.20, 0.36, -0.20, DOWN))]
    return Phrase([both(key(0.7, r_arm=down, neck=(16,), spine=(4,)))], cycle, [home(0.7)], repeats=4, elastic=False)


@action("guitar", r"guitar|ukulele|banjo|strum(?:s|ming|med)?", sided="hand", default="right")
def guitar(move: Move) -> Phrase:
    """One hand on the neck of a guitar, the other strums."""
    neck_hand = hand(0.34, 0.26, -0.08, (0.4, -0.2, -1))
    up, down = key(0.2, r_arm=hand(0.07, 0.22, -0.20, OUT), root=(0, 0, 0.0)), key(0.2, r_arm=hand(0.05, 0.20, -0.34, OUT), root=(0, 0, -0.012))
    return Phrase([key(0.8, r_arm=hand(0.07, 0.22, -0.22, OUT), l_arm=neck_hand, neck=(14, 0, 12), spine=(5,))], [down, up], [home(0.7)], repeats=5, elastic=False)


@action("violin", r"violin|fiddle|viola|cello", sided="hand", default="right")
def violin(move: Move) -> Phrase:
    """The left arm holds a violin at the chin, the right one bows."""
    hold = {"l_arm": hand(0.22, 0.34, 0.04, (0.2, 0.2, -1)), "neck": (10, -12, 26)}
    near, far = key(0.5, r_arm=hand(-0.04, 0.28, 0.02, OUT), spine=(0, 0, 4)), key(0.5, r_arm=hand(0.28, 0.34, -0.14, OUT), spine=(0, 0, -4))
    return Phrase([key(0.8, r_arm=hand(-0.04, 0.28, 0.02, OUT), **hold)], [far, near], [home(0.7)], repeats=3, elastic=False)


@action("drum", forms("drum") + r"|drums|bongos?|congas?")
def drum(move: Move) -> Phrase:
    """Hands strike in turn."""
    up, down = hand(0.15, 0.34, -0.06, DOWN), hand(0.15, 0.38, -0.24, DOWN)
    return Phrase([both(key(0.6, r_arm=down, spine=(8,), neck=(8,)))], [key(0.16, r_arm=up, l_arm=down), key(0.16, r_arm=down, l_arm=up)], [home(0.6)], repeats=6, elastic=False)


@action("dig", forms("dig", "shovel", "sweep", "rake", "hoe") + r"|dug|sweeps|broom|vacuum(?:s|ing)?")
def dig(move: Move) -> Phrase:
    """Two hands on a shaft, pushed down and swung up to the side."""
    low = key(0.6, r_arm=hand(0.10, 0.30, -0.34, DOWN), l_arm=hand(0.02, 0.44, -0.36, DOWN), tilt=(28,), spine=(26, 0, 8), neck=(-6,), root=(0, -0.08, -0.18))
    high = key(0.6, r_arm=hand(0.30, 0.26, -0.16, DOWN), l_arm=hand(-0.16, 0.34, -0.20, DOWN), tilt=(8,), spine=(8, 0, -26), neck=(4, 0, -10), root=(0.03, -0.03, -0.06))
    return Phrase([], [low, high], [home(0.8)], repeats=2, elastic=False)


@action("write", forms("write", "draw", "sketch") + r"|wrote|writes on (?:a|the) (?:board|wall)", sided="hand")
def write(move: Move) -> Phrase:
    """A hand makes small strokes along a line."""
    line = [(0.02, 0.10), (0.06, 0.06), (0.10, 0.10), (0.14, 0.06), (0.18, 0.10), (0.22, 0.06)]
    cycle = [key(0.18, r_arm=hand(x, 0.40, z, DOWN)) for x, z in line]
    return Phrase([key(0.7, r_arm=hand(0.02, 0.40, 0.06, DOWN), spine=(3,))], [*cycle, key(0.4, r_arm=hand(0.02, 0.38, 0.02, DOWN))], [home(0.7)], repeats=2, elastic=False)


@action("check_watch", r"(?:check|look)(?:s|ing|ed)? (?:at )?(?:his|her|their|the) (?:watch|wrist|time)", sided="hand", default="left")
def check_watch(move: Move) -> Phrase:
    """A wrist comes up before the eyes."""
    return Phrase([key(0.6, r_arm=hand(0.02, 0.28, -0.06, OUT), neck=(26, 0, 4), spine=(3,))], hold=1.0, elastic=False)


@action("conduct", forms("conduct", "direct traffic", "signal", "guide") + r"|orchestra|conducts")
def conduct(move: Move) -> Phrase:
    """Both hands beat time."""
    low, out, high = (both(key(0.32, r_arm=hand(x, 0.36, z, DOWN))) for x, z in ((0.12, -0.14), (0.34, 0.0), (0.18, 0.16)))
    return Phrase([both(key(0.6, r_arm=hand(0.18, 0.34, 0.16, DOWN)))], [low, out, high], [home(0.7)], repeats=3, elastic=False)


@action("give", forms("give", "hand over", "offer", "present", "serve", "introduce", "present") + r"|gave|gives|hands? (?:something )?to", sided="hand")
def give(move: Move) -> Phrase:
    """A hand goes out, palm up, and stays there a moment."""
    out = both(key(0.7, r_arm=hand(0.12, 0.44, -0.20, DOWN), spine=(10,), root=(0, 0.02, -0.02), neck=(-4,)))
    return Phrase([], [both(key(0.4, **AT_CHEST)), out, held(out, 0.6), home(0.7)], [home(0.15)], elastic=False)


@action("talk", forms("talk", "speak", "explain", "argue", "lecture", "discuss", "chat", "sing") + r"|spoke|conversation|gesticulat(?:es|ing)|sang|speech")
def talk(move: Move) -> Phrase:
    """Hands that go with speech: one, the other, both."""
    rest = hand(0.12, 0.26, -0.28, DOWN)
    open_, half = hand(0.30, 0.34, -0.12, DOWN), hand(0.18, 0.34, -0.16, DOWN)
    cycle = [
        key(0.45, r_arm=open_, l_arm=rest, neck=(-2, 2, -6), spine=(0, 0, -4)), key(0.4, r_arm=half, l_arm=rest, neck=(4, 0, 0)),
        key(0.45, r_arm=rest, l_arm=open_, neck=(-2, -2, 6), spine=(0, 0, 4)), key(0.5, r_arm=open_, l_arm=open_, neck=(-4, 0, 0), spine=(-2,)),
    ]  # fmt: skip
    return Phrase([both(key(0.6, r_arm=rest))], cycle, [home(0.7)], repeats=2, elastic=False)
