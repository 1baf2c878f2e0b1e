"""Feet that stand are held, legs follow, and all else stays."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.choreographer import choreograph
from mbench.metrics.feet import foot_sliding, ground_penetration
from mbench.motion import Motion
from mbench.motion.skeleton import PARENTS
from vimogen.feet import CLEAR, EASE, LEGS, SLIP, floor_of, planted, shifts, stances
from vimogen.feet import slid as slide_of

ABOVE = [joint for joint in range(22) if joint not in {j for leg in LEGS for j in leg[1:]}]


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    return choreograph("a person walks forward", 4.0).joints.astype(np.float64)


def slid(walk: np.ndarray, seed: int = 0, drift: float = 0.008) -> np.ndarray:
    """Return a walk whose feet wander by up to `drift` metres a frame: legs swing a little about the hips."""
    generator, found = np.random.default_rng(seed), walk.copy()
    for leg in LEGS:
        path = np.cumsum(generator.normal(0, 1, (len(walk), 3)) * (1, 1, 0), axis=0)
        path *= drift / np.abs(np.diff(path, axis=0)).max()
        for joint, share in zip(leg[1:], (0.5, 1.0, 1.0), strict=True):
            found[:, joint] += share * path
    return found


def bones(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints[:, 1:] - joints[:, list(PARENTS[1:])], axis=-1)


def test_standing_feet_do_not_slide(walk):
    spoilt = slid(walk)
    for leg in LEGS:
        toe = planted(spoilt)[:, leg.toe]
        held = stances(spoilt[:, leg.toe])
        assert held
        for start, stop in held:
            assert np.ptp(toe[start:stop, :2], axis=0).max() < 0.01  # out of reach at times
    before, after = (foot_sliding(Motion(joints, 20)) for joints in (spoilt, planted(spoilt)))
    assert after < 0.5 * before


def test_a_walk_whose_feet_stay_is_left_alone(walk):
    assert np.abs(planted(walk) - walk).max() < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_legs_keep_their_lengths_and_the_rest_moves_as_one(walk, seed):
    spoilt = slid(walk, seed)
    found = planted(spoilt)
    np.testing.assert_allclose(bones(found), bones(spoilt), atol=1e-9)
    moved = found[:, ABOVE] - spoilt[:, ABOVE]
    np.testing.assert_allclose(moved, np.broadcast_to(moved[:, :1], moved.shape), atol=1e-9)
    assert 0 < np.abs(moved[..., :2]).max() < 0.3


def test_a_body_that_is_pushed_over_the_floor_is_slowed(walk):
    """Of an upright body that slides as a whole, the slide is its path; in the air there is none."""
    still = np.repeat(walk[:1], 30, axis=0)
    still[..., 2] -= still[:, [10, 11], 2].min() - 0.012
    path = np.linspace(0, 1.5, 30)[:, None, None] * (0.6, 0.8, 0)
    pushed = still + path
    inner = slice(8, -8)  # the filter blurs the ends
    np.testing.assert_allclose(np.diff(slide_of(pushed), axis=0)[inner], np.diff(path[:, 0, :2], axis=0)[inner])
    assert not slide_of(pushed + (0, 0, 0.1)).any()
    pelvis = planted(pushed)[:, 0, :2]
    went = np.linalg.norm(pelvis[-1] - pelvis[0])
    assert went == pytest.approx((1 - SLIP) * 1.5, abs=0.02)


def test_one_foot_that_stays_carries_the_body(walk):
    """The other may swing low: only the slower one counts."""
    still = np.repeat(walk[:1], 30, axis=0)
    still[..., 2] -= still[:, [10, 11], 2].min() - 0.012
    still[:, 0, 1] += np.linspace(0, 1.0, 30)  # the pelvis goes on
    still[:, 10, 1] += np.linspace(0, 2.0, 30)
    assert np.abs(slide_of(still)).max() < 0.05


def test_runs_without_a_standing_foot_come_down_to_the_floor(walk):
    flying = walk + np.linspace(0, 12.0, len(walk))[:, None, None] * (0, 1, 0) + (0, 0, 0.08)
    assert not any(stances(flying[:, leg.toe]) for leg in LEGS)
    assert planted(flying)[:, [10, 11], 2].min() == pytest.approx(CLEAR)  # as fast feet swing


def test_no_toe_goes_below_the_floor(walk):
    low = walk - (0, 0, 0.03)
    assert ground_penetration(Motion(low, 20)) > 0.01
    assert ground_penetration(Motion(planted(low), 20)) < 1e-4


@pytest.mark.parametrize("height", [-0.04, 0.07])
def test_a_body_that_floats_or_sinks_is_put_on_the_floor(walk, height):
    found = planted(walk + (0, 0, height))
    np.testing.assert_allclose(found[:, ABOVE, 2], walk[:, ABOVE, 2], atol=1e-6)
    assert np.abs(found[:, ABOVE] - walk[:, ABOVE]).max() < 0.02
    assert floor_of(found) == pytest.approx(0.012, abs=1e-6)


def test_feet_that_are_held_up_are_no_floor(walk):
    lying = walk + (0, 0, 0.5)
    np.testing.assert_array_equal(planted(lying)[:, ABOVE], lying[:, ABOVE])


def test_a_stair_is_no_floor():
    joints = choreograph("a person stands", 2.0).joints.astype(np.float64).copy()
    joints[:, [2, 5, 8, 11], 2] += 0.1  # the right leg stands higher, hip and all
    toe = planted(joints)[:, 11, 2]
    assert toe.mean() - planted(joints)[:, 10, 2].mean() == pytest.approx(0.1, abs=0.01)


def test_knees_keep_their_side(walk):
    found = planted(slid(walk))
    for leg in LEGS:
        line = found[:, leg.ankle] - found[:, leg.hip]
        bend = found[:, leg.knee] - found[:, leg.hip]
        across = bend - (bend * line).sum(-1, keepdims=True) / (line * line).sum(-1, keepdims=True) * line
        bent = np.linalg.norm(across, axis=-1) > 0.02
        assert (across[bent, 1] > 0).mean() > 0.99  # the walk goes along +y; knees point forward


def test_a_place_out_of_reach_stretches_the_leg_no_further():
    joints = choreograph("a person stands", 1.0).joints.astype(np.float64).copy()
    joints[:, :, 2] += np.linspace(0, 0.5, len(joints))[:, None]  # the body rises, the feet with it
    found = planted(joints)
    np.testing.assert_allclose(bones(found), bones(joints), atol=1e-9)


def naive_stances(toe: np.ndarray) -> list[tuple[int, int]]:
    """Return stances by walking through the frames one by one, without closing gaps."""
    found, start, frames = [], None, len(toe)
    for frame in range(frames + 1):
        near = [other for other in (frame - 1, frame + 1) if 0 <= other < frames]
        down = frame < frames and toe[frame, 2] < toe[:, 2].min() + 0.08
        down = down and all(np.linalg.norm(toe[frame] - toe[other]) < 0.025 for other in near)
        if down and start is None:
            start = frame
        if not down and start is not None:
            found, start = ([*found, (start, frame)] if frame - start >= 3 else found), None
    return found


def test_stances_are_those_of_a_loop_over_frames():
    toe = np.zeros((40, 3))
    toe[:, 1] = np.concatenate([np.zeros(10), np.arange(1, 11) * 0.1, np.full(20, 1.0)])
    toe[10:20, 2] = 0.1
    assert stances(toe) == naive_stances(toe)
    assert len(stances(toe)) == 2


def test_a_shift_eases_to_nothing_in_mid_flight():
    toe = np.zeros((60, 3))
    toe[:20, 0] = np.linspace(0, 0.1, 20)  # slides while it stands
    toe[20:40, 1] = np.linspace(0.1, 2.0, 20)
    toe[20:40, 2] = 0.2
    toe[40:, 1] = 2.1
    found = shifts(toe)
    np.testing.assert_allclose(found[20 + EASE + 1 : 40 - EASE - 1], 0, atol=1e-12)
    assert np.abs(np.diff(found, axis=0)).max() < 0.03


@pytest.mark.parametrize("frames", [1, 2])
def test_short_motions_are_hardly_touched(frames):
    joints = np.random.default_rng(0).normal(size=(frames, 22, 3)) + (0, 0, 5)
    assert stances(joints[:, 10]) == []
    np.testing.assert_array_equal(planted(joints)[:, ABOVE], joints[:, ABOVE])


def test_feet_that_swing_are_clear_of_the_floor():
    toe = np.zeros((40, 3))
    toe[10:30, 1] = np.linspace(0, 2.0, 20)  # dragged along the floor, 10 cm a frame
    toe[30:, 1] = 2.0
    found = toe + shifts(toe)
    np.testing.assert_allclose(found[14:26, 2], 0.03, atol=1e-3)
    assert found[:6, 2].max() < 0.013
