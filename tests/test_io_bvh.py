"""BVH files of any vendor: forward kinematics against a naive loop, joint names, real files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from io_files import MIXAMO, TO_Y_UP, bvh_rows, bvh_text, named
from mbench.errors import FormatError
from mbench.io import read_motion
from mbench.io.bvh_names import Mapping22, map_joints
from mbench.io.checks import forwardness, worst_bone
from mbench.io.convention import stature
from mbench.motion import Motion
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import INDEX, JOINTS, PARENTS, REST_OFFSETS
from mocap import mocap

ORDERS = ["Zrotation Xrotation Yrotation", "Xrotation Yrotation Zrotation", "Yrotation Zrotation Xrotation"]
LIMBS = "{}Hip {}Knee {}Ankle {}Toe {}Collar {}Shoulder {}Elbow {}Wrist"
VENDORS = {
    "SMPL": named(
        "pelvis spine1 spine2 spine3 neck head",
        "{}_hip {}_knee {}_ankle {}_foot {}_collar {}_shoulder {}_elbow {}_wrist",
        ("left", "right"),
    ),
    "SMPL (L_, R_)": named(
        "Pelvis Spine1 Spine2 Spine3 Neck Head",
        "{}_Hip {}_Knee {}_Ankle {}_Foot {}_Collar {}_Shoulder {}_Elbow {}_Wrist",
        ("L", "R"),
    ),
    "Mixamo, MotionBuilder": MIXAMO,
    "Xsens": named("Hips Chest Chest3 Chest4 Neck Head", LIMBS),
    "3ds Max Biped": named(
        "Bip01_Pelvis Bip01_Spine Bip01_Spine1 Bip01_Spine2 Bip01_Neck Bip01_Head",
        "Bip01_{}_Thigh Bip01_{}_Calf Bip01_{}_Foot Bip01_{}_Toe0 Bip01_{}_Clavicle Bip01_{}_UpperArm "
        "Bip01_{}_Forearm Bip01_{}_Hand",
        ("L", "R"),
    ),
    "Unreal": named(
        "pelvis spine_01 spine_02 spine_03 neck_01 head",
        "thigh_{} calf_{} foot_{} ball_{} clavicle_{} upperarm_{} lowerarm_{} hand_{}",
        ("l", "r"),
    ),
    "MotionBuilder with four spine joints": None,
}


def axis_matrix(axis: str, degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {
        "X": np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]),
        "Y": np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]),
        "Z": np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]),
    }[axis]


def naive_joints(rows: np.ndarray, channels: str) -> np.ndarray:
    """Walk the rest skeleton frame by frame, one elementary rotation after the other; y up, centimetres."""
    order = [name[0] for name in channels.split()]
    found = np.zeros((len(rows), 22, 3))
    for frame, row in enumerate(rows):
        world: dict[int, np.ndarray] = {}
        values = list(row[3:])

        def walk(
            joint: int, frame: int = frame, row: np.ndarray = row, values: list = values, world: dict = world
        ) -> None:
            parent = PARENTS[joint]
            turn = np.eye(3)
            for axis in order:
                turn = turn @ axis_matrix(axis, values.pop(0))
            if parent < 0:
                world[joint], found[frame, joint] = turn, row[:3]
            else:
                world[joint] = world[parent] @ turn
                found[frame, joint] = found[frame, parent] + world[parent] @ (TO_Y_UP @ REST_OFFSETS[joint] * 100)
            for child in range(22):
                if PARENTS[child] == joint:
                    walk(child)

        walk(0)
    return found


@pytest.mark.parametrize("channels", ORDERS)
def test_forward_kinematics_honours_the_order_of_channels(channels: str, tmp_path: Path) -> None:
    rows = bvh_rows()
    (tmp_path / "a.bvh").write_text(bvh_text(MIXAMO, rows, channels))
    motion = read_motion(tmp_path / "a.bvh")
    expected = naive_joints(rows, channels) @ TO_Y_UP.T / 100
    np.testing.assert_allclose(motion.joints, expected, atol=2e-5)
    assert motion.fps == 20 and motion.meta["skeleton"] == "Mixamo, MotionBuilder" and not motion.meta["interpolated"]


def test_the_pose_of_a_t_pose_rig_is_its_rotations(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(bvh_text(MIXAMO, bvh_rows()))
    motion = read_motion(tmp_path / "a.bvh")
    assert motion.pose is not None
    again = forward_kinematics(motion.pose.rotations, motion.joints[:, 0], motion.pose.offsets)
    np.testing.assert_allclose(again, motion.joints, atol=1e-4)
    rows = bvh_rows()
    elbow = [
        axis_matrix("Z", a) @ axis_matrix("X", b) @ axis_matrix("Y", c)
        for a, b, c in rows[:, hand_columns("left_elbow")]
    ]
    expected = TO_Y_UP @ np.array(elbow) @ TO_Y_UP.T
    from mbench.motion.kinematics import quaternion_to_matrix

    found = quaternion_to_matrix(motion.pose.rotations)[:, INDEX["left_elbow"]]
    np.testing.assert_allclose(found, expected, atol=0.02)


def hand_columns(joint: str) -> list[int]:
    """Return the columns of a joint's rotation in `bvh_rows`, depth first."""
    order: list[int] = []

    def walk(j: int) -> None:
        order.append(j)
        for child in range(22):
            if PARENTS[child] == j:
                walk(child)

    walk(0)
    start = 3 + 3 * order.index(INDEX[joint])
    return [start, start + 1, start + 2]


