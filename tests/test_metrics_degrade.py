"""Faults put into motions on purpose do what their docstrings say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion import Motion, degrade
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import INDEX
from motions import posed


@pytest.fixture
def motion() -> Motion:
    return posed(seed=3)


def test_jitter_has_the_stated_size_and_its_seed_decides_it(motion: Motion) -> None:
    once, again, other = (degrade.jitter(motion, 0.02, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert once == again and once != other
    assert (once.joints - motion.joints).std() == pytest.approx(0.02, rel=0.05)
    assert once.pose is None and once.meta == motion.meta


@pytest.mark.parametrize(("fault", "expected"), [(degrade.sink, -0.07), (degrade.lift, 0.07)])
def test_sink_and_lift_move_only_the_height(motion: Motion, fault, expected: float) -> None:
    assert np.allclose(fault(motion, 0.07).joints - motion.joints, [0, 0, expected], atol=1e-6)


def test_ground_puts_the_lowest_toe_on_the_floor(motion: Motion) -> None:
    grounded = degrade.ground(degrade.lift(motion, 1.3))
    assert grounded.joints[:, [10, 11], 2].min() == pytest.approx(0, abs=1e-6)


def test_slide_carries_every_joint_at_the_speed_whatever_the_frame_rate() -> None:
    motion = posed(seed=3, frames=61, fps=60.0)
    shift = degrade.slide(motion, 0.5).joints - motion.joints
    assert np.allclose(shift[-1], [0.5, 0, 0], atol=1e-5)
    assert np.allclose(shift[..., 1:], 0)


def test_freeze_keeps_the_start_and_holds_one_pose_after_it(motion: Motion) -> None:
    half = degrade.freeze(motion, 0.5)
    assert np.array_equal(half.joints[:20], motion.joints[:20])
    assert (half.joints[20:] == motion.joints[20]).all() and (half.pose.rotations[20:] == half.pose.rotations[20]).all()
    assert degrade.freeze(motion, 0) == motion
    assert (degrade.freeze(motion).joints == motion.joints[0]).all()


def test_glide_is_a_raised_statue_in_steady_motion(motion: Motion) -> None:
    ghost = degrade.glide(motion, 0.5, metres_per_second=1, height=0.3)
    assert np.array_equal(ghost.joints[:20], motion.joints[:20])
    assert np.allclose(np.diff(ghost.joints[20:], axis=0), [0.05, 0, 0], atol=1e-6)
    assert np.allclose(ghost.joints[20, :, 2] - motion.joints[20, :, 2], 0.3, atol=1e-6)


def test_halt_keeps_the_path_and_stops_on_it() -> None:
    steady = degrade.slide(degrade.freeze(posed(seed=3, frames=101)), 1.0)
    halting = degrade.halt(steady, 1.0, hertz=1.0)
    speed = np.diff(halting.joints[:, 0, 0]) * 20
    assert speed.min() == pytest.approx(0, abs=0.03) and speed.max() == pytest.approx(2, abs=0.05)
    assert halting.joints[-1] == pytest.approx(steady.joints[-1], abs=1e-4)
    assert np.allclose(degrade.halt(steady, 0).joints, steady.joints, atol=1e-6)


def test_stretch_scales_every_bone_alike(motion: Motion) -> None:
    grown = degrade.stretch(motion, 0.1, hertz=1.0)
    ratio = np.linalg.norm(grown.joints[:, 4] - grown.joints[:, 1], axis=-1)
    ratio /= np.linalg.norm(motion.joints[:, 4] - motion.joints[:, 1], axis=-1)
    assert ratio[5] == pytest.approx(1.1, abs=1e-4) and ratio[15] == pytest.approx(0.9, abs=1e-4)
    assert np.allclose(grown.joints[:, 0], motion.joints[:, 0])


def test_hyperextend_bends_both_knees_forwards_by_the_angle(motion: Motion) -> None:
    bent = degrade.hyperextend(motion, 25).joints.astype(float)
    for side in ("left", "right"):
        hip, knee, ankle, foot = (bent[:, INDEX[f"{side}_{part}"]] for part in ("hip", "knee", "ankle", "foot"))
        cosine = ((knee - hip) * (ankle - knee)).sum(-1)
        cosine /= np.linalg.norm(knee - hip, axis=-1) * np.linalg.norm(ankle - knee, axis=-1)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(np.full(len(bent), 25), abs=0.05)
        assert (((ankle - knee) * (foot - ankle)).sum(-1) < 1e-4).all()
    straight = degrade.hyperextend(motion, 0).joints
    assert np.allclose(np.linalg.norm(straight[:, 7] - straight[:, 1], axis=-1), 0.81, atol=0.01)


@pytest.mark.parametrize("fault", [degrade.sink, degrade.lift, degrade.slide, degrade.freeze, degrade.glide])
def test_faults_that_leave_the_pose_right_keep_it(motion: Motion, fault) -> None:
    spoilt = fault(motion, 0.4)
    again = forward_kinematics(spoilt.pose.rotations, spoilt.joints[:, 0], spoilt.pose.offsets)
    assert np.allclose(again, spoilt.joints, atol=1e-5)


@pytest.mark.parametrize("fault", [degrade.freeze, degrade.glide, degrade.halt])
def test_a_share_beyond_one_is_refused(motion: Motion, fault) -> None:
    with pytest.raises(MotionError, match="is 1.5; expected 0 to 1"):
        fault(motion, 1.5)


def test_contort_turns_every_joint_by_the_angle_and_keeps_the_bones(motion: Motion) -> None:
    wrong = degrade.contort(motion, 40, np.random.default_rng(1))
    before, after = (Rotation.from_quat(m.pose.rotations.reshape(-1, 4)) for m in (motion, wrong))
    angles = np.degrees((before.inv() * after).magnitude()).reshape(len(motion), 22)
    np.testing.assert_allclose(angles[:, 1:], 40, atol=0.01)
    np.testing.assert_allclose(angles[:, 0], 0, atol=0.1)
    joints = forward_kinematics(wrong.pose.rotations, motion.joints[:, 0], motion.pose.offsets)
    np.testing.assert_allclose(wrong.joints, joints, atol=1e-5)
    with pytest.raises(MotionError, match="joint positions only"):
        degrade.contort(motion.replace(joints=motion.joints), 40, np.random.default_rng(1))
