"""The parts of the choreographer: curves, control space, reaching, inverse kinematics, footprints, time shared out."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.choreographer.actions.locomotion import WALK
from baselines.choreographer.controls import NEUTRAL, SLICES, WIDTH, mirrored, moved_to
from baselines.choreographer.journey import Journey
from baselines.choreographer.phrase import Phrase, Span, home, key, mirror_key
from baselines.choreographer.reach import hand
from baselines.choreographer.schedule import shared_out
from baselines.choreographer.solve import OFFSETS, pose
from baselines.choreographer.timing import curve, drift, min_jerk
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.skeleton import INDEX, MIRROR

RNG = np.random.default_rng(0)


def joints_of(controls: np.ndarray) -> np.ndarray:
    rotations, root = pose(controls)
    return forward_kinematics(rotations, root, OFFSETS)


def test_minimum_jerk_is_the_published_polynomial() -> None:
    phase = np.linspace(0, 1, 11)
    assert min_jerk(phase) == pytest.approx(10 * phase**3 - 15 * phase**4 + 6 * phase**5)
    assert min_jerk([-1.0, 2.0]) == pytest.approx([0, 1])


def test_a_curve_between_two_keys_is_minimum_jerk() -> None:
    at = np.linspace(0, 2, 21)
    assert curve(at, [0, 2], [[1.0], [4.0]])[:, 0] == pytest.approx(1 + 3 * min_jerk(at / 2))


def test_a_curve_meets_its_keys_rests_outside_and_does_not_overshoot() -> None:
    times, values = np.array([0.2, 0.5, 1.3, 1.5, 2.0]), RNG.normal(size=(5, 3))
    assert curve(times, times, values) == pytest.approx(values)
    assert curve(np.array([-1.0, 9.0]), times, values) == pytest.approx(values[[0, -1]])
    dense = curve(np.linspace(0.2, 2.0, 400), times, np.cumsum(np.abs(values), axis=0))
    assert (np.diff(dense, axis=0) > -1e-6).all()


def test_thrown_keys_give_the_parabola() -> None:
    at, g = np.linspace(0, 0.4, 9), 9.81
    made = curve(at, [0, 0.4], [[0.0], [0.0]], [[0.2 * g], [-0.2 * g]], [[-g], [-g]])
    assert made[:, 0] == pytest.approx(0.2 * g * at - g * at**2 / 2)


def test_drift_has_unit_variance_and_is_slow() -> None:
    noise = drift(np.random.default_rng(1), np.arange(20000) / 20, 4)
    assert noise.std(axis=0) == pytest.approx(np.ones(4), abs=0.1)
    assert np.abs(np.diff(noise, axis=0)).max() < 0.5


def test_mirroring_twice_is_nothing() -> None:
    controls = RNG.normal(size=(4, WIDTH))
    assert mirrored(mirrored(controls)) == pytest.approx(controls)
    assert mirrored(NEUTRAL[None])[0] == pytest.approx(NEUTRAL)
    k = key(0.1, r_arm=(1, 2, 3, 4), root=(5, 6, 7), l_sole=(1, 2, 3))
    again = mirror_key(mirror_key(k)).values
    assert all(tuple(again[name]) == tuple(value) for name, value in k.values.items())


def test_mirrored_controls_make_mirrored_joints() -> None:
    controls = NEUTRAL + RNG.normal(size=(20, WIDTH)) * 0.05
    controls[:, SLICES["r_arm"]] += (40, 30, 20, 50)
    controls[:, SLICES["l_foot"]] += (0.0, 0.2, 0.2)
    assert joints_of(mirrored(controls)) == pytest.approx(joints_of(controls)[:, list(MIRROR)] * (-1, 1, 1), abs=1e-9)


def test_a_place_moves_and_turns_the_whole_body() -> None:
    controls = NEUTRAL + RNG.normal(size=(3, WIDTH)) * 0.03
    moved = joints_of(moved_to(controls, np.tile([1.0, -2.0, 90.0], (3, 1))))
    here = joints_of(controls)
    assert moved == pytest.approx(np.stack([1 - here[..., 1], -2 + here[..., 0], here[..., 2]], axis=-1), abs=1e-9)


def test_neutral_is_standing() -> None:
    joints = joints_of(NEUTRAL[None])[0]
    assert joints[[10, 11], 2] == pytest.approx(0.012)
    assert 0.93 < joints[0, 2] < 0.97
    assert (joints[[20, 21], 2] < joints[0, 2]).all()  # hands hang
    assert (np.abs(joints[[20, 21], 0]) > 0.2).all()  # beside the thighs, not in them
    assert joints[INDEX["left_knee"], 1] > joints[INDEX["left_ankle"], 1]  # knees forward


@pytest.mark.parametrize("depth", [0.0, -0.1, -0.3, -0.45])
def test_feet_are_where_they_are_put(depth: float) -> None:
    controls = NEUTRAL[None].copy()
    controls[:, SLICES["root"]] = (0.05, -0.1, depth)
    controls[:, SLICES["r_sole"].start] = 30
    joints = joints_of(controls)[0]
    assert joints[10] == pytest.approx(NEUTRAL[SLICES["l_foot"]], abs=1e-9)
    assert joints[11] == pytest.approx(NEUTRAL[SLICES["r_foot"]], abs=1e-9)


def test_a_pelvis_out_of_reach_comes_down_not_the_feet_up() -> None:
    controls = NEUTRAL[None].copy()
    controls[:, SLICES["root"].stop - 1] = 0.5
    joints = joints_of(controls)[0]
    assert joints[10, 2] == pytest.approx(0.012)
    assert joints[0, 2] < 0.97


@pytest.mark.parametrize("point", [(0.02, 0.34, -0.10), (0.17, 0.03, -0.40), (-0.10, 0.22, -0.20), (0.40, 0.20, 0.10)])
def test_hands_reach(point: tuple[float, float, float]) -> None:
    controls = NEUTRAL[None].copy()
    controls[:, SLICES["r_arm"]] = controls[:, SLICES["l_arm"]] = hand(*point)
    joints = joints_of(controls)[0]
    chest = (joints[16] + joints[17]) / 2
    assert joints[21] - chest == pytest.approx(point, abs=0.012)
    assert (joints[20] - chest) * (-1, 1, 1) == pytest.approx(point, abs=0.012)


def test_a_pinned_wrist_stays() -> None:
    controls = np.tile(NEUTRAL, (5, 1))
    controls[:, SLICES["tilt"].start] = np.linspace(60, 80, 5)
    controls[:, SLICES["root"].stop - 1] = np.linspace(-0.4, -0.5, 5)
    controls[:, SLICES["r_arm"]] = (90, 5, 0, 10)
    controls[:, SLICES["r_hand"]] = (0.22, 0.50, 0.40, 1.0)
    assert joints_of(controls)[:, 21] == pytest.approx(np.tile([0.22, 0.50, 0.40], (5, 1)), abs=1e-6)


def test_a_phrase_starts_and_ends_neutral_and_repeats() -> None:
    phrase = Phrase(
        [key(0.5, r_arm=(90, 0, 0, 0))], [key(0.2, r_arm=(60, 0, 0, 0)), key(0.2, r_arm=(90, 0, 0, 0))], [home()]
    )
    controls, place = phrase.render(81, 3)
    assert controls[[0, -1]] == pytest.approx(np.zeros((2, WIDTH)))
    flexion = controls[:, SLICES["r_arm"].start] + NEUTRAL[SLICES["r_arm"].start]
    assert ((flexion[1:-1] < flexion[:-2]) & (flexion[1:-1] <= flexion[2:]) & (flexion[1:-1] > 50)).sum() == 3
    assert place == pytest.approx(np.zeros(3))


def test_a_phrase_that_stays_keeps_its_pose_only_as_the_last_one() -> None:
    phrase = Phrase([key(0.5, root=(0, 0, -0.4))], stays=True)
    height = SLICES["root"].stop - 1
    assert phrase.render(60, None, last=True)[0][-1, height] == pytest.approx(-0.4)
    assert phrase.render(60, None, last=False)[0][-1, height] == pytest.approx(0.0)


def test_footprints_alternate_and_close_up() -> None:
    prints = Journey(WALK).footprints(WALK, 6)
    assert [p.side for p in prints] == [1, -1, 1, -1, 1, -1]
    assert np.diff([p.lift for p in prints]) == pytest.approx(WALK.period)
    ways = [p.centre[1] for p in prints]
    assert (np.diff(ways[:-1]) > 0).all()
    assert ways[-1] == pytest.approx(ways[-2])


def test_a_circle_comes_back() -> None:
    journey = Journey(WALK, bend=360 / 5.0)
    *_, last = journey.footprints(WALK, 20)
    radius = 5.0 / (2 * np.pi)
    centre = np.array([-radius, 0.0])
    assert np.linalg.norm(np.array(last.centre) - centre) == pytest.approx(radius)


def test_an_arc_that_ends_goes_on_straight() -> None:
    *_, before, last = Journey(WALK, bend=-75, veer=90).footprints(WALK, 12)[:-1]
    assert last.heading == before.heading == pytest.approx(-90)
    assert last.centre[0] - before.centre[0] == pytest.approx(WALK.length)
    assert last.centre[1] == pytest.approx(before.centre[1])


def test_time_is_shared_out() -> None:
    rigid, elastic = Span(1.0, 1.0, 1.2), Span(0.5, 2.0, np.inf)
    assert shared_out([rigid, elastic], 3.0) == pytest.approx([1.0, 2.0])
    assert shared_out([rigid, elastic], 6.0) == pytest.approx([1.2, 4.8])
    assert shared_out([rigid, elastic], 2.0) == pytest.approx([1.0, 1.0])
    assert sum(shared_out([rigid, elastic], 1.2)) == pytest.approx(1.2)
    assert shared_out([rigid], 9.0) == pytest.approx([1.2])
