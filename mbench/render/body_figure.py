"""A motion as a body with a skin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.body import Body, load_body
from mbench.body.fit_bones import size_of
from mbench.motion import Motion, Pose
from mbench.motion.skeleton import FEET, JOINTS, PELVIS
from mbench.render.bones import joints_of
from mbench.render.figure import Figure
from mbench.render.look import Look, srgb
from mbench.render.reshape import Reshaped

Floats = NDArray[np.floating]
# The side's colour begins at these joints; shoulders, hips and what lies between are the trunk's.
LIMBS = ("knee", "ankle", "foot", "elbow", "wrist")
HALF = ("hip", "shoulder")  # thighs and upper arms: half of it
LOOKED_AT = 48  # frames from which the height of the soles is told
STANDING = 20.0  # percentile of the lowest point over frames


def body_figure(motion: Motion, name: str, look: Look) -> Figure:
    """Return a motion as a body with the bone lengths of the motion (see `mbench.render.reshape`).

    It is lifted by up to the thickness of its soles where they would be below the floor: many skeletons have the toe
    joint on the floor, bodies have it in the flesh. Deeper feet stay below the floor, and feet above it stay above.

    Args:
        motion: metres, z up; its rotations are used, or fitted to the joints where it has none.
        name: see `mbench.body.load_body`.
        look: colours of left, right and middle.

    Raises:
        FormatError: the body can't be read.
    """
    body = load_body(name)
    pose = body_pose(motion, body)
    shaped = Reshaped(body, size_of(motion.joints, body.rest_offsets), pose.offsets)
    pelvis = motion.joints[:, PELVIS].astype(np.float64)
    rise = lift(shaped, pose, pelvis)

    def vertices(first: int, last: int) -> Floats:
        return shaped.posed(pose.rotations[first:last], pelvis[first:last] + rise)

    return Figure(body.faces, vertex_colours(body, look), shaped.vertices, len(motion), vertices)


def body_pose(motion: Motion, body: Body) -> Pose:
    """Return the rotations of a motion, fitted to its joints where it has none."""
    if motion.pose is not None:
        return motion.pose
    from mbench.body.fit import fit_pose

    return fit_pose(motion, body)


def lift(shaped: Reshaped, pose: Pose, pelvis: Floats) -> Floats:
    """Return by how much the body is moved up (3,), so that it stands on the floor and not in it."""
    frames = np.unique(np.linspace(0, len(pelvis) - 1, LOOKED_AT).astype(int))
    lowest = shaped.posed(pose.rotations[frames], pelvis[frames])[..., 2].min(axis=1)
    toes = joints_of(shaped.offsets)[list(FEET), 2].min()
    sole = max(0.0, toes - float(shaped.vertices[:, 2].min()))
    return np.array([0, 0, np.clip(-np.percentile(lowest, STANDING), 0.0, sole)])


def vertex_colours(body: Body, look: Look) -> Floats:
    """Return linear RGB (V, 3): left and right limbs in their colours, blended as the skin is."""
    middle = np.array(srgb(look.middle))
    table = np.tile(middle, (len(JOINTS), 1))
    for joint, name in enumerate(JOINTS):
        side, _, part = name.partition("_")
        share = 1.0 if part in LIMBS else 0.5 if part in HALF else 0.0
        if share:
            table[joint] = share * np.array(srgb(look.left if side == "left" else look.right)) + (1 - share) * middle
    return np.asarray(body.weights @ table)
