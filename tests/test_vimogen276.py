from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion import Motion
from mbench.motion.canonical import canonicalise as canonicalise_motion
from mbench.motion.canonical import translate, yaw
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations import vimogen276 as rep
from mbench.motion.representations.rows import matrix_from_6d, matrix_to_6d
from motions import posed


@pytest.fixture(scope="module")
def gold(golden):
    return load_file(golden / "motion_rep" / "golden.safetensors")


@pytest.fixture(scope="module")
def source(gold):
    return rep.SmplMotion(*(gold[name] for name in ("body_pose", "global_orient", "transl", "joints")))


def close(found, expected, atol=5e-6):
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def test_golden_encode(gold, source):
    close(rep.encode_smpl(source), gold["rep"])
    assert rep.encode_smpl(source).dtype == np.float32


@pytest.mark.parametrize(("decoder", "prefix"), [(rep.decode_slice, "decoded"), (rep.integrate, "integrated")])
def test_golden_decode(gold, decoder, prefix):
    found = decoder(gold["rep"])
    close(found.body_pose, gold["decoded_body_pose"])
    close(found.global_orient, gold[f"{prefix}_global_orient"], atol=2e-5)
    close(found.transl, gold[f"{prefix}_transl"])
    close(found.joints, gold[f"{prefix}_joints"])


def test_golden_canonicalise_on_the_floor(gold, source):
    rotation, shift = rep.canonical_frame(source.joints, floor=True)
    close(rotation, gold["canonical_rotation"])
    close(shift[None], gold["canonical_translation"])
    canonical = rep.canonicalise(source, floor=True, rest_pelvis=gold["smplx_root"][0])
    close(rep.encode_smpl(canonical), gold["canonical_rep"])
    close(canonical.joints[:-1], gold["canonical_joints"])


def test_golden_smoothing(gold):
    close(rep.smooth(gold["rep"]), gold["smoothed_rep"])


def test_the_rest_pelvis_is_that_of_the_golden_body(gold):
    close(rep.REST_PELVIS, gold["smplx_root"][0], atol=1e-8)


def test_canonicalise_puts_the_pelvis_at_the_origin(source):
    joints = rep.canonicalise(source).joints
    assert joints[0, 0] == pytest.approx([0, 0, 0], abs=1e-6)
    across = joints[0, 2] - joints[0, 1]
    assert across[0] > 0 and across[1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_smoothing_leaves_four_rows_or_fewer(gold, frames):
    np.testing.assert_array_equal(rep.smooth(gold["rep"][:frames]), gold["rep"][:frames])


def test_smoothing_equals_a_loop_and_keeps_the_ends():
    rows = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    found = rep.smooth(rows)
    np.testing.assert_array_equal(found[[0, 1, -2, -1]], rows[[0, 1, -2, -1]])
    weights = (0.054489, 0.244201, 0.402620, 0.244201, 0.054489)
    for t in range(2, 7):
        expected = sum(w * rows[t + k - 2] for k, w in enumerate(weights))
        np.testing.assert_allclose(found[t], expected, atol=5e-6)


def test_canonicalise_without_a_facing_direction_says_so():
    joints = np.zeros((2, 22, 3))
    joints[:, 1, 2] = 1
    with pytest.raises(MotionError, match="hips of frame 0 lie above each other"):
        rep.canonical_frame(joints)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999), frames=st.integers(2, 60), how=st.sampled_from(["slice", "integrate"]))
def test_round_trip(seed, frames, how):
    motion = posed(seed, frames)
    found = rep.decode(rep.encode(motion), how)
    np.testing.assert_allclose(found.joints, motion.joints[:-1], atol=2e-5)
    np.testing.assert_allclose(found.pose.offsets, motion.pose.offsets, atol=5e-5)
    alike = np.abs((found.pose.rotations * motion.pose.rotations[:-1]).sum(axis=-1))
    np.testing.assert_allclose(alike, 1, atol=1e-5)
    posed_joints = forward_kinematics(found.pose.rotations, found.joints[:, 0], found.pose.offsets)
    np.testing.assert_allclose(posed_joints, found.joints, atol=3e-4)
    assert found.meta["root_drift_m"] < 1e-5 and found.fps == motion.fps


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999), angle=st.floats(-3.1, 3.1), x=st.floats(-5, 5), z=st.floats(-5, 5))
def test_canonical_rows_do_not_depend_on_where_the_motion_was(seed, angle, x, z):
    motion = posed(seed)
    moved = translate(yaw(motion, angle), (x, -x, z))
    rows = [rep.encode(canonicalise_motion(m, floor=True)) for m in (motion, moved)]
    np.testing.assert_allclose(rows[0], rows[1], atol=3e-5)


