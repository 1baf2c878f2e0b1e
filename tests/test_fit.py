"""Rotations fitted to joints: positions come back, batches change nothing, twist is plausible, the cache is honest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import mbench.body.fit as fit_module
from mbench.body import load_body
from mbench.body.fit import fit_pose, joint_error
from mbench.body.fit_adam import FitSettings
from mbench.body.fit_bones import scaled_offsets
from mbench.body.fit_start import start_rotations
from mbench.cache import cache_folder
from mbench.errors import ConfigError, MotionError
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics, world_rotations
from mbench.motion.skeleton import FEET, INDEX, MIRROR, N_JOINTS, PARENTS, REST_OFFSETS
from mocap import real_clip
from motions import posed

QUICK = FitSettings(steps=5)
REAL = ["cmu_01_01", "bandai1_bow_active_001", "mass_cart", "dm_humanoid3d_walk", "cmu_x_backflip"]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))


def still(**turns: tuple[float, float, float]) -> Motion:
    """Return 5 equal frames of the T-pose with some joints turned by rotation vectors in degrees."""
    rotations = np.tile([0, 0, 0, 1.0], (5, N_JOINTS, 1))
    for name, turn in turns.items():
        rotations[:, INDEX[name]] = Rotation.from_rotvec(turn, degrees=True).as_quat()
    return moved(rotations, REST_OFFSETS)


def moved(rotations: np.ndarray, offsets: np.ndarray, fps: float = 20.0) -> Motion:
    joints = forward_kinematics(rotations, np.tile([0.3, -2.0, 0.9], (len(rotations), 1)), offsets)
    return Motion(joints.astype(np.float32), fps, Pose(rotations.astype(np.float32), offsets.astype(np.float32)))


def degrees_apart(pose: Pose, motion: Motion, joint: str) -> float:
    """Return the largest angle between world rotations of a joint."""
    assert motion.pose is not None
    fitted, true = (world_rotations(p.rotations)[:, INDEX[joint]] for p in (pose, motion.pose))
    return float(np.degrees(Rotation.from_matrix(fitted.swapaxes(1, 2) @ true).magnitude()).max())


# --- positions -------------------------------------------------------------------------------------------------------


def test_positions_of_random_plausible_poses_come_back() -> None:
    motions = [posed(seed, 25) for seed in range(6)]
    for motion, pose in zip(motions, fit_pose(motions, REST_OFFSETS), strict=True):
        assert joint_error(motion, pose).max() < 0.003


def test_positions_come_back_for_the_bodies_own_poses() -> None:
    body = load_body()
    source = posed(1).pose
    assert source is not None
    motion = moved(source.rotations, body.rest_offsets)
    pose = fit_pose(motion, body)
    assert joint_error(motion, pose).max() < 0.003
    np.testing.assert_allclose(pose.offsets, body.rest_offsets, atol=0.002)


def test_error_on_real_clips_is_below_a_centimetre(shared: Path) -> None:
    motions = [Motion(real_clip(shared, name).joints[:80], 20) for name in REAL]
    body = load_body()
    errors = [joint_error(m, p)[:, 1:].mean() for m, p in zip(motions, fit_pose(motions, body), strict=True)]
    assert max(errors) < 0.01
    assert np.mean(errors) < 0.002


def test_adam_lowers_the_error_where_bones_change_their_length() -> None:
    clean = posed(2)
    noise = np.random.default_rng(0).normal(0, 0.01, clean.joints.shape)
    motion = Motion((clean.joints + noise).astype(np.float32))
    start, fitted = (fit_pose(motion, REST_OFFSETS, settings=FitSettings(steps=steps)) for steps in (0, 40))
    assert joint_error(motion, fitted).mean() < 0.7 * joint_error(motion, start).mean()


def test_the_closed_form_points_every_bone_of_a_rigid_skeleton() -> None:
    motion = posed(3)
    world = start_rotations(motion.joints, REST_OFFSETS, motion.fps)
    parents = list(PARENTS[1:])
    local = np.concatenate([world[:, :1], world[:, parents].swapaxes(-1, -2) @ world[:, 1:]], axis=1)
    quaternions = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_quat().reshape(-1, N_JOINTS, 4)
    again = forward_kinematics(quaternions, motion.joints[:, 0], REST_OFFSETS)
    np.testing.assert_allclose(again, motion.joints, atol=5e-4)


def test_bones_get_the_lengths_of_the_motion() -> None:
    assert (source := posed(4).pose) is not None
    factors = np.random.default_rng(1).uniform(0.7, 1.4, (N_JOINTS, 1))
    motion = moved(source.rotations, REST_OFFSETS * factors)
    offsets = scaled_offsets(motion.joints, REST_OFFSETS, 20)
    np.testing.assert_allclose(
        np.linalg.norm(offsets, axis=-1), np.linalg.norm(REST_OFFSETS * factors, axis=-1), atol=1e-4
    )
    cosine = (offsets[4:9] * REST_OFFSETS[4:9]).sum(-1)  # knees to ankles: directions are the body's
    np.testing.assert_allclose(
        cosine, np.linalg.norm(offsets[4:9], axis=-1) * np.linalg.norm(REST_OFFSETS[4:9], axis=-1)
    )


# --- what joints leave open ------------------------------------------------------------------------------------------


def test_the_rest_pose_is_no_rotation() -> None:
    pose = fit_pose(still(), REST_OFFSETS)
    assert np.degrees(2 * np.arccos(np.abs(pose.rotations[..., 3]).min())) < 3


@pytest.mark.parametrize(
    "turns",
    [
        {"left_shoulder": (40, 0, 0), "left_elbow": (0, 0, -70)},
        {"right_shoulder": (-60, 0, 0), "right_elbow": (0, 0, 70)},
        {"left_hip": (0, 0, 35), "left_knee": (-60, 0, 0)},
        {"right_hip": (0, 0, -35), "right_knee": (-60, 0, 0)},
    ],
    ids=["left arm", "right arm", "left leg", "right leg"],
)
def test_a_bent_limb_tells_the_twist_of_its_root(turns: dict[str, tuple[float, float, float]]) -> None:
    motion = still(**turns)
    pose = fit_pose(motion, REST_OFFSETS)
    root, hinge = turns
    assert degrees_apart(pose, motion, root) < 12
    assert degrees_apart(pose, motion, hinge) < 12


def test_toes_tell_the_twist_of_a_straight_leg() -> None:
    motion = still(left_hip=(0, 0, 30))
    assert degrees_apart(fit_pose(motion, REST_OFFSETS), motion, "left_hip") < 12


def test_a_mirrored_motion_gives_the_mirrored_pose() -> None:
    motion = posed(5)
    flipped = Motion(motion.joints[:, MIRROR] * np.float32([-1, 1, 1]))
    pose, other = fit_pose([motion, flipped], REST_OFFSETS)
    mirrored = pose.rotations[:, MIRROR] * [1, -1, -1, 1]
    np.testing.assert_allclose(np.abs((mirrored * other.rotations).sum(-1)), 1, atol=1e-3)


def test_the_twist_of_a_straight_arm_does_not_jump() -> None:
    # The elbow wavers around straight, so the plane in which it bends turns over from frame to frame.
    rotations = np.tile([0, 0, 0, 1.0], (40, N_JOINTS, 1))
    waver = np.random.default_rng(0).normal(0, 3, (40, 3)) * [0, 1, 1]
    rotations[:, INDEX["left_elbow"]] = Rotation.from_rotvec(waver, degrees=True).as_quat()
    pose = fit_pose(moved(rotations, REST_OFFSETS), REST_OFFSETS)
    shoulder = world_rotations(pose.rotations)[:, INDEX["left_shoulder"]]
    steps = Rotation.from_matrix(shoulder[1:].swapaxes(1, 2) @ shoulder[:-1]).magnitude()
    assert np.degrees(steps).max() < 15


# --- what skeletons differ in by convention --------------------------------------------------------------------------


def pitched(offsets: np.ndarray, joints: list[int], degrees: float, axis: tuple[int, int, int]) -> np.ndarray:
    """Return bone vectors (22, 3) with some turned in the T-pose."""
    turned = offsets.astype(np.float64)
    turned[joints] = Rotation.from_rotvec(np.multiply(axis, degrees), degrees=True).apply(turned[joints])
    return turned


@pytest.mark.parametrize("degrees", [-15, 20])
def test_feet_that_stand_are_level_whatever_the_slope_of_their_bones(degrees: float) -> None:
    steep = pitched(REST_OFFSETS, list(FEET), degrees, (1, 0, 0))
    motion = moved(np.tile([0, 0, 0, 1.0], (5, N_JOINTS, 1)), steep)
    pose = fit_pose(motion, REST_OFFSETS)
    assert degrees_apart(pose, motion, "left_ankle") < 4
    assert joint_error(motion, pose).max() < 0.003


def test_feet_on_tiptoe_stay_on_tiptoe() -> None:
    motion = still(left_ankle=(-45, 0, 0), right_ankle=(-45, 0, 0))
    assert degrees_apart(fit_pose(motion, REST_OFFSETS), motion, "left_ankle") < 12


def test_feet_in_the_air_tell_no_slope() -> None:
    motion = still(left_hip=(90, 0, 0), right_hip=(90, 0, 0), left_ankle=(-20, 0, 0), right_ankle=(-20, 0, 0))
    assert degrees_apart(fit_pose(motion, REST_OFFSETS), motion, "right_ankle") < 5


def test_collars_are_not_raised_by_the_convention_of_a_skeleton() -> None:
    low, high = pitched(REST_OFFSETS, [16], 40, (0, 1, 0)), REST_OFFSETS.astype(np.float64)
    low[17] = low[16] * (-1, 1, 1)
    pose = fit_pose(moved(np.tile([0, 0, 0, 1.0], (5, N_JOINTS, 1)), low), high)
    turns = np.degrees(2 * np.arccos(np.abs(pose.rotations[:, [13, 14], 3])))
    assert ((turns > 10) & (turns < 18)).all()


# --- batches ---------------------------------------------------------------------------------------------------------


def test_neither_batch_nor_order_nor_grouping_changes_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    motions = [posed(seed, frames) for seed, frames in enumerate((1, 30, 2, 17, 64))]
    alone = [fit_pose(motion, REST_OFFSETS, cache=False) for motion in motions]
    together = fit_pose(motions, REST_OFFSETS, cache=False)
    backwards = fit_pose(motions[::-1], REST_OFFSETS, cache=False)[::-1]
    monkeypatch.setattr(fit_module, "FRAMES_AT_ONCE", 40)
    grouped = fit_pose(motions, REST_OFFSETS, cache=False)
    for a, *others in zip(alone, together, backwards, grouped, strict=True):
        for b in others:
            np.testing.assert_array_equal(a.rotations, b.rotations)
            np.testing.assert_array_equal(a.offsets, b.offsets)


def test_torch_keeps_its_threads() -> None:
    import torch

    before = torch.get_num_threads()
    fit_pose(posed(0, 3), REST_OFFSETS, settings=QUICK)
    assert torch.get_num_threads() == before


def test_it_fits_where_gradients_are_switched_off() -> None:
    import torch

    motion = posed(0, 3)
    expected = fit_pose(motion, REST_OFFSETS, settings=QUICK, cache=False)
    for off in (torch.no_grad(), torch.inference_mode()):
        with off:
            pose = fit_pose(motion, REST_OFFSETS, settings=QUICK, cache=False)
        np.testing.assert_array_equal(pose.rotations, expected.rotations)


def test_no_motions_no_poses() -> None:
    assert fit_pose([], REST_OFFSETS) == []


def test_cuda_gives_the_numbers_of_the_cpu() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    motions = [posed(seed) for seed in range(4)]
    cpu, cuda = (fit_pose(motions, REST_OFFSETS, device=device, cache=False) for device in ("cpu", "cuda"))
    for a, b in zip(cpu, cuda, strict=True):
        np.testing.assert_allclose(np.abs((a.rotations * b.rotations).sum(-1)), 1, atol=1e-5)


def test_importing_it_does_not_import_torch() -> None:
    code = "import mbench.body.fit, sys; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


# --- odd and bad motions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1e-4, 1e-2, 1e3, 1e6])
def test_size_does_not_matter(size: float) -> None:
    motion = posed(6, 12)
    small = Motion(motion.joints * np.float32(size))
    pose, scaled = fit_pose([motion, small], REST_OFFSETS)
    np.testing.assert_allclose(scaled.offsets / size, pose.offsets, atol=1e-4)
    np.testing.assert_allclose(np.abs((scaled.rotations * pose.rotations).sum(-1)), 1, atol=1e-4)


def test_a_long_clip_far_away() -> None:
    motion = posed(7, 2000)
    far = Motion(motion.joints + np.float32([100, -100, 0]))
    assert joint_error(far, fit_pose(far, REST_OFFSETS, settings=QUICK)).mean() < 0.003


def test_collars_without_length_are_fitted(shared: Path) -> None:
    motion = Motion(real_clip(shared, "xia_angry_13_000").joints[:40])
    pose = fit_pose(motion, REST_OFFSETS)
    assert (np.linalg.norm(pose.offsets[[13, 14]], axis=-1) < 1e-4).all()
    assert joint_error(motion, pose).mean() < 0.003


def test_a_limb_without_length_leaves_the_others_alone() -> None:
    joints = posed(8, 20).joints.copy()
    joints[:, [4, 7, 10]] = joints[:, [1]]
    motion = Motion(joints)
    pose = fit_pose(motion, REST_OFFSETS)
    assert joint_error(motion, pose).max() < 0.003
    assert (np.linalg.norm(pose.offsets[[4, 7, 10]], axis=-1) < 1e-5).all()


def test_all_joints_in_one_point_are_refused() -> None:
    with pytest.raises(MotionError, match="one point") as caught:
        fit_pose(Motion(np.ones((3, N_JOINTS, 3), np.float32)), REST_OFFSETS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (REST_OFFSETS[:21], r"shape \(21, 3\); expected \(22, 3\)"),
        (np.where(np.arange(22)[:, None] == 4, 0, REST_OFFSETS), "bone to left_knee has length 0"),
        (np.where(np.arange(22)[:, None] == 7, np.nan, REST_OFFSETS), "not finite, first at the bone to left_ankle"),
    ],
)
def test_rest_offsets_that_are_none_are_refused(rest: np.ndarray, message: str) -> None:
    with pytest.raises(MotionError, match=message):
        fit_pose(posed(0, 3), rest)


def test_unknown_devices_and_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="device 'tpu' is unknown"):
        fit_pose(posed(0, 3), REST_OFFSETS, device="tpu")
    with pytest.raises(ConfigError, match="CUDA devices; use auto"):
        fit_pose(posed(0, 3), REST_OFFSETS, device="cuda:99")
    with pytest.raises(ConfigError, match="fit is 'sometimes'; expected always or never"):
        fit_pose(posed(0, 3), REST_OFFSETS, fit="sometimes")  # type: ignore[call-overload]
    with pytest.raises(ConfigError, match="smooth is -1; expected 0 or more"):
        FitSettings(smooth=-1)


# --- rotations that are there ----------------------------------------------------------------------------------------


def test_never_takes_the_rotations_of_the_motion() -> None:
    motion = posed(9)
    assert motion.pose is not None
    pose = fit_pose(motion, REST_OFFSETS, fit="never")
    np.testing.assert_array_equal(pose.rotations, motion.pose.rotations)
    assert joint_error(motion, pose).max() < 1e-3


def test_never_needs_rotations() -> None:
    with pytest.raises(MotionError, match="without rotations; use fit: always"):
        fit_pose(posed(9).replace(pose=None), REST_OFFSETS, fit="never")


def test_always_does_not_look_at_the_rotations() -> None:
    motion = posed(10, 10)
    with_pose, without = fit_pose([motion, motion.replace(pose=None)], REST_OFFSETS, cache=False)
    np.testing.assert_array_equal(with_pose.rotations, without.rotations)


# --- cache -----------------------------------------------------------------------------------------------------------


def files() -> list[Path]:
    folder = cache_folder() / "fit"
    return sorted(folder.glob("*")) if folder.is_dir() else []


def test_a_pose_is_kept_and_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    motion = posed(11, 6)
    first = fit_pose(motion, REST_OFFSETS, settings=QUICK)
    assert len(files()) == 1
    monkeypatch.setattr(fit_module, "refined", None)  # can't be called any more
    again = fit_pose(motion.with_meta(name="other"), REST_OFFSETS, settings=QUICK)
    np.testing.assert_array_equal(first.rotations, again.rotations)
    np.testing.assert_array_equal(first.offsets, again.offsets)


def test_everything_that_decides_a_pose_is_in_its_name() -> None:
    motion = posed(12, 4)
    fit_pose(motion, REST_OFFSETS, settings=QUICK)
    fit_pose(Motion(motion.joints, 30), REST_OFFSETS, settings=QUICK)
    fit_pose(Motion(motion.joints + np.float32(1e-4)), REST_OFFSETS, settings=QUICK)
    fit_pose(motion, REST_OFFSETS * 1.01, settings=QUICK)
    fit_pose(motion, REST_OFFSETS, settings=FitSettings(steps=5, smooth=2.0))
    assert len(files()) == 5


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY\x01\x00v\x00{'descr'"])
def test_a_broken_file_is_ignored_and_written_anew(content: bytes) -> None:
    motion = posed(13, 4)
    first = fit_pose(motion, REST_OFFSETS, settings=QUICK)
    (path,) = files()
    path.write_bytes(content)
    again = fit_pose(motion, REST_OFFSETS, settings=QUICK)
    np.testing.assert_array_equal(first.rotations, again.rotations)
    assert np.load(path)["rotations"].shape == (4, N_JOINTS, 4)


def test_a_file_of_another_length_is_ignored() -> None:
    short, long = posed(14, 4), posed(14, 9)
    fit_pose(short, REST_OFFSETS, settings=QUICK)
    (path,) = files()
    fit_pose(long, REST_OFFSETS, settings=QUICK)
    (other,) = (file for file in files() if file != path)
    other.write_bytes(path.read_bytes())
    assert len(fit_pose(long, REST_OFFSETS, settings=QUICK).rotations) == 9


def test_without_cache_nothing_is_written() -> None:
    fit_pose(posed(15, 3), REST_OFFSETS, settings=QUICK, cache=False)
    assert files() == []


def test_a_folder_that_can_not_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="fitted pose is not kept"):
        pose = fit_pose(posed(16, 3), REST_OFFSETS, settings=QUICK)
    assert len(pose.rotations) == 3
