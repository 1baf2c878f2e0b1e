"""The discriminator of motions: what it reads, what it does not, and its loss."""

from __future__ import annotations

import pytest
import torch

from vimogen.discriminator import Discriminator, features, real_from_made


@pytest.fixture(scope="module")
def discriminator() -> Discriminator:
    torch.manual_seed(0)
    return Discriminator(width=16).eval()


def joints_of(seed: int, frames: int = 25, samples: int = 2) -> torch.Tensor:
    return torch.randn(samples, frames, 22, 3, generator=torch.Generator().manual_seed(seed))


def mask_of(*lengths: int) -> torch.Tensor:
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 24])
def test_padding_is_not_read(discriminator, frames):
    joints = joints_of(1)
    padded = joints.clone()
    padded[0, frames:] = 9.0
    together = discriminator(padded, mask_of(frames, 25))
    alone = discriminator(joints[:1, :frames], mask_of(frames))
    torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(together[1:], discriminator(joints[1:], mask_of(25)), rtol=1e-4, atol=1e-6)


def test_padding_has_no_gradient(discriminator):
    joints = joints_of(2).requires_grad_()
    discriminator(joints, mask_of(11, 25)).sum().backward()
    assert not joints.grad[0, 11:].any()
    assert (joints.grad[0, :11].flatten(1).norm(dim=1) > 0).all()


def test_features_are_joints_over_the_pelvis_and_velocities():
    joints, mask = joints_of(3, frames=6), mask_of(4, 6)
    found = features(joints, mask).unflatten(-1, (44, 3))
    for sample, frames in enumerate((4, 6)):
        for frame in range(6):
            for joint in range(22):
                place, speed = torch.zeros(3), torch.zeros(3)
                if frame < frames:
                    place = joints[sample, frame, joint].clone()
                    place[:2] -= joints[sample, frame, 0, :2]
                if frame + 1 < frames:
                    speed = (joints[sample, frame + 1, joint] - joints[sample, frame, joint]) * 20
                torch.testing.assert_close(found[sample, frame, joint], place)
                torch.testing.assert_close(found[sample, frame, 22 + joint], speed)


def test_where_a_motion_stands_is_not_read_but_its_height_is(discriminator):
    joints, mask = joints_of(4), mask_of(25, 25)
    before = discriminator(joints, mask)
    torch.testing.assert_close(discriminator(joints + torch.tensor([3.0, -2.0, 0.0]), mask), before, rtol=0, atol=1e-4)
    assert (discriminator(joints + torch.tensor([0.0, 0.0, 1.0]), mask) - before).abs().min() > 1e-3


def test_a_logit_sees_29_frames(discriminator):
    """Three layers of stride 2 and 5 taps: 4 * 2^3 - 3 frames, and one more by the velocity of the last."""
    joints = joints_of(5, frames=96, samples=1).requires_grad_()
    around_48 = torch.zeros(1, 1, 12)
    around_48[..., 6] = 1
    hook = discriminator.last.register_forward_pre_hook(lambda _, values: (values[0] * around_48,))
    discriminator(joints, mask_of(96)).sum().backward()
    hook.remove()
    reach = joints.grad[0].flatten(1).norm(dim=1).nonzero()[:, 0]
    assert (int(reach.min()), int(reach.max())) == (48 - 14, 48 + 15)


def test_the_hinge_loss():
    real, made = torch.tensor([2.0, 0.25, -1.0]), torch.tensor([-3.0, 0.5, -0.5])
    by_hand = ((0 + 0) + (0.75 + 1.5) + (2 + 0.5)) / 3
    assert real_from_made(real, made).item() == pytest.approx(by_hand)


def test_it_learns_to_tell_smooth_from_jittering():
    torch.manual_seed(1)
    own, mask = Discriminator(width=16), mask_of(32, 32, 32, 32)
    optimizer = torch.optim.Adam(own.parameters(), lr=2e-3)
    for step in range(60):
        smooth = joints_of(step, 1, 4).expand(-1, 32, -1, -1)
        jitter = smooth + 0.05 * joints_of(1000 + step, 32, 4)
        loss = real_from_made(own(smooth, mask), own(jitter, mask))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    smooth = joints_of(999, 1, 4).expand(-1, 32, -1, -1)
    real, made = own.eval()(smooth, mask), own(smooth + 0.05 * joints_of(1999, 32, 4), mask)
    assert real.min() > made.max()
