"""Mesh-recovery files: what is read, where the camera is, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mbench.body.body import load_body
from mbench.errors import FormatError, MBenchError
from vimogen.data.recovery import CAMERA_TO_Z_UP, read_recovery, recovered

FRAMES = 5
UPRIGHT = Rotation.from_euler("x", 180, degrees=True)  # of a body that stands y up and faces +z, before a camera


def _parameters(**changes: object) -> dict[str, np.ndarray]:
    """Return a person who stands 4 m before the camera, facing it, and walks to the camera's right."""
    transl = np.zeros((FRAMES, 3))
    transl[:, 0], transl[:, 2] = np.arange(FRAMES) / 10, 4.0
    values = {
        "global_orient": np.tile(UPRIGHT.as_rotvec(), (FRAMES, 1)),
        "body_pose": np.random.default_rng(0).normal(0, 0.2, (FRAMES, 63)),
        "transl": transl,
        "focal_length": np.array(1100.0),
        "width": np.array(720),
        "height": np.array(1280),
    }
    return {key: value for key, value in (values | changes).items() if value is not None}


def _saved(folder: Path, **changes: object) -> Path:
    path = folder / "person.npz"
    np.savez(path, **_parameters(**changes))
    return path


def test_the_person_stands_upright_and_faces_the_camera(tmp_path: Path) -> None:
    """x right, y down, z forward becomes z up: the camera looks along -y, so a person facing it faces +y."""
    motion = recovered(_saved(tmp_path, body_pose=np.zeros((FRAMES, 63))))
    head, pelvis, foot = motion.joints[0, 15], motion.joints[0, 0], motion.joints[0, 10]
    assert head[2] > pelvis[2] > foot[2]
    assert motion.joints[0, 2, 0] > motion.joints[0, 1, 0]  # the right hip at +x: facing +y
    assert foot[1] > motion.joints[0, 7, 1]  # toes before the ankle
    # to the camera's right is where the person's left is; 0.1 m a frame
    np.testing.assert_allclose(np.diff(motion.joints[:, 0], axis=0), [[-0.1, 0, 0]] * (FRAMES - 1), atol=1e-6)


def test_the_turn_is_the_published_one(tmp_path: Path) -> None:
    """The pelvis in the world is the published matrix times transl plus where the pelvis rests."""
    motion = recovered(_saved(tmp_path))
    rest = load_body().rest_pelvis
    np.testing.assert_allclose(motion.joints[:, 0], (_parameters()["transl"] + rest) @ CAMERA_TO_Z_UP.T, atol=1e-6)


@pytest.mark.parametrize("canonical", [False, True])
def test_the_camera_takes_joints_back_to_camera_space(tmp_path: Path, canonical: bool) -> None:
    """Before and after the canonical frame: extrinsic times joints is what the file says."""
    recovery = read_recovery(_saved(tmp_path))
    expected = recovery.motion.joints @ CAMERA_TO_Z_UP  # the inverse of an orthogonal matrix, from the right
    if canonical:
        recovery = recovery.canonical()
        assert np.abs(recovery.motion.joints[0, 0, :2]).max() < 1e-6
    row = recovery.camera.extrinsic(FRAMES)[2]
    x, y = row[[0, 2, 4]], row[[1, 3, 5]]
    rotation = np.stack([x, y, np.cross(x, y)], axis=1)
    np.testing.assert_allclose(recovery.motion.joints @ rotation.T + row[6:], expected, atol=1e-5)


def test_a_joint_projects_to_the_pixel_a_pinhole_camera_gives(tmp_path: Path) -> None:
    """By hand: u = f x / z + w / 2, v = f y / z + h / 2."""
    recovery = read_recovery(_saved(tmp_path)).canonical()
    camera = recovery.camera
    seen = recovery.motion.joints[3, 0] @ camera.rotation.T + camera.translation
    assert camera.intrinsic is not None
    u, v, w = camera.intrinsic @ seen
    x, y, z = _parameters()["transl"][3] + load_body().rest_pelvis
    np.testing.assert_allclose([u / w, v / w], [1100 * x / z + 360, 1100 * y / z + 640], atol=0.01)


