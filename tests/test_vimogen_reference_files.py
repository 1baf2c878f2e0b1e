"""Reference motions of files, and what becomes of any motion that is to be a reference."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_files import vimogen_rows
from mbench.datasets import load_dataset
from mbench.errors import ConfigError, FormatError, MotionError
from mbench.io import write_motion
from mbench.motion.canonical import canonicalise, heading, translate, yaw
from mbench.motion.representations import vimogen276
from mbench.motion.representations.rows import matrix_from_6d
from mbench.motion.resample import resample
from mbench.suites import load_suite
from motions import posed
from reference_files import gliding, prompt
from vimogen.reference.base import NoReference, Reference, reference_of
from vimogen.reference.build import build_reference


def write_rows(path, motion):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(vimogen_rows(motion), path)
    return path


def only(source, one, seed=0):
    (found,) = source.references([one], [seed])
    return found


def test_velocities_of_a_16_fps_file_are_per_frame_at_20_fps(tmp_path):
    """1 m/s is 1/16 m a frame in the file and must be 1/20 m a frame in the reference."""
    write_rows(tmp_path / "p0.pt", gliding(1.0, 3.0, 16.0))
    rows = only(build_reference({"files": str(tmp_path)}), prompt()).rows
    np.testing.assert_allclose(rows[:, vimogen276.TRANSLATION_VELOCITY], [[0, 0.05, 0]] * len(rows), atol=1e-6)
    np.testing.assert_allclose(rows[:, 193:258:3], 0.05, atol=1e-6)  # y of all 22 joints


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_resampled_reference_is_the_same_curve(tmp_path_factory, seed):
    """The rows of a 16 fps file are those of the same curve sampled at 20 fps, velocities too."""
    folder = tmp_path_factory.mktemp("curve")
    write_rows(folder / "p0.pt", posed(seed, frames=66, fps=16, highest_hz=1.0))
    found = only(build_reference({"files": str(folder)}), prompt(seconds=9)).rows[5:-5]  # a spline is free at its ends
    expected = vimogen276.encode(canonicalise(posed(seed, frames=82, fps=20, highest_hz=1.0), floor=True))[5:][
        : len(found)
    ]
    np.testing.assert_allclose(found[:, 192:258], expected[:, 192:258], atol=3e-4)
    np.testing.assert_allclose(found[:, :126], expected[:, :126], atol=6e-3)  # slerp is linear between frames


def test_velocities_of_a_real_run_survive_16_fps(shared, tmp_path):
    """Interpolating the columns keeps velocities per 1/16 s, 1.25 times too large; the reference has them right."""
    dataset = load_dataset(shared / "mocap")
    clip = next(clip for clip in dataset if any(c.text == "A person runs straight forward." for c in clip.captions))
    motion = dataset.motion(clip)
    rows = vimogen_rows(resample(motion, 16))
    torch.save(rows, tmp_path / "p0.pt")
    found = only(build_reference({"files": str(tmp_path)}), prompt(seconds=60)).rows[:, 192:258]
    expected = vimogen276.encode(canonicalise(motion, floor=True))[: len(found), 192:258]
    times = np.arange(len(found)) * 16 / 20
    naive = np.stack([np.interp(times, np.arange(len(rows)), column) for column in rows[:, 192:258].numpy().T], axis=1)
    speed = np.linalg.norm(expected.reshape(-1, 3), axis=1).mean()
    wrong = np.linalg.norm(naive.reshape(-1, 3), axis=1).mean() / speed
    right = np.linalg.norm(found.reshape(-1, 3), axis=1).mean() / speed
    assert 1.2 < wrong < 1.3 and abs(right - 1) < 0.01
    assert np.abs(found - expected).mean() < 0.03 * speed


@pytest.mark.parametrize("fps", [16.0, 20.0, 24.0, 30.0, 60.0])
def test_velocities_are_finite_differences(fps):
    rows = reference_of(posed(3, frames=round(3 * fps), fps=fps), "test", prompt(), 0).rows
    for position, velocity in ((slice(126, 192), slice(192, 258)), (slice(270, 273), slice(273, 276))):
        np.testing.assert_allclose(np.diff(rows[:, position], axis=0), rows[:-1, velocity], atol=2e-6)
    orientation = matrix_from_6d(rows[:, vimogen276.ORIENTATION])
    turn = matrix_from_6d(rows[:, vimogen276.ORIENTATION_VELOCITY])
    np.testing.assert_allclose(turn[:-1] @ orientation[:-1], orientation[1:], atol=2e-6)


def test_a_reference_is_canonical_whatever_world_it_comes_from(walk):
    motion = translate(yaw(posed(1), 2.0), [3, -4, 0.7])
    here, there = (reference_of(m, "test", prompt(), 0) for m in (posed(1), motion))
    np.testing.assert_allclose(here.rows, there.rows, atol=2e-5)
    assert abs(heading(there.motion.joints[:1])[0]) < 1e-5
    np.testing.assert_allclose(there.motion.joints[0, 0, :2], 0, atol=1e-6)
    assert abs(there.motion.joints[..., 2].min()) < 0.03  # the last frame, which only gives a velocity, may be lower


def test_joints_without_rotations_get_those_of_a_body_that_fits(walk, tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    assert walk.pose is None
    reference = reference_of(walk, "test", prompt(), 0)
    assert reference.provenance["rotations"] == "fitted"
    assert reference_of(posed(1), "test", prompt(), 0).provenance["rotations"] == "own"
    np.testing.assert_allclose(reference.motion.joints[:, 0, 1], walk.joints[:60, 0, 1], atol=1e-5)
    legs = matrix_from_6d(reference.rows[:, :12].reshape(-1, 2, 6))
    angles = np.degrees(np.arccos(np.clip((np.trace(legs, axis1=-2, axis2=-1) - 1) / 2, -1, 1)))
    assert 10 < angles.max() < 40  # the hips swing by 28.6 degrees


@pytest.mark.parametrize(("seconds", "rows"), [(1.0, 20), (2.0, 40), (3.0, 59), (9.0, 59)])
def test_a_reference_is_cut_to_the_prompt(seconds, rows):
    """60 frames give 59 rows; 20 rows need the 21st frame for the last velocity."""
    assert len(reference_of(posed(1, frames=60), "test", prompt(seconds=seconds), 0).rows) == rows


def test_the_reference_decodes_to_the_motion_it_was_made_of():
    motion = canonicalise(posed(5, frames=50), floor=True)
    reference = reference_of(motion, "test", prompt(), 7, clip="x")
    np.testing.assert_allclose(reference.motion.joints, motion.joints[:-1], atol=1e-5)
    assert reference.provenance == {"prompt": "p0", "seed": 7, "from_fps": 20.0, "rotations": "own", "clip": "x"}
    json.dumps(dict(reference.motion.meta))
    with pytest.raises(ValueError, match="read-only"):
        reference.rows[0, 0] = 1


@pytest.mark.parametrize("rows", [np.zeros((5, 275), np.float32), np.full((5, 276), np.nan, np.float32)])
def test_what_is_no_rows_is_refused(rows):
    with pytest.raises(MotionError):
        Reference(rows, "test")


def test_one_frame_is_no_reference():
    with pytest.raises(MotionError, match="has 1 frame.s. at 20 fps; expected at least 2"):
        reference_of(posed(1, frames=1), "test", prompt(), 0)


def test_a_file_says_its_own_rate(tmp_path):
    slow = gliding(1.0, 3.0, 10.0)
    write_motion(slow, tmp_path / "p0.npz")
    rows = only(build_reference({"files": str(tmp_path)}), prompt()).rows
    np.testing.assert_allclose(rows[:, vimogen276.TRANSLATION_VELOCITY][:, 1], 0.05, atol=1e-6)


def test_the_rate_of_files_that_do_not_say_theirs_can_be_told(tmp_path):
    write_rows(tmp_path / "p0.pt", gliding(1.0, 3.0, 30.0))
    reference = only(build_reference({"files": str(tmp_path), "fps": 30}), prompt())
    np.testing.assert_allclose(reference.rows[:, vimogen276.TRANSLATION_VELOCITY][:, 1], 0.05, atol=1e-6)
    assert reference.provenance["from_fps"] == 30


def test_slicing_takes_the_absolute_columns(tmp_path):
    """A file whose velocities are doubled: integrated it is twice as fast, sliced it is not."""
    rows = vimogen_rows(gliding(1.0, 3.0, 16.0))
    rows[:, 192:258] *= 2
    torch.save(rows, tmp_path / "p0.pt")
    for decode, speed in (("integrate", 0.1), ("slice", 0.05)):
        found = only(build_reference({"files": str(tmp_path), "decode": decode}), prompt()).rows
        np.testing.assert_allclose(found[:, 193], speed, atol=1e-6)


def test_mesh_recovery_in_the_view_of_a_camera(tmp_path):
    """A person who walks towards the camera: z goes down by 1 m/s, at the 16 fps of video models."""
    frames = 48
    values = {
        "global_orient": torch.tensor([[np.pi, 0.0, 0.0]] * frames),  # SMPL is y up, the camera y down
        "body_pose": torch.zeros(frames, 63),
        "transl": torch.stack([torch.zeros(frames), torch.zeros(frames), 5 - torch.arange(frames) / 16], 1),
    }
    torch.save(values, tmp_path / "p0.pt")
    np.savez(tmp_path / "p1.npz", **{key: value.numpy() for key, value in values.items()})
    source = build_reference({"files": str(tmp_path)})
    for name in ("p0", "p1"):
        reference = only(source, prompt(name))
        np.testing.assert_allclose(reference.rows[:, vimogen276.TRANSLATION_VELOCITY][:, 1], 0.05, atol=1e-5)
        assert reference.motion.joints[0, 15, 2] > reference.motion.joints[0, 0, 2] + 0.4  # the head is up
    assert reference.provenance["from_fps"] == 16


def test_the_folder_comes_before_the_suite_and_both_are_found(tmp_path):
    own = write_rows(tmp_path / "suite" / "x.pt", gliding(2.0, 3.0, 16.0))
    write_rows(tmp_path / "folder" / "7.pt", gliding(1.0, 3.0, 16.0))
    source = build_reference({"files": "folder"}, tmp_path)
    speeds = [
        float(found.rows[0, 274] * 20)
        for found in source.references([prompt("7", reference=own), prompt("8", reference=own)], [0, 0])
    ]
    np.testing.assert_allclose(speeds, [1, 2], atol=1e-4)


def test_the_references_of_the_official_suite(tmp_path):
    rows = [
        {"global_id": n, "prompt": f"a person does thing {n}", "dimension": "Motion_Quality", "motion_duration": 3,
         "auxiliary_info": None, "motion_path": path}
        for n, path in ((0, "ref_motion/0.pt"), (1, None), (2, "ref_motion/2.pt"))
    ]  # fmt: skip
    (tmp_path / "MBench_final.json").write_text(json.dumps(rows))
    write_rows(tmp_path / "ref_motion" / "0.pt", gliding(1.0, 3.0, 16.0))
    suite = load_suite(tmp_path / "MBench_final.json")
    found = build_reference("suite").references(list(suite), [0] * 3)
    assert found[0].rows[0, 274] == pytest.approx(0.05)
    assert "the suite names no file" in str(found[1])
    assert "the suite names" in str(found[2]) and "which is not there" in str(found[2])
    assert all(isinstance(one, NoReference) for one in found[1:])


def test_a_bad_file_is_told_and_harms_no_other(tmp_path):
    write_rows(tmp_path / "good.pt", gliding(1.0, 3.0, 16.0))
    (tmp_path / "cut.pt").write_bytes((tmp_path / "good.pt").read_bytes()[:900])
    (tmp_path / "cut.npz").write_bytes(b"PK not an archive")
    torch.save(torch.zeros(10, 275), tmp_path / "wide.pt")
    torch.save(torch.full((10, 276), float("nan")), tmp_path / "nan.pt")
    torch.save({"global_orient": torch.zeros(5, 3), "body_pose": torch.zeros(5, 60), "transl": torch.zeros(5, 3)},
               tmp_path / "smpl.pt")  # fmt: skip
    names = {"wide": "(10, 275)", "nan": "finite", "smpl": "body_pose", "none": "holds none", "cut": "two motions"}
    prompts = [prompt("good"), *map(prompt, names)]
    good, *bad = build_reference({"files": str(tmp_path)}).references(prompts, [0] * len(prompts))
    assert isinstance(good, Reference)
    for error, words in zip(bad, names.values(), strict=True):
        assert words in str(error) and "\n" not in str(error)
    (tmp_path / "cut.npz").unlink()
    damaged = only(build_reference({"files": str(tmp_path)}), prompt("cut"))
    assert isinstance(damaged, FormatError) and "damaged" in str(damaged)


def test_identity_follows_files_and_options(tmp_path):
    path = write_rows(tmp_path / "p0.pt", gliding(1.0, 3.0, 16.0))
    first, again = (build_reference({"files": str(tmp_path)}).identity for _ in range(2))
    other = build_reference({"files": str(tmp_path), "decode": "slice"}).identity
    write_rows(path, gliding(1.1, 3.0, 16.0))
    changed = build_reference({"files": str(tmp_path)}).identity
    assert first == again and len({first, other, changed}) == 3


def test_no_source_gives_nothing():
    for config in (None, "none"):
        assert isinstance(only(build_reference(config), prompt()), NoReference)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"file": "x"}, "did you mean 'files'?"),
        ({"files": "x", "model": "y"}, "found files and model"),
        ({}, "expected none, suite, or one of"),
        (["files"], "expected none, suite, or one of"),
        ("choreographer", "found 'choreographer'; expected none, suite"),
        ("fils:x", "did you mean 'files'?"),
        ({"files": "nowhere"}, "is no folder"),
        ({"files": 3}, "files: found 3"),
        ({"files": "x", "fps": "16"}, "fps: found '16'; expected a valid number"),
        ({"files": "x", "fps": 0}, "fps: found 0; expected"),
        ({"files": "x", "decode": "both"}, "decode: found 'both'"),
        ({"files": "x", "fsp": 16}, "unknown field 'fsp'; did you mean 'fps'"),
        ({"fps": 16}, "found fps"),
    ],
)
def test_a_wrong_configuration_is_told_in_one_line(config, words):
    with pytest.raises(ConfigError) as error:
        build_reference(config)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(ConfigError, match="holds no motion file; expected <prompt id>"):
        build_reference(f"files:{tmp_path}")
