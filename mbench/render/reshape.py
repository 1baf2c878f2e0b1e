"""A body with the bones of a motion: its skin moves along with its joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.body import Body
from mbench.motion.ik import CHILDREN
from mbench.motion.kinematics import forward_kinematics, world_rotations
from mbench.motion.skeleton import FEET, HEAD, INDEX, JOINTS, PARENTS
from mbench.render.bones import joints_of

Floats = NDArray[np.floating]
# Feet and head keep their shape, and the trunk is scaled as a whole: where in them a skeleton has its joints is a
# matter of convention, and differs by several centimetres.
KEPT = (*FEET, HEAD)
TRUNK = [joint for joint, name in enumerate(JOINTS) if name.rpartition("_")[2] in ("collar", "shoulder", "neck")]
TRUNK += [joint for joint, name in enumerate(JOINTS) if name.startswith("spine")]
SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]


class Reshaped:
    """A body scaled to a size, its limbs then stretched to the bones of a pose and its trunk to the shoulders' height.

    With linear blend skinning a vertex v goes to sum_j w_j (R_j (v - J_j) + p_j), J the joints of the T-pose and p
    those of the frame. Moving the T-pose's joints by D and its vertices by d (D, blended along each bone) adds
    sum_j w_j (R_j (d - D_j) + p'_j - p_j), which is added here to what the body itself gives.

    Attributes:
        vertices: of the T-pose (V, 3), metres, z up, facing +y, the pelvis at the origin.
        offsets: bone vectors (22, 3), metres.

    Args:
        body: the body.
        size: by how much it is scaled as a whole.
        offsets: T-pose bone vectors to reach (22, 3), metres.
    """

    def __init__(self, body: Body, size: float, offsets: Floats) -> None:
        own = size * body.rest_offsets.astype(np.float64)
        self.offsets = _reached(own, np.asarray(offsets, dtype=np.float64))
        self._body, self._size, self._weights = body, size, body.weights
        rest, joints = size * body.rest_vertices.astype(np.float64), joints_of(own)
        self._moved = joints_of(self.offsets) - joints
        self._shift = _blended(rest, joints, self._moved, self._weights)
        self.vertices = rest + self._shift

    def posed(self, rotations: Floats, pelvis: Floats) -> Floats:
        """Return the skin (T, V, 3), float32.

        Args:
            rotations: local quaternions (T, 22, 4).
            pelvis: (T, 3), metres.
        """
        import torch

        with torch.no_grad():
            skin, joints = (part.cpu().numpy() for part in self._body.pose(rotations, np.zeros_like(pelvis)))
        turns = world_rotations(rotations)
        shift = forward_kinematics(rotations, pelvis, self.offsets) - self._size * joints
        shift -= np.einsum("tjab,jb->tja", turns, self._moved)
        blend = np.concatenate([turns, shift[..., None]], axis=-1).reshape(len(turns), len(PARENTS), 12)
        blend = np.tensordot(blend.astype(np.float32), self._weights.astype(np.float32), axes=(1, 1))  # (T, 12, V)
        point = np.concatenate([self._shift.T, np.ones((1, len(skin[0])))]).astype(np.float32)  # (4, V)
        added = (blend.reshape(len(turns), 3, 4, -1) * point).sum(axis=2)
        return np.asarray(skin * np.float32(self._size) + added.swapaxes(1, 2))


def _reached(own: Floats, wanted: Floats) -> Floats:
    """Return the bone vectors (22, 3) that the body takes on: those wanted, but for feet, head and trunk."""
    reached = wanted.copy()
    reached[list(KEPT)] = own[list(KEPT)]
    tall, taller = (joints_of(offsets)[SHOULDERS, 2].mean() for offsets in (own, wanted))
    reached[TRUNK] = own[TRUNK] * np.clip(taller / tall, 0.5, 2.0)
    return reached


def _blended(vertices: Floats, joints: Floats, moved: Floats, weights: Floats) -> Floats:
    """Return how the vertices move (V, 3) when the joints do: as their joints, and in between along a bone."""
    shift = weights @ moved
    for joint, children in enumerate(CHILDREN):
        if len(children) == 1:
            bone = joints[children[0]] - joints[joint]
            along = ((vertices - joints[joint]) @ bone / (bone @ bone)).clip(0, 1)
            shift += (weights[:, joint] * along)[:, None] * (moved[children[0]] - moved[joint])
    return np.asarray(shift)
