"""`inspect_motion`: facts, and one finding for each corruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import make_walk
from mbench.io import write_motion
from mbench.io.checks import CHECKS, findings
from mbench.io.inspect import facts, inspect_motion
from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import MIRROR, N_JOINTS, REST_OFFSETS
from mocap import mocap

Change = Callable[[np.ndarray], np.ndarray]
REST = forward_kinematics(np.tile([0, 0, 0, 1.0], (1, N_JOINTS, 1)), np.array([[0, 0, 0.96]]), REST_OFFSETS)


def jump(joints: np.ndarray) -> np.ndarray:
    joints[30:] += (0.6, 0, 0)
    return joints


def freeze(joints: np.ndarray) -> np.ndarray:
    joints[40:70] = joints[40]
    return joints


def grow(joints: np.ndarray) -> np.ndarray:
    joints[:, 20] += (joints[:, 20] - joints[:, 18]) * np.linspace(0, 0.5, len(joints))[:, None]
    return joints


def relaxed(joints: np.ndarray) -> np.ndarray:
    """Arms down, so that the walk itself is no T-pose."""
    for side, elbow, wrist in ((16, 18, 20), (17, 19, 21)):
        joints[:, elbow] = joints[:, side] - (0, 0, 0.26)
        joints[:, wrist] = joints[:, elbow] - (0, 0, 0.25)
    return joints


# name: how a plain walk is spoilt, and words of the finding
SPOILT: dict[str, tuple[Change, str]] = {
    "short": (lambda j: j[:4], "very short: 4 frames, 0.20 s"),
    "frozen": (freeze, "frozen: no joint moves for 29 frames from frame 40"),
    "all_frozen": (lambda j: np.repeat(j[:1], 40, axis=0), "frozen: no joint moves at all"),
    "jump": (jump, "the root jumps 0.6"),
    "swapped": (lambda j: j[:, list(MIRROR)], "left and right look swapped"),
    "mirrored": (lambda j: j * (-1, 1, 1), "left and right look swapped"),
    "sunk": (lambda j: j - (0, 0, 0.2), "below the floor: toes at -0."),
    "lifted": (lambda j: j + (0, 0, 0.3), "above the floor: the lowest joint never gets under 0.3"),
    "bones": (grow, "bone lengths change: left_elbow to left_wrist by"),
    "t_pose": (lambda j: np.concatenate([REST, j]), "starts in a T-pose: 1 frame;"),
    "y_up": (lambda j: j[..., [1, 2, 0]], "looks y up as read"),
    "centimetres": (lambda j: j * 100, "looks like cm: pass unit: cm"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_each_corruption_is_found(name: str) -> None:
    spoil, words = SPOILT[name]
    walk = Motion(relaxed(make_walk(5.0).joints.astype(np.float64)), 20.0)
    assert findings(walk) == []
    found = findings(Motion(spoil(walk.joints.astype(np.float64).copy()), 20.0))
    assert any(words in line for line in found), found
    assert all("\n" not in line for line in found)


def test_every_check_has_a_corruption() -> None:
    words = [words for _, words in SPOILT.values()]
    spoken = set()
    for spoil, _ in SPOILT.values():
        motion = Motion(spoil(relaxed(make_walk(5.0).joints.astype(np.float64))), 20.0)
        spoken |= {check.__name__ for check in CHECKS if check(motion)}
    assert spoken == {check.__name__ for check in CHECKS} and len(words) >= len(CHECKS)


def test_real_clips_are_quiet(shared: Path) -> None:
    loader = mocap(shared)
    rows = loader.rows[::15]
    spoken = [row["id"] for row in rows if findings(Motion(loader.clip(row["id"])["pos"], 20))]
    assert len(spoken) <= 0.05 * len(rows), spoken


def test_facts_of_a_walk(tmp_path: Path) -> None:
    write_motion(make_walk(5.0), tmp_path / "a.npz")
    found = inspect_motion(tmp_path / "a.npz")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["file"], found["frames"], found["fps"], found["seconds"]) == (str(tmp_path / "a.npz"), 100, 20.0, 5.0)
    assert (found["up"], found["up_confidence"], found["unit"], found["pose"]) == ("z", 1.0, "m", False)
    assert found["height_m"] == pytest.approx(1.70, abs=0.02)
    # make_walk puts the lowest toe at 0.01 m and moves its root 1 m/s along y.
    assert found["foot_height_min_m"] == pytest.approx(0.01, abs=1e-4) and found["foot_height_median_m"] >= 0.01
    assert found["root_speed_mean"] == pytest.approx(1.0, abs=1e-3) and found["bone_length_spread"] < 1e-4


def test_one_frame_has_no_speed() -> None:
    found = facts(Motion(make_walk(1.0).joints[:1], 20.0))
    assert found["root_speed_mean"] is None and found["root_speed_max"] is None


def test_a_converted_convention_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", make_walk(3.0).joints[..., [1, 2, 0]] * 100)
    found = inspect_motion(tmp_path / "a.npy")
    assert found["up"] == "y" and found["unit"] == "cm"
    assert any(line.startswith("y up (confidence ") for line in found["suspicious"])
    assert "looks like cm; read as that" in found["suspicious"]
    declared = inspect_motion(tmp_path / "a.npy", up="z")
    assert any("looks y up as read" in line and "pass up: y" in line for line in declared["suspicious"])


def test_a_bvh_s_own_convention_is_not_suspicious(tmp_path: Path) -> None:
    write_motion(Motion(relaxed(make_walk(3.0).joints.astype(np.float64)), 20.0), tmp_path / "a.bvh")
    assert inspect_motion(tmp_path / "a.bvh")["suspicious"] == []
