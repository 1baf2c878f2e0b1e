"""Simulated capture: sizes of its errors, what they are correlated with, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mbench.errors import MotionError
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.resample import resample
from mbench.motion.skeleton import PARENTS, REST_OFFSETS
from mocap import mocap
from motions import posed
from vimogen.data.simulate import HIDDEN, Capture, simulated, wandering

CLEAR = Capture(severity=(0.0, 0.0), occlusions=0.0, tilt=0.0)  # a perfect camera and a perfect method


def _simulated(motion: Motion, seed: int = 0, capture: Capture | None = None) -> Motion:
    return simulated(motion, np.random.default_rng(seed), capture)


def _covered(span: dict[str, Any], later: list[dict[str, Any]]) -> bool:
    """Return whether a later span hides the same joints at the end of this one."""
    return any(
        set(HIDDEN[span["limb"]]) & set(HIDDEN[other["limb"]]) and other["start"] < span["stop"] <= other["stop"]
        for other in later
    )


def test_a_perfect_capture_changes_only_the_rate() -> None:
    """Without errors it is the motion at 16 fps."""
    motion = posed(0, 200, highest_hz=1.0)
    film = _simulated(motion, capture=CLEAR)
    assert film.fps == 16
    np.testing.assert_allclose(film.joints, resample(motion, 16).joints, atol=5e-3)  # rotations go by slerp


def test_seed_decides() -> None:
    """The same generator gives the same film, another one another."""
    motion = posed(0, 200)
    assert _simulated(motion, 1) == _simulated(motion, 1)
    assert _simulated(motion, 1) != _simulated(motion, 2)


def test_bones_keep_their_length_and_pose_and_joints_agree() -> None:
    """Errors are turns and a wandering root, never stretched bones."""
    film = _simulated(posed(0, 200))
    parents = list(PARENTS[1:])
    bones = np.linalg.norm(film.joints[:, 1:] - film.joints[:, parents], axis=-1)
    np.testing.assert_allclose(bones, np.tile(np.linalg.norm(REST_OFFSETS[1:], axis=-1), (len(film), 1)), atol=1e-4)
    assert film.pose is not None
    joints = forward_kinematics(film.pose.rotations, film.joints[:, 0], film.pose.offsets)
    np.testing.assert_allclose(joints, film.joints, atol=1e-4)


def test_errors_are_as_large_as_published_ones() -> None:
    """Over 40 films: 50 to 85 mm a joint with the pelvis aligned; decimetres at the root."""
    motion = posed(0, 200)
    clean = resample(motion, 16).joints
    films = [_simulated(motion, seed).joints for seed in range(40)]
    aligned = [np.linalg.norm((film - film[:, :1]) - (clean - clean[:, :1]), axis=-1)[:, 1:].mean() for film in films]
    assert 0.050 < np.mean(aligned) < 0.085
    root = [np.linalg.norm(film[:, 0] - clean[:, 0], axis=-1).mean() for film in films]
    assert 0.1 < np.mean(root) < 0.6


def test_the_root_errs_along_the_view_ray() -> None:
    """With nothing else wrong, nearly all of the root's error points at the camera."""
    motion = posed(0, 200)
    film = _simulated(motion, 3, replace(CLEAR, severity=(1.0, 1.0), degrees=0.0, flicker=0.0))
    clean = resample(motion, 16).joints[:, 0].astype(np.float64)
    ray = clean - np.array(film.meta["simulated_capture"]["camera"])
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    error = film.joints[:, 0] - clean
    along = (error * ray).sum(-1)
    across = np.linalg.norm(error - along[:, None] * ray, axis=-1)
    assert np.sqrt((along**2).mean()) > 3 * np.sqrt((across**2).mean())


def test_hidden_limbs_hold_and_then_hang() -> None:
    """In a span the limb does not follow; by its end it is on the way to the standing pose, all else is untouched."""
    motion = posed(0, 400)
    film = _simulated(motion, 5, replace(CLEAR, occlusions=0.15, hidden=(1.5, 1.5), forgets=0.3))
    clean = resample(motion, 16).pose
    assert film.pose is not None
    assert clean is not None
    spans = film.meta["simulated_capture"]["hidden"]
    assert spans
    touched = np.zeros((len(film), 22), dtype=bool)
    for span in spans:
        touched[span["start"] : span["stop"], list(HIDDEN[span["limb"]])] = True
    difference = np.abs((film.pose.rotations * clean.rotations).sum(-1))
    assert difference[~touched].min() > 1 - 1e-5
    assert difference[touched].min() < 0.99
    whole = next(s for n, s in enumerate(spans) if s["stop"] - s["start"] == 24 and not _covered(s, spans[n + 1 :]))
    hip_or_shoulder = HIDDEN[whole["limb"]][0]
    hanging = {"left arm": -1.2, "right arm": 1.2}.get(whole["limb"], 0.0)
    last = Rotation.from_quat(film.pose.rotations[whole["stop"] - 1, hip_or_shoulder])
    left = last * Rotation.from_rotvec([0, hanging, 0]).inv()
    assert left.magnitude() < 0.02  # after 1.5 s at 0.3 s: exp(-5) of the way is left


def test_noise_has_the_spread_and_the_memory_it_says() -> None:
    """Standard deviation 1 from the first frame on; what two equal low passes in a row give at lag k is known."""
    noise = wandering((60, 20000), 6.0, np.random.default_rng(0))
    np.testing.assert_allclose(noise.std(axis=1), 1, atol=0.03)
    keep, lag = np.exp(-1 / 6.0), 6
    expected = keep**lag * (1 + lag * (1 - keep**2) / (1 + keep**2))
    assert (noise[:-lag] * noise[lag:]).mean() == pytest.approx(expected, abs=0.01)


def test_joints_alone_are_refused() -> None:
    """Errors are turns of joints."""
    with pytest.raises(MotionError, match="needs joint rotations"):
        _simulated(Motion(posed(0, 200).joints, 20.0))


def test_real_clips_get_feet_that_slide_and_a_jitter_that_the_gate_may_pass(shared: Path) -> None:
    """Over 12 real clips: sliding several times that of capture; jitter up, and around the published 0.04 threshold."""
    from mbench.metrics.base import METRICS

    clips = mocap(shared)
    sliding, jitter = METRICS.get("quality/foot_skate_speed"), METRICS.get("quality/jitter_degree")
    values = []
    for row in [row for row in clips.rows if row["source"] == "cmu" and 80 < row["frames"] < 200][:12]:
        clip = clips.clip(row["id"])
        motion = Motion(clip["pos"], 20.0, Pose(clip["rot"], clip["rest"].astype(np.float32)))
        film = resample(_simulated(motion, row["index"]), 20.0)
        values.append([sliding(motion), sliding(film), jitter(motion), jitter(film)])
    before, after, calm, trembling = np.nanmedian(np.array(values, dtype=float), axis=0)
    assert after > 3 * before
    assert 1.05 * calm < trembling < 0.06
