"""From controls to joint rotations: spine and arms forward, legs by two-bone inverse kinematics on the SMPL-22 tree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from baselines.choreographer.controls import SLICES
from mbench.motion.kinematics import matrix_to_quaternion
from mbench.motion.skeleton import INDEX, PARENTS, REST_OFFSETS

Floats = NDArray[np.float64]
OFFSETS = REST_OFFSETS.astype(np.float64)
SIDES = (("left", "l_", -1.0), ("right", "r_", 1.0))
REACH = 0.9985  # share of a limb's length that inverse kinematics may use: a straight joint has no bending plane
_SLACK = 0.020  # metres over which the pelvis eases into the reach of the legs
STANDING = 0.965  # height of the pelvis in neutral standing before it is eased into reach, knees a little bent


def turn(axis: int, degrees: ArrayLike) -> Floats:
    """Return rotation matrices (..., 3, 3) about x, y or z (0, 1, 2)."""
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    out = np.zeros((*np.shape(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[..., axis, axis] = 1
    out[..., i, i] = out[..., j, j] = c
    out[..., i, j], out[..., j, i] = -s, s
    return out


def oriented(angles: Floats) -> Floats:
    """Return rotations (..., 3, 3) of pitch (forward), roll (to the right) and yaw (to the left), degrees (..., 3)."""
    return turn(2, angles[..., 2]) @ turn(0, -angles[..., 0]) @ turn(1, angles[..., 1])


def swing(flexion: Floats, sideways: Floats) -> Floats:
    """Return the rotations by the vector (flexion, sideways, 0) in degrees (Rodrigues), smooth everywhere."""
    vector = np.radians(np.stack([flexion, sideways, np.zeros_like(flexion)], axis=-1))
    angle = np.linalg.norm(vector, axis=-1)
    x, y, z = np.moveaxis(vector / np.maximum(angle, 1e-12)[..., None], -1, 0)
    skew = np.stack([0 * x, -z, y, z, 0 * x, -x, -y, x, 0 * x], axis=-1).reshape(*angle.shape, 3, 3)
    s, c = np.sin(angle)[..., None, None], np.cos(angle)[..., None, None]
    return np.eye(3) + s * skew + (1 - c) * (skew @ skew)


def normalised(vectors: Floats) -> Floats:
    """Return vectors (..., 3) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def frame(along: Floats, hinge: Floats) -> Floats:
    """Return the orthonormal frame (..., 3, 3) with columns along a bone, near a hinge axis, and across both."""
    along = normalised(along)
    hinge = normalised(hinge - (hinge * along).sum(-1, keepdims=True) * along)
    return np.stack([along, hinge, np.cross(along, hinge)], axis=-1)


def two_bones(start: Floats, end: Floats, hinge: Floats, bones: tuple[Floats, Floats], rest: Floats) -> list[Floats]:
    """Return the world rotations (T, 3, 3) of both bones of a limb, by the law of cosines.

    Args:
        start: of the limb (T, 3).
        end: where its end shall be (T, 3); brought into reach along the line.
        hinge: axis (T, 3) about which the middle joint extends: the middle joint goes to hinge x (end - start).
        bones: the two bone vectors at rest (3,).
        rest: the hinge axis at rest (3,).
    """
    upper, lower = (float(np.linalg.norm(bone)) for bone in bones)
    line = end - start
    length = np.clip(np.linalg.norm(line, axis=-1), abs(upper - lower) + 0.06, REACH * (upper + lower))[:, None]
    along, axis, _ = np.moveaxis(frame(line, hinge), -1, 0)
    share = (length**2 + upper**2 - lower**2) / (2 * length)
    height = np.sqrt(np.maximum(upper**2 - share**2, 0))
    middle = along * share + np.cross(axis, along) * height
    directions = (middle, along * length - middle)
    return [frame(d, axis) @ frame(bone, rest).T for d, bone in zip(directions, bones, strict=True)]


def pose(controls: Floats) -> tuple[Floats, Floats]:
    """Return local quaternions (T, 22, 4) and pelvis positions (T, 3) of controls in the world (T, 46)."""
    part = {name: controls[:, where] for name, where in SLICES.items()}
    world = _trunk(part)
    feet = {side: oriented(part[key + "sole"]) for side, key, _ in SIDES}
    ankles = {side: part[key + "foot"] - feet[side] @ OFFSETS[INDEX[f"{side}_foot"]] for side, key, _ in SIDES}
    heights = {side: part[key + "foot"][:, 2] for side, key, _ in SIDES}
    root = _within_reach(part["root"] + (0, 0, STANDING), world[:, 0], ankles, heights)
    for side, key, sign in SIDES:
        _leg(world, root, side, ankles[side], feet[side], sign * part[key + "knee"][:, 0])
        _toes(world, side, part[key + "sole"], part[key + "foot"][:, 2])
        _arm(world, root, part, side, sign)
    return matrix_to_quaternion(_local(world)).astype(np.float64), root


def _trunk(part: dict[str, Floats]) -> Floats:
    """Return world rotations (T, 22, 3, 3) with pelvis, spine, neck and head set: each joint takes an equal share."""
    world = np.tile(np.eye(3), (len(part["root"]), 22, 1, 1))
    world[:, 0] = oriented(part["tilt"])
    chain = [
        ("spine1", "spine", 3),
        ("spine2", "spine", 3),
        ("spine3", "spine", 3),
        ("neck", "neck", 2),
        ("head", "neck", 2),
    ]
    now = world[:, 0]
    for joint, group, share in chain:
        now = now @ oriented(part[group] / share)
        world[:, INDEX[joint]] = now
    return world


