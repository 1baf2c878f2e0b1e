from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from mbench.errors import MotionError
from mbench.motion import Motion, Pose
from mbench.motion.canonical import translate, yaw
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.resample import resample
from mbench.motion.skeleton import REST_OFFSETS
from motions import posed

MM = 1e-3
INNER = slice(10, -10)  # at 20 fps: where the filter sees only frames of the clip


def moving(fps, seconds=5.0, hz=1.0, metres=0.1):
    """All joints sway along x as one sine."""
    times = np.arange(round(seconds * fps)) / fps
    joints = np.zeros((len(times), 22, 3))
    joints[..., 0] = metres * np.sin(2 * np.pi * hz * times)[:, None]
    return Motion(joints, fps)


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 50.0, 59.94, 60.0, 100.0, 119.88, 120.0])
def test_slow_motion_is_the_same_curve_at_20_fps(fps):
    found, expected = resample(posed(1, round(5 * fps) + 1, fps), 20.0), posed(1, 101, 20.0)
    assert found.fps == 20 and len(found) in (100, 101)
    expected = expected.joints[: len(found)]
    np.testing.assert_allclose(found.joints[INNER], expected[INNER], atol=0.15 * MM)
    np.testing.assert_allclose(found.joints, expected, atol=1.2 * MM)


@pytest.mark.parametrize("fps", [16.0, 12.5, 20.0])
def test_going_up_follows_the_curve(fps):
    found, expected = resample(posed(2, 60, fps, highest_hz=1.0), 60.0), posed(2, 600, 60.0, highest_hz=1.0)
    np.testing.assert_allclose(found.joints[30:-30], expected.joints[: len(found)][30:-30], atol=0.3 * MM)


def test_there_and_back_again():
    motion = posed(3, 100, highest_hz=2.0)
    back = resample(resample(motion, 60.0), 20.0)
    assert len(back) == len(motion)
    np.testing.assert_allclose(back.joints[INNER], motion.joints[INNER], atol=0.1 * MM)
    np.testing.assert_allclose(back.joints, motion.joints, atol=0.7 * MM)
    alike = np.abs((back.pose.rotations * motion.pose.rotations).sum(axis=-1))
    assert np.degrees(2 * np.arccos(alike.min().clip(0, 1))) < 0.5


@pytest.mark.parametrize(("hz", "low", "high"), [(3, 0.999, 1.001), (7, 0.995, 1.005), (12, 0, 0.03), (20, 0, 0.001)])
def test_a_slow_swing_stays_and_a_tremor_goes(hz, low, high):
    swing = resample(moving(60.0, hz=hz, metres=0.01), 20.0).joints[INNER, 0, 0]
    kept = np.sqrt(2) * swing.std() / 0.01
    assert low <= kept <= high


def test_without_the_filter_the_tremor_would_show_up_as_an_8_hz_one():
    every_third = moving(60.0, hz=12, metres=0.01).joints[::3, 0, 0]
    assert np.sqrt(2) * every_third.std() / 0.01 == pytest.approx(1, abs=0.02)


def test_the_filter_does_not_shift_in_time():
    # A symmetric bump stays symmetric about its peak.
    times = np.arange(241) / 60 - 2
    joints = np.zeros((241, 22, 3))
    joints[..., 2] = np.exp(-((times / 0.1) ** 2))[:, None]
    found = resample(Motion(joints, 60.0), 20.0).joints[:, 0, 2]
    assert found.argmax() == 40
    np.testing.assert_allclose(found, found[::-1], atol=1e-6)


def test_constant_velocity_stays_constant_to_the_very_ends():
    joints = np.zeros((90, 22, 3)) + np.arange(90)[:, None, None] / 60 * (1.0, -2.0, 0.0)
    found = resample(Motion(joints, 60.0), 20.0).joints
    np.testing.assert_allclose(np.diff(found, axis=0), np.full((29, 22, 3), (0.05, -0.1, 0)), atol=1e-6)


def test_the_filter_equals_the_sum_it_stands_for():
    rng = np.random.default_rng(0)
    signal = rng.normal(size=40)
    joints = np.zeros((40, 22, 3))
    joints[:, 5, 1] = signal
    found = resample(Motion(joints, 40.0), 20.0).joints[:, 5, 1]
    for k, value in enumerate(found):
        total = weights = 0.0
        for n in range(2 * k - 16, 2 * k + 17):
            mirrored = (
                signal[n] if 0 <= n < 40 else 2 * signal[0] - signal[-n] if n < 0 else 2 * signal[39] - signal[78 - n]
            )
            away = (n - 2 * k) / 2
            weight = np.sinc(away) * np.i0(7 * np.sqrt(1 - (away / 8) ** 2))
            total, weights = total + weight * mirrored, weights + weight
        assert value == pytest.approx(total / weights, abs=1e-5)


def spinning(fps, radians_per_second=2.0, frames=50):
    rotations = np.zeros((frames, 22, 4))
    rotations[..., 3] = 1
    angle = np.arange(frames) / fps * radians_per_second
    rotations[:, 16] = Rotation.from_rotvec(np.outer(angle, [0, 0.6, 0.8])).as_quat()
    rotations[1::2] *= -1  # the same rotations, on the other side of the sphere
    pose = Pose(rotations.astype(np.float32), REST_OFFSETS)
    return Motion(forward_kinematics(pose.rotations, np.zeros((frames, 3)), REST_OFFSETS), fps, pose)


