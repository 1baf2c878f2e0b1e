"""The pose prior: what it must not depend on, what it must catch, and what its loader must refuse."""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation

from mbench.body import fit_cache
from mbench.body.mesh import MeshSettings
from mbench.body.prior import card, load_prior
from mbench.body.prior.checkpoint import load_network
from mbench.body.prior.data import Nearest, noisy_poses, other_body, thinned, training_set, turned
from mbench.body.prior.heldout import BEYOND, FAULTS, beyond_limits, noise, swap_arms, swap_limbs
from mbench.body.prior.measure import auc, correlation, faulty, measure, pairs
from mbench.body.prior.network import DistanceField
from mbench.body.prior.poses import TREE, canonical, geodesic, mirrored, smpl_quaternions
from mbench.body.prior.score import WEIGHTS
from mbench.body.prior.train import Settings, train
from mbench.datasets.shards import Shards
from mbench.errors import FormatError, MotionError
from mbench.metrics.pose_quality import pose_quality
from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import INDEX, MIRROR, REST_OFFSETS
from motions import posed

PUBLIC_TREE = [-1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 11, 12, 13, 15, 16, 17, 18]  # of NRDF's training options


@pytest.fixture(scope="module")
def prior():
    return load_prior()


@pytest.fixture(scope="module")
def acted():
    """Motions of the choreographer: plausible poses that are the same on every machine."""
    from baselines.choreographer import Choreographer
    from mbench.suites.prompt import Prompt

    texts = ["a person walks forward", "a person waves with the right hand", "a person sits down", "a person jumps"]
    prompts = [Prompt(id=text, text=text, seconds=4.0, dimensions=("pose_quality",)) for text in texts]
    return list(Choreographer().generate(prompts, [0] * len(prompts)))


def rotations_of(motion: Motion) -> np.ndarray:
    return motion.pose.rotations.astype(np.float64)


def random_rotations(frames: int, seed: int = 0) -> np.ndarray:
    q = np.random.default_rng(seed).standard_normal((frames, 22, 4))
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


# What a distance must not depend on


def test_a_rotation_has_two_quaternions_and_one_distance(prior):
    q = random_rotations(50)
    sign = np.random.default_rng(1).choice([-1, 1], size=(50, 22, 1))
    np.testing.assert_array_equal(prior.distances(q), prior.distances(q * sign))


def test_half_turns_have_one_distance_too(prior):
    q = random_rotations(20)
    q[:, ::2, 3] = 0  # w is 0: q and -q differ in x, y, z only
    q /= np.linalg.norm(q, axis=-1, keepdims=True)
    np.testing.assert_array_equal(prior.distances(q), prior.distances(-q))


def test_where_the_person_stands_and_faces_does_not_count(prior):
    motion = posed(3)
    before = prior.distances(rotations_of(motion))
    after = rotations_of(motion).copy()
    turn = Rotation.from_euler("z", 130, degrees=True) * Rotation.from_euler("x", 70, degrees=True)
    after[:, 0] = (turn * Rotation.from_quat(after[:, 0])).as_quat()
    np.testing.assert_array_equal(before, prior.distances(after))


def test_a_frame_does_not_see_the_others(prior, acted):
    q = rotations_of(acted[0])
    one_by_one = np.concatenate([prior.distances(frame[None]) for frame in q[:20]])
    np.testing.assert_allclose(one_by_one, prior.distances(q)[:20], rtol=1e-12)
    np.testing.assert_allclose(prior.distances(q[::-1])[::-1], prior.distances(q), rtol=1e-12)


def test_the_same_poses_have_the_same_distance_every_time(prior, acted):
    q = rotations_of(acted[1])
    np.testing.assert_array_equal(prior.distances(q), load_prior(WEIGHTS).distances(q))


# What a distance must do


def test_distances_are_of_angles(prior):
    d = prior.distances(random_rotations(200))
    assert d.shape == (200,) and d.dtype == np.float64
    assert (d > 0.2).all() and (d < math.pi / 2).all()


def test_score_rises_with_noise(prior, acted):
    rng = np.random.default_rng(0)
    scores = [
        np.mean([prior.distances(noise(rotations_of(motion), degrees, rng)).mean() for motion in acted])
        for degrees in (10, 20, 40, 80)
    ]
    clean = np.mean([prior.distances(rotations_of(motion)).mean() for motion in acted])
    assert scores == sorted(scores) and scores[1] > clean
    assert scores[-1] > 3 * clean


