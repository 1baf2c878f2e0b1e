"""What the motion encoder sees of each frame: torch, differentiable, in the precision of its input.

Everything is relative to where the body stands and faces, so that turning or moving the whole motion changes nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mbench.motion.skeleton import INDEX

LEFT, RIGHT = (INDEX["left_hip"], INDEX["left_shoulder"]), (INDEX["right_hip"], INDEX["right_shoulder"])
TOUCHING = (INDEX["left_ankle"], INDEX["left_foot"], INDEX["right_ankle"], INDEX["right_foot"])
HEIGHT, SPEED = 0.12, 0.3  # metres and metres a second under which a foot counts as touching the floor
STEADY = 5  # frames over which the facing direction is averaged: one twist of the shoulders is no turn
N_FEATURES = 66 + 66 + 3 + 4 + 4  # positions, velocities, root velocity and turn, path since the start, contacts


def features(joints: Tensor, fps: float = 20.0) -> Tensor:
    """Return (B, T, 143) features of joints (B, T, 22, 3), z up, in metres.

    Of each frame, in the frame that stands under the pelvis and faces where the body faces: joint positions and
    velocities (m, m/s), the pelvis's own velocity and turn (m/s, rad/s), its path and heading since the start (m,
    cosine, sine), and which ankles and toes touch the floor.

    Args:
        joints: B clips of T frames. A shorter clip repeats its last frame; this gives the same features as the clip
            alone, which is taken to stand still behind its end as well.
        fps: frames a second.
    """
    on = _facing(joints)
    facing = on[:, :-1]
    ground = joints[:, :, 0, :2]
    local = _turn(joints - _on_floor(ground), facing)
    velocity = _turn(_rate(joints, fps), facing)
    root = velocity[:, :, 0, :2]
    turn = (_angle(on[:, 1:], facing) * fps)[..., None]
    start = facing[:, :1]
    path = _turn(joints[:, :, :1] - _on_floor(ground[:, :1]), start.expand_as(facing))[:, :, 0, :2]
    heading = torch.stack([(facing * start).sum(-1), _cross(start, facing)], dim=-1)
    feet = list(TOUCHING)
    slow = velocity[:, :, feet].norm(dim=-1) < SPEED
    contacts = (slow & (joints[:, :, feet, 2] < HEIGHT)).to(joints.dtype)
    return torch.cat([local.flatten(2), velocity.flatten(2), root, turn, path, heading, contacts], dim=-1)


def _facing(joints: Tensor) -> Tensor:
    """Return (B, T + 1, 2) unit vectors of where the body faces, from hips and shoulders, averaged over a few frames.

    The last is that of one more frame, in which the body has not moved: the average still turns there.
    """
    across = sum(joints[:, :, right, :2] - joints[:, :, left, :2] for left, right in zip(LEFT, RIGHT, strict=True))
    ahead = torch.stack([-across[..., 1], across[..., 0]], dim=-1)  # type: ignore[index]
    half = STEADY // 2
    padded = torch.cat([ahead[:, :1]] * half + [ahead] + [ahead[:, -1:]] * (half + 1), dim=1)
    mean = padded.unfold(1, STEADY, 1).mean(dim=-1)
    return mean / mean.norm(dim=-1, keepdim=True).clamp(min=1e-6)


def _turn(vectors: Tensor, facing: Tensor) -> Tensor:
    """Turn (B, T, J, 3) vectors about z so that `facing` (B, T, 2) becomes +y."""
    east, north = facing[..., 0, None], facing[..., 1, None]
    x, y, z = vectors.unbind(-1)
    return torch.stack([north * x - east * y, east * x + north * y, z], dim=-1)


def _on_floor(ground: Tensor) -> Tensor:
    """Return (B, T, 1, 3) points on the floor of (B, T, 2)."""
    return torch.cat([ground, torch.zeros_like(ground[..., :1])], dim=-1)[:, :, None]


def _rate(values: Tensor, fps: float) -> Tensor:
    """Return the forward difference a second, 0 for the last frame."""
    steps = (values[:, 1:] - values[:, :-1]) * fps
    return torch.cat([steps, torch.zeros_like(values[:, :1])], dim=1)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _angle(after: Tensor, before: Tensor) -> Tensor:
    """Return the signed angle between unit vectors, in radians."""
    return torch.atan2(_cross(before, after), (before * after).sum(-1))
