"""What the 276 columns of a motion say of each other, in torch, so that losses can read it.

Columns as in `mbench.motion.representations.vimogen276`, not normalised: metres, z up, rotations in SMPL's sense. In
shapes, B are samples, T frames.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from mbench.motion.representations.vimogen276 import (
    ORIENTATION,
    ORIENTATION_VELOCITY,
    POSITION_VELOCITY,
    POSITIONS,
    ROTATIONS,
)
from mbench.motion.skeleton import N_JOINTS, PARENTS, PELVIS


def rotations_from_6d(six: Tensor) -> Tensor:
    """Return rotation matrices (..., 3, 3) of 6D rotations (..., 6), by Gram-Schmidt; never fails, for any input.

    Source: Zhou et al. 2019, On the Continuity of Rotation Representations in Neural Networks.
    """
    columns = six.unflatten(-1, (3, 2))
    x = F.normalize(columns[..., 0], dim=-1)
    second = columns[..., 1]
    y = F.normalize(second - (x * second).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def positions(rows: Tensor) -> Tensor:
    """Return the joints (B, T, 22, 3) of the absolute columns."""
    return rows[..., POSITIONS].unflatten(-1, (N_JOINTS, 3))


def velocities(rows: Tensor) -> Tensor:
    """Return the joints' velocities (B, T, 22, 3), metres per frame: from a frame to the next."""
    return rows[..., POSITION_VELOCITY].unflatten(-1, (N_JOINTS, 3))


def integrated(rows: Tensor) -> Tensor:
    """Return the joints (B, T, 22, 3) as frame 0 and a running sum of velocities: what the release scores."""
    start, steps = positions(rows)[:, :1], velocities(rows)[:, :-1]
    return torch.cat([start, start + steps.cumsum(dim=1)], dim=1)


def orientation(rows: Tensor) -> Tensor:
    """Return the orientation of the pelvis: (B, T, 3, 3)."""
    return rotations_from_6d(rows[..., ORIENTATION])


def turns(rows: Tensor) -> Tensor:
    """Return R[t+1] R[t]^T as the velocity columns have it: (B, T, 3, 3)."""
    return rotations_from_6d(rows[..., ORIENTATION_VELOCITY])


def world_rotations(rows: Tensor) -> Tensor:
    """Return the world rotation of every joint: (B, T, 22, 3, 3)."""
    local = rotations_from_6d(rows[..., ROTATIONS].unflatten(-1, (N_JOINTS - 1, 6)))
    world = [orientation(rows)]
    for joint in range(1, N_JOINTS):
        world.append(world[PARENTS[joint]] @ local[..., joint - 1, :, :])
    return torch.stack(world, dim=-3)


def bone_offsets(rows: Tensor, mask: Tensor) -> Tensor:
    """Return the offset of every joint in its parent's frame, mean over frames: (B, 22, 3), metres; 0 for the pelvis.

    Args:
        rows: (B, T, 276).
        mask: (B, T), True where there is a frame.
    """
    joints, world = positions(rows), world_rotations(rows)
    parents = list(PARENTS[1:])
    bones = joints[:, :, 1:] - joints[:, :, parents]
    inside = (world[:, :, parents].transpose(-1, -2) @ bones[..., None])[..., 0]
    weight = mask[..., None, None].to(inside.dtype)
    mean = (inside * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
    return F.pad(mean, (0, 0, 1, 0))


def posed(rows: Tensor, offsets: Tensor) -> Tensor:
    """Return the joints (B, T, 22, 3) that the rotations pose, from where the pelvis stands.

    Args:
        rows: (B, T, 276).
        offsets: (B, 22, 3) of `bone_offsets`.
    """
    world = world_rotations(rows)
    joints = [positions(rows)[:, :, PELVIS]]
    for joint in range(1, N_JOINTS):
        parent = PARENTS[joint]
        joints.append(joints[parent] + (world[:, :, parent] @ offsets[:, None, joint, :, None])[..., 0])
    return torch.stack(joints, dim=2)
