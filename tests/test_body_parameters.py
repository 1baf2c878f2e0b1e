"""SMPL parameter files, AMASS's and smplx's, read to joints and rotations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodies import arrays_of, npz
from conftest import make_walk
from mbench.body import load_body
from mbench.body.builtin import DEFAULT
from mbench.body.parameters import motion_from_parameters
from mbench.errors import ConfigError, FormatError
from mbench.io import read_motion, write_motion
from mbench.io.hints import Hints
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations.vimogen276 import REST_PELVIS

Z_UP_OF_Y_UP = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])


def upright(count: int = 40):
    """Return axis-angle rows (T, 66) and trans (T, 3) of a person who steps on the spot in a z-up world."""
    rng = np.random.default_rng(0)
    angles = rng.normal(0, 0.08, (count, 22, 3))
    swing = 0.4 * np.sin(np.arange(count) / 4)
    angles[:, 1, 0], angles[:, 2, 0] = swing, -swing
    stand = Rotation.from_euler("x", 90, degrees=True)  # SMPL's y to the world's z
    turn = Rotation.from_euler("z", np.linspace(0, 1, count)[:, None])
    angles[:, 0] = (turn * stand).as_rotvec()
    trans = np.stack([np.linspace(0, 1, count), np.zeros(count), np.full(count, 0.95)], axis=1)
    return angles.reshape(count, 66), trans


def amass(path: Path, width: int = 156, **more) -> Path:
    angles, trans = upright()
    poses = np.concatenate([angles, np.full((len(angles), width - 66), 0.3)], axis=1)
    return npz(path, {"poses": poses, "trans": trans, "mocap_framerate": np.array(120.0), **more})


def through_smplx(angles, trans):
    """Return the joints that smplx gives for the same numbers, in the file's world."""
    import torch
    from smplx import SMPL
    from smplx.utils import Struct

    with np.load(DEFAULT) as file:
        layer = SMPL(
            "", data_struct=Struct(**file), use_hands=False, use_feet_keypoints=False, batch_size=len(angles),
            vertex_ids=dict.fromkeys(("nose", "reye", "leye", "rear", "lear"), 0),
        )  # fmt: skip
    angles, trans = (torch.tensor(x, dtype=torch.float32) for x in (angles, trans))
    body = torch.cat([angles[:, 3:], torch.zeros(len(angles), 6)], dim=1)
    out = layer(body_pose=body, global_orient=angles[:, :3], transl=trans)
    return out.joints[:, :22].detach().numpy()


@pytest.mark.parametrize("width, family", [(66, "SMPL"), (72, "SMPL"), (156, "SMPL-H")])
@pytest.mark.parametrize("rate", ["mocap_framerate", "mocap_frame_rate"])
def test_amass_files_give_the_joints_that_smplx_gives(width, family, rate, tmp_path):
    path = amass(tmp_path / "walk.npz", width, betas=np.ones(16), gender=np.array("neutral"))
    with np.load(path) as file:
        path = npz(path, {rate if key == "mocap_framerate" else key: file[key] for key in file.files})
    motion = read_motion(path)
    np.testing.assert_allclose(motion.joints, through_smplx(*upright()), atol=1e-5)
    assert motion.fps == 120 and motion.meta["parameters"] == family and motion.meta["up"] == "z"
    body = load_body()
    assert (motion.meta["body"], motion.meta["body_hash"]) == ("default", body.hash)
    assert motion.meta["betas_used"] is False and "fps_assumed" not in motion.meta


def test_the_pose_is_that_of_the_joints(tmp_path):
    motion = read_motion(amass(tmp_path / "walk.npz"))
    pose = motion.pose
    found = forward_kinematics(pose.rotations, motion.joints[:, 0], pose.offsets)
    np.testing.assert_allclose(found, motion.joints, atol=1e-5)
    np.testing.assert_array_equal(pose.offsets, load_body().rest_offsets)
    np.testing.assert_allclose(load_body().pose(pose.rotations, motion.joints[:, 0])[1], motion.joints, atol=1e-5)