@pytest.mark.parametrize(("fps", "to"), [(20.0, 60.0), (20.0, 33.0), (30.0, 20.0), (60.0, 20.0)])
def test_slerp_turns_at_constant_speed(fps, to):
    rotations = Rotation.from_quat(resample(spinning(fps), to).pose.rotations[:, 16])
    speed = (rotations[1:] * rotations[:-1].inv()).magnitude() * to
    inner = slice(None) if to > fps else slice(8, -8)
    np.testing.assert_allclose(speed[inner], 2.0, rtol=2e-3)


def test_rotations_equal_scipys_slerp():
    motion = posed(4, 12)
    found = resample(motion, 50.0)
    times = np.arange(len(found)) / 50
    for joint in range(22):
        expected = Slerp(np.arange(12) / 20, Rotation.from_quat(motion.pose.rotations[:, joint]))(times)
        difference = (Rotation.from_quat(found.pose.rotations[:, joint]) * expected.inv()).magnitude()
        assert difference.max() < 1e-3


@pytest.mark.parametrize(("fps", "to", "atol"), [(60.0, 20.0, 1 * MM), (30.0, 20.0, 8 * MM), (20.0, 30.0, 12 * MM)])
def test_pose_and_joints_stay_together(fps, to, atol):
    found = resample(posed(5, round(4 * fps), fps), to)
    again = forward_kinematics(found.pose.rotations, found.joints[:, 0], found.pose.offsets)
    np.testing.assert_allclose(again, found.joints, atol=atol)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 99), frames=st.integers(1, 70), fps=st.floats(5, 250), to=st.floats(5, 250))
def test_duration_ends_and_input(seed, frames, fps, to):
    motion = posed(seed, frames, fps, highest_hz=1.0)
    before = motion.joints.copy()
    found = resample(motion, to)
    last = (len(found) - 1) / found.fps
    assert found.fps == to
    assert last <= (frames - 1) / fps + 1e-3 / to, "the last frame is not after the end"
    assert (frames - 1) / fps - last < 1 / to + 1e-6 + (frames / fps) * 1e-4, "no frame is missing at the end"
    np.testing.assert_allclose(found.joints[0], motion.joints[0], atol=1e-5)
    np.testing.assert_array_equal(motion.joints, before)
    assert found.meta["made"] == motion.meta["made"]
    assert len(found.pose.rotations) == len(found)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), angle=st.floats(-3, 3), x=st.floats(-9, 9), to=st.sampled_from([12.0, 20.0, 50.0]))
def test_resampling_commutes_with_turning_and_shifting(seed, angle, x, to):
    motion = posed(seed, 45, 30.0)
    one = translate(yaw(resample(motion, to), angle), (x, 0, 1))
    other = resample(translate(yaw(motion, angle), (x, 0, 1)), to)
    np.testing.assert_allclose(one.joints, other.joints, atol=2e-5)
    alike = np.abs((one.pose.rotations * other.pose.rotations).sum(axis=-1))
    np.testing.assert_allclose(alike, 1, atol=1e-5)


def test_reversing_time_and_resampling_commute():
    motion = posed(6, 91, 60.0)
    found = resample(Motion(motion.joints[::-1].copy(), 60.0), 20.0).joints[::-1]
    np.testing.assert_allclose(found, resample(Motion(motion.joints, 60.0), 20.0).joints, atol=1e-5)


def test_the_same_rate_is_the_same_object():
    motion = posed(0, 10)
    assert resample(motion, 20.0) is motion
    assert resample(motion, 20) is motion


def test_a_rounded_frame_time_is_the_same_rate():
    motion = posed(0, 10, 1 / 0.0166667)
    found = resample(motion, 60.0)
    np.testing.assert_array_equal(found.joints, motion.joints)
    assert found.fps == 60 and found.meta["resampled_from"] == motion.fps


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["cubic", "linear"])
def test_few_frames(frames, kind):
    motion = posed(0, frames, 10.0)
    up, down = resample(motion, 40.0, kind), resample(motion, 4.0, kind)
    assert len(up) == 4 * (frames - 1) + 1 and len(down) == int((frames - 1) / 2.5) + 1
    np.testing.assert_allclose(up.joints[::4], motion.joints, atol=1e-6)


def test_below_four_frames_cubic_is_linear():
    motion = posed(0, 3, 10.0)
    np.testing.assert_array_equal(resample(motion, 33.0).joints, resample(motion, 33.0, "linear").joints)
    halfway = resample(motion, 20.0).joints[1]
    np.testing.assert_allclose(halfway, motion.joints[:2].mean(axis=0), atol=1e-6)


def test_linear_joins_frames_by_straight_lines():
    motion = posed(7, 20, 10.0)
    found = resample(motion, 20.0, "linear").joints
    np.testing.assert_allclose(found[1::2], (motion.joints[1:] + motion.joints[:-1]) / 2, atol=1e-6)


@pytest.mark.parametrize("fps", [0, -20.0, float("nan"), float("inf"), True, "20", None])
def test_a_rate_that_is_none_is_refused(fps):
    with pytest.raises(MotionError, match="fps is .*; expected a number > 0"):
        resample(posed(0, 3), fps)


def test_an_unknown_kind_is_refused():
    with pytest.raises(MotionError, match="kind is 'nearest'; expected 'cubic' or 'linear'"):
        resample(posed(0, 3), 30.0, "nearest")
