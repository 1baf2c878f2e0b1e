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
    world = orientation(rows)[..., None, :, :]
    for joints, places in _LEVELS:
        world = torch.cat([world, product(world[..., places, :, :], local[..., [j - 1 for j in joints], :, :])], dim=-3)
    return world[..., _ORDER, :, :]


def product(a: Tensor, b: Tensor) -> Tensor:
    """Return the matrix products (..., 3, n) of a (..., 3, 3) and b (..., 3, n): faster than `@` for so small ones."""
    return (a[..., :, :, None] * b[..., None, :, :]).sum(dim=-2)


def bone_offsets(rows: Tensor, mask: Tensor) -> Tensor:
    """Return the offset of every joint in its parent's frame, mean over frames: (B, 22, 3), metres; 0 for the pelvis.

    Args:
        rows: (B, T, 276).
        mask: (B, T), True where there is a frame.
    """
    joints, world = positions(rows), world_rotations(rows)
    parents = list(PARENTS[1:])
    bones = joints[:, :, 1:] - joints[:, :, parents]
    inside = product(world[:, :, parents].transpose(-1, -2), bones[..., None])[..., 0]
    weight = mask[..., None, None].to(inside.dtype)
    mean = (inside * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
    return F.pad(mean, (0, 0, 1, 0))


def posed(rows: Tensor, offsets: Tensor) -> Tensor:
    """Return the joints (B, T, 22, 3) that the rotations pose, from where the pelvis stands.

    Args:
        rows: (B, T, 276).
        offsets: (B, 22, 3) of `bone_offsets`.
    """
    parents = list(PARENTS[1:])
    bones = product(world_rotations(rows)[:, :, parents], offsets[:, None, 1:, :, None])[..., 0]
    joints = positions(rows)[:, :, PELVIS : PELVIS + 1]
    for own, places in _LEVELS:
        joints = torch.cat([joints, joints[:, :, places] + bones[:, :, [j - 1 for j in own]]], dim=2)
    return joints[:, :, _ORDER]


def _levels() -> tuple[list[tuple[list[int], list[int]]], list[int]]:
    """Return the joints of each depth of the tree with the places of their parents, and where each joint ends up.

    A place counts joints in the order in which the levels are appended, the pelvis first.
    """
    order, levels = [PELVIS], []
    while len(order) < N_JOINTS:
        own = [joint for joint in range(N_JOINTS) if joint not in order and PARENTS[joint] in order]
        levels.append((own, [order.index(PARENTS[joint]) for joint in own]))
        order += own
    return levels, [order.index(joint) for joint in range(N_JOINTS)]


_LEVELS, _ORDER = _levels()
