"""Ways to go: walking, running, marching, sidestepping, turning, spinning."""

from __future__ import annotations

from dataclasses import replace

from baselines.choreographer.gait import Gait
from baselines.choreographer.journey import Journey
from baselines.choreographer.moves import Move, action, forms

WALK = Gait()
STEP_ASIDE = Gait(period=0.45, length=0.34, lift=0.05, push=12, strike=0, arm=2, wide=0.0, twist=0, bob=0.006, lean=1)
PIVOT = Gait(period=0.46, lift=0.05, push=14, strike=0, arm=6, wide=0.0, twist=2, bob=0.004, lean=1)
RUN = Gait(
    period=0.36, swing=1.34, length=0.92, lift=0.24, forward=-0.10, push=48, strike=4, drop=0.045, bob=-0.028,
    sway=0.01, lean=11, arm=38, elbow=85, twist=8, out=12, wide=-0.05,
)  # fmt: skip


def journey(gait: Gait, move: Move) -> Journey:
    """Return a journey into the direction of a move: straight, backward, curving aside, in a circle or on the spot."""
    if move.direction == "backward":
        slow = replace(gait, length=0.68 * gait.length, push=0.5 * gait.push, strike=-6, lean=0, arm=0.6 * gait.arm)
        return Journey(slow, bearing=180)
    if move.direction == "circle":
        return Journey(gait, bend=-(50 if gait.swing < 1 else 36))
    if move.direction in ("left", "right"):
        return Journey(gait, bend=-75 if gait.swing < 1 else -45, veer=move.degrees or 90)
    if move.direction == "place":
        return Journey(replace(gait, length=0.0, forward=max(gait.forward, 0.05), twist=0.4 * gait.twist, strike=-8))
    return Journey(gait)


@action(
    "walk",
    forms("walk", "stroll", "wander", "pace", "stride", "strut", "amble", "saunter", "hike", "approach", "travel"),
    r"(?:goes|going|went|go)(?! (?:down|up|to (?:sleep|bed|sit|lie)|on\b|through))",
    r"(?:moves?|moving|moved|advanc(?:e|es|ed|ing)|heads?|heading|proceeds?|continues?) (?=(?:straight"
    r"|forwards?|ahead|back|backwards?|in a circle|around|away|towards?|up to)\b)",
    "(?:tak|mak|do|perform)(?:e|es|ing|s)?(?: [a-z0-9]+){0,4}? (?:steps?|curve)(?! to (?:the|his|her|their)"
    " (?:left|right|side))",
    r"took(?: [a-z0-9]+){0,4}? steps?|steps? (?=(?:forwards?|ahead|backwards?|back)\b)|stepp(?:ed|ing)",
    "walks|retreats?|retreating",
    sided="way",
)
def walk(move: Move) -> Journey:
    """Walking, any direction."""
    return journey(replace(WALK, length=WALK.length * (0.9 + 0.1 * move.size)), move)


@action("run", forms("run", "sprint", "dash", "race", "rush"), "ran", sided="way")
def run(move: Move) -> Journey:
    """Running, with a flight phase."""
    return journey(RUN, move)


@action("jog", forms("jog", "trot"), sided="way")
def jog(move: Move) -> Journey:
    """Easy running."""
    return journey(
        replace(
            RUN, length=0.62, lift=0.15, forward=-0.06, lean=6, arm=26, elbow=80, period=0.37, swing=1.12, bob=-0.024
        ),
        move,
    )


@action("march", forms("march", "parade", "goose step"), sided="way")
def march(move: Move) -> Journey:
    """Marching: high knees, straight arms."""
    gait = replace(
        WALK,
        period=0.52,
        length=0.55,
        lift=0.26,
        forward=0.16,
        push=25,
        strike=-4,
        arm=42,
        elbow=10,
        lean=-2,
        twist=3,
        out=8,
    )
    return journey(gait, move)


@action(
    "high_knees",
    "high[- ]knees|knees high|lifts? (?:his|her|their|the) knees|lifting (?:his|her|their|the) knees",
    "(?:run|jog)(?:s|ning|ging)? (?:in place|on the spot)",
    sided="way",
)
def high_knees(move: Move) -> Journey:
    """Running on the spot with the knees up."""
    gait = replace(RUN, period=0.36, length=0.5, swing=1.1, lift=0.27, push=30, strike=-6, lean=3, drop=0.03, bob=-0.02)
    return journey(replace(gait, forward=0.14), replace(move, direction=move.direction or "place"))


@action(
    "tiptoe",
    forms("tiptoe", "tip toe", "tip-toe"),
    "on (?:his |her |their |the )?(?:tiptoes?|tip ?toes|toes)",
    sided="way",
)
def tiptoe(move: Move) -> Journey:
    """Walking on the toes."""
    gait = replace(
        WALK,
        period=0.5,
        length=0.38,
        heel=34,
        push=16,
        strike=0,
        drop=-0.045,
        bob=0.006,
        arm=8,
        out=16,
        lift=0.09,
        wide=-0.05,
    )
    return journey(gait, move)