@pytest.mark.parametrize("name", [name for name in FAULTS if "5°" not in name and "10°" not in name])
def test_faults_score_worse_than_the_motions(prior, acted, name):
    """On the rule-based generator's own rotations, which are not quite people's: over the motions, not each one."""
    bad = [faulty(motion, FAULTS[name], np.random.default_rng(number)) for number, motion in enumerate(acted)]
    wrong, right = ([prior.distances(motion.pose.rotations).mean() for motion in some] for some in (bad, acted))
    assert np.mean(wrong) > np.mean(right)


class MeshOf:
    """A mesh, as far as pose quality reads it."""

    def __init__(self, motion: Motion) -> None:
        self.pose = motion.pose.rotations, motion.joints[:, 0]
        self.settings = MeshSettings()


def test_metric_is_ten_times_the_mean_distance(prior, acted):
    motion = acted[0]
    value = pose_quality(motion, MeshOf(motion))
    by_hand = sum(prior.distances(frame[None])[0] for frame in motion.pose.rotations) / len(motion)
    assert value == pytest.approx(10 * by_hand, rel=1e-9)
    assert pose_quality.info.better == "lower" and pose_quality.info.is_dimension


# The file that is shipped


def test_card_describes_the_weights(prior):
    assert card()["sha256"] == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == prior.sha256
    assert WEIGHTS.stat().st_size == card()["bytes"] < 2_000_000
    assert {"licence", "data", "training", "held_out"} <= set(card())


def test_weights_were_trained_on_poses_fitted_as_they_are_today():
    """Where fitting changes, scores of fitted poses drift: train again (docs/pose_quality.md)."""
    assert card()["data"]["fit_version"] == fit_cache.VERSION


def test_card_shows_what_was_promised():
    names = ["noise 10°", "noise 20°", "noise 40°", "limbs swapped", "one joint beyond its limit", "random rotations"]
    for group, kinds in card()["held_out"].items():
        for kind, results in kinds.items():
            if group.startswith("CMU") or kind == "fitted to joints":  # own rotations of other skeletons: see the page
                assert all(results[name]["pairs"][0] >= 0.95 for name in names), (group, kind)


def test_weights_that_the_card_does_not_describe_are_refused(tmp_path, monkeypatch):
    from mbench.body.prior import score

    other = tmp_path / "pose_prior.safetensors"
    save_file(DistanceField(4, 6, (8,)).state_dict(), other)
    (tmp_path / "pose_prior.json").write_text(json.dumps({"sha256": "0" * 64}))
    monkeypatch.setattr(score, "WEIGHTS", other)
    with pytest.raises(FormatError, match="not the file that its card describes"):
        score._builtin.__wrapped__()


def test_real_clips_are_told_from_faults(shared, prior):
    """The table of docs/pose_quality.md on a few held-out clips, their own rotations."""
    mocap = Shards(shared / "mocap")
    rows = [row for row in mocap.where(split="test", source="cmu") if not row["glitch_frames"]][::2]
    motions = [mocap.motion(row) for row in rows]
    results = measure(motions, lambda some: [motion.pose.rotations for motion in some], prior.distances)
    for name in FAULTS:
        if "5°" not in name:
            assert results[name]["pairs"][0] >= 0.95, (name, results[name])


# Poses


def test_axes_are_smpls():
    """A T-pose faces +y with z up here, +z with y up in SMPL: there, raising an arm turns about z."""
    q = np.zeros((1, 22, 4))
    q[..., 3] = 1
    joint = INDEX["left_shoulder"]
    q[0, joint] = Rotation.from_euler("y", 50, degrees=True).as_quat()  # the left arm, along -x, goes up
    w, x, y, z = smpl_quaternions(q)[0, joint - 1]
    arm = Rotation.from_quat([x, y, z, w]).apply([1, 0, 0])  # SMPL's x is the person's left
    np.testing.assert_allclose(arm, [math.cos(math.radians(50)), math.sin(math.radians(50)), 0], atol=1e-12)


def test_mirrored_poses_have_mirrored_joints():
    q = rotations_of(posed(1, frames=3))
    q[:, 0] = (0, 0, 0, 1)
    w, x, y, z = np.moveaxis(mirrored(smpl_quaternions(q)), -1, 0)
    back = np.concatenate([q[:, :1], np.stack([-x, z, y, w], axis=-1)], axis=1)
    joints, reflected = (forward_kinematics(r, np.zeros((3, 3)), REST_OFFSETS) for r in (q, back))
    np.testing.assert_allclose(reflected, joints[:, list(MIRROR)] * (-1, 1, 1), atol=1e-6)


