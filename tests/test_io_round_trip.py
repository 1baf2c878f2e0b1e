"""What is written is read back; the same motion makes the same bytes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch

import mbench.io
from conftest import make_walk
from mbench.io import read_motion, write_motion
from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations import hml263, vimogen276
from mocap import real_clip
from motions import posed


def largest_distance(a: Motion, b: Motion) -> float:
    return float(np.linalg.norm(a.joints - b.joints, axis=-1).max())


@pytest.mark.parametrize("motion", [posed(0), posed(1).replace(pose=None, fps=29.97), make_walk(1.0)])
def test_npz_keeps_everything(motion: Motion, tmp_path: Path) -> None:
    motion = motion.with_meta(text="walks – slowly", numbers=[1, 2.5, None])
    write_motion(motion, tmp_path / "deep" / "a.npz")
    again = read_motion(tmp_path / "deep" / "a.npz")
    assert again == motion
    assert {k: again.meta[k] for k in motion.meta} == dict(motion.meta)
    assert (again.meta["up"], again.meta["up_confidence"]) == ("z", 1.0)


def test_npz_bytes_depend_on_the_motion_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_motion(posed(0).with_meta(a=1, b=2), tmp_path / "a.npz")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_motion(posed(0).replace(meta={}).with_meta(made="for a test", b=2, a=1), tmp_path / "b.npz")
    write_motion(posed(1), tmp_path / "c.npz")
    first, second, other = ((tmp_path / f"{n}.npz").read_bytes() for n in "abc")
    assert first == second != other


def test_our_npz_is_not_detected_again(tmp_path: Path) -> None:
    upside_down = make_walk(1.0)
    upside_down = upside_down.replace(joints=upside_down.joints * np.float32(-1))
    write_motion(upside_down, tmp_path / "a.npz")
    assert read_motion(tmp_path / "a.npz", up="y", unit="cm") == upside_down


def test_npz_fps_can_be_declared(tmp_path: Path) -> None:
    write_motion(make_walk(1.0), tmp_path / "a.npz")
    assert read_motion(tmp_path / "a.npz", fps=16).fps == 16


def test_npy_keeps_the_joints(tmp_path: Path) -> None:
    motion = make_walk(2.0)
    write_motion(motion, tmp_path / "a.npy")
    again = read_motion(tmp_path / "a.npy")
    assert again == motion and again.meta["fps_assumed"]
    assert again.meta["up"] == "z" and again.meta["up_confidence"] > 0.9 and again.meta["unit"] == "m"
    assert "fps_assumed" not in read_motion(tmp_path / "a.npy", fps=30).meta


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("with_pose", [True, False])
def test_bvh_gives_the_joints_back_within_a_millimetre(seed: int, with_pose: bool, tmp_path: Path) -> None:
    motion = posed(seed)
    write_motion(motion if with_pose else motion.replace(pose=None), tmp_path / "a.bvh")
    again = read_motion(tmp_path / "a.bvh")
    assert largest_distance(motion, again) < 1e-3
    assert again.fps == motion.fps and again.pose is not None
    assert (again.meta["up"], again.meta["unit"]) == ("y", "cm") and "floor_shift_m" not in again.meta
    posed_again = forward_kinematics(again.pose.rotations, again.joints[:, 0], again.pose.offsets)
    assert np.abs(posed_again - again.joints).max() < 1e-3


def test_bvh_keeps_rotations_where_the_skeleton_is_rest(tmp_path: Path) -> None:
    motion = posed(2)
    write_motion(motion, tmp_path / "a.bvh")
    again = read_motion(tmp_path / "a.bvh")
    assert motion.pose is not None and again.pose is not None
    same = np.abs((again.pose.rotations * motion.pose.rotations).sum(-1))
    assert np.degrees(2 * np.arccos(same.clip(0, 1))).max() < 0.5


def test_bvh_says_what_it_is(tmp_path: Path) -> None:
    write_motion(posed(0, frames=20), tmp_path / "a.bvh")
    lines = (tmp_path / "a.bvh").read_text().splitlines()
    assert lines[:5] == [
        "HIERARCHY",
        "ROOT pelvis",
        "{",
        "\tOFFSET 0.000000 0.000000 0.000000",
        "\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation",
    ]
    assert "Frame Time: 0.05000000" in lines and lines[lines.index("MOTION") + 1] == "Frames: 20"
    assert sum("End Site" in line for line in lines) == 5
    # y up, facing +z, x to the person's left: the left hip of the T-pose is 8.5 cm to +x and 8.5 cm down.
    assert "\t\tOFFSET 8.500000 -8.500000 0.000000" in lines


def test_bvh_of_a_sunk_motion_stays_sunk(tmp_path: Path) -> None:
    sunk = make_walk(2.0)
    sunk = sunk.replace(joints=sunk.joints - np.array([0, 0, 0.5], dtype=np.float32))
    write_motion(sunk, tmp_path / "a.bvh")
    assert largest_distance(sunk, read_motion(tmp_path / "a.bvh")) < 1e-3


@pytest.mark.parametrize("name", ["cmu_01_01", "bandai1_bow_active_001", "mass_backflip"])
def test_real_clips_through_bvh(shared: Path, name: str, tmp_path: Path) -> None:
    clip = real_clip(shared, name)
    write_motion(clip, tmp_path / "a.bvh")
    assert largest_distance(clip, read_motion(tmp_path / "a.bvh")) < 1e-3


def test_pt_layouts(tmp_path: Path) -> None:
    walk = make_walk(2.0)
    joints = torch.tensor(walk.joints)
    layouts = {
        "tensor": {"joints": joints, "pose": torch.zeros(40, 24, 3), "vertices": torch.zeros(1, 6890, 3)},
        "numpy": {"joints": walk.joints, "pose": np.zeros((40, 24, 3))},
        "float64": {"joints": walk.joints.astype(np.float64)},
        "gradient": {"joints": joints.clone().requires_grad_()},
        "bare": joints,
        "fps": {"joints": joints, "fps": torch.tensor(20)},
        "fps_numpy": {"joints": joints, "fps": np.float64(20)},
    }
    for name, content in layouts.items():
        torch.save(content, tmp_path / f"{name}.pt")
        assert read_motion(tmp_path / f"{name}.pt") == walk, name
    assert read_motion(tmp_path / "tensor.pt").meta["not_read"] == ["pose", "vertices"]
    torch.save(joints.half(), tmp_path / "half.pt")
    assert largest_distance(read_motion(tmp_path / "half.pt"), walk) < 5e-3


def test_pt_of_numpy_1_names(tmp_path: Path) -> None:
    # numpy before 2 pickles its arrays under numpy.core; protocol 2 holds that name as plain bytes.
    torch.save({"joints": make_walk(1.0).joints}, tmp_path / "new.pt", _use_new_zipfile_serialization=False)
    old = (tmp_path / "new.pt").read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    (tmp_path / "old.pt").write_bytes(old)
    assert old != (tmp_path / "new.pt").read_bytes()
    assert read_motion(tmp_path / "old.pt") == make_walk(1.0)


def test_feature_files_are_known_by_their_width(tmp_path: Path) -> None:
    walk = posed(0)
    rows, vectors = vimogen276.encode(walk), hml263.encode(walk)
    np.save(tmp_path / "a.npy", rows)
    torch.save(
        {"motion": torch.tensor(rows), "extrinsic": torch.zeros(3), "intrinsic": torch.zeros(3)}, tmp_path / "a.pt"
    )
    torch.save(torch.tensor(rows), tmp_path / "b.pt")
    np.save(tmp_path / "v.npy", vectors)
    for how in ("integrate", "slice"):
        expected = vimogen276.decode(rows, how=how)
        for name in ("a.npy", "a.pt", "b.pt"):
            again = read_motion(tmp_path / name, decode=how, fps=16)
            assert np.array_equal(again.joints, expected.joints) and again.fps == 16 and again.pose is not None
            assert again.meta["root_drift_m"] == expected.meta["root_drift_m"] and again.meta["up"] == "z"
    assert read_motion(tmp_path / "a.pt").meta["not_read"] == ["extrinsic", "intrinsic"]
    assert np.array_equal(read_motion(tmp_path / "v.npy").joints, hml263.decode(vectors).joints)


def test_a_foreign_npz(tmp_path: Path) -> None:
    walk = make_walk(2.0)
    np.savez(tmp_path / "a.npz", joints=walk.joints * 100, fps=25)
    again = read_motion(tmp_path / "a.npz")
    assert again.fps == 25 and again.meta["unit"] == "cm"
    assert np.abs(again.joints - walk.joints).max() < 1e-5


def test_reading_is_blind_to_the_suffix_s_case_and_takes_strings(tmp_path: Path) -> None:
    write_motion(make_walk(1.0), str(tmp_path / "A.NPZ"))
    assert read_motion(str(tmp_path / "A.NPZ")) == make_walk(1.0)


def test_every_suffix_has_a_function() -> None:
    for table in (mbench.io._READERS, mbench.io._WRITERS):
        for suffix in table:
            assert callable(mbench.io._function(table, Path(f"a{suffix}"), "read"))
