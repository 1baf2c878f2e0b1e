"""Sport: swings of a club, strokes, weights."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Phrase, both, held, home, key
from baselines.choreographer.reach import hand

CHIN, CHIN_AHEAD = hand(0.09, 0.20, 0.02, (0.5, -0.3, -1)), hand(0.10, 0.28, 0.02, (0.5, -0.2, -1))
STANCE = {"root": (0, 0.0, -0.05), "tilt": (3, 0, 0), "spine": (8, 0, 0), "neck": (-4,)}
FRONT_FOOT = 0.26  # metres that the left foot is ahead where a right-handed person strikes or throws


def _club(x: float, y: float, z: float, spread: float = 0.03) -> dict[str, tuple[float, ...]]:
    """Return both arms with the hands together at a point of the chest, the right one beside the left."""
    return {"r_arm": hand(x + spread, y, z, (0.6, -0.3, -1)), "l_arm": hand(-x + spread, y, z, (0.6, -0.3, -1))}


@action("golf", "golf(?:s|ing|er)?(?: swing| ball| club)?|putt(?:s|ing)?", sided="hand", default="right")
def golf(move: Move) -> Phrase:
    """Address, back-swing, strike and follow-through of a golf swing."""
    address = key(0.7, tilt=(24,), spine=(14,), neck=(16,), root=(0, -0.10, -0.05), **_club(0, 0.36, -0.34))
    top = key(
        0.8,
        tilt=(20, 0, -18),
        spine=(12, 6, -58),
        neck=(12, 0, 60),
        root=(0.03, -0.08, -0.06),
        **_club(0.24, 0.26, 0.10),
        l_sole=(12,),
    )
    strike = key(
        0.22,
        tilt=(24, 0, 6),
        spine=(14, 2, 2),
        neck=(16, 0, -4),
        root=(-0.03, -0.10, -0.05),
        **_club(-0.02, 0.36, -0.34),
        l_sole=(0,),
    )
    finish = key(
        0.35,
        tilt=(6, 0, 34),
        spine=(-4, 0, 52),
        neck=(2, 0, -40),
        root=(-0.07, -0.03, -0.01),
        **_club(-0.22, 0.24, 0.14),
        r_sole=(42, 0, 24),
    )
    return Phrase(
        [],
        [address, held(address, 0.3), top, strike, finish, held(finish, 0.5), home(0.9)],
        [home(0.15)],
        elastic=False,
    )


@action(
    "baseball",
    "(?:swing|swung)(?:s|ing)? (?:a |an |the |his |her |their )?(?:baseball )?(?:bat|club|sword|axe|stick|racquet)",
    "baseball(?: swing)?|bats|batting",
    sided="hand",
    default="right",
)
def baseball(move: Move) -> Phrase:
    """Two hands swing a bat level."""
    ready = key(
        0.7, tilt=(6, 0, -22), spine=(8, 0, -36), neck=(0, 0, 50), root=(0.04, -0.02, -0.07), **_club(0.22, 0.20, 0.02)
    )
    load = key(
        0.3,
        tilt=(6, 0, -30),
        spine=(8, 0, -44),
        neck=(0, 0, 62),
        root=(0.06, -0.03, -0.08),
        **_club(0.26, 0.16, 0.06),
        l_sole=(18,),
    )
    hit = key(
        0.2,
        tilt=(6, 0, 22),
        spine=(6, 0, 22),
        neck=(4, 0, -20),
        root=(-0.04, 0.0, -0.07),
        **_club(0.0, 0.42, -0.10),
        l_sole=(0,),
        r_sole=(24, 0, 18),
    )
    through = key(
        0.28,
        tilt=(2, 0, 42),
        spine=(2, 0, 56),
        neck=(2, 0, -48),
        root=(-0.06, 0.01, -0.05),
        **_club(-0.24, 0.22, 0.06),
        r_sole=(42, 0, 28),
    )
    return Phrase([], [ready, load, hit, through, held(through, 0.35), home(0.9)], [home(0.15)], elastic=False)


@action("tennis", "tennis(?: swing| racket| ball)?|forehand|racket|badminton|squash", sided="hand", default="right")
def tennis(move: Move) -> Phrase:
    """A forehand: the arm goes back and sweeps across."""
    back = key(
        0.6,
        r_arm=(-30, 62, 20, 34),
        l_arm=(58, 16, -20, 30),
        spine=(6, 0, -36),
        tilt=(4, 0, -16),
        neck=(0, 0, 44),
        root=(0.07, -0.03, -0.09),
    )
    hit = key(
        0.25,
        r_arm=(62, 22, 10, 18),
        l_arm=(20, 30, -20, 60),
        spine=(8, 0, 18),
        tilt=(4, 0, 12),
        neck=(0, 0, -16),
        root=(-0.03, 0.04, -0.07),
        r_sole=(24, 0, 10),
    )
    follow = key(
        0.3,
        r_arm=hand(-0.14, 0.24, 0.12, (0.8, 0.4, -0.4)),
        l_arm=(6, 22, -20, 60),
        spine=(4, 0, 38),
        tilt=(4, 0, 18),
        neck=(0, 0, -36),
        root=(-0.05, 0.04, -0.05),
        r_sole=(34, 0, 14),
    )
    return Phrase([], [back, hit, follow, held(follow, 0.15), home(0.7)], [home(0.15)], elastic=False)


@action("swim", forms("swim"), "swam|swims|front crawl|freestyle|breast ?stroke|back ?stroke")
def swim(move: Move) -> Phrase:
    """Crawl strokes, standing bent forward: one arm pulls while the other reaches."""
    body = {"tilt": (34,), "spine": (30,), "neck": (-30,), "root": (0, -0.14, -0.05)}
    reach, pull, back, over = (158, 14, 0, 8), (92, 6, 0, 46), (-30, 18, 0, 20), (60, 96, 10, 80)
    rounds = [(reach, back), (pull, over), (back, reach), (over, pull)]
    cycle = [
        key(0.3, r_arm=right, l_arm=left, spine=(30, 0, 14 * turn))
        for (right, left), turn in zip(rounds, (1, 0, -1, 0), strict=True)
    ]
    return Phrase([key(0.8, r_arm=over, l_arm=pull, **body)], cycle, [home(0.9)], repeats=2, elastic=False)


@action("row", forms("row", "paddle"), "rows|rowing|pulls? (?:a |the |on (?:a|the) )?rope")
def row(move: Move) -> Phrase:
    """Both hands pull to the chest, the trunk swings back."""
    out = both(
        key(
            0.7,
            r_arm=hand(0.11, 0.46, -0.16, (0.7, -0.4, -0.8)),
            tilt=(18,),
            spine=(20,),
            neck=(-18,),
            root=(0, 0.0, -0.08),
        )
    )
    in_ = both(
        key(
            0.6, r_arm=hand(0.13, 0.12, -0.24, (0.9, -1, 0)), tilt=(-4,), spine=(-4,), neck=(2,), root=(0, -0.05, -0.11)
        )
    )
    return Phrase([out], [in_, out], [home(0.8)], repeats=3, elastic=False)


@action(
    "lift_weights",
    "(?:lift|press|rais)(?:s|es|e|ing|ed)? (?:a |the |some |heavy )*(?:weights?|barbells?|dumb ?bells?)(?:"
    " overhead| above [a-z]+ head)?",
    "weight ?lift(?:s|ing|er)?|overhead press|bench press|deadlifts?",
)
def lift_weights(move: Move) -> Phrase:
    """A bar from the floor to the shoulders, pressed overhead, and down."""
    floor = both(key(0.9, root=(0, -0.20, -0.42), tilt=(44,), spine=(18,), neck=(-28,), r_arm=(66, 10, 0, 4)))
    rack = both(
        key(0.7, root=(0, -0.02, -0.08), tilt=(0,), spine=(-2,), neck=(-4,), r_arm=hand(0.2, 0.18, 0.0, (0.4, 0.5, -1)))
    )
    press = both(key(0.6, root=(0, 0, 0), spine=(-4,), tilt=(0,), neck=(-8,), r_arm=(122, 96, 0, 10), r_collar=(8,)))
    return Phrase(
        [],
        [floor, held(floor, 0.2), rack, press, held(press, 0.5), held(rack, 0.6), held(floor, 0.9), home(0.8)],
        [home(0.15)],
        elastic=False,
    )
