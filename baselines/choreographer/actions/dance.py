"""Dance and celebration."""

from __future__ import annotations

from dataclasses import replace

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key, mirror_key
from baselines.choreographer.reach import hand

WIDE = 0.28  # metres of a dance step


def _way_back(k: Key) -> Key:
    """Return a key of the step to the right as the step back to the left."""
    turned = mirror_key(k)
    back = {name: (v[0] + WIDE, *v[1:]) for name, v in turned.values.items() if name in ("root", "l_foot", "r_foot")}
    return replace(turned, values={**turned.values, **back})


@action(
    "dance",
    forms("dance", "groove", "boogie"),
    "dances|dancing|disco|salsa|hip ?hop|samba|tango|waltz(?:es|ing)?|ballet",
)
def dance(move: Move) -> Phrase:
    """Step and touch from side to side, knees soft, arms and hips in time."""
    high, low, between = (52, 58, 60, 84), (16, 20, -10, 78), (30, 34, 10, 80)
    rise = {"r_arm": between, "l_arm": between, "tilt": (3, 0, 0), "spine": (4, 0, 0), "neck": (0, 0, 0)}
    sink = {"tilt": (4, 6, -8), "spine": (4, -9, 12), "neck": (0, 3, -4), "r_arm": high, "l_arm": low}
    turn = {"tilt": (4, -4, 6), "spine": (4, 6, -8), "r_arm": low, "l_arm": high}
    steps = [
        key(0.24, r_foot=(WIDE / 2, 0, 0.07), l_foot=(0, 0, 0), root=(0.02, 0, -0.05), r_sole=(4,), **rise),
        key(0.26, r_foot=(WIDE, 0, 0), l_foot=(0, 0, 0), root=(0.20, 0, -0.09), l_sole=(24,), r_sole=(0,), **sink),
        key(0.24, r_foot=(WIDE, 0, 0), l_foot=(WIDE / 2, 0, 0.07), root=(0.25, 0, -0.05), l_sole=(10,), **rise),
        key(0.26, r_foot=(WIDE, 0, 0), l_foot=(WIDE, 0, 0), root=(WIDE, 0, -0.08), l_sole=(0,), r_sole=(0,), **turn),
    ]
    return Phrase([], [*steps, *(_way_back(k) for k in steps)], [home(0.5)], repeats=2)


@action(
    "twist",
    forms("twist"),
    "twists|rotat(?:es|ing) (?:his|her|their|the) (?:torso|hips|waist|upper body)|hula(?: hoop)?s?",
    "wiggl(?:es|ing)",
    sided="hand",
)
def twist(move: Move) -> Phrase:
    """Hips and shoulders turn against each other, knees bent."""
    one = key(
        0.34,
        tilt=(6, 0, 24),
        spine=(6, 0, -46),
        neck=(0, 0, 20),
        root=(0.01, -0.03, -0.10),
        r_arm=(40, 22, -10, 78),
        l_arm=(-6, 26, -10, 78),
    )
    two = key(
        0.34,
        tilt=(6, 0, -24),
        spine=(6, 0, 46),
        neck=(0, 0, -20),
        root=(-0.01, -0.03, -0.10),
        l_arm=(40, 22, -10, 78),
        r_arm=(-6, 26, -10, 78),
    )
    return Phrase([], [one, two], [home(0.5)], repeats=4)


@action("robot", "robots?(?: dance)?|robotic(?:ally)?|zombies?")
def robot(move: Move) -> Phrase:
    """Stiff arms held level, jerky turns of the trunk."""
    level, up, down = (6, 84, 0, 88), (6, 84, 88, 88), (6, 84, -80, 88)
    one, two = (
        key(0.28, r_arm=up, l_arm=down, spine=(0, 0, 14), neck=(0, 0, 20)),
        key(0.28, r_arm=down, l_arm=up, spine=(0, 0, -14), neck=(0, 0, -20)),
    )
    stop = [key(0.22, **k.values) for k in (one, two)]
    return Phrase([both(key(0.5, r_arm=level))], [one, stop[0], two, stop[1]], [home(0.6)], repeats=2)


@action("dab", "dab(?:s|bing|bed)?", sided="hand")
def dab(move: Move) -> Phrase:
    """The head goes into one elbow, the other arm points away."""
    pose = key(
        0.4,
        r_arm=hand(-0.16, 0.26, 0.20, (1, 0.6, 0.4)),
        l_arm=(20, 112, 0, 6),
        spine=(10, -10, -8),
        neck=(26, 4, -22),
        root=(0, 0, -0.03),
    )
    return Phrase([pose], hold=0.9, elastic=False)


@action(
    "shimmy",
    "shimm(?:y|ies|ying)",
    "sh(?:akes?|aking|ook)(?: (?:his|her|their|the))?(?: (?:whole )?(?:body|hips|shoulders|arms|legs?|leg|booty))?",
    "trembl(?:es|ing|e)|shiver(?:s|ing|ed)?",
)
def shimmy(move: Move) -> Phrase:
    """A quick shaking of shoulders and hips."""
    one = key(
        0.16,
        spine=(6, 3, 9),
        tilt=(2, 4, -5),
        root=(0.015, 0, -0.05),
        r_arm=(24, 16, -10, 74),
        l_arm=(16, 16, -10, 66),
        r_collar=(3, 6),
        l_collar=(0, -3),
    )
    two = key(
        0.16,
        spine=(6, -3, -9),
        tilt=(2, -4, 5),
        root=(-0.015, 0, -0.05),
        r_arm=(16, 16, -10, 66),
        l_arm=(24, 16, -10, 74),
        r_collar=(0, -3),
        l_collar=(3, 6),
    )
    return Phrase(
        [key(0.4, root=(0, 0, -0.05), r_arm=(20, 16, -10, 70), l_arm=(20, 16, -10, 70))],
        [one, two],
        [home(0.5)],
        repeats=6,
    )


@action("air_kiss", "blow(?:s|ing)? (?:a |some )?kiss(?:es)?|kiss(?:es)?|blew a kiss", sided="hand")
def blow_kiss(move: Move) -> Phrase:
    """A hand from the mouth outward."""
    lips, out = (
        key(0.6, r_arm=hand(0.03, 0.17, 0.12, (0.6, 0.1, -1)), neck=(4,)),
        key(0.5, r_arm=hand(0.22, 0.42, 0.06, (0.6, 0.1, -1)), neck=(-6,), spine=(4,)),
    )
    return Phrase([], [lips, out, held(out, 0.3), home(0.7)], [home(0.15)], elastic=False)
