from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mbench.errors import MotionError
from mbench.motion import Motion
from mbench.motion.canonical import translate, yaw
from mbench.motion.representations import hml263 as rep
from mbench.motion.representations.rows import SMPL_TO_OURS
from motions import posed


@pytest.fixture(scope="module")
def clip(shared):
    folder = shared / "reference" / "golden" / "hml263"
    return (np.load(folder / f"{name}" / "012314.npy") for name in ("new_joint_vecs", "new_joints"))


@pytest.fixture(scope="module")
def gold(clip):
    return tuple(clip)


def test_golden_decode(gold):
    vectors, joints = gold
    found = rep.decode(vectors)
    np.testing.assert_allclose(found.joints @ SMPL_TO_OURS, joints, atol=2e-6)
    assert found.pose is None and found.fps == 20


def test_golden_encode(gold):
    # The file was made from one more frame than it holds, and its heading is smoothed over +-80 frames: rows that
    # see the missing frame differ a little; the others, and all columns without heading, must not.
    vectors, joints = gold
    found = rep.encode(Motion(joints @ SMPL_TO_OURS))
    assert found.shape == (len(joints) - 1, 263) and found.dtype == np.float32
    np.testing.assert_allclose(found[:88], vectors[:88], atol=2e-5)
    np.testing.assert_allclose(found[:, rep.ROOT_HEIGHT], vectors[:-1, rep.ROOT_HEIGHT], atol=1e-6)
    np.testing.assert_array_equal(found[:, rep.CONTACTS], vectors[:-1, rep.CONTACTS])
    np.testing.assert_allclose(found, vectors[:-1], atol=0.02)


def test_the_change_of_axes_is_a_proper_rotation_and_its_own_inverse():
    np.testing.assert_array_equal(SMPL_TO_OURS @ SMPL_TO_OURS, np.eye(3))
    assert np.linalg.det(SMPL_TO_OURS) == 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), frames=st.integers(2, 120), angle=st.floats(-3, 3))
def test_round_trip_is_the_motion_on_the_floor_facing_forward(seed, frames, angle):
    motion = translate(yaw(posed(seed, frames), angle), (3, -2, 0.4))
    found = rep.decode(rep.encode(motion)).joints
    assert found[0, 0, :2] == pytest.approx([0, 0], abs=1e-6)
    across = (found[0, [2, 17]] - found[0, [1, 16]]).sum(axis=0)
    assert across[0] > 0 and across[1] == pytest.approx(0, abs=1e-5), "hips and shoulders face +y"
    low = motion.joints[..., 2].min()
    np.testing.assert_allclose(found[..., 2], motion.joints[:-1, :, 2] - low, atol=1e-5)
    np.testing.assert_allclose(between(found), between(motion.joints[:-1]), atol=1e-4)


def between(joints):
    """Distances of all joints at all frames from pelvis and left hip of frame 0: what turning and shifting keep."""
    return np.linalg.norm(joints[:, :, None] - joints[0, [0, 1]], axis=-1)


def test_vectors_do_not_depend_on_place_and_heading():
    motion = posed(11)
    moved = translate(yaw(motion, 1.9), (-4, 1, 0.7))
    np.testing.assert_allclose(rep.encode(moved), rep.encode(motion), atol=2e-5)


def test_walking_straight_ahead():
    # Root at 1 m/s along +y, i.e. 0.05 m/frame along z of the file; nothing else moves.
    motion = posed(0, 1)
    still = np.repeat(motion.joints, 10, axis=0) - motion.joints[:, :1] * (1, 1, 0)
    still = yaw(Motion(still), -facing(still)).joints
    rows = rep.encode(translate(Motion(still), np.arange(10)[:, None] * (0, 0.05, 0)))
    np.testing.assert_allclose(rows[1:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows[:, 1:3], axis=1), 0.05, atol=1e-6)
    np.testing.assert_allclose(rows[:, rep.CONTACTS], 0)  # 0.05^2 = 0.0025 > 0.002
    decoded = rep.decode(rows).joints
    np.testing.assert_allclose(decoded[-1, 0] - decoded[0, 0], [0, 0.4, 0], atol=1e-5)


def facing(joints):
    across = (joints[0, [2, 17]] - joints[0, [1, 16]]).sum(axis=0)
    return float(np.arctan2(across[1], across[0]))


def test_a_standing_figure_touches_the_floor_with_both_feet():
    motion = Motion(np.repeat(posed(0, 1).joints, 5, axis=0))
    np.testing.assert_array_equal(rep.encode(motion)[:, rep.CONTACTS], 1)


def test_a_bone_against_its_rest_direction_and_one_of_no_length_still_encode():
    joints = np.repeat(posed(0, 1).joints, 3, axis=0).astype(np.float64)
    joints[:, 4] = joints[:, 1] + (0, 0, 0.4)  # the left thigh straight up: opposite to its rest direction
    joints[:, 15] = joints[:, 12]
    rows = rep.encode(Motion(joints))
    assert np.isfinite(rows).all()
    six = rows[:, rep.ROTATIONS].reshape(-1, 21, 2, 3)
    np.testing.assert_allclose(np.linalg.norm(six, axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((5, 276), dtype=np.float32), r"shape \(5, 276\); expected \(T, 263\)"),
        (np.zeros((0, 263), dtype=np.float32), "0 frames; expected at least 1"),
        (np.full((3, 263), np.nan, dtype=np.float32), "the first at row 0, column 0"),
        (np.zeros((3, 263), dtype=np.int16), "hold int16; expected floating point"),
    ],
)
def test_bad_vectors_are_refused_in_one_line(rows, message):
    with pytest.raises(MotionError, match=message) as caught:
        rep.decode(rows)
    assert "\n" not in str(caught.value)


def test_one_frame_has_no_velocity():
    with pytest.raises(MotionError, match="needs 2 frames or more"):
        rep.encode(posed(0, 1))
