"""Parts and mirrored copies of rows against motions that are cut, mirrored and encoded again."""

from __future__ import annotations

import numpy as np
import pytest

from mbench.datasets import load_dataset
from mbench.errors import MotionError
from mbench.motion import Motion
from mbench.motion.canonical import canonicalise, translate, yaw
from mbench.motion.motion import Pose
from mbench.motion.representations import vimogen276 as rep
from mbench.motion.skeleton import MIRROR
from motions import posed
from vimogen.augment import canonical, mirrored, part

FRAMES = 40


def mirror_image(motion: Motion) -> Motion:
    """Return the motion as a mirror in the plane x = 0 shows it, with the names of its sides exchanged."""
    order = list(MIRROR)
    x, y, z, w = np.moveaxis(motion.pose.rotations[:, order], -1, 0)
    pose = Pose(np.stack([x, -y, -z, w], axis=-1), motion.pose.offsets[order] * np.float32([-1, 1, 1]))
    return Motion(motion.joints[:, order] * np.float32([-1, 1, 1]), motion.fps, pose)


def cut(motion: Motion, start: int, stop: int) -> Motion:
    pose = Pose(motion.pose.rotations[start:stop], motion.pose.offsets)
    return Motion(motion.joints[start:stop], motion.fps, pose)


def encoded(motion: Motion) -> np.ndarray:
    """Return the canonical rows of a motion; the frame that only the last velocity reads has no say in the floor."""
    rows = rep.encode(canonicalise(motion, floor=True))
    low = rows[:, rep.POSITIONS].reshape(len(rows), 22, 3)[..., 2].min()
    height = np.zeros(rep.WIDTH, np.float32)
    height[rep.POSITIONS] = np.tile([0, 0, low], 22)
    height[rep.TRANSLATION] = [0, 0, low]
    return rows - height


@pytest.fixture(scope="module", params=["made", "capture"])
def motion(request) -> Motion:
    """Return a made motion, and one of real capture, both far from the origin and turned."""
    if request.param == "made":
        return translate(yaw(posed(3, FRAMES + 1), 2.0), [3.0, -2.0, 0.4])
    shared = request.getfixturevalue("shared")
    data = load_dataset(shared / "mocap")
    return cut(data.motion(data.clips[7]), 30, 30 + FRAMES + 1)


def test_rows_of_a_mirrored_motion(motion):
    rows = mirrored(rep.encode(motion))
    np.testing.assert_allclose(rows, rep.encode(mirror_image(motion)), atol=2e-5)


def test_mirrored_twice_is_as_before(motion):
    rows = rep.encode(motion)
    np.testing.assert_allclose(mirrored(mirrored(rows)), rows, atol=1e-6)
    assert np.abs(mirrored(rows) - rows).max() > 0.1


def test_rows_of_a_part(motion):
    rows = rep.encode(canonicalise(motion, floor=True))
    for start, frames in ((0, FRAMES), (0, 10), (17, 12), (FRAMES - 5, 5), (9, 1)):
        expected = encoded(cut(motion, start, start + frames + 1))
        np.testing.assert_allclose(part(rows, start, frames), expected, atol=3e-5)


def test_a_mirrored_part_is_the_part_of_a_mirrored_motion(motion):
    """As batches do it: mirrored first, then canonical."""
    rows = rep.encode(motion)[5:25]
    np.testing.assert_allclose(canonical(mirrored(rows)), encoded(mirror_image(cut(motion, 5, 26))), atol=3e-5)


def test_canonical_rows_stay_and_nothing_given_is_changed(motion):
    rows = rep.encode(motion)
    before = rows.copy()
    once = canonical(rows)
    np.testing.assert_allclose(canonical(once), once, atol=1e-5)
    mirrored(rows)
    np.testing.assert_array_equal(rows, before)
    assert once.dtype == mirrored(rows).dtype == np.float32


def test_a_part_stands_on_the_floor_and_faces_forward(motion):
    rows = part(rep.encode(motion), 12, 15)
    joints = rows[:, rep.POSITIONS].reshape(-1, 22, 3)
    assert joints[..., 2].min() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(joints[0, 0, :2], 0, atol=1e-6)
    across = joints[0, 2] - joints[0, 1]
    assert across[0] > 0
    assert abs(across[1]) < 1e-5


@pytest.mark.parametrize(("start", "frames"), [(-1, 5), (0, 21), (20, 1), (3, 0)])
def test_parts_that_are_not_there_are_refused(start, frames):
    with pytest.raises(MotionError, match=f"rows {start} to {start + frames} are asked for; there are 20"):
        part(rep.encode(posed(0, 21)), start, frames)


def test_hips_above_each_other_face_nowhere():
    rows = rep.encode(posed(0, 21))
    hips = rows[:, rep.POSITIONS].reshape(-1, 22, 3)
    hips[0, 2, :2] = hips[0, 1, :2]
    rows[:, rep.POSITIONS] = hips.reshape(20, -1)
    with pytest.raises(MotionError, match="no direction is faced"):
        canonical(rows)