@action("sneak", forms("sneak", "creep", "stalk", "prowl"), "crept|snuck", sided="way")
def sneak(move: Move) -> Journey:
    """Slow high steps, crouched, on soft feet."""
    gait = replace(
        WALK,
        period=0.85,
        length=0.48,
        lift=0.2,
        forward=0.08,
        push=30,
        strike=-10,
        drop=0.13,
        bob=0.01,
        lean=24,
        arm=12,
        elbow=70,
        out=14,
    )
    return journey(gait, move)


@action("limp", forms("limp", "hobble"), sided="way")
def limp(move: Move) -> Journey:
    """An uneven walk that spares one leg."""
    return journey(
        replace(WALK, period=0.6, length=0.42, uneven=0.4, roll=7, sway=0.045, drop=0.03, lean=9, arm=14), move
    )


@action(
    "stagger",
    forms("stagger", "stumble", "totter", "reel", "trip"),
    "(?:is|gets?|got|getting|was|being) (?:being )?(?:pushed|shoved)",
    "los(?:es|ing) (?:his|her|their|its) balance",
    sided="way",
)
def stagger(move: Move) -> Journey:
    """A walk that nearly loses its balance."""
    gait = replace(
        WALK,
        period=0.62,
        length=0.42,
        uneven=0.3,
        wide=0.05,
        sway=0.07,
        roll=8,
        drop=0.03,
        lean=10,
        arm=20,
        out=22,
        twist=9,
    )
    return journey(gait, move)


@action("shuffle", forms("shuffle", "trudge", "drag"), "drags? (?:his|her|their) feet", sided="way")
def shuffle(move: Move) -> Journey:
    """Short steps that hardly leave the floor."""
    return journey(
        replace(WALK, period=0.5, length=0.26, lift=0.035, push=14, strike=0, arm=8, bob=0.004, lean=8, drop=0.02), move
    )


@action("skip", forms("skip", "gallop", "prance", "frolic"), "skips|frolicking", sided="way")
def skip(move: Move) -> Journey:
    """Skipping along: high, springy steps with a flight."""
    gait = replace(
        RUN,
        period=0.44,
        swing=1.2,
        length=0.7,
        lift=0.28,
        forward=0.10,
        push=40,
        strike=-8,
        bob=-0.045,
        lean=2,
        arm=48,
        elbow=40,
    )
    return journey(gait, move)


@action(
    "climb_stairs",
    forms("climb", "ascend"),
    "(?:walk|go|step)(?:s|es|ing|ed)? up(?: the)? (?=(?:some |a few )?(?:stairs|steps|ladder|hill))",
    sided="way",
)
def climb_stairs(move: Move) -> Journey:
    """Climbing as seen without the stairs: each knee is lifted high, the trunk leans in."""
    gait = replace(
        WALK,
        period=0.68,
        length=0.3,
        lift=0.3,
        forward=0.10,
        push=30,
        strike=-8,
        lean=12,
        arm=18,
        elbow=45,
        drop=0.03,
        bob=0.025,
    )
    return journey(gait, move)


@action(
    "sidestep",
    forms("sidestep", "side step", "side-step", "shuffle sideways", "shuffle to the side", "strafe"),
    "(?:walk|step|move|mov|shuffl|go|run|hop|slid)(?:s|es|e|ing|ed|ping|ped|ning)? (?:to (?:the|his|her|their"
    ") side|sideways|side ?ways|laterally)",
    r"(?:steps?|stepp(?:ed|ing)|moves?|moving|slides?|sliding|shifts?) (?:to (?:the|his|her|their) "
    r")?(?=(?:left|right)\b)",
    sided="way",
    default="right",
)
def sidestep(move: Move) -> Journey:
    """Steps to the side, the other foot closing up."""
    return Journey(STEP_ASIDE, bearing=-90, together=True)


@action("grapevine", "grape ?vine|side shuffle|crab walk", sided="way", default="right")
def grapevine(move: Move) -> Journey:
    """Quick steps to the side, knees bent, arms out."""
    return Journey(
        replace(STEP_ASIDE, period=0.34, length=0.42, drop=0.12, out=35, elbow=60, lean=12), bearing=-90, together=True
    )


@action(
    "turn",
    forms("turn", "rotate", "pivot", "face"),
    "about-face|(?:turn|face)(?:s|ing|ed)? (?:around|round|back)",
    sided="way",
    default="right",
)
def turn(move: Move) -> Journey:
    """Turning on the spot in small steps."""
    angle = move.degrees or 90.0
    return Journey(PIVOT, spin=-angle, together=True, steps=2 * max(2, round(angle / 42)))


@action(
    "spin",
    forms("spin", "twirl", "whirl", "pirouette"),
    "spun|turn(?:s|ing|ed)? in (?:a )?circles?",
    sided="way",
    default="right",
)
def spin(move: Move) -> Journey:
    """Turning all the way round, quickly, arms out."""
    angle = (move.degrees or 360.0) * (move.count or 1)
    return Journey(
        replace(PIVOT, period=0.27, out=42, elbow=25, lift=0.06),
        spin=-angle,
        together=True,
        steps=2 * max(3, round(angle / 60)),
    )
