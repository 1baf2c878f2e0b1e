"""The repertoire: one small function an action, registered by its decorator when its module is imported.

To add one, write its keys for the right side in the module of its family:

    @action("salute", forms("salute"), sided="hand")
    def salute(move: Move) -> Phrase:
        \"\"\"The hand goes to the brow.\"\"\"
        return Phrase([key(0.6, r_arm=hand(0.12, 0.16, 0.20, (1, 0, 0)))], hold=1.2)
"""

from baselines.choreographer.actions import (
    arms,
    balls,
    daily,
    dance,
    floor,
    ground,
    head,
    jumps,
    legs,
    locomotion,
    music,
    sport,
    strikes,
    work,
)

__all__ = [
    "arms",
    "balls",
    "daily",
    "dance",
    "floor",
    "ground",
    "head",
    "jumps",
    "legs",
    "locomotion",
    "music",
    "sport",
    "strikes",
    "work",
]