def test_geodesic_distance_is_half_the_mean_angle():
    q = smpl_quaternions(random_rotations(5))
    angles = np.zeros((5, 21))
    angles[:, 3] = np.radians(42)
    d = geodesic(q, turned(q, angles, np.random.default_rng(0)))
    np.testing.assert_allclose(d, np.radians(42) / 2 / 21, rtol=1e-6)


def test_tree_is_that_of_the_public_networks():
    assert list(TREE) == PUBLIC_TREE


@pytest.mark.parametrize(
    ("rotations", "words"),
    [
        (np.zeros((3, 21, 4)), r"shape \(3, 21, 4\)"),
        (np.zeros((0, 22, 4)), "T >= 1"),
        (np.zeros((2, 22, 4)), "frame 0, joint 0"),
        (np.full((2, 22, 4), np.nan), "not finite"),
    ],
)
def test_what_is_no_pose_is_refused(prior, rotations, words):
    with pytest.raises(MotionError, match=words) as error:
        prior.distances(rotations)
    assert "\n" not in str(error.value)


# Training data


def test_nearest_is_the_least_of_all_distances():
    rng = np.random.default_rng(0)
    real = smpl_quaternions(rotations_of(posed(0, frames=300))).astype(np.float32)
    poses, source = noisy_poses(real, 200, rng)
    every = np.array([min(float(geodesic(pose, other)) for other in real) for pose in poses])
    np.testing.assert_allclose(Nearest(real).distances(poses, source), every, rtol=0.02, atol=1e-4)


