"""Playing instruments, as seen without them."""

from __future__ import annotations

from baselines.choreographer.moves import Move, action, forms
from baselines.choreographer.phrase import Phrase, both, home, key
from baselines.choreographer.reach import hand

DOWN = (0.5, -0.2, -1.0)  # elbows pointing down
OUT = (1.0, -0.2, -0.4)
MOUTH = hand(0.03, 0.17, 0.12, DOWN)
AT_CHEST = {"r_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1)), "l_arm": hand(0.13, 0.34, -0.20, (0.7, -0.4, -1))}


@action(
    "guitar",
    r"play\w* (?:on )?(?:the |a |an |his |her )?(?:air |acoustic |electric )*guitar|guitar|ukulele|banjo",
    "strum(?:s|ming|med)?",
    sided="hand",
    default="right",
)
def guitar(move: Move) -> Phrase:
    """One hand on the neck of a guitar, the other strums."""
    neck_hand = hand(0.34, 0.26, -0.08, (0.4, -0.2, -1))
    up, down = (
        key(0.2, r_arm=hand(0.07, 0.22, -0.20, OUT), root=(0, 0, 0.0)),
        key(0.2, r_arm=hand(0.05, 0.20, -0.34, OUT), root=(0, 0, -0.012)),
    )
    return Phrase(
        [key(0.8, r_arm=hand(0.07, 0.22, -0.22, OUT), l_arm=neck_hand, neck=(14, 0, 12), spine=(5,))],
        [down, up],
        [home(0.7)],
        repeats=5,
        elastic=False,
    )


@action(
    "violin",
    r"play\w* (?:on )?(?:the |a |an |his |her )?(?:air |imaginary )*(?:violine?|fiddle|cello)|violin|fiddle",
    "viola|cello",
    sided="hand",
    default="right",
)
def violin(move: Move) -> Phrase:
    """The left arm holds a violin at the chin, the right one bows."""
    hold = {"l_arm": hand(0.22, 0.34, 0.04, (0.2, 0.2, -1)), "neck": (10, -12, 26)}
    near, far = (
        key(0.5, r_arm=hand(-0.04, 0.28, 0.02, OUT), spine=(0, 0, 4)),
        key(0.5, r_arm=hand(0.28, 0.34, -0.14, OUT), spine=(0, 0, -4)),
    )
    return Phrase(
        [key(0.8, r_arm=hand(-0.04, 0.28, 0.02, OUT), **hold)], [far, near], [home(0.7)], repeats=3, elastic=False
    )


@action("drum", forms("drum"), r"play\w* (?:the |a |an |his |her )?(?:air )?drums?|drums|bongos?|congas?")
def drum(move: Move) -> Phrase:
    """Hands strike in turn."""
    up, down = hand(0.15, 0.34, -0.06, DOWN), hand(0.15, 0.38, -0.24, DOWN)
    return Phrase(
        [both(key(0.6, r_arm=down, spine=(8,), neck=(8,)))],
        [key(0.16, r_arm=up, l_arm=down), key(0.16, r_arm=down, l_arm=up)],
        [home(0.6)],
        repeats=6,
        elastic=False,
    )


@action("conduct", forms("conduct", "direct traffic", "signal", "guide"), "orchestra|conducts")
def conduct(move: Move) -> Phrase:
    """Both hands beat time."""
    low, out, high = (
        both(key(0.32, r_arm=hand(x, 0.36, z, DOWN))) for x, z in ((0.12, -0.14), (0.34, 0.0), (0.18, 0.16))
    )
    return Phrase(
        [both(key(0.6, r_arm=hand(0.18, 0.34, 0.16, DOWN)))], [low, out, high], [home(0.7)], repeats=3, elastic=False
    )


@action(
    "type",
    "typ(?:es?|ing|ed)(?: on)?|keyboard|plays? (?:the )?piano|playing (?:the )?piano|pianist",
    "works? (?:on|at) (?:a|the|his|her) computer",
)
def type_keys(move: Move) -> Phrase:
    """Both forearms level, hands tapping in turn."""
    up, down = hand(0.13, 0.36, -0.19, DOWN), hand(0.16, 0.37, -0.23, DOWN)
    cycle = [
        key(0.17, r_arm=up, l_arm=down),
        key(0.17, r_arm=down, l_arm=up),
        key(0.17, r_arm=hand(0.10, 0.36, -0.20, DOWN), l_arm=down),
        key(0.17, r_arm=down, l_arm=hand(0.20, 0.36, -0.20, DOWN)),
    ]
    return Phrase([both(key(0.7, r_arm=down, neck=(16,), spine=(4,)))], cycle, [home(0.7)], repeats=4, elastic=False)
