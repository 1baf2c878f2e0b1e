"""Sport and fighting: punches, throws, swings of a club, strokes."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Key, Phrase, both, held, home, key
from baselines.choreographer.reach import hand

CHIN, CHIN_AHEAD = hand(0.09, 0.20, 0.02, (0.5, -0.3, -1)), hand(0.10, 0.28, 0.02, (0.5, -0.2, -1))
STANCE = {"root": (0, 0.0, -0.05), "tilt": (3, 0, 0), "spine": (8, 0, 0), "neck": (-4,)}
FRONT_FOOT = 0.26  # metres that the left foot is ahead where a right-handed person strikes or throws


def stepped(dt: float, y: float, **groups: tuple[float, ...]) -> list[Key]:
    """Return two keys that put the left foot forward by `y` metres in an arc, arriving in a pose."""
    rise = {**{name: tuple(0.5 * v for v in value) for name, value in groups.items() if name in ("root", "tilt", "spine")}}
    return [key(dt / 2, l_foot=(0, y / 2, 0.07), **rise), key(dt / 2, l_foot=(0, y, 0), **groups)]


def stepped_back(dt: float, y: float) -> list[Key]:
    """Return the keys that bring the left foot home."""
    return [key(dt / 2, l_foot=(0, y / 2, 0.07)), home(dt / 2)]


@action("punch", forms("punch", "jab", "box", "strike", "hit", "fight", "spar") + r"|hits|hitting|boxing|shadow ?boxing|fighting|throws? (?:a |several |some )?punch(?:es)?", sided="hand")
def punch(move: Move) -> Phrase:
    """Fists at the chin, one shoots out with the turn of the trunk."""
    guard = {"r_arm": CHIN, "l_arm": CHIN_AHEAD, **STANCE}
    out = key(0.17, r_arm=(87, -8, -20, 6), r_collar=(2, 14), spine=(10, 0, 30), tilt=(4, 0, 14), neck=(-4, 0, -30), root=(0, 0.05, -0.06), r_sole=(16, 0, 10))
    back = key(0.24, r_arm=CHIN, r_collar=(0,), spine=(8, 0, 0), tilt=(3, 0, 0), neck=(-4, 0, 0), root=(0, 0, -0.05), r_sole=(0, 0, 0))
    pause = Key(0.12, {**back.values, "l_arm": CHIN_AHEAD})
    if move.side in ("", "both"):
        guard["l_arm"] = CHIN
    return Phrase([key(0.5, **guard)], [out, back, pause], [home(0.6)], repeats=3, alternate=move.side in ("", "both"), elastic=False)


@action("uppercut", forms("uppercut") + r"|uppercuts?", sided="hand")
def uppercut(move: Move) -> Phrase:
    """A fist comes up from below."""
    dip = key(0.25, r_arm=(-12, 14, -10, 95), l_arm=CHIN_AHEAD, root=(0.03, -0.03, -0.13), tilt=(6, 2, 0), spine=(12, 10, -20))
    up = key(0.2, r_arm=hand(0.04, 0.30, 0.20, (0.4, 0.2, -1)), l_arm=CHIN_AHEAD, root=(0, 0.03, -0.01), tilt=(0, 0, 10), spine=(-2, 0, 24), r_sole=(18, 0, 8))
    back = key(0.35, r_arm=CHIN, l_arm=CHIN_AHEAD, root=(0, 0, -0.05), tilt=(3, 0, 0), spine=(8, 0, 0), r_sole=(0, 0, 0))
    return Phrase([key(0.45, r_arm=CHIN, l_arm=CHIN_AHEAD, **STANCE)], [dip, up, back], [home(0.6)], repeats=2, elastic=False)


@action("block", forms("block", "defend", "parry", "shield") + r"|dodge[sd]?|dodging|covers? up", sided="hand")
def block(move: Move) -> Phrase:
    """Forearms up in front of the face, the body drawn back."""
    up = both(key(0.3, r_arm=hand(0.08, 0.24, 0.16, (0.6, 0.3, -1)), root=(0, -0.05, -0.09), tilt=(-2,), spine=(18,), neck=(6,), r_collar=(8,)))
    return Phrase([], [up, held(up, 0.35), home(0.5)], [home(0.15)], elastic=False)


@action("throw", forms("throw", "toss", "pitch", "hurl", "fling", "lob") + r"|threw|throws|thrown|pitches", sided="hand")
def throw(move: Move) -> Phrase:
    """Overarm: the trunk turns away, the left foot steps, the arm follows over the shoulder."""
    wind = key(0.55, r_arm=(-8, 84, 62, 92), l_arm=(66, 10, -10, 24), spine=(-6, 4, -34), tilt=(0, 0, -16), neck=(0, 0, 40), root=(0.05, -0.05, -0.03))
    step = stepped(0.34, FRONT_FOOT, root=(0.0, 0.08, -0.06), spine=(-8, 2, -24), tilt=(0, 0, -6), r_arm=(-14, 92, 92, 88), l_arm=(50, 30, -10, 34), neck=(0, 0, 26))
    loose = key(0.17, r_arm=(118, 42, 20, 14), l_arm=(-6, 26, -10, 50), spine=(14, -4, 26), tilt=(8, 0, 12), neck=(-10, 0, -20), root=(-0.03, 0.15, -0.06), r_sole=(34, 0, 10))
    follow = key(0.25, r_arm=(42, -24, -20, 24), spine=(28, -4, 32), tilt=(12, 0, 14), neck=(-16, 0, -24), root=(-0.03, 0.17, -0.07), r_sole=(42, 0, 10))
    settle = key(0.45, root=(-0.05, 0.06, -0.02), r_sole=(0, 0, 0), spine=(4, 0, 4), tilt=(2, 0, 2), neck=(-2, 0, -3), r_arm=(6, 8, -20, 20), l_arm=(3, 9, -20, 18))
    return Phrase([], [wind, *step, loose, follow, settle, *stepped_back(0.5, FRONT_FOOT)], [home(0.15)])


@action("underhand", r"underhand|underarm|bowl(?:s|ing|ed)?(?: a ball)?|roll(?:s|ing|ed)? (?:a|the) ball", sided="hand")
def underhand(move: Move) -> Phrase:
    """The arm swings from behind to the front, low, with a step."""
    back = key(0.6, r_arm=(-58, 16, -10, 10), l_arm=(30, 34, -10, 30), spine=(16, 2, -16), tilt=(10, 0, -6), root=(0.05, -0.02, -0.06))
    step = stepped(0.36, 0.40, root=(-0.02, 0.20, -0.20), spine=(20, 0, -8), tilt=(18,), r_arm=(-48, 16, -10, 8), l_arm=(10, 56, -10, 20), r_sole=(30,))
    swing = key(0.28, r_arm=(64, -2, -10, 10), spine=(22, 0, 12), tilt=(20,), root=(-0.03, 0.24, -0.24), r_sole=(44,))
    follow = key(0.3, r_arm=(112, -6, -10, 18), spine=(12, 0, 14), tilt=(12,), root=(-0.03, 0.22, -0.16), r_sole=(34,))
    settle = key(0.5, r_arm=(8, 9, -20, 18), l_arm=(3, 12, -20, 18), spine=(3,), tilt=(2,), root=(-0.05, 0.08, -0.03), r_sole=(0,))
    return Phrase([], [back, *step, swing, follow, settle, *stepped_back(0.5, 0.40)], [home(0.15)])


@action("catch", forms("catch", "receive") + r"|caught|catches")
def catch(move: Move) -> Phrase:
    """Both hands go out and draw in."""
    out = both(key(0.5, r_arm=hand(0.07, 0.44, 0.04, (0.8, -0.2, -0.8)), spine=(8,), root=(0, 0.02, -0.03), neck=(-6,)))
    in_ = both(key(0.25, r_arm=hand(0.07, 0.22, -0.14, (0.8, -0.5, -0.7)), spine=(10,), root=(0, -0.04, -0.07), neck=(6,)))
    return Phrase([], [out, in_, held(in_, 0.4), home(0.6)], [home(0.15)], elastic=False)


def _club(x: float, y: float, z: float, spread: float = 0.03) -> dict[str, tuple[float, ...]]:
    """Return both arms with the hands together at a point of the chest, the right one beside the left."""
    return {"r_arm": hand(x + spread, y, z, (0.6, -0.3, -1)), "l_arm": hand(-x + spread, y, z, (0.6, -0.3, -1))}


@action("golf", r"golf(?:s|ing|er)?(?: swing| ball| club)?|putt(?:s|ing)?", sided="hand", default="right")
def golf(move: Move) -> Phrase:
    """Address, back-swing, strike and follow-through of a golf swing."""
    address = key(0.7, tilt=(24,), spine=(14,), neck=(16,), root=(0, -0.10, -0.05), **_club(0, 0.36, -0.34))
    top = key(0.8, tilt=(20, 0, -18), spine=(12, 6, -58), neck=(12, 0, 60), root=(0.03, -0.08, -0.06), **_club(0.24, 0.26, 0.10), l_sole=(12,))
    strike = key(0.22, tilt=(24, 0, 6), spine=(14, 2, 2), neck=(16, 0, -4), root=(-0.03, -0.10, -0.05), **_club(-0.02, 0.36, -0.34), l_sole=(0,))
    finish = key(0.35, tilt=(6, 0, 34), spine=(-4, 0, 52), neck=(2, 0, -40), root=(-0.07, -0.03, -0.01), **_club(-0.22, 0.24, 0.14), r_sole=(42, 0, 24))
    return Phrase([], [address, held(address, 0.3), top, strike, finish, held(finish, 0.5), home(0.9)], [home(0.15)], elastic=False)


@action("baseball", r"(?:swing|swung)(?:s|ing)? (?:a |an |the |his |her |their )?(?:baseball )?(?:bat|club|sword|axe|stick|racquet)|baseball(?: swing)?|bats|batting", sided="hand", default="right")
def baseball(move: Move) -> Phrase:
    """Two hands swing a bat level."""
    ready = key(0.7, tilt=(6, 0, -22), spine=(8, 0, -36), neck=(0, 0, 50), root=(0.04, -0.02, -0.07), **_club(0.22, 0.20, 0.02))
    load = key(0.3, tilt=(6, 0, -30), spine=(8, 0, -44), neck=(0, 0, 62), root=(0.06, -0.03, -0.08), **_club(0.26, 0.16, 0.06), l_sole=(18,))
    hit = key(0.2, tilt=(6, 0, 22), spine=(6, 0, 22), neck=(4, 0, -20), root=(-0.04, 0.0, -0.07), **_club(0.0, 0.42, -0.10), l_sole=(0,), r_sole=(24, 0, 18))
    through = key(0.28, tilt=(2, 0, 42), spine=(2, 0, 56), neck=(2, 0, -48), root=(-0.06, 0.01, -0.05), **_club(-0.24, 0.22, 0.06), r_sole=(42, 0, 28))
    return Phrase([], [ready, load, hit, through, held(through, 0.35), home(0.9)], [home(0.15)], elastic=False)


@action("tennis", r"tennis(?: swing| racket| ball)?|forehand|racket|badminton|squash", sided="hand", default="right")
def tennis(move: Move) -> Phrase:
    """A forehand: the arm goes back and sweeps across."""
    back = key(0.6, r_arm=(-30, 62, 20, 34), l_arm=(58, 16, -20, 30), spine=(6, 0, -36), tilt=(4, 0, -16), neck=(0, 0, 44), root=(0.07, -0.03, -0.09))
    hit = key(0.25, r_arm=(62, 22, 10, 18), l_arm=(20, 30, -20, 60), spine=(8, 0, 18), tilt=(4, 0, 12), neck=(0, 0, -16), root=(-0.03, 0.04, -0.07), r_sole=(24, 0, 10))
    follow = key(0.3, r_arm=hand(-0.14, 0.24, 0.12, (0.8, 0.4, -0.4)), l_arm=(6, 22, -20, 60), spine=(4, 0, 38), tilt=(4, 0, 18), neck=(0, 0, -36), root=(-0.05, 0.04, -0.05), r_sole=(34, 0, 14))
    return Phrase([], [back, hit, follow, held(follow, 0.15), home(0.7)], [home(0.15)], elastic=False)


@action("basketball_shot", r"(?:shoot|shot|make)(?:s|ing)? (?:a |the |some )?(?:basketball|hoops?|basket|free throw|ball)|basketball shot|jump shot|free throw|dunks?|volleyball")
def basketball_shot(move: Move) -> Phrase:
    """Knees bend, both hands push the ball up and away."""
    dip = both(key(0.6, r_arm=hand(0.07, 0.26, -0.12, (0.8, -0.4, -0.8)), root=(0, -0.06, -0.19), tilt=(14,), spine=(10,), neck=(-18,)))
    aim = both(key(0.3, r_arm=hand(0.07, 0.24, 0.20, (0.6, 0.6, -0.6)), root=(0, -0.01, -0.06), tilt=(4,), spine=(0,), neck=(-16,)))
    shot = both(key(0.2, r_arm=(136, 12, 0, 12), root=(0, 0.04, 0.07), tilt=(0,), spine=(-3,), neck=(-18,), r_sole=(36,)))
    return Phrase([], [dip, aim, shot, held(shot, 0.25), home(0.8)], [home(0.15)], elastic=False)


@action("dribble", forms("dribble") + r"|bounc(?:es|ing) (?:a|the) (?:basket)?ball|plays? basketball|playing basketball", sided="hand")
def dribble(move: Move) -> Phrase:
    """A hand pushes a ball to the floor again and again, the knees bent."""
    pose = {"root": (0, -0.08, -0.16), "tilt": (20,), "spine": (12, 3), "neck": (-16,), "l_arm": (34, 24, -20, 70)}
    high, low = key(0.26, r_arm=(22, 16, -4, 82), root=(0, -0.08, -0.15)), key(0.24, r_arm=(10, 16, -4, 34), root=(0, -0.08, -0.17))
    return Phrase([key(0.6, r_arm=(22, 16, -4, 80), **pose)], [low, high], [home(0.7)], repeats=5)


@action("swim", forms("swim") + r"|swam|swims|front crawl|freestyle|breast ?stroke|back ?stroke")
def swim(move: Move) -> Phrase:
    """Crawl strokes, standing bent forward: one arm pulls while the other reaches."""
    body = {"tilt": (34,), "spine": (30,), "neck": (-30,), "root": (0, -0.14, -0.05)}
    reach, pull, back, over = (158, 14, 0, 8), (92, 6, 0, 46), (-30, 18, 0, 20), (60, 96, 10, 80)
    rounds = [(reach, back), (pull, over), (back, reach), (over, pull)]
    cycle = [key(0.3, r_arm=right, l_arm=left, spine=(30, 0, 14 * turn)) for (right, left), turn in zip(rounds, (1, 0, -1, 0), strict=True)]
    return Phrase([key(0.8, r_arm=over, l_arm=pull, **body)], cycle, [home(0.9)], repeats=2, elastic=False)


@action("row", forms("row", "paddle") + r"|rows|rowing|pulls? (?:a |the |on (?:a|the) )?rope")
def row(move: Move) -> Phrase:
    """Both hands pull to the chest, the trunk swings back."""
    out = both(key(0.7, r_arm=hand(0.11, 0.46, -0.16, (0.7, -0.4, -0.8)), tilt=(18,), spine=(20,), neck=(-18,), root=(0, 0.0, -0.08)))
    in_ = both(key(0.6, r_arm=hand(0.13, 0.12, -0.24, (0.9, -1, 0)), tilt=(-4,), spine=(-4,), neck=(2,), root=(0, -0.05, -0.11)))
    return Phrase([out], [in_, out], [home(0.8)], repeats=3, elastic=False)


@action("lift_weights", r"(?:lift|press|rais)(?:s|es|e|ing|ed)? (?:a |the |some |heavy )*(?:weights?|barbells?|dumb ?bells?)(?: overhead| above [a-z]+ head)?|weight ?lift(?:s|ing|er)?|overhead press|bench press|deadlifts?")
def lift_weights(move: Move) -> Phrase:
    """A bar from the floor to the shoulders, pressed overhead, and down."""
    floor = both(key(0.9, root=(0, -0.20, -0.42), tilt=(44,), spine=(18,), neck=(-28,), r_arm=(66, 10, 0, 4)))
    rack = both(key(0.7, root=(0, -0.02, -0.08), tilt=(0,), spine=(-2,), neck=(-4,), r_arm=hand(0.2, 0.18, 0.0, (0.4, 0.5, -1))))
    press = both(key(0.6, root=(0, 0, 0), spine=(-4,), tilt=(0,), neck=(-8,), r_arm=(122, 96, 0, 10), r_collar=(8,)))
    return Phrase([], [floor, held(floor, 0.2), rack, press, held(press, 0.5), held(rack, 0.6), held(floor, 0.9), home(0.8)], [home(0.15)], elastic=False)


@action("archery", r"(?:shoot|draw|pull|fir)(?:s|es|ing)? (?:a |an |the |his |her |their )?(?:bow|arrows?)(?: and arrow)?|archery|shot an arrow|aims? (?:a|his|her) bow", sided="hand", default="right")
def archery(move: Move) -> Phrase:
    """The left arm holds a bow, the right hand draws to the cheek and lets go."""
    hold = {"tilt": (0, 0, -34), "spine": (0, 0, -34), "neck": (0, 0, 66), "root": (0, 0, -0.01)}
    nock = key(0.8, l_arm=(30, 84, 0, 8), r_arm=hand(-0.22, 0.40, 0.02, (1, 0.3, 0.1)), **hold)
    draw = key(0.9, l_arm=(16, 88, 0, 4), r_arm=hand(0.10, 0.12, 0.08, (1, -0.2, 0.25)), **hold)
    loose = key(0.15, l_arm=(16, 88, 0, 4), r_arm=hand(0.24, 0.08, 0.10, (1, -0.4, 0.25)), **hold)
    return Phrase([], [nock, draw, held(draw, 0.5), loose, held(loose, 0.4), home(0.9)], [home(0.15)], elastic=False)


@action("karate_chop", r"karate(?: chops?)?|chop(?:s|ping|ped)?|martial arts|kung ?fu|hammer(?:s|ing|ed)?|pounds?|pounding|bang(?:s|ing|ed)?", sided="hand")
def chop(move: Move) -> Phrase:
    """A hand comes down from above the shoulder."""
    up = key(0.35, r_arm=(120, 40, 30, 92), spine=(-4, 0, -10), root=(0, 0, -0.03), neck=(-2, 0, 6))
    down = key(0.17, r_arm=(52, 2, -10, 34), spine=(16, 0, 12), root=(0, 0.02, -0.09), neck=(2, 0, -8))
    return Phrase([], [up, down, held(down, 0.15)], [home(0.6)], repeats=3)
