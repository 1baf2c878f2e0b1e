"""Rows to motions: bones of one length, along paths that fit positions and velocities."""

from __future__ import annotations

import numpy as np
import pytest

from mbench.errors import MotionError
from mbench.motion.canonical import canonicalise
from mbench.motion.representations import vimogen276 as rep
from mbench.motion.skeleton import PARENTS
from motions import posed
from vimogen.decode import TRUST, fused, motion_of


@pytest.fixture
def rows() -> np.ndarray:
    return rep.encode(canonicalise(posed(5, 31), floor=True))


def bones(joints: np.ndarray) -> np.ndarray:
    """Return the length of every bone in every frame (T, 21)."""
    return np.linalg.norm(joints[:, 1:] - joints[:, list(PARENTS[1:])], axis=-1)


def test_rows_of_a_motion_give_it_back(rows):
    motion = canonicalise(posed(5, 31), floor=True)
    found = motion_of(rows, plant=False)
    np.testing.assert_allclose(found.joints, motion.joints[:-1], atol=2e-4)
    assert found.fps == 20
    assert found.meta["decoded_by"] == "fused"
    assert found.meta["root_drift_end_m"] < 1e-4


def test_bones_keep_their_length_whatever_the_positions_say(rows):
    spoilt = rows.copy()
    spoilt[:, rep.POSITIONS] += np.random.default_rng(0).normal(0, 0.03, (30, 66)).astype(np.float32)
    lengths = bones(motion_of(spoilt).joints)
    assert lengths.std(axis=0).max() < 1e-4
    assert bones(rep.decode(spoilt, how="slice").joints).std(axis=0).max() > 0.01


@pytest.mark.parametrize("frames", [1, 2, 3, 25])
@pytest.mark.parametrize("trust", [0.0, 0.5, TRUST])
def test_fused_paths_are_those_of_least_squares(frames, trust):
    """The same sum of squares, written down term by term and given to a solver of dense systems."""
    generator = np.random.default_rng(frames)
    positions, velocities = generator.normal(size=(2, frames, 4))
    terms, values = [], []
    for t in range(frames):
        terms.append(np.eye(frames)[t])
        values.append(positions[t])
    for t in range(frames - 1):
        terms.append(trust**0.5 * (np.eye(frames)[t + 1] - np.eye(frames)[t]))
        values.append(trust**0.5 * velocities[t])
    expected = np.linalg.lstsq(np.array(terms), np.array(values), rcond=None)[0]
    np.testing.assert_allclose(fused(positions, velocities, trust), expected, atol=1e-9)


def test_the_root_drifts_no_further_than_its_trust_allows(rows):
    """Velocities wrong by b everywhere part the sum by b a frame; fused, the ends are b sqrt(trust) off at most."""
    for frames in (30, 150):
        long = np.repeat(rows[:1], frames, axis=0)
        long[:, rep.POSITION_VELOCITY] = 0.01
        found = motion_of(long, plant=False)
        off = np.abs(found.joints[:, 0] - motion_of(rows[:1], plant=False).joints[0, 0])
        assert off.max() <= 0.01 * TRUST**0.5 + 1e-6
        assert found.meta["root_drift_end_m"] == pytest.approx((frames - 1) * 0.01 * 3**0.5, rel=1e-3)


def test_trembling_positions_come_out_smooth(rows):
    spoilt = rows.copy()
    spoilt[:, rep.POSITIONS] += np.random.default_rng(1).normal(0, 0.01, (30, 66)).astype(np.float32)
    true = motion_of(rows, plant=False).joints
    trembling = rep.decode(spoilt, how="slice").joints
    found = motion_of(spoilt, plant=False).joints
    assert np.diff(found - true, axis=0).std() < 0.2 * np.diff(trembling - true, axis=0).std()


def test_the_pose_is_that_of_the_joints(rows):
    from mbench.motion.kinematics import forward_kinematics

    found = motion_of(rows)
    again = forward_kinematics(found.pose.rotations, found.joints[:, 0], found.pose.offsets)
    np.testing.assert_allclose(found.joints, again, atol=1e-6)


def test_rows_that_are_not_finite_are_refused(rows):
    rows[3, 7] = np.nan
    with pytest.raises(MotionError, match="finite"):
        motion_of(rows)