def test_rotations_are_those_of_the_file(tmp_path: Path) -> None:
    """Encoding to 276 columns and back to SMPL's axes gives the file's body_pose."""
    from mbench.motion.representations import vimogen276

    rows = vimogen276.encode(recovered(_saved(tmp_path)))
    expected = Rotation.from_rotvec(_parameters()["body_pose"][0].reshape(-1, 3)).as_matrix()
    np.testing.assert_allclose(rows[0, :126].reshape(21, 3, 2), expected[:, :, :2], atol=1e-5)


def test_rate_and_picture(tmp_path: Path) -> None:
    """16 fps unless the file or the caller says otherwise; no focal length: the diagonal; no size: no matrix."""
    assert recovered(_saved(tmp_path)).fps == 16
    assert recovered(_saved(tmp_path)).meta["fps_assumed"]
    assert recovered(_saved(tmp_path, fps=np.array(30.0))).fps == 30
    assert recovered(_saved(tmp_path, fps=np.array(30.0)), fps=25).fps == 25
    camera = read_recovery(_saved(tmp_path, focal_length=None, width=np.array(300), height=np.array(400))).camera
    np.testing.assert_array_equal(camera.stored(2)["intrinsic"], [[500, 0, 150], [0, 500, 200], [0, 0, 1]])
    assert list(read_recovery(_saved(tmp_path, width=None)).camera.stored(2)) == ["extrinsic"]


def test_tensors_and_rotation_matrices(tmp_path: Path) -> None:
    """A `.pt` of tensors, with matrices, gives the same motion."""
    import torch

    values = _parameters()
    matrices = {
        "global_orient": Rotation.from_rotvec(values["global_orient"]).as_matrix()[:, None],
        "body_pose": Rotation.from_rotvec(values["body_pose"].reshape(-1, 3)).as_matrix().reshape(FRAMES, 21, 3, 3),
    }
    path = tmp_path / "person.pt"
    torch.save({key: torch.from_numpy(np.asarray(value)) for key, value in (values | matrices).items()}, path)
    np.testing.assert_allclose(recovered(path).joints, recovered(_saved(tmp_path)).joints, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"transl": None}, "transl is missing; found body_pose"),
        ({"body_pose": None}, "body_pose is missing"),
        ({"body_pose": np.zeros((FRAMES, 60))}, r"\(5, 60\); expected"),
        ({"transl": np.zeros((FRAMES - 1, 3))}, r"transl has shape \(4, 3\); expected \(5, 3\)"),
        ({"transl": np.full((FRAMES, 3), np.nan)}, "transl is not finite"),
        ({"global_orient": np.full((FRAMES, 3), "x")}, "global_orient holds <U1; expected numbers"),
        ({"width": np.array(0)}, "width goes down to 0; expected pixels > 0"),
        ({"focal_length": np.array([1000.0, 1000.0])}, "focal_length holds 2 values"),
        ({"fps": np.array(-1.0)}, "fps"),
    ],
)
def test_what_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    """One line names the file, the field, what was found and what was expected."""
    with pytest.raises(FormatError, match=said) as error:
        recovered(_saved(tmp_path, **changes))
    assert "person.npz" in str(error.value)
    assert "\n" not in str(error.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    """Pickles are never opened, nor are objects in archives; AMASS files and missing ones are told apart."""
    (tmp_path / "person.pkl").write_bytes(pickle.dumps(_parameters()))
    with pytest.raises(FormatError, match="suffix '.pkl'"):
        recovered(tmp_path / "person.pkl")
    np.savez(tmp_path / "amass.npz", poses=np.zeros((4, 156)), trans=np.zeros((4, 3)))
    with pytest.raises(FormatError, match="global_orient is missing; found poses, trans"):
        recovered(tmp_path / "amass.npz")
    with pytest.raises(FormatError, match="no such file"):
        recovered(tmp_path / "absent.npz")
    with pytest.raises(MBenchError, match="can't be read"):
        (tmp_path / "folder.npz").mkdir()
        recovered(tmp_path / "folder.npz")
    np.savez(tmp_path / "person.npz", **_parameters(body_pose=np.array([{}], dtype=object)))
    with pytest.raises(FormatError, match="Python objects"):
        recovered(tmp_path / "person.npz")