def _within_reach(root: Floats, pelvis: Floats, ankles: dict[str, Floats], toes: dict[str, Floats]) -> Floats:
    """Return the pelvis (T, 3) lowered, smoothly, to where both legs reach their ankles.

    A foot in the air holds nobody down: what its leg cannot reach, it misses.
    """
    ceilings = []
    for side, ankle in ankles.items():
        hip, knee, shin = (OFFSETS[INDEX[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
        length = REACH * (np.linalg.norm(knee) + np.linalg.norm(shin))
        arm = pelvis @ hip
        across = ((root + arm - ankle)[:, :2] ** 2).sum(axis=-1)
        free = 2.5 * np.clip(toes[side] - 0.02, 0, 0.2)
        ceilings.append(ankle[:, 2] - arm[:, 2] + np.sqrt(np.maximum(length**2 - across, 0.01)) + free)
    height = _lower(root[:, 2], _lower(*ceilings))
    return np.concatenate([root[:, :2], height[:, None]], axis=1)


def _lower(first: Floats, second: Floats) -> Floats:
    """Return the smaller of two heights (T,), passing smoothly from one to the other."""
    return (first + second - np.sqrt((first - second) ** 2 + _SLACK**2)) / 2


def _leg(world: Floats, root: Floats, side: str, ankle: Floats, foot: Floats, outward: Floats) -> None:
    """Set thigh, shin and foot: the knee bends in the plane between pelvis and foot, turned outward by an angle."""
    hip, knee, shin = (INDEX[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
    start = root + world[:, 0] @ OFFSETS[hip]
    hinge = world[:, 0, :, 0] + foot[:, :, 0]
    line = normalised(ankle - start)
    hinge = frame(line, hinge)[..., 1]
    angle = np.radians(outward)[:, None]
    hinge = hinge * np.cos(angle) + np.cross(line, hinge) * np.sin(angle)
    bones = (OFFSETS[knee], OFFSETS[shin])
    world[:, hip], world[:, knee] = two_bones(start, ankle, hinge, bones, np.array([1.0, 0, 0]))
    world[:, shin] = foot


def _toes(world: Floats, side: str, sole: Floats, height: Floats) -> None:
    """Set the toes: they stay flat under a lifted heel, and follow the foot in the air."""
    planted = np.clip(1 - (height - 0.02) / 0.05, 0, 1)
    bend = planted * np.clip(sole[:, 0], 0, 55)
    world[:, INDEX[f"{side}_foot"]] = world[:, INDEX[f"{side}_ankle"]] @ turn(0, bend)


def _arm(world: Floats, root: Floats, part: dict[str, Floats], side: str, sign: float) -> None:
    """Set collar, upper arm and forearm, and pin the wrist where that is asked for."""
    flexion, outward, twist, elbow = part[side[0] + "_arm"].T
    raised, forward = part[side[0] + "_collar"].T
    chest = world[:, INDEX["spine3"]]
    # The shoulder blade follows an arm that is raised: about a third of the motion above 60 degrees (Inman, 1944).
    lift = np.hypot(flexion, outward) - 60
    raised = raised + 0.15 * (lift + np.hypot(lift, 15))
    world[:, INDEX[f"{side}_collar"]] = chest @ turn(1, -sign * raised) @ turn(2, sign * forward)
    hang = turn(1, sign * 90.0)
    upper = chest @ swing(flexion, -sign * outward) @ turn(2, -sign * twist) @ hang
    world[:, INDEX[f"{side}_shoulder"]] = upper
    world[:, INDEX[f"{side}_elbow"]] = upper @ turn(2, sign * elbow)
    if part[side[0] + "_hand"][:, 3].any():
        _pin(world, root, part[side[0] + "_hand"], side, sign)
    world[:, INDEX[f"{side}_wrist"]] = world[:, INDEX[f"{side}_elbow"]]


def _pin(world: Floats, root: Floats, hand: Floats, side: str, sign: float) -> None:
    """Move the wrist towards its pin, keeping the plane in which the elbow bends."""
    shoulder, elbow, wrist = (INDEX[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist"))
    start = root.copy()
    for parent, child in (
        ("pelvis", "spine1"),
        ("spine1", "spine2"),
        ("spine2", "spine3"),
        ("spine3", f"{side}_collar"),
    ):
        start += world[:, INDEX[parent]] @ OFFSETS[INDEX[child]]
    start += world[:, INDEX[f"{side}_collar"]] @ OFFSETS[shoulder]
    bones = (OFFSETS[elbow], OFFSETS[wrist])
    now = start + world[:, shoulder] @ bones[0] + world[:, elbow] @ bones[1]
    target = now + np.clip(hand[:, 3:], 0, 1) * (hand[:, :3] - now)
    rest = np.array([0, 0, -sign])
    world[:, shoulder], world[:, elbow] = two_bones(start, target, world[:, shoulder] @ rest, bones, rest)


def _local(world: Floats) -> Floats:
    """Return local rotations (T, 22, 3, 3) of world rotations."""
    parents = np.array(PARENTS[1:])
    local = world.copy()
    local[:, 1:] = np.swapaxes(world[:, parents], -1, -2) @ world[:, 1:]
    return local
