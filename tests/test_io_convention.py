"""Up axis and unit: proper rotations, declared or detected, refused when they can't be told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conftest import make_walk
from mbench.errors import FormatError
from mbench.io import read_motion
from mbench.io.convention import AXES, MIN_CONFIDENCE, TO_Z_UP, UNITS, find_convention, most_likely_up, stature
from mbench.motion.skeleton import REST_OFFSETS
from mocap import mocap

WALK = make_walk(3.0).joints.astype(np.float64)


@pytest.mark.parametrize("axis", AXES)
def test_the_rotations_are_proper_and_bring_the_axis_up(axis: str) -> None:
    rotation = TO_Z_UP[axis]
    assert np.linalg.det(rotation) == pytest.approx(1) and np.array_equal(rotation @ rotation.T, np.eye(3))
    vector = np.zeros(3)
    vector["xyz".index(axis[-1])] = -1 if axis[0] == "-" else 1
    assert np.array_equal(rotation @ vector, [0, 0, 1])


def test_y_up_facing_z_becomes_z_up_facing_y() -> None:
    assert np.array_equal(TO_Z_UP["y"] @ [0, 0, 1], [0, 1, 0])
    assert np.array_equal(TO_Z_UP["y"] @ [1, 0, 0], [-1, 0, 0])  # +x is the person's left there, -x here


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("unit", UNITS)
def test_a_walk_is_read_the_same_in_every_convention(axis: str, unit: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, WALK @ TO_Z_UP[axis] / UNITS[unit])
    for options in ({}, {"up": "auto", "unit": "auto"}, {"up": axis, "unit": unit}, {"up": axis, "unit": UNITS[unit]}):
        motion = read_motion(path, **options)
        np.testing.assert_allclose(motion.joints, WALK, atol=1e-5)
        declared = "up" in options and options["up"] != "auto"
        assert (motion.meta["up_confidence"] == 1.0) or not declared
        assert motion.meta["up"] == axis


def test_the_confidence_is_stated(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", WALK)
    assert MIN_CONFIDENCE < read_motion(tmp_path / "a.npy").meta["up_confidence"] <= 1


def test_a_curled_up_body_in_the_air_is_refused_and_can_be_declared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(40, 22, 3))
    lengths = np.linalg.norm(REST_OFFSETS, axis=1)[:, None]
    bones = directions / np.linalg.norm(directions, axis=-1, keepdims=True) * lengths
    from mbench.motion.skeleton import PARENTS

    joints = np.zeros((40, 22, 3))
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            joints[:, joint] = joints[:, parent] + bones[:, joint]
    np.save(tmp_path / "a.npy", joints + 5)
    with pytest.raises(FormatError, match=r"up axis can't be told .* confidence 0\.\d\d.* pass up: y or up: z"):
        read_motion(tmp_path / "a.npy")
    np.testing.assert_allclose(read_motion(tmp_path / "a.npy", up="z").joints, joints + 5, atol=1e-5)


def test_no_unit_fits_a_giant() -> None:
    with pytest.raises(
        FormatError, match=r"x: the unit can't be told .* 5\d\d units tall.* pass unit: m.* unit: 0\.00\d+"
    ):
        find_convention(WALK * 320, where="x")
    assert find_convention(WALK * 320, unit=1 / 320).metres == 1 / 320


def test_stature_does_not_depend_on_the_pose() -> None:
    standing = np.tile(make_walk(0.1).joints[:1], (1, 1, 1))
    lying = standing[..., [2, 1, 0]]
    assert stature(standing) == pytest.approx(stature(lying)) == pytest.approx(1.70, abs=0.02)


def test_a_prior_moves_the_confidence() -> None:
    _, plain = most_likely_up(WALK[:1] * (1, 1, 0.3))
    axis, moved = most_likely_up(WALK[:1] * (1, 1, 0.3), {"z": 2.0})
    assert axis == "z" and moved > plain


def test_real_clips_are_detected(shared: Path) -> None:
    loader = mocap(shared)
    for row in loader.rows[::40]:
        joints = loader.clip(row["id"])["pos"].astype(np.float64)
        for axis in ("y", "z", "-z"):
            found, confidence = most_likely_up(joints @ TO_Z_UP[axis])
            assert found == axis and confidence > MIN_CONFIDENCE, (row["id"], axis)


@pytest.mark.parametrize("name", ["dm_crawl", "dm_cartwheel", "dm_backflip", "dm_getup_faceup", "cart_yup"])
def test_hard_motions_are_never_detected_wrongly(shared: Path, name: str) -> None:
    joints = np.load(shared / "reference" / "golden" / "metrics" / "mocap" / f"{name}.npy")
    axis, confidence = most_likely_up(joints)
    assert axis == ("y" if name.endswith("yup") else "z") or confidence < MIN_CONFIDENCE
