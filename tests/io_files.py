"""Small motion files that several tests of reading need."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mbench.motion.skeleton import JOINTS, PARENTS, REST_OFFSETS

TO_Y_UP = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
LIMBS = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")


def named(trunk: str, limbs: str, sides: tuple[str, str] = ("Left", "Right")) -> dict[str, str]:
    """Return a file name for each of the 22 joints; `{}` in limb names is the side."""
    names = dict(zip(("pelvis", "spine1", "spine2", "spine3", "neck", "head"), trunk.split(), strict=True))
    for side, word in zip(("left", "right"), sides, strict=True):
        names |= {f"{side}_{j}": n.format(word) for j, n in zip(LIMBS, limbs.split(), strict=True)}
    return names


MIXAMO = named(
    "Hips Spine Spine1 Spine2 Neck Head",
    "{}UpLeg {}Leg {}Foot {}ToeBase {}Shoulder {}Arm {}ForeArm {}Hand",
)


def bvh_text(names: dict[str, str], rows: np.ndarray, channels: str = "Zrotation Xrotation Yrotation") -> str:
    """Return a y-up BVH file in centimetres of the rest skeleton under other names; rows (T, 3 + 66)."""
    lines = ["HIERARCHY"]

    def block(joint: int, depth: int) -> None:
        kind = "ROOT" if depth == 0 else "JOINT"
        offset = " ".join(f"{v:.6f}" for v in TO_Y_UP @ REST_OFFSETS[joint] * 100)
        count = "6 Xposition Yposition Zposition" if depth == 0 else "3"
        lines.extend([f"{kind} {names[JOINTS[joint]]}", "{", f"OFFSET {offset}", f"CHANNELS {count} {channels}"])
        children = [c for c in range(22) if PARENTS[c] == joint]
        for child in children:
            block(child, depth + 1)
        if not children:
            lines.extend(["End Site", "{", "OFFSET 0 0 1", "}"])
        lines.append("}")

    block(0, 0)
    lines += ["MOTION", f"Frames: {len(rows)}", "Frame Time: 0.05"]
    return "\n".join(lines + [" ".join(f"{v:.6f}" for v in row) for row in rows]) + "\n"


def files_in(folder: Path) -> list[str]:
    """Return the names of what a folder holds, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def bvh_rows(frames: int = 30, degrees: float = 25.0, seed: int = 0) -> np.ndarray:
    """Return smooth random channel values (T, 69): a standing person who moves all joints a little."""
    rng = np.random.default_rng(seed)
    times = np.arange(frames)[:, None] / 20
    rows = np.zeros((frames, 69))
    rows[:, :3] = (0.0, 95.0, 0.0) + 5 * np.sin(times * rng.uniform(1, 3, 3))
    rows[:, 6:] = degrees * rng.uniform(-1, 1, 63) * np.sin(times * rng.uniform(1, 4, 63) + rng.uniform(0, 6, 63))
    return rows
