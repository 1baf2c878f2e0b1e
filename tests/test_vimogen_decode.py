"""Rows to motions: bones of one length, placed by the absolute columns."""

from __future__ import annotations

import numpy as np
import pytest

from mbench.errors import MotionError
from mbench.motion.canonical import canonicalise
from mbench.motion.representations import vimogen276 as rep
from mbench.motion.skeleton import PARENTS
from motions import posed
from vimogen.decode import motion_of


@pytest.fixture
def rows() -> np.ndarray:
    return rep.encode(canonicalise(posed(5, 31), floor=True))


def bones(joints: np.ndarray) -> np.ndarray:
    """Return the length of every bone in every frame (T, 21)."""
    return np.linalg.norm(joints[:, 1:] - joints[:, list(PARENTS[1:])], axis=-1)


def test_rows_of_a_motion_give_it_back(rows):
    motion = canonicalise(posed(5, 31), floor=True)
    found = motion_of(rows)
    np.testing.assert_allclose(found.joints, motion.joints[:-1], atol=2e-4)
    assert found.fps == 20
    assert found.meta["decoded_by"] == "posed"
    assert found.meta["root_drift_end_m"] < 1e-4


def test_bones_keep_their_length_whatever_the_positions_say(rows):
    spoilt = rows.copy()
    spoilt[:, rep.POSITIONS] += np.random.default_rng(0).normal(0, 0.03, (30, 66)).astype(np.float32)
    lengths = bones(motion_of(spoilt).joints)
    assert lengths.std(axis=0).max() < 1e-4
    assert bones(rep.decode(spoilt, how="slice").joints).std(axis=0).max() > 0.01


def test_the_root_does_not_drift_with_its_velocities(rows):
    drifting = rows.copy()
    drifting[:, rep.POSITION_VELOCITY] += 0.01
    drifting[:, rep.TRANSLATION_VELOCITY] += 0.01
    found = motion_of(drifting)
    np.testing.assert_allclose(found.joints, motion_of(rows).joints, atol=1e-6)
    assert found.meta["root_drift_end_m"] == pytest.approx(29 * 0.01 * 3**0.5, rel=1e-3)  # 29 steps of 1 cm an axis
    assert found.meta["root_drift_m"] == pytest.approx(29 * 0.01 * 3**0.5 / 2, rel=1e-3)


def test_the_pose_is_that_of_the_joints(rows):
    from mbench.motion.kinematics import forward_kinematics

    found = motion_of(rows)
    again = forward_kinematics(found.pose.rotations, found.joints[:, 0], found.pose.offsets)
    np.testing.assert_allclose(found.joints, again, atol=1e-6)


def test_rows_that_are_not_finite_are_refused(rows):
    rows[3, 7] = np.nan
    with pytest.raises(MotionError, match="finite"):
        motion_of(rows)