def test_six_channels_replace_the_offset_and_zeros_do_not(tmp_path: Path) -> None:
    text = bvh_text(MIXAMO, bvh_rows(2, degrees=0))
    six = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    head = text.index("JOINT LeftLeg")
    text = text[:head] + text[head:].replace("CHANNELS 3 Zrotation Xrotation Yrotation", six, 1)
    start, rows = text.split("Frame Time: 0.05\n")
    column = hand_columns("left_knee")[0]
    for values, length in ((["0", "-50", "0"], 0.50), (["0", "0", "0"], float(np.linalg.norm(REST_OFFSETS[4])))):
        lines = [line.split() for line in rows.splitlines()]
        lines = [line[:column] + values + line[column:] for line in lines]
        body = "\n".join(" ".join(line) for line in lines)
        (tmp_path / "a.bvh").write_text(f"{start}Frame Time: 0.05\n{body}\n")
        motion = read_motion(tmp_path / "a.bvh", up="y", unit="cm")
        thigh = np.linalg.norm(motion.joints[0, INDEX["left_knee"]] - motion.joints[0, INDEX["left_hip"]])
        assert thigh == pytest.approx(length, abs=1e-5)


@pytest.mark.parametrize("prefix", ["", "mixamorig:", "Character1_", "ns:deep:"])
def test_any_prefix(prefix: str, tmp_path: Path) -> None:
    rows = bvh_rows(5)
    names = {joint: prefix + name for joint, name in MIXAMO.items()}
    (tmp_path / "a.bvh").write_text(bvh_text(names, rows))
    (tmp_path / "b.bvh").write_text(bvh_text(MIXAMO, rows))
    assert np.array_equal(read_motion(tmp_path / "a.bvh").joints, read_motion(tmp_path / "b.bvh").joints)


@pytest.mark.parametrize("family", [name for name, names in VENDORS.items() if names])
def test_names_of_a_family_find_all_joints(family: str) -> None:
    names = VENDORS[family]
    found = map_joints(tuple(names[joint] for joint in JOINTS))
    assert isinstance(found, Mapping22) and found.naming == family
    assert [a for a, _, _ in found.rows] == list(range(22))


def test_a_missing_spine_joint_is_interpolated() -> None:
    names = tuple(MIXAMO[joint] for joint in JOINTS if joint not in ("spine2", "spine3"))
    found = map_joints(names)
    assert isinstance(found, Mapping22) and found.interpolated == ("spine2", "spine3")
    spine, neck = names.index("Spine"), names.index("Neck")
    assert found.rows[INDEX["spine2"]][:2] == (spine, neck) and found.rows[INDEX["spine3"]][:2] == (spine, neck)


def test_interpolated_joints_are_noted(tmp_path: Path) -> None:
    names = {**MIXAMO, "spine3": "Ribs"}
    (tmp_path / "a.bvh").write_text(bvh_text(names, bvh_rows(5)))
    assert read_motion(tmp_path / "a.bvh").meta["interpolated"] == ["spine3"]


