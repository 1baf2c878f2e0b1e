"""Kinematic losses: what a decoded motion must not contradict. Each is a value a sample, (B,), with gradients.

Inputs are rows (B, T, 276) that are not normalised, and a mask (B, T) that is True where there is a frame. Where the
rows are those of real motion, every loss but `contact` is 0 up to rounding and the spread of bone lengths.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mbench.motion.skeleton import FEET, PELVIS
from vimogen.kinematics import (
    bone_offsets,
    integrated,
    orientation,
    posed,
    positions,
    product,
    turns,
    velocities,
)

CONTACT_HEIGHT = 0.05  # metres above the lowest point of the clip
CONTACT_SPEED = 0.01  # metres per frame


def posing(rows: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Return the mean square distance, m^2, of joints from where the rotations put them, with the true bones."""
    off = posed(rows, bone_offsets(truth, mask)) - positions(rows)
    return _mean(off.square().sum(-1).mean(-1), mask)


def velocity(rows: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Return the mean square distance, m^2, of velocity columns from differences of positions and orientations.

    The orientation counts as the path of a point 1 m from the pelvis along each axis.
    """
    steps = velocities(rows)[:, :-1] - positions(rows).diff(dim=1)
    turned = orientation(rows)
    spun = turns(rows)[:, :-1] - product(turned[:, 1:], turned[:, :-1].transpose(-1, -2))
    both = steps.square().sum(-1).mean(-1) + spun.square().sum((-1, -2)) / 3
    return _mean(both, mask[:, 1:] & mask[:, :-1])


def drift(rows: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Return the mean square distance, m^2, of the pelvis from the running sum of its velocities."""
    off = (integrated(rows) - positions(rows))[:, :, PELVIS]
    return _mean(off.square().sum(-1), mask)


def contact(rows: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Return the mean square path, m^2 per frame, of feet that stand on the ground in the true motion."""
    there = in_contact(truth, mask)
    both = velocities(rows)[:, :-1, list(FEET)].square() + positions(rows)[:, :, list(FEET)].diff(dim=1).square()
    moved = both.sum(-1) / 2 * there
    return moved.sum((1, 2)) / there.sum((1, 2)).clamp(min=1)


def in_contact(truth: Tensor, mask: Tensor) -> Tensor:
    """Return where a foot stands from a frame to the next: (B, T - 1, feet), as 0 and 1."""
    feet = positions(truth)[:, :, list(FEET)]
    steps = mask[:, 1:] & mask[:, :-1]
    height = torch.where(mask[..., None], feet[..., 2], torch.inf)
    low = height[:, :-1] < height.amin(dim=(1, 2), keepdim=True) + CONTACT_HEIGHT
    slow = feet.diff(dim=1).norm(dim=-1) < CONTACT_SPEED
    return (low & slow & steps[..., None]).to(truth.dtype)


KINEMATIC = {"posing": posing, "velocity": velocity, "drift": drift, "contact": contact}


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over frames that are there: (B,)."""
    weight = mask.to(values.dtype)
    return (values * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