def test_smplx_files_rest_where_smplx_rests(tmp_path):
    _, trans = upright()
    motion = read_motion(amass(tmp_path / "walk.npz", 165))
    assert motion.meta["parameters"] == "SMPL-X"
    np.testing.assert_allclose(motion.joints[:, 0], trans + REST_PELVIS, atol=1e-6)


def test_python_objects_beside_the_parameters_are_not_touched(tmp_path):
    plain = read_motion(amass(tmp_path / "plain.npz"))
    extra = np.array({"ARIEL": 3}, dtype=object)
    assert read_motion(amass(tmp_path / "extra.npz", markers_latent_vids=extra)) == plain


def recovered(axes: np.ndarray, **more):
    """Return the same motion as smplx names it, in a world turned by `axes` from z up."""
    angles, trans = upright()
    root = Rotation.from_matrix(axes) * Rotation.from_rotvec(angles[:, :3])
    rest = load_body().rest_pelvis  # where the pelvis rests is added in every world alike
    moved = (trans + rest) @ axes.T - rest
    return {"global_orient": root.as_rotvec(), "body_pose": angles[:, 3:], "transl": moved, **more}


@pytest.mark.parametrize("hint", [None, "y"])
def test_files_of_mesh_recovery_come_up_from_y(hint, tmp_path):
    path = npz(tmp_path / "recovered.npz", recovered(Z_UP_OF_Y_UP.T, fps=np.array(30.0)))
    motion = read_motion(path, up=hint)
    np.testing.assert_allclose(motion.joints, through_smplx(*upright()), atol=1e-5)
    assert motion.fps == 30 and motion.meta["up"] == "y"


def test_a_camera_that_looks_with_y_down_is_detected(tmp_path):
    camera = np.diag([1.0, -1, -1]) @ Z_UP_OF_Y_UP.T
    motion = read_motion(npz(tmp_path / "camera.npz", recovered(camera)))
    assert motion.meta["up"] == "-y" and motion.meta["fps_assumed"] is True and motion.fps == 20
    heights = motion.joints[:, 15, 2] - motion.joints[:, [7, 8], 2].mean(axis=1)
    assert (heights > 1.3).all()


def test_rotation_matrices_and_23_joints_are_read_too(tmp_path):
    values = recovered(np.eye(3))
    plain = read_motion(npz(tmp_path / "angles.npz", values), up="z")
    matrices = {
        key: Rotation.from_rotvec(values[key].reshape(-1, 3)).as_matrix().reshape(40, -1, 3, 3)
        for key in ("global_orient", "body_pose")
    }
    as_matrices = read_motion(npz(tmp_path / "matrices.npz", values | matrices), up="z")
    np.testing.assert_allclose(as_matrices.joints, plain.joints, atol=1e-6)
    longer = values | {"body_pose": np.concatenate([values["body_pose"], np.ones((40, 6))], axis=1)}
    longer["global_orient"] = longer["global_orient"][:, None]
    assert read_motion(npz(tmp_path / "smpl.npz", longer), up="z") == plain


def test_tensors_in_a_pt_file_are_read(tmp_path):
    import torch

    values = recovered(np.eye(3))
    path = tmp_path / "clip.pt"
    torch.save({key: torch.tensor(value) for key, value in values.items()}, path)
    plain = read_motion(npz(tmp_path / "clip.npz", values), up="z")
    np.testing.assert_allclose(read_motion(path, up="z").joints, plain.joints, atol=1e-6)


