"""Kinematics in torch against those of mbench in numpy, and what the losses see."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from mbench.motion.representations import vimogen276 as rep
from mbench.motion.representations.rows import SMPL_TO_OURS
from mbench.motion.skeleton import FEET, PELVIS
from motions import posed as posed_motion
from vimogen import kinematics
from vimogen.losses import CONTACT_HEIGHT, CONTACT_SPEED, KINEMATIC, in_contact


@pytest.fixture(scope="module")
def golden_rows(golden):
    """Return the golden rows of the release (1, 59, 276), float64."""
    rows = load_file(golden / "motion_rep" / "golden.safetensors")["canonical_rep"]
    return torch.tensor(rows.astype(np.float64))[None]


@pytest.fixture(scope="module")
def walk_rows():
    """Return rows of a skeleton of exact bones (1, T, 276), float64."""
    return torch.tensor(rep.encode(posed_motion(40)).astype(np.float64))[None]


def everywhere(rows):
    return torch.ones(rows.shape[:2], dtype=torch.bool)


def test_integration_is_that_of_the_representation(golden_rows):
    found = kinematics.integrated(golden_rows)[0].numpy()
    np.testing.assert_allclose(found, rep.integrate(golden_rows[0].numpy()).joints, atol=1e-12)


def test_rotations_are_those_of_the_representation(walk_rows):
    """World rotations of our own kinematics, in our sense, turned into SMPL's: R_smpl = R_ours A."""
    from mbench.motion.kinematics import world_rotations

    motion = posed_motion(40)
    ours = world_rotations(motion.pose.rotations)[:-1] @ SMPL_TO_OURS
    np.testing.assert_allclose(kinematics.world_rotations(walk_rows)[0].numpy(), ours, atol=1e-5)


def test_posing_by_true_bones_gives_the_joints_back(walk_rows):
    offsets = kinematics.bone_offsets(walk_rows, everywhere(walk_rows))
    found = kinematics.posed(walk_rows, offsets)
    torch.testing.assert_close(found, kinematics.positions(walk_rows), rtol=0, atol=1e-4)
    expected = posed_motion(40).pose.offsets.astype(np.float64) @ SMPL_TO_OURS  # A is symmetric: A^T o = o A
    np.testing.assert_allclose(offsets[0].numpy(), expected, atol=1e-5)


def test_six_numbers_that_hold_no_rotation_have_a_gradient():
    six = torch.zeros(2, 6, requires_grad=True)
    kinematics.rotations_from_6d(six).sum().backward()
    assert torch.isfinite(six.grad).all()


@pytest.mark.parametrize("name", ["posing", "velocity", "drift"])
def test_real_motion_contradicts_itself_nowhere(name, walk_rows):
    loss = KINEMATIC[name](walk_rows, walk_rows, everywhere(walk_rows))
    assert loss.shape == (1,)
    assert loss.item() < 1e-8


SPOIL = {
    "posing": rep.ROTATIONS,
    "velocity": rep.POSITION_VELOCITY,
    "drift": rep.POSITION_VELOCITY,
    "contact": rep.POSITIONS,
}


@pytest.mark.parametrize("name", KINEMATIC)
def test_each_loss_sees_what_it_is_for(name, walk_rows):
    """Noise in the columns that it reads raises it, and following its gradient lowers it again."""
    standing = walk_rows[:, :1].expand(-1, 30, -1).clone()
    standing[..., rep.POSITION_VELOCITY] = 0
    mask = everywhere(standing)
    spoilt = standing.clone()
    noise = torch.randn(spoilt[..., SPOIL[name]].shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spoilt[..., SPOIL[name]] += 0.05 * noise
    spoilt.requires_grad_()
    before = KINEMATIC[name](spoilt, standing, mask)
    before.sum().backward()
    assert before.item() > 1e-4
    assert spoilt.grad.isfinite().all()
    step = 0.1 * before.item() / spoilt.grad.square().sum()
    after = KINEMATIC[name](spoilt.detach() - step * spoilt.grad, standing, mask)
    assert after.item() < 0.95 * before.item()


@pytest.mark.parametrize("name", KINEMATIC)
def test_padding_is_not_read(name, golden_rows):
    spoilt = golden_rows + 0.02 * torch.randn(golden_rows.shape, generator=torch.Generator().manual_seed(1)).double()
    alone = KINEMATIC[name](spoilt[:, :40], golden_rows[:, :40], everywhere(golden_rows[:, :40]))
    mask = everywhere(golden_rows)
    mask[:, 40:] = False
    padded = [rows.clone() for rows in (spoilt, golden_rows)]
    for rows in padded:
        rows[:, 40:] = 7.0
    torch.testing.assert_close(KINEMATIC[name](*padded, mask), alone)


def test_drift_is_the_distance_of_the_two_ways_to_read_the_root(golden_rows):
    """The value of `decode`'s own report, squared, for a root that drifts evenly."""
    rows = golden_rows.clone()
    rows[..., rep.POSITION_VELOCITY] += 0.01
    frames = np.arange(rows.shape[1])
    expected = (3 * (0.01 * frames) ** 2).mean()
    assert KINEMATIC["drift"](rows, golden_rows, everywhere(rows)).item() == pytest.approx(expected, rel=1e-3)


def naive_contacts(rows, mask):
    """Return the pairs (frame, foot) that stand, one by one."""
    joints = rows[..., rep.POSITIONS].reshape(len(rows), 22, 3)
    lowest = min(joints[t, f, 2] for t in range(len(rows)) if mask[t] for f in FEET)
    return {
        (t, i)
        for t in range(len(rows) - 1)
        for i, f in enumerate(FEET)
        if mask[t] and mask[t + 1]
        and joints[t, f, 2] < lowest + CONTACT_HEIGHT
        and np.linalg.norm(joints[t + 1, f] - joints[t, f]) < CONTACT_SPEED
    }  # fmt: skip


def test_contacts_are_those_of_a_naive_search(golden_rows):
    rows, mask = golden_rows.clone(), everywhere(golden_rows)
    mask[:, 50:] = False
    foot = rows[..., rep.POSITIONS].unflatten(-1, (22, 3))
    foot[:, 10:30, FEET[0]] = foot[:, :50, FEET, :].amin(dim=(1, 2))  # one foot stands for 20 frames
    rows[..., rep.POSITIONS] = foot.flatten(-2)
    found = {tuple(place) for place in in_contact(rows, mask)[0].nonzero().tolist()}
    assert found == naive_contacts(rows[0].numpy(), mask[0].numpy())
    assert {(t, 0) for t in range(10, 29)} <= found


def test_contact_of_feet_that_never_stand_is_nothing(walk_rows):
    flying = walk_rows.clone()
    flying[..., rep.POSITIONS] += (
        torch.linspace(0, 60, 3 * 22).repeat(flying.shape[1], 1) * torch.arange(flying.shape[1]).double()[:, None]
    )  # every joint leaves at a speed of its own
    assert in_contact(flying, everywhere(flying)).sum() == 0
    assert KINEMATIC["contact"](flying, flying, everywhere(flying)).item() == 0


def test_pelvis_is_what_drift_reads(golden_rows):
    rows = golden_rows.clone()
    steps = rows[..., rep.POSITION_VELOCITY].unflatten(-1, (22, 3))
    steps[..., [j for j in range(22) if j != PELVIS], :] += 1.0
    rows[..., rep.POSITION_VELOCITY] = steps.flatten(-2)
    before = KINEMATIC["drift"](golden_rows, golden_rows, everywhere(rows))
    torch.testing.assert_close(KINEMATIC["drift"](rows, golden_rows, everywhere(rows)), before)