def test_training_set_is_seeded_and_has_near_and_far_poses():
    real = smpl_quaternions(rotations_of(posed(0, frames=300))).astype(np.float32)
    a, b = (training_set(real, real[:0], 400, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(a.poses, b.poses)
    np.testing.assert_array_equal(a.distances, b.distances)
    assert (a.distances < 0.1).mean() > 0.2 and (a.distances > 0.4).mean() > 0.1
    assert (a.poses == canonical(a.poses)).all()


def test_thinned_clips_keep_what_is_far():
    poses = smpl_quaternions(rotations_of(posed(2, frames=100)))
    kept = thinned(poses, 0.03)
    assert 2 < len(kept) < 100
    assert (geodesic(kept[1:], kept[:-1]) >= 0.03).all()
    assert all(min(geodesic(pose, kept)) < 0.06 for pose in poses)


def test_another_body_is_symmetric_and_has_the_same_bones():
    rest = other_body(REST_OFFSETS, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(rest, axis=1), np.linalg.norm(REST_OFFSETS, axis=1), rtol=1e-6)
    np.testing.assert_allclose(rest[list(MIRROR)], rest * (-1, 1, 1), atol=1e-6)
    assert np.abs(rest - REST_OFFSETS).max() > 0.005


def test_training_lowers_the_error_and_resumes_to_the_same_weights(tmp_path):
    real = smpl_quaternions(rotations_of(posed(0, frames=200))).astype(np.float32)
    noisy = training_set(real, real[:9], 2000, np.random.default_rng(0))
    small = Settings(feature=4, encoder=8, hidden=(32,), steps=60, batch=128, every=20, rate=1e-2)
    losses: list[float] = []
    whole = train(real, noisy, small, tmp_path / "a.pt", lambda _, loss: losses.append(loss))
    assert losses[-1] < 0.7 * losses[0]

    class Killed(Exception):
        pass

    def kill(step: int, loss: float) -> None:
        if step == 40:
            raise Killed

    with pytest.raises(Killed):
        train(real, noisy, small, tmp_path / "b.pt", kill)
    resumed = train(real, noisy, small, tmp_path / "b.pt", lambda *_: None)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(tensor, resumed.state_dict()[name], rtol=0, atol=0)


# Faults and statistics


def test_noise_has_the_size_it_says():
    q = random_rotations(4000)
    turn = Rotation.from_quat(q.reshape(-1, 4)).inv() * Rotation.from_quat(
        noise(q, 10, np.random.default_rng(0)).reshape(-1, 4)
    )
    degrees = np.degrees(turn.magnitude()).reshape(4000, 22)
    assert np.sqrt((degrees[:, 1:] ** 2).mean()) == pytest.approx(10, rel=0.01)
    assert degrees[:, 0].max() < 1e-4


def test_held_noise_is_the_same_in_all_frames():
    q = random_rotations(5)
    bad = noise(q, 20, np.random.default_rng(0), held=True)
    turns = (Rotation.from_quat(q.reshape(-1, 4)).inv() * Rotation.from_quat(bad.reshape(-1, 4))).as_rotvec()
    np.testing.assert_allclose(turns.reshape(5, 22, 3), np.broadcast_to(turns[:22], (5, 22, 3)), atol=1e-6)


def test_swapping_limbs_twice_gives_them_back():
    q, rng = random_rotations(4), np.random.default_rng(0)
    for swap, same in ((swap_limbs, "head"), (swap_arms, "left_knee")):
        assert not np.array_equal(swap(q, rng), q)
        np.testing.assert_array_equal(swap(swap(q, rng), rng), q)
        np.testing.assert_array_equal(swap(q, rng)[:, INDEX[same]], q[:, INDEX[same]])


def test_joints_beyond_their_limits_bend_the_wrong_way():
    """A T-pose faces +y: knees and elbows past straight put ankle forwards and wrist backwards of the line."""
    q = np.zeros((1, 22, 4))
    q[..., 3] = 1
    seen = set()
    for seed in range(60):
        bad = beyond_limits(q, np.random.default_rng(seed))
        joints = forward_kinematics(bad, np.zeros((1, 3)), REST_OFFSETS)[0]
        moved = joints - forward_kinematics(q, np.zeros((1, 3)), REST_OFFSETS)[0]
        names = {name for name, index in INDEX.items() if np.abs(moved[index]).max() > 1e-9}
        if names <= {"left_ankle", "left_foot"} or names <= {"right_ankle", "right_foot"}:
            assert max(moved[INDEX["left_ankle"], 1], moved[INDEX["right_ankle"], 1]) > 0.2
            seen.add("knee")
        elif names <= {"left_wrist"} or names <= {"right_wrist"}:
            assert min(moved[INDEX["left_wrist"], 1], moved[INDEX["right_wrist"], 1]) < -0.15
            seen.add("elbow")
        elif "left_knee" in names or "right_knee" in names:
            assert min(moved[INDEX["left_knee"], 1], moved[INDEX["right_knee"], 1]) < -0.3
            seen.add("hip")
        elif names == {"head"}:
            seen.add("neck")
        else:
            assert moved[INDEX["head"], 1] < -0.1
            seen.add("trunk")
    assert seen == {"knee", "elbow", "hip", "neck", "trunk"} and len(BEYOND) == 8


def test_area_under_the_curve_counts_pairs():
    rng = np.random.default_rng(0)
    real = [rng.normal(size=20) for _ in range(6)]
    bad = [rng.normal(loc=1, size=20) for _ in range(6)]
    by_hand = np.mean([b > r for r in np.concatenate(real) for b in np.concatenate(bad)])
    value, low, high = auc(real, bad)
    assert value == pytest.approx(by_hand, abs=1e-12)
    assert low < value < high


def test_pairs_and_correlations_are_what_they_say():
    real = [np.array([1.0, 2.0]), np.array([5.0]), np.array([3.0]), np.array([0.0])]
    bad = [np.array([2.0, 2.0]), np.array([4.0]), np.array([6.0]), np.array([0.5])]
    assert pairs(real, bad)[0] == 0.75
    assert correlation(real, [2 * x for x in real], ranks=False)[0] == pytest.approx(1)
    assert correlation(real, [x**3 for x in real], ranks=True)[0] == pytest.approx(1)
    assert correlation(real, [-x for x in real], ranks=False)[0] == pytest.approx(-1)


# Checkpoints of others


def public_state(feature: int = 6, hidden: tuple[int, ...] = (16, 8), seed: int = 0) -> dict[str, torch.Tensor]:
    """Return random weights under the names of NRDF's checkpoints."""
    generator = torch.Generator().manual_seed(seed)
    state = {}

    def layer(name: str, inputs: int, outputs: int) -> None:
        state[f"{name}.weight"] = torch.randn(outputs, inputs, generator=generator) / math.sqrt(inputs)
        state[f"{name}.bias"] = torch.randn(outputs, generator=generator) / 10

    for joint, parent in enumerate(PUBLIC_TREE):
        layer(f"enc.net.{joint}.net.0", 4 + (feature if parent >= 0 else 0), 4 + feature)
        layer(f"enc.net.{joint}.net.2", 4 + feature, feature)
        layer(f"dec.net.{joint}.net.0", 6, 12)  # takes no part in the distance
    for number, (inputs, outputs) in enumerate(zip((21 * feature, *hidden), (*hidden, 1), strict=True)):
        layer(f"dfnet.lin{number}", inputs, outputs)
    return state


def naive_distance(state: dict[str, torch.Tensor], quaternions: np.ndarray) -> float:
    """Return the distance of one pose (21, 4), w first, written out for softplus of sharpness 100."""
    w = {name: tensor.double().numpy() for name, tensor in state.items()}

    def layer(name: str, x: np.ndarray) -> np.ndarray:
        x = w[f"{name}.weight"] @ x + w[f"{name}.bias"]
        return np.logaddexp(0, 100 * x) / 100

    features: list[np.ndarray] = []
    for joint, parent in enumerate(PUBLIC_TREE):
        x = quaternions[joint] if parent < 0 else np.concatenate([quaternions[joint], features[parent]])
        features.append(layer(f"enc.net.{joint}.net.2", layer(f"enc.net.{joint}.net.0", x)))
    x = np.concatenate(features)
    for number in range(sum(name.startswith("dfnet") for name in w) // 2):
        x = layer(f"dfnet.lin{number}", x)
    return float(x[0])


@pytest.mark.parametrize("zip_file", [True, False], ids=["zip", "legacy"])
def test_public_checkpoints_load_and_mean_the_same(tmp_path, zip_file):
    state = public_state()
    path = tmp_path / "checkpoint_epoch_best.tar"
    content = {
        "epoch": 3,
        "model_state_dict": state,
        "optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 0.1}]},
    }
    torch.save(content, path, _use_new_zipfile_serialization=zip_file)
    rotations = random_rotations(4)
    expected = [naive_distance(state, pose) for pose in smpl_quaternions(rotations)]
    np.testing.assert_allclose(load_prior(path).distances(rotations), expected, rtol=1e-6, atol=1e-9)


def test_sizes_and_activation_come_from_file_and_user(tmp_path):
    torch.save(public_state(feature=5, hidden=(12, 10, 8)), tmp_path / "small.pth")
    q = random_rotations(5)
    soft = load_prior(tmp_path / "small.pth").distances(q)
    leaky = load_prior(tmp_path / "small.pth", activation="lrelu").distances(q)
    assert not np.allclose(soft, leaky, atol=1e-4)
    network = DistanceField(3, 5, (7,), "relu")
    save_file(network.state_dict(), tmp_path / "x.safetensors", metadata={"activation": "relu"})
    expected = network.double()(torch.from_numpy(smpl_quaternions(q))).detach().numpy()
    np.testing.assert_allclose(load_prior(tmp_path / "x.safetensors").distances(q), expected, rtol=1e-12)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def broken(kind: str) -> object:
    state = public_state()
    if kind == "joints missing":
        return {name: tensor for name, tensor in state.items() if not name.startswith("enc.net.20")}
    if kind == "sizes differ":
        return {**state, "dfnet.lin1.weight": torch.zeros(8, 99)}
    if kind == "two numbers":
        return {**state, "dfnet.lin2.weight": torch.zeros(2, 8), "dfnet.lin2.bias": torch.zeros(2)}
    return {"other names": {"conv.weight": torch.zeros(3)}, "a list": [1, 2], "code": {"x": Evil()}}[kind]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("joints missing", "encoders of 20 joints"),
        ("sizes differ", r"layers do not fit.*distance\.2\.weight"),
        ("two numbers", "end in one number"),
        ("other names", r"conv\.weight; expected joints"),
        ("a list", "holds a list"),
        ("code", "can't be read as weights"),
    ],
)
def test_wrong_checkpoints_are_refused_in_one_line(tmp_path, capsys, kind, words):
    path = tmp_path / "wrong.pth"
    torch.save(broken(kind), path)
    with pytest.raises(FormatError, match=words) as error:
        load_network(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("name", ["x.safetensors", "x.tar"])
def test_files_that_are_no_weights_are_refused(tmp_path, name):
    with pytest.raises(FormatError, match="no such file"):
        load_network(tmp_path / name)
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(FormatError, match="can't be read as weights") as error:
        load_network(tmp_path / name)
    assert "\n" not in str(error.value)


def test_unknown_activations_are_refused(tmp_path):
    torch.save(public_state(), tmp_path / "x.pth")
    with pytest.raises(FormatError, match="expected softplus, relu, lrelu"):
        load_network(tmp_path / "x.pth", activation="tanh")