def test_our_own_motions_survive_the_way_through_parameters(tmp_path):
    # A walking figure with the body's bones, written as AMASS would, comes back as it was.
    body, source = load_body("capsules"), make_walk()
    rotations = np.zeros((len(source), 22, 4))
    rotations[..., 3] = 1
    swing = 0.25 * np.sin(np.arange(len(source)) / 3)
    rotations[:, 4, 0], rotations[:, 4, 3] = np.sin(swing), np.cos(swing)
    joints = forward_kinematics(rotations, source.joints[:, 0], body.rest_offsets)
    matrices = Rotation.from_quat(rotations.reshape(-1, 4)).as_matrix().reshape(-1, 22, 3, 3)
    local = Z_UP_OF_Y_UP @ matrices @ Z_UP_OF_Y_UP
    local[:, 0] = matrices[:, 0] @ Z_UP_OF_Y_UP
    poses = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_rotvec().reshape(-1, 66)
    values = {"poses": poses, "trans": source.joints[:, 0] - body.rest_pelvis, "mocap_framerate": 20.0}
    found = motion_from_parameters(values, Path("walk.npz"), Hints(), body="capsules")
    np.testing.assert_allclose(found.joints, joints, atol=1e-5)
    write_motion(found, tmp_path / "walk.npz")
    assert read_motion(tmp_path / "walk.npz") == found


def test_betas_are_used_where_the_body_is_of_the_files_family(tmp_path):
    angles, trans = upright()
    values = {"poses": np.pad(angles, ((0, 0), (0, 6))), "trans": trans, "betas": np.array([2.0, 9, 9])}
    body = npz(tmp_path / "own.npz", arrays_of())  # one direction: all 5 % larger
    tall = motion_from_parameters(values, Path("x.npz"), Hints(up="z"), body)
    plain = motion_from_parameters(values | {"betas": np.zeros(3)}, Path("x.npz"), Hints(up="z"), body)
    np.testing.assert_allclose(tall.pose.offsets, 1.1 * plain.pose.offsets, atol=1e-6)
    assert tall.meta["betas_used"] is True and tall.meta["body"].startswith("own+")
    other = motion_from_parameters(
        values | {"poses": np.pad(angles, ((0, 0), (0, 90)))}, Path("x"), Hints(up="z"), body
    )
    assert other.meta["betas_used"] is False
    np.testing.assert_array_equal(other.pose.offsets, plain.pose.offsets)


def test_hints_go_before_the_file(tmp_path):
    path = amass(tmp_path / "walk.npz")
    assert read_motion(path, fps=30).fps == 30
    assert read_motion(path, up="y").meta["up"] == "y"
    with pytest.raises(ConfigError, match="up is 'w'"):
        read_motion(path, up="w")


BAD = {
    "width": ({"poses": np.zeros((40, 75))}, ("poses has shape (40, 75)", "66, 72, 156, 165")),
    "no frames": ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, ("poses has shape (0, 156)",)),
    "nan": (
        {"poses": np.where(np.arange(40)[:, None] == 7, np.nan, np.zeros((40, 156)))},
        ("poses is not finite", "156 values", "frame 7"),
    ),
    "length": ({"trans": np.zeros((39, 3))}, ("trans has shape (39, 3)", "(40, 3)")),
    "text": ({"trans": np.array(["a"])}, ("trans holds", "expected numbers")),
    "rate": ({"mocap_framerate": np.array(0.0)}, ("mocap_framerate is", "> 0")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_parameters_give_one_line(name, tmp_path):
    change, words = BAD[name]
    path = amass(tmp_path / "walk.npz")
    with np.load(path) as file:
        path = npz(path, dict(file) | change)
    with pytest.raises(FormatError) as caught:
        read_motion(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text and all(word in text for word in words), text


def test_parameters_without_a_path_through_space_are_refused(tmp_path):
    values = {key: value for key, value in recovered(np.eye(3)).items() if key != "transl"}
    with pytest.raises(FormatError, match="no transl; without the pelvis"):
        read_motion(npz(tmp_path / "clip.npz", values))


def test_reading_parameters_needs_no_torch(tmp_path):
    path = amass(tmp_path / "walk.npz")
    code = f"from mbench.io import read_motion; read_motion({str(path)!r}); import sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "smplx", "warp", "anny"} & set(loaded)
