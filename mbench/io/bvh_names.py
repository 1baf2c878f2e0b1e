"""How the skeletons of BVH files name their joints, and which of them are SMPL's 22.

A `Naming` gives, for each SMPL joint, what to look for in order of preference: a joint (`Spine1`), the end site of a
joint (`lFoot/end`), or a point on the line between two joints (`("Hips", "Spine", 0.4)`), which is interpolated.
`{}` stands for the side. Case does not matter, and all names of a file may share one prefix (`mixamorig:`,
`Character1_`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mbench.motion.skeleton import JOINTS

Between = tuple[str, str, float]
Place = str | Between
TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
LIMBS = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")


@dataclass(frozen=True)
class Naming:
    """The joint names of one family of skeletons.

    Attributes:
        name: of the family, for messages.
        sides: what `{}` becomes on the left and on the right.
        trunk: places of `TRUNK`, each a place or a list of alternatives.
        limbs: places of `LIMBS`, likewise.
    """

    name: str
    sides: tuple[str, str]
    trunk: tuple[Place | list[Place], ...]
    limbs: tuple[Place | list[Place], ...]

    def places(self) -> dict[str, list[Place]]:
        """Return the alternatives for each of the 22 joints."""
        found = {joint: _alternatives(place, "") for joint, place in zip(TRUNK, self.trunk, strict=True)}
        for side, word in zip(("left", "right"), self.sides, strict=True):
            for joint, place in zip(LIMBS, self.limbs, strict=True):
                found[f"{side}_{joint}"] = _alternatives(place, word)
        return {joint: found[joint] for joint in JOINTS}


def _alternatives(place: Place | list[Place], side: str) -> list[Place]:
    """Return alternatives with the side filled in."""
    places = place if isinstance(place, list) else [place]
    return [p.format(side) if isinstance(p, str) else (p[0].format(side), p[1].format(side), p[2]) for p in places]


_TOES: list[Place] = ["{}ToeBase", "{}Toe", ("{}ForeFoot", "{}ForeFoot/end", 0.6), "{}Foot/end"]
_MAYA_LEGS: tuple[Place | list[Place], ...] = ("{}UpLeg", "{}Leg", "{}Foot", _TOES)
_MAYA_ARMS: tuple[Place | list[Place], ...] = (["{}Shoulder", ("Neck", "{}Arm", 0.4)], "{}Arm", "{}ForeArm", "{}Hand")

# Specific names first: the first family that has all 22 is taken.
NAMINGS = (
    Naming(
        "SMPL",
        ("left", "right"),
        ("pelvis", "spine1", "spine2", "spine3", "neck", "head"),
        ("{}_hip", "{}_knee", "{}_ankle", "{}_foot", "{}_collar", "{}_shoulder", "{}_elbow", "{}_wrist"),
    ),
    Naming(
        "SMPL (L_, R_)",
        ("L", "R"),
        ("Pelvis", "Spine1", "Spine2", "Spine3", "Neck", "Head"),
        ("{}_Hip", "{}_Knee", "{}_Ankle", "{}_Foot", "{}_Collar", "{}_Shoulder", "{}_Elbow", "{}_Wrist"),
    ),
    Naming(  # the spine of CMU's own files ends where the collars start; the neck is inside the bone above
        "CMU",
        ("Left", "Right"),
        ("Hips", ("LowerBack", "Spine", 0.5), "Spine", "Spine1", ("Neck", "Neck1", 0.6), "Head"),
        (*_MAYA_LEGS, *_MAYA_ARMS),
    ),
    Naming(
        "MotionBuilder with four spine joints",
        ("Left", "Right"),
        ("Hips", "Spine", "Spine2", "Spine3", "Neck", "Head"),
        (*_MAYA_LEGS, *_MAYA_ARMS),
    ),
    Naming(
        "Mixamo, MotionBuilder",
        ("Left", "Right"),
        (
            "Hips",
            ["Spine", ("Hips", "Neck", 0.2)],
            ["Spine1", ("Spine", "Neck", 0.33)],
            ["Spine2", ("Spine1", "Neck", 0.33), ("Spine", "Neck", 0.5)],
            "Neck",
            "Head",
        ),
        (*_MAYA_LEGS, *_MAYA_ARMS),
    ),
    Naming(
        "Bandai Namco",
        ("L", "R"),
        (("Hips", "Spine", 0.4), "Spine", ("Spine", "Chest", 0.5), "Chest", "Neck", "Head"),
        (
            "UpperLeg_{}", "LowerLeg_{}", "Foot_{}", ["Toes_{}", "Foot_{}/end"],
            "Shoulder_{}", "UpperArm_{}", "LowerArm_{}", "Hand_{}",
        ),
    ),  # fmt: skip
    Naming(
        "Daz, Poser",
        ("l", "r"),
        (("hip", "abdomen", 0.5), "abdomen", ("abdomen", "chest", 0.5), "chest", "neck", "head"),
        ("{}Thigh", "{}Shin", "{}Foot", ["{}Toe", "{}Foot/end"], "{}Collar", "{}Shldr", "{}ForeArm", "{}Hand"),
    ),
    Naming(
        "Open Dynamics course skeleton",
        ("l", "r"),
        (
            "RootJoint",
            "pelvis_lowerback",
            "lowerback_torso",
            ("lowerback_torso", "torso_head", 0.25),
            ("lowerback_torso", "torso_head", 0.7),
            "torso_head",
        ),
        (
            "{}Hip", "{}Knee", "{}Ankle", ["{}ToeJoint", "{}Ankle/end"],
            "{}Torso_Clavicle", "{}Shoulder", "{}Elbow", "{}Wrist",
        ),
    ),  # fmt: skip
    Naming(
        "Reallusion",
        ("L", "R"),
        (
            ("CC_Base_Hip", "CC_Base_Waist", 0.4),
            "CC_Base_Spine01",
            "CC_Base_Spine02",
            ("CC_Base_Spine02", "CC_Base_NeckTwist01", 0.25),
            "CC_Base_NeckTwist01",
            "CC_Base_Head",
        ),
        (
            "CC_Base_{}_Thigh", "CC_Base_{}_Calf", "CC_Base_{}_Foot", "CC_Base_{}_ToeBase",
            "CC_Base_{}_Clavicle", "CC_Base_{}_Upperarm", "CC_Base_{}_Forearm", "CC_Base_{}_Hand",
        ),
    ),  # fmt: skip
    Naming(
        "Xsens",
        ("Left", "Right"),
        ("Hips", "Chest", "Chest3", "Chest4", "Neck", "Head"),
        (
            "{}Hip", "{}Knee", "{}Ankle", ["{}Toe", "{}Ankle/end"],
            "{}Collar", "{}Shoulder", "{}Elbow", "{}Wrist",
        ),
    ),  # fmt: skip
    Naming(
        "3ds Max Biped",
        ("L", "R"),
        ("Pelvis", "Spine", "Spine1", ["Spine2", ("Spine1", "Neck", 0.33)], "Neck", "Head"),
        (
            "{}_Thigh", "{}_Calf", "{}_Foot", ["{}_Toe0", "{}_Foot/end"],
            "{}_Clavicle", "{}_UpperArm", "{}_Forearm", "{}_Hand",
        ),
    ),  # fmt: skip
    Naming(
        "Unreal",
        ("l", "r"),
        ("pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head"),
        (
            "thigh_{}", "calf_{}", "foot_{}", ["ball_{}", "foot_{}/end"],
            "clavicle_{}", "upperarm_{}", "lowerarm_{}", "hand_{}",
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Mapping22:
    """Where the 22 joints are in a file.

    Attributes:
        naming: the family whose names were found.
        rows: for each SMPL joint the rows (a, b) of the file and the fraction from a to b; b = a for a plain joint.
        interpolated: the SMPL joints that lie between two of the file's.
    """

    naming: str
    rows: tuple[tuple[int, int, float], ...]
    interpolated: tuple[str, ...]


def map_joints(names: tuple[str, ...]) -> Mapping22 | tuple[str, list[str]]:
    """Return where the 22 joints are, or the nearest family and the SMPL joints that it does not find.

    Args:
        names: joints and end sites of a file, as `mbench.io.bvh_file.BvhFile.names`.
    """
    best: tuple[str, list[str]] = ("", list(JOINTS))
    for naming in NAMINGS:
        for prefix in _prefixes(names, naming):
            rows = _rows(_index(names, prefix), naming)
            if not (missing := [joint for joint, row in rows.items() if row is None]):
                found = tuple(row for row in rows.values() if row is not None)
                between = tuple(j for j, (a, b, _) in zip(JOINTS, found, strict=True) if a != b)
                return Mapping22(naming.name, found, between)
            if len(missing) < len(best[1]):
                best = (naming.name, missing)
    return best


def _prefixes(names: tuple[str, ...], naming: Naming) -> list[str]:
    """Return what may precede all names of a family in this file, the likeliest first."""
    wanted = tuple({_plain(place) for places in naming.places().values() for place in places if isinstance(place, str)})
    found = Counter(name.removesuffix(w) for name in map(_plain, names) for w in wanted if name.endswith(w))
    return [prefix for prefix, _ in found.most_common() if not prefix or prefix[-1] in ":_"][:3]


def _plain(name: str) -> str:
    """Return a name as it is compared: lower case, blanks and hyphens as underscores."""
    return name.lower().replace(" ", "_").replace("-", "_")


def _index(names: tuple[str, ...], prefix: str) -> dict[str, int]:
    """Return the row of each name that has the prefix; the first of equal names wins."""
    rows: dict[str, int] = {}
    for row, name in enumerate(map(_plain, names)):
        if name.startswith(prefix):
            rows.setdefault(name.removeprefix(prefix), row)
    return rows


def _rows(index: dict[str, int], naming: Naming) -> dict[str, tuple[int, int, float] | None]:
    """Return the rows of each SMPL joint under a family's names, None where it is not found."""
    return {
        joint: next(filter(None, (_find(index, p) for p in places)), None) for joint, places in naming.places().items()
    }


def _find(index: dict[str, int], place: Place) -> tuple[int, int, float] | None:
    """Return the rows of one place."""
    first, second, fraction = (place, place, 0.0) if isinstance(place, str) else place
    a, b = index.get(_plain(first)), index.get(_plain(second))
    return None if a is None or b is None else (a, b, fraction)
