"""Metrics on motions whose value follows by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conftest import make_walk
from mbench.metrics.base import METRICS
from mbench.metrics.feet import count_peaks
from mbench.metrics.smoothness import sparc
from mbench.motion import Motion, degrade
from mbench.motion.skeleton import INDEX


def value(name: str, motion: Motion) -> float | None:
    return METRICS.get(name)(motion)


@pytest.fixture
def statue() -> Motion:
    """A figure that stands still, 100 frames, its lowest toe 1 cm above the floor."""
    return degrade.freeze(make_walk())


def along_x(statue: Motion, metres: np.ndarray) -> Motion:
    shift = np.zeros((len(statue), 1, 3))
    shift[:, 0, 0] = metres
    return statue.replace(joints=(statue.joints + shift).astype(np.float32))


def test_dynamic_degree_of_a_carried_statue_is_its_step(statue: Motion) -> None:
    assert value("dynamic_degree", degrade.slide(statue, 1.0)) == pytest.approx(0.05, rel=1e-4)


def test_jitter_degree_of_one_shaking_hand(statue: Motion) -> None:
    # A hand at +-1 cm in turn: second difference 4 cm, in the world and again relative to the pelvis, 1 joint of 22.
    joints = statue.joints.copy()
    joints[:, INDEX["left_wrist"], 0] += 0.01 * (-1.0) ** np.arange(len(statue))
    assert value("jitter_degree", statue.replace(joints=joints)) == pytest.approx(2 * 0.04 / 22, rel=1e-4)


def test_jerk_of_a_cubic_is_six(statue: Motion) -> None:
    assert value("jerk", along_x(statue, (np.arange(100) / 20) ** 3)) == pytest.approx(6, rel=1e-2)


def test_ground_penetration_is_a_mean_over_deep_toes_only(statue: Motion) -> None:
    joints = statue.joints.copy()
    joints[:, [10, 11], 2] = 0.03
    joints[:10, 10, 2], joints[10:20, 11, 2], joints[20:, 11, 2] = -0.02, -0.06, -0.004
    assert value("ground_penetration", statue.replace(joints=joints)) == pytest.approx(0.04, rel=1e-5)


@pytest.mark.parametrize("fps", [20.0, 60.0])
def test_foot_skate_speed_of_a_dragged_statue_is_its_speed(fps: float) -> None:
    dragged = degrade.slide(degrade.freeze(make_walk(fps=fps)), 0.3)
    assert value("foot_skate_speed", dragged) == pytest.approx(0.3, rel=1e-3)


def test_foot_skating_ratio_needs_half_a_metre_a_second(statue: Motion) -> None:
    assert value("foot_skating_ratio", degrade.slide(statue, 0.45)) == 0
    # 0.6 m/s: the mean over 5 steps is 0.36 and 0.48 in the first two of the 99 steps and in the last two
    assert value("foot_skating_ratio", degrade.slide(statue, 0.6)) == pytest.approx(95 / 99)
    assert value("foot_skating_ratio", degrade.slide(degrade.lift(statue, 0.05), 0.6)) == 0


def test_foot_skate_speed_has_a_reason_where_nobody_stands(statue: Motion) -> None:
    missing, reason = METRICS.get("foot_skate_speed").evaluate(degrade.lift(statue, 0.2))
    assert missing is None and reason == "the feet are never down from one frame to the next"


def test_bone_length_drift_of_a_sine_is_its_amplitude_over_root_two(statue: Motion) -> None:
    assert value("bone_length_drift", degrade.stretch(statue, 0.1)) == pytest.approx(0.1 / math.sqrt(2), rel=1e-3)


def minimum_jerk(times: np.ndarray) -> np.ndarray:
    """Speed of a minimum-jerk movement from 0 to 1 s."""
    t = np.clip(times, 0, 1)
    return 30 * t**2 * (1 - t) ** 2


def test_spectral_arc_length_falls_with_every_further_stop() -> None:
    times = np.arange(0, 6, 0.05)
    arcs = [sparc(sum(minimum_jerk(times - k * 1.2) for k in range(count)), 20) for count in (1, 2, 3, 4)]
    assert all(a > b + 0.3 for a, b in zip(arcs, arcs[1:], strict=False)), arcs


def test_spectral_arc_length_does_not_depend_on_size_or_rate() -> None:
    coarse, fine = np.arange(0, 3, 1 / 20), np.arange(0, 3, 1 / 120)
    reference = sparc(minimum_jerk(coarse), 20)
    assert sparc(7 * minimum_jerk(coarse), 20) == pytest.approx(reference, rel=1e-9)
    assert sparc(minimum_jerk(fine), 120) == pytest.approx(reference, rel=0.02)


def test_spectral_arc_length_says_that_nothing_moves(statue: Motion) -> None:
    missing, reason = METRICS.get("spectral_arc_length").evaluate(statue)
    assert missing is None and "stand still" in reason


def test_joint_limits_of_a_walk_are_kept() -> None:
    assert value("joint_limit_violation", make_walk()) == 0


@pytest.mark.parametrize(("degrees", "expected"), [(12, 0), (18, 2 / 8), (60, 2 / 8)])
def test_joint_limits_catch_knees_that_bend_backwards(degrees: float, expected: float) -> None:
    assert value("joint_limit_violation", degrade.hyperextend(make_walk(), degrees)) == expected


def placed(statue: Motion, joint: str, anchor: str, offset: tuple[float, float, float]) -> Motion:
    """Return the statue with a joint, and what hangs on it along its limb, put at an offset from another joint."""
    joints = statue.joints.copy()
    limb = {"left_ankle": ("left_foot",), "left_knee": ("left_ankle", "left_foot"), "left_elbow": ("left_wrist",)}
    move = joints[:, INDEX[anchor]] + np.array(offset, dtype=np.float32) - joints[:, INDEX[joint]]
    for name in (joint, *limb.get(joint, ())):
        joints[:, INDEX[name]] += move
    return statue.replace(joints=joints)


@pytest.mark.parametrize(
    ("joint", "anchor", "offset", "expected"),
    [
        ("left_ankle", "left_knee", (-0.2, 0.0, -0.35), 1 / 8),  # knee bent outwards by 30 degrees
        ("left_ankle", "left_knee", (0.0, -0.2, -0.35), 0),  # knee flexed by 30 degrees
        ("left_ankle", "left_knee", (0.0, -0.02, 0.4), 1 / 8),  # shank folded onto the thigh
        ("left_wrist", "left_elbow", (0.25, 0.01, 0.0), 1 / 8),  # forearm folded onto the upper arm
        ("left_wrist", "left_elbow", (0.0, 0.25, 0.0), 0),  # elbow at a right angle
        ("left_knee", "left_hip", (0.0, 0.4, 0.0), 0),  # sitting
        ("head", "neck", (0.0, -0.1, -0.05), 1 / 8),  # head thrown backwards
        ("head", "neck", (0.03, 0.05, 0.08), 0),  # head bowed
    ],
)
def test_joint_limits_judge_each_joint(statue: Motion, joint, anchor, offset, expected: float) -> None:
    assert value("joint_limit_violation", placed(statue, joint, anchor, offset)) == expected


@pytest.mark.parametrize(
    ("thigh", "expected"),
    [
        ((0.0, -0.4, 0.0), 1 / 8),  # straight backwards
        ((0.0, -0.2, -0.35), 0),  # 30 degrees backwards
        ((0.0, 0.4, 0.1), 0),  # straight forwards, raised
        ((0.0, 0.1, 0.4), 1 / 8),  # along the trunk
        ((-0.4, 0.0, -0.1), 1 / 8),  # straight out
        ((-0.3, 0.0, -0.3), 0),  # 45 degrees out
        ((0.4, 0.0, -0.1), 1 / 8),  # straight across the other
    ],
)
def test_joint_limits_judge_a_straight_leg_at_the_hip(statue: Motion, thigh, expected: float) -> None:
    leg = placed(statue, "left_knee", "left_hip", thigh)
    assert value("joint_limit_violation", placed(leg, "left_ankle", "left_knee", thigh)) == expected


@pytest.mark.parametrize(("degrees", "expected"), [(50, 0), (70, 1 / 8), (-70, 1 / 8), (170, 1 / 8)])
def test_joint_limits_catch_a_trunk_that_is_wrung(statue: Motion, degrees: float, expected: float) -> None:
    joints = statue.joints.astype(float)
    upper = [i for name, i in INDEX.items() if any(part in name for part in ("collar", "shoulder", "elbow", "wrist"))]
    a, centre = np.radians(degrees), joints[:, [INDEX["neck"]]]
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    joints[:, upper] = (joints[:, upper] - centre) @ turn.T + centre
    assert value("joint_limit_violation", statue.replace(joints=joints.astype(np.float32))) == expected


def test_metrics_of_bones_do_not_apply_to_a_point() -> None:
    point = Motion(np.zeros((20, 22, 3), dtype=np.float32))
    for name in ("bone_length_drift", "joint_limit_violation"):
        missing, reason = METRICS.get(name).evaluate(point)
        assert missing is None and reason


@pytest.mark.parametrize("meta", [{}, {"root_drift_m": None}, {"root_drift_m": math.nan}])
def test_root_drift_applies_only_where_the_reader_measured_it(statue: Motion, meta: dict[str, float | None]) -> None:
    missing, reason = METRICS.get("root_drift").evaluate(statue.replace(meta=meta))
    assert missing is None and "integrated root" in reason
    assert value("root_drift", statue.with_meta(root_drift_m=0.25)) == 0.25


@pytest.mark.parametrize("seed", range(20))
def test_peaks_are_those_of_scipy(seed: int) -> None:
    from scipy.signal import find_peaks

    values = np.random.default_rng(seed).integers(0, 4, size=40).astype(np.float32)
    assert count_peaks(values) == len(find_peaks(values)[0])