def test_a_skeleton_far_above_the_floor_is_put_on_it(tmp_path: Path) -> None:
    rows = bvh_rows(20, degrees=0)
    (tmp_path / "a.bvh").write_text(bvh_text(MIXAMO, rows))
    rows[:, 1] += 300
    (tmp_path / "b.bvh").write_text(bvh_text(MIXAMO, rows))
    near, far = read_motion(tmp_path / "a.bvh"), read_motion(tmp_path / "b.bvh")
    assert "floor_shift_m" not in near.meta and far.meta["floor_shift_m"] < -2.8
    assert np.quantile(far.joints[:, [10, 11], 2].min(axis=1), 0.25) == pytest.approx(0, abs=1e-5)


REFUSED = {"synthetic__sinusoidal.bvh": "can't be mapped", **dict.fromkeys(
    ("fair__dab.bvh", "fair__jumping.bvh", "fair__zombie.bvh"), "the unit can't be told")}  # fmt: skip


@pytest.fixture(scope="module")
def real(shared: Path) -> dict[str, Motion | str]:
    """Return the motions of all raw files, or the message where one is refused."""
    found: dict[str, Motion | str] = {}
    for path in sorted((shared / "mocap" / "bvh").glob("*.bvh")):
        try:
            found[path.name] = read_motion(path)
        except FormatError as error:
            found[path.name] = str(error)
    return found


def test_real_files_are_people_or_refused_for_the_right_reason(real: dict[str, Motion | str]) -> None:
    assert len(real) == 39
    for name, motion in real.items():
        if isinstance(motion, str):
            assert REFUSED[name] in motion
            continue
        assert name not in REFUSED
        joints = motion.joints.astype(np.float64)
        assert 1.4 <= stature(joints) <= 2.1, name
        assert worst_bone(joints)[0] < 0.01, name
        assert forwardness(joints) > 0, name  # a dash leans so far that its feet point back in many frames
        assert (joints[:, INDEX["head"], 2] > joints[:, INDEX["left_ankle"], 2]).mean() > 0.6, name


def test_a_refused_unit_can_be_declared(shared: Path) -> None:
    motion = read_motion(shared / "mocap" / "bvh" / "fair__zombie.bvh", unit=0.0375)
    assert 1.7 < stature(motion.joints) < 1.9 and motion.meta["unit"] == "0.0375 m"


def test_real_files_against_an_independent_conversion(shared: Path, real: dict[str, Motion | str]) -> None:
    """The same takes lie in the shards at 20 fps, converted by other code; Bandai and MASS start at the same frame."""
    clips = {row["path"].split("/")[-1]: row["id"] for row in mocap(shared).rows}
    compared = 0
    for row in json.loads((shared / "mocap" / "bvh" / "manifest.json").read_text()):
        motion, clip = real[row["file"]], clips.get(row["path"].split("/")[-1])
        if (
            isinstance(motion, str)
            or clip is None
            or not row["file"].startswith(("bandai", "mass__kick", "mass__dance"))
        ):
            continue
        error = aligned_error(motion, mocap(shared).clip(clip)["pos"].astype(np.float64))
        assert error < 0.005, (row["file"], error)
        compared += 1
    assert compared >= 6


def aligned_error(motion: Motion, truth: np.ndarray) -> float:
    """Return the mean distance in metres after a turn about z and a shift that are the same for all frames."""
    times = np.arange(len(truth)) / 20
    frames = (times * motion.fps).clip(0, len(motion) - 1)
    low = np.floor(frames).astype(int)
    high, part = np.minimum(low + 1, len(motion) - 1), (frames - low)[:, None, None]
    joints = motion.joints[low] * (1 - part) + motion.joints[high] * part
    a, b = (joints - joints.mean((0, 1))).reshape(-1, 3), (truth - truth.mean((0, 1))).reshape(-1, 3)
    product = (a[:, 0] + 1j * a[:, 1]).conj() @ (b[:, 0] + 1j * b[:, 1])
    turned = (a[:, 0] + 1j * a[:, 1]) * product / abs(product)
    return float(np.linalg.norm(np.stack([turned.real, turned.imag, a[:, 2]], 1) - b, axis=1).mean())
