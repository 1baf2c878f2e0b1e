"""Rotations from joints: forward kinematics gives the joints back; twist is not invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mbench.motion import Motion
from mbench.motion.ik import best_rotation, fit_offsets, fit_pose_swing, rotations_from_joints, smallest_rotation
from mbench.motion.kinematics import forward_kinematics, world_rotations
from mbench.motion.skeleton import N_JOINTS, REST_OFFSETS
from mocap import real_clip
from motions import posed


def error_in_metres(motion: Motion) -> float:
    pose = fit_pose_swing(motion)
    again = forward_kinematics(pose.rotations, motion.joints[:, 0], pose.offsets)
    return float(np.linalg.norm(again - motion.joints, axis=-1).max())


@pytest.mark.parametrize("seed", range(6))
def test_forward_kinematics_of_the_fit_gives_the_joints(seed: int) -> None:
    assert error_in_metres(posed(seed)) < 1e-4


@pytest.mark.parametrize("name", ["cmu_01_01", "bandai1_bow_active_001", "mass_cart", "dm_humanoid3d_walk"])
def test_on_real_clips(shared: Path, name: str) -> None:
    assert error_in_metres(real_clip(shared, name)) < 1e-4


def test_the_rest_pose_has_no_rotation() -> None:
    rest = forward_kinematics(np.tile([0, 0, 0, 1.0], (2, N_JOINTS, 1)), np.zeros((2, 3)), REST_OFFSETS)
    np.testing.assert_allclose(fit_offsets(rest)[1:], REST_OFFSETS[1:], atol=1e-6)
    local = rotations_from_joints(rest, REST_OFFSETS)
    np.testing.assert_allclose(np.abs(local[..., 3]), 1, atol=1e-9)


def test_a_hinge_without_twist_is_found_again() -> None:
    # The elbow bends about the vertical z, perpendicular to the arm: a pure swing, so it must come back exactly.
    angles = np.linspace(0, 1.5, 20)
    rotations = np.tile([0, 0, 0, 1.0], (20, N_JOINTS, 1))
    rotations[:, 18] = np.stack([0 * angles, 0 * angles, np.sin(angles / 2), np.cos(angles / 2)], axis=1)
    joints = forward_kinematics(rotations, np.zeros((20, 3)), REST_OFFSETS)
    local = rotations_from_joints(joints, REST_OFFSETS)
    np.testing.assert_allclose((local * rotations).sum(-1) ** 2, 1, atol=1e-9)


def test_a_guess_keeps_its_twist() -> None:
    motion = posed(3)
    assert motion.pose is not None
    world = world_rotations(motion.pose.rotations)
    local = rotations_from_joints(motion.joints, REST_OFFSETS, guess=world)
    np.testing.assert_allclose(np.abs((local * motion.pose.rotations).sum(-1)), 1, atol=1e-5)


def test_neck_and_collars_on_one_line_do_not_spin_the_chest() -> None:
    offsets = REST_OFFSETS.astype(np.float64)
    offsets[[12, 13, 14]] = [[0, 0, 0.14], [0, 0, 0.08], [0, 0, 0.08]]
    source = posed(5)
    assert source.pose is not None
    joints = forward_kinematics(source.pose.rotations, source.joints[:, 0], offsets)
    noisy = joints + 1e-4 * np.random.default_rng(0).normal(size=joints.shape)
    turn = 2 * np.arccos(np.abs(rotations_from_joints(noisy, fit_offsets(noisy))[:, 9, 3]).clip(0, 1))
    assert np.degrees(turn).max() < 45


def test_smallest_rotation_against_scipy_and_at_its_edges() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(50, 3)), rng.normal(size=(50, 3))
    for rotation, source, target in zip(smallest_rotation(a, b), a, b, strict=True):
        axis = np.cross(source, target)
        angle = np.arctan2(np.linalg.norm(axis), source @ target)
        expected = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        np.testing.assert_allclose(rotation, expected, atol=1e-9)
    up, zero = np.array([[0, 0, 2.0]]), np.zeros((1, 3))
    np.testing.assert_allclose(smallest_rotation(up, -up)[0] @ up[0], -up[0], atol=1e-9)
    np.testing.assert_allclose(smallest_rotation(up, zero)[0], np.eye(3))
    np.testing.assert_allclose(smallest_rotation(zero, up)[0], np.eye(3))


def test_best_rotation_against_scipy_and_never_a_mirror() -> None:
    rng = np.random.default_rng(2)
    source, target = rng.normal(size=(4, 3)), rng.normal(size=(20, 4, 3))
    for found, one in zip(best_rotation(source, target, tie=0), target, strict=True):
        expected = Rotation.align_vectors(one, source)[0].as_matrix()
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert np.linalg.det(found) > 0