def test_our_rest_pose_is_smpls_turned_upright():
    # SMPL rests y up facing +z; standing z up facing +y takes y to z and z to y, hence x to -x.
    rest = Motion(posed(0, 2).joints, pose=posed(0, 2).pose)
    still = np.tile(np.array([0, 0, 0, 1], dtype=np.float32), (2, 22, 1))
    rows = rep.encode(Motion(rest.joints, pose=type(rest.pose)(still, rest.pose.offsets)))
    assert rows[0, rep.ORIENTATION] == pytest.approx([-1, 0, 0, 0, 0, 1])
    assert rows[0, rep.ROTATIONS].reshape(21, 6) == pytest.approx(np.tile([1, 0, 0, 1, 0, 0], (21, 1)))


def test_a_left_knee_bend_is_the_same_bend_in_smpls_sense():
    # In SMPL a knee bends by a positive turn about x (the person's left); ours has x to the right, so a negative one.
    rotations = np.tile(np.array([0.0, 0, 0, 1]), (2, 22, 1))
    rotations[:, 4] = Rotation.from_rotvec([-1.0, 0, 0]).as_quat()
    pose = type(posed(0, 2).pose)(rotations.astype(np.float32), posed(0, 2).pose.offsets)
    joints = forward_kinematics(pose.rotations, np.zeros((2, 3)), pose.offsets)
    assert joints[0, 7, 1] < joints[0, 4, 1] - 0.2, "the ankle goes behind the knee"
    smpl = rep.decode_slice(rep.encode(Motion(joints, pose=pose)))
    assert smpl.body_pose[0].reshape(21, 3)[3] == pytest.approx([1, 0, 0], abs=1e-6)


def test_drift_is_the_distance_of_absolute_and_integrated_pelvis():
    rows = rep.encode(posed(7, 12))
    rows[:, 192] += 0.01  # the pelvis drifts 1 cm/frame along x: 0, 1, ..., 10 cm over 11 rows
    found = rep.decode(rows)
    assert found.meta["root_drift_m"] == pytest.approx(0.05, abs=1e-5)
    assert found.meta["root_drift_end_m"] == pytest.approx(0.10, abs=1e-5)
    assert rep.decode(rows, "slice").meta["root_drift_m"] == found.meta["root_drift_m"]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999))
def test_six_numbers_are_a_rotation(seed):
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(5, random_state=seed).as_matrix()
    np.testing.assert_allclose(matrix_from_6d(matrix_to_6d(rotations)), rotations, atol=1e-12)
    any_six = matrix_from_6d(rng.normal(size=(5, 6)))
    np.testing.assert_allclose(any_six @ any_six.swapaxes(1, 2), np.tile(np.eye(3), (5, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(any_six), 1, atol=1e-9)


def test_six_numbers_are_the_first_two_columns_row_major():
    assert matrix_to_6d(np.arange(9.0).reshape(3, 3)).tolist() == [0, 1, 3, 4, 6, 7]


def rows_with(value, row=2, column=30):
    rows = rep.encode(posed(0, 6))
    rows[row, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((5, 263), dtype=np.float32), r"shape \(5, 263\); expected \(T, 276\)"),
        (np.zeros((1, 5, 276), dtype=np.float32), "this looks like a batch"),
        (np.zeros((0, 276), dtype=np.float32), "0 frames; expected at least 1"),
        (np.zeros((5, 276), dtype=int), "hold int64; expected floating point"),
        (rows_with(np.nan), "not finite: 1 values, the first at row 2, column 30"),
        (rows_with(np.inf, 0, 275), "not finite: 1 values, the first at row 0, column 275"),
        (np.zeros((5, 276), dtype=np.float32), "row 0 holds zero or parallel columns"),
    ],
)
def test_bad_rows_are_refused_in_one_line(rows, message):
    for decoder in (rep.decode, rep.decode_slice, rep.integrate):
        with pytest.raises(MotionError, match=message) as caught:
            decoder(rows)
        assert "\n" not in str(caught.value)


def test_what_cannot_be_encoded():
    motion = posed(0, 3)
    with pytest.raises(MotionError, match="needs joint rotations"):
        rep.encode(Motion(motion.joints))
    with pytest.raises(MotionError, match="2 frames or more"):
        rep.encode(posed(0, 1))
    with pytest.raises(MotionError, match="how is 'sum'; expected"):
        rep.decode(rep.encode(motion), "sum")


def test_one_row_decodes():
    motion = posed(0, 2)
    np.testing.assert_allclose(rep.decode(rep.encode(motion)).joints, motion.joints[:1], atol=1e-6)
