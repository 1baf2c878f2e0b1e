"""Gestures of arms and hands."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

OUT = (1.0, -0.2, -0.4)  # elbows pointing outward


def paired(move: Move, *keys: Key) -> list[Key]:
    """Return keys for one arm, or for both where both are asked for."""
    return [both(k) if move.side == "both" else k for k in keys]


@action(
    "wave",
    forms("wave", "greet", "beckon"),
    "sa(?:y|ys|ying|id) (?:hello|hi|goodbye|bye)|wav(?:e|es|ing|ed) (?:goodbye|bye|hello|hi)",
    sided="hand",
)
def wave(move: Move) -> Phrase:
    """The forearm swings beside the head."""
    intro = key(0.6, r_arm=(28, 68, 78, 95), r_collar=(4,), spine=(0, -2, 0), neck=(0, -3, -5))
    swing = [key(0.24, r_arm=(28, 74, 80, 52)), key(0.24, r_arm=(28, 66, 76, 100))]
    return Phrase(paired(move, intro), paired(move, *swing), [home(0.65)], repeats=4)


@action("clap", forms("clap", "applaud"), "claps|applause|clapping (?:his|her|their) hands")
def clap(move: Move) -> Phrase:
    """Both hands meet in front of the chest."""
    height = 0.28 if move.direction == "up" else -0.13
    apart, meet = (
        both(key(0.2, r_arm=hand(0.19, 0.33, height, OUT))),
        both(key(0.2, r_arm=hand(0.025, 0.34, height, OUT))),
    )
    ready = both(key(0.5, r_arm=hand(0.17, 0.32, height, OUT), spine=(3,)))
    return Phrase([ready], [meet, apart], [home(0.6)], repeats=5, elastic=False)


@action(
    "raise_arm",
    "(?:rais|lift)(?:s|es|e|ing|ed)? <his>(?:arms?|forearms?|hands?|elbows?)",
    "(?:put|hold|stick|throw|mov|reach)(?:s|es|e|ing|ting|ed)? <his>(?:arms?|hands?)(?: straight)?"
    " (?:up|above|over|overhead|high|in the air|forwards?|out)",
    "<his>(?:arms?|hands?) (?:up|overhead|above|in the air|raised)|raised (?:arms?|hands?)",
    sided="hand",
)
def raise_arm(move: Move) -> Phrase:
    """An arm, or both, straight up; forward or to the side where that is said."""
    via, pose = (72.0, 26.0, 0.0, 18.0), (148.0, 62.0, 0.0, 10.0)
    if move.direction == "forward":
        via, pose = (35.0, 6.0, -10.0, 16.0), (88.0, 4.0, 0.0, 6.0)
    elif move.direction in ("side", "left", "right"):
        via, pose = (0.0, 35.0, 0.0, 16.0), (0.0, 88.0, 20.0, 6.0)
    raised = key(0.45, r_arm=pose, r_collar=(8,) if pose[0] > 100 else (2,), spine=(-3,), neck=(-4,))
    return Phrase(paired(move, key(0.45, r_arm=via), raised), (), [home(0.9)], hold=1.0)


@action(
    "spread_arms",
    "(?:spread|open|extend|stretch)(?:s|es|ing|ed)? (?:out )?<his>(?:arms|hands)(?: wide| out| open)?",
    "arms (?:out|wide|spread|outstretched)(?: to the sides?)?|t-?pose|arms extended",
)
def spread_arms(move: Move) -> Phrase:
    """Both arms out to the sides."""
    return Phrase([both(key(0.8, r_arm=(4, 87, 25, 6), spine=(-4,), neck=(-5,)))], hold=1.2)


@action("point", forms("point", "gesture"), sided="hand")
def point(move: Move) -> Phrase:
    """A straight arm shows the way."""
    aims = {
        "up": (128, 30, 0, 4),
        "down": (38, 6, 0, 4),
        "backward": (-38, 28, 0, 6),
        "left": (86, -38, 0, 8),
        "right": (52, 74, 0, 4),
    }
    turned = {"left": (0, 0, 14), "right": (0, 0, -12)}.get(move.direction, (2, 0, 6))
    pose = {
        "r_arm": aims.get(move.direction, (88, 2, 0, 4)),
        "spine": turned,
        "neck": (0, 0, 1.2 * turned[2] if move.direction else 0),
    }
    return Phrase([key(0.3, r_arm=(40, 12, -10, 60)), key(0.35, **pose)], hold=1.2)


@action(
    "reach",
    forms("reach", "grab", "grasp", "extend"),
    "(?:hold|put|stick)(?:s|ing|ting)? out (?:his|her|their|an?) (?:hand|arm)",
    sided="hand",
)
def reach(move: Move) -> Phrase:
    """A hand goes out for something: forward, up, down or aside."""
    poses: dict[str, dict[str, Sequence[float]]] = {
        "up": {
            "r_arm": (162, 30, 0, 8),
            "r_collar": (16,),
            "spine": (-4, -7),
            "neck": (-26,),
            "l_sole": (22,),
            "r_sole": (22,),
            "root": (0, 0.02, 0.035),
        },
        "down": {"r_arm": (78, 4, 0, 8), "spine": (42,), "tilt": (24, -3), "root": (0, -0.12, -0.16), "neck": (4,)},
        "right": {
            "r_arm": (10, 88, 10, 6),
            "r_collar": (4, 2),
            "spine": (0, 14, -6),
            "root": (0.05, 0, -0.01),
            "neck": (0, 0, -35),
        },
    }
    poses["left"] = {"r_arm": (84, -42, 0, 10), "r_collar": (0, 14), "spine": (6, -4, 30), "neck": (0, 0, 22)}
    forward = {
        "r_arm": (86, 0, 0, 6),
        "r_collar": (2, 14),
        "spine": (16, 0, 14),
        "tilt": (8,),
        "root": (0, 0.03, -0.02),
        "neck": (-14, 0, -10),
    }
    pose = poses.get(move.direction, forward)
    return Phrase(paired(move, key(0.4, r_arm=(42, 10, -10, 62)), key(0.6, **pose)), (), [home(0.9)], hold=0.7)


@action(
    "arm_circles",
    "arm circles?",
    "(?:circl|rotat|spin|windmill|roll|whirl)(?:s|es|e|ing|ning|ling|ed)? <his>(?:arms?|hands?|shoulders)",
    "windmills?|arms in circles|mak(?:es|ing|e) circles|circles? with <his>arms?",
    sided="hand",
    default="both",
)
def arm_circles(move: Move) -> Phrase:
    """Arms out to the sides draw circles."""
    sense = -1 if move.direction == "backward" else 1
    ring = [(0, 122), (sense * 34, 88), (0, 54), (sense * -30, 88)]
    cycle = [key(0.22, r_arm=(flexion, outward, 10, 6)) for flexion, outward in ring]
    return Phrase(
        paired(move, key(0.7, r_arm=(sense * -30, 88, 10, 6))),
        paired(move, *cycle),
        [home(0.8)],
        repeats=4,
        elastic=False,
    )


@action("swing_arms", "(?:swing|swung)(?:s|ing)? <his>(?:arms?|hands?)|arm swings?", sided="hand", default="both")
def swing_arms(move: Move) -> Phrase:
    """Both arms swing forward and back."""
    cycle = [key(0.45, r_arm=(62, 10, -10, 14), spine=(-3,)), key(0.45, r_arm=(-42, 12, -10, 12), spine=(4,))]
    return Phrase([], paired(move, *cycle), [home(0.6)], repeats=3)


@action(
    "flap_arms",
    "flap(?:s|ping|ped)? <his>(?:arms?|wings?|hands?)|fl(?:y|ies|ying) like|like a bird",
    "flap(?:s|ping|ped)?",
)
def flap_arms(move: Move) -> Phrase:
    """Arms beat like wings."""
    up, down = (
        both(key(0.34, r_arm=(4, 108, 10, 22), root=(0, 0, 0.0))),
        both(key(0.34, r_arm=(2, 42, 0, 8), root=(0, 0, -0.02))),
    )
    return Phrase([both(key(0.5, r_arm=(4, 95, 10, 20)))], [down, up], [home(0.7)], repeats=4)


@action("cross_arms", "(?:cross|fold)(?:s|es|ing|ed)? <his>arms?|arms (?:crossed|folded)")
def cross_arms(move: Move) -> Phrase:
    """Arms folded on the chest."""
    pose = {"r_arm": hand(-0.10, 0.22, -0.20, (0.8, -0.1, -0.8)), "l_arm": hand(-0.09, 0.26, -0.24, (0.8, -0.1, -0.8))}
    raised = both(key(0.4, r_arm=hand(0.12, 0.32, -0.18, OUT)))
    return Phrase([raised, key(0.45, spine=(-2,), neck=(2,), **pose)], (), [raised, home(0.6)], hold=2.0, elastic=False)


@action(
    "hands_on_hips",
    "(?:(?:put|plac|rest|hold)(?:s|es|ing|ting)? )?<his>(?:hands?|arms?) (?:on|to|at|onto) <his>(?:hips?|waist)|akimbo",
)
def hands_on_hips(move: Move) -> Phrase:
    """Hands at the waist, elbows out."""
    pose = both(key(0.6, r_arm=hand(0.155, 0.03, -0.40, (1, -0.35, 0)), spine=(-3,)))
    return Phrase([pose], hold=2.0, elastic=False)


@action("salute", forms("salute"), sided="hand")
def salute(move: Move) -> Phrase:
    """The hand goes to the brow."""
    pose = key(0.5, r_arm=hand(0.135, 0.15, 0.22, (1, 0.15, -0.1)), spine=(-3,), neck=(-2,))
    return Phrase([pose], (), [home(0.55)], hold=1.2, elastic=False)


@action("shake_hands", "sh(?:akes?|aking|ook) (?:[a-z]+ )?hands?|handshake")
def shake_hands(move: Move) -> Phrase:
    """A hand held out, moved up and down."""
    up, down = (
        key(0.22, r_arm=hand(0.13, 0.42, -0.16, (0.5, 0, -1))),
        key(0.22, r_arm=hand(0.13, 0.42, -0.26, (0.5, 0, -1))),
    )
    ready = key(0.6, r_arm=hand(0.13, 0.42, -0.24, (0.5, 0, -1)), spine=(7, 0, 6), neck=(-4,))
    return Phrase([ready], [up, down], [home(0.6)], repeats=3, elastic=False)


@action(
    "flex_biceps",
    "flex(?:es|ing|ed)?(?: (?:his|her|their|both))?(?: arms?| biceps?| muscles?)?",
    "shows? (?:off )?(?:his|her|their) muscles|body ?build(?:er|ing)",
)
def flex_biceps(move: Move) -> Phrase:
    """Both fists beside the head."""
    return Phrase(
        [both(key(0.6, r_arm=(6, 88, 88, 60))), both(key(0.35, r_arm=(8, 84, 88, 118), spine=(-4,)))], hold=1.3
    )


@action("cheer", forms("cheer", "celebrate", "rejoice"), "victory|pumps? (?:his|her|their) fists?|fist pumps?")
def cheer(move: Move) -> Phrase:
    """Both fists go up again and again."""
    up, down = (
        both(key(0.25, r_arm=(140, 52, 0, 12), root=(0, 0, 0.01), spine=(-6,), neck=(-10,))),
        both(key(0.28, r_arm=(96, 62, 30, 78), root=(0, 0, -0.05), spine=(0,), neck=(-4,))),
    )
    return Phrase([], [down, up], [home(0.8)], repeats=3)


@action(
    "bow", forms("bow", "curtsy"), "tak(?:es|ing|e) a bow|bends? forward|bending forward|lean(?:s|ing|ed)? forward|bows"
)
def bow(move: Move) -> Phrase:
    """A bow from hips and back, arms along the legs."""
    pose = both(key(0.9, tilt=(26,), spine=(34,), neck=(12,), root=(0, -0.10, -0.01), r_arm=(26, 5, -15, 10)))
    return Phrase([], [pose, held(pose, 0.5), home(0.9)], [home(0.2)])


@action("stretch", forms("stretch", "yawn", "limber up", "warm up"), "warms up")
def stretch(move: Move) -> Phrase:
    """Both arms overhead, the body long, then a bend to each side."""
    up = both(
        key(0.9, r_arm=(150, 48, 0, 8), r_collar=(18,), spine=(-10,), neck=(-16,), r_sole=(24,), root=(0, 0.02, 0.05))
    )
    settle = both(key(0.6, r_arm=(146, 52, 0, 12), r_collar=(12,), spine=(0,), neck=(0,), r_sole=(0,), root=(0, 0, 0)))
    lean = key(0.8, spine=(0, 26), tilt=(0, 5), root=(-0.04, 0, -0.01), neck=(0, 6))
    other_way = key(1.2, spine=(0, -26), tilt=(0, -5), root=(0.04, 0, -0.01), neck=(0, -6))
    return Phrase([up, settle], [lean, other_way], [key(0.7, spine=(0,), tilt=(0,), root=(0,), neck=(0,)), home(0.9)])


@action(
    "lean_aside",
    "(?:lean|bend)(?:s|ing|ed)? (?:to (?:the|his|her|their) )?(?:sides?|sideways|left|right)(?: side)?",
    "side bends?",
    sided="way",
    default="right",
)
def lean_aside(move: Move) -> Phrase:
    """A bend to the side."""
    pose = key(0.9, spine=(0, 32), tilt=(0, 5), root=(-0.05, 0, -0.01), neck=(0, 8), l_arm=(10, 40, 0, 20))
    return Phrase([], [pose, held(pose, 0.5), home(0.8)], [home(0.2)], alternate=not move.direction)


@action("lean_back", "(?:lean|bend)(?:s|ing|ed)? (?:back|backwards?)|arch(?:es|ing|ed)? (?:his|her|their) back")
def lean_back(move: Move) -> Phrase:
    """The trunk goes back."""
    return Phrase(
        [both(key(0.8, spine=(-24,), tilt=(-10,), root=(0, 0.09, -0.03), neck=(-10,), r_arm=(-22, 18, -10, 20)))],
        hold=0.8,
    )
