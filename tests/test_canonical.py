from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mbench.errors import MotionError
from mbench.motion import Motion, Pose
from mbench.motion.canonical import canonicalise, heading, translate, yaw
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import REST_OFFSETS
from motions import posed

ANGLES = st.floats(-3.1, 3.1)
METRES = st.floats(-20, 20)


def fk(motion: Motion) -> np.ndarray:
    return forward_kinematics(motion.pose.rotations, motion.joints[:, 0], motion.pose.offsets)


def test_a_rest_pose_faces_plus_y_and_a_quarter_turn_faces_minus_x():
    rest = Motion(forward_kinematics(np.tile([0.0, 0, 0, 1], (1, 22, 1)), np.zeros((1, 3)), REST_OFFSETS))
    assert heading(rest.joints) == pytest.approx([0.0], abs=1e-7)
    turned = yaw(rest, np.pi / 2)
    assert heading(turned.joints) == pytest.approx([np.pi / 2], abs=1e-6)
    toes_forward = turned.joints[0, 10] - turned.joints[0, 7]
    assert toes_forward[0] < -0.1 and abs(toes_forward[1]) < 0.02


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), angle=ANGLES, x=METRES, y=METRES, z=METRES)
def test_canonical_frame_forgets_where_the_motion_was(seed, angle, x, y, z):
    motion = posed(seed)
    moved = translate(yaw(motion, angle), (x, y, z))
    one, other = canonicalise(motion, floor=True), canonicalise(moved, floor=True)
    np.testing.assert_allclose(other.joints, one.joints, atol=2e-5)
    np.testing.assert_allclose(fk(other), other.joints, atol=2e-5)


def test_canonical_frame_is_what_it_says():
    motion = translate(yaw(posed(3), 2.0), (5, 6, 7))
    floored, level = canonicalise(motion, floor=True), canonicalise(motion)
    assert floored.joints[0, 0, :2] == pytest.approx([0, 0], abs=1e-6)
    assert heading(floored.joints)[0] == pytest.approx(0, abs=1e-6)
    assert floored.joints[..., 2].min() == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(level.joints[..., 2], motion.joints[..., 2])


def test_pose_follows_a_turn():
    motion = posed(1)
    for moved in (yaw(motion, 1.3), translate(motion, (1, 2, 3))):
        np.testing.assert_allclose(fk(moved), moved.joints, atol=2e-6)
        assert moved.meta == motion.meta and moved.fps == motion.fps


def test_yaw_and_its_inverse_cancel_and_leave_the_input_alone():
    motion = posed(2)
    before = motion.joints.copy()
    np.testing.assert_allclose(yaw(yaw(motion, 0.7), -0.7).joints, before, atol=1e-6)
    np.testing.assert_array_equal(motion.joints, before)


def test_a_shift_of_every_frame_its_own():
    motion = posed(4)
    sway = np.linspace([0, 0, 0], [1, 0, 0.5], len(motion))
    np.testing.assert_allclose(translate(motion, sway).joints - motion.joints, sway[:, None].repeat(22, 1), atol=1e-6)


def test_a_shift_of_another_shape_is_refused():
    with pytest.raises(MotionError, match=r"shift has shape \(2,\); expected \(3,\)"):
        translate(posed(0), (1, 2))


def test_hips_above_each_other_are_not_turned():
    joints = np.zeros((2, 22, 3), dtype=np.float32)
    joints[:, 1, 2], joints[:, 2, 2] = 0.1, -0.1
    lying = Motion(joints)
    np.testing.assert_array_equal(canonicalise(lying).joints, joints)


def test_a_motion_without_pose_stays_without():
    motion = Motion(posed(5).joints)
    assert yaw(motion, 1).pose is None and canonicalise(motion).pose is None
    assert isinstance(canonicalise(posed(5)).pose, Pose)
