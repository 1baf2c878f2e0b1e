"""The corruption of references: how often, how much, and what stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from vimogen.corruption import Corruption

RAMP = np.repeat(np.arange(100, dtype=np.float32)[:, None] ** 2, 3, axis=1)  # a blend of neighbours is never the frame
NONE = {"noisy": (0.0, 0.0), "blended": (0.0, 0.0), "dropped": 0.0}


def spoilt(reference=RAMP, seed: int = 0, **settings):
    return Corruption(**{**NONE, **settings})(reference, np.random.default_rng(seed))


def test_nothing_asked_is_nothing_done():
    reference, left = spoilt()
    np.testing.assert_array_equal(reference, RAMP)
    assert left.all()


def test_the_same_generator_spoils_the_same():
    found = [Corruption()(RAMP, np.random.default_rng(seed)) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert not np.array_equal(found[0][0], found[2][0])


def test_the_input_is_left_alone():
    before = RAMP.copy()
    Corruption()(RAMP, np.random.default_rng(5))
    np.testing.assert_array_equal(RAMP, before)


def test_noise_hits_whole_frames_with_the_size_asked():
    still = np.zeros((20000, 4), np.float32)
    found, _ = spoilt(still, noisy=(0.3, 0.3), noise=(0.1, 0.1))
    hit = (found != 0).all(axis=1)
    assert ((found == 0).all(axis=1) | hit).all()
    assert hit.mean() == pytest.approx(0.3, abs=0.02)
    assert found[hit].std() == pytest.approx(0.1, rel=0.03)


def test_a_clip_draws_its_own_share_and_size():
    still = np.zeros((2000, 2), np.float32)
    found = [spoilt(still, seed, noisy=(0.05, 0.4), noise=(0.05, 0.15))[0] for seed in range(40)]
    shares, sizes = [f.any(axis=1).mean() for f in found], [f[f != 0].std() for f in found]
    assert 0.03 < min(shares) < 0.12
    assert 0.33 < max(shares) < 0.43
    assert 0.045 < min(sizes) < 0.07
    assert 0.13 < max(sizes) < 0.16


def test_blended_frames_lie_between_their_neighbours():
    found, _ = spoilt(blended=(0.5, 0.5))
    changed = np.flatnonzero((found != RAMP).any(axis=1))
    assert 30 < len(changed) < 70
    assert 0 not in changed
    assert 99 not in changed
    before, after = RAMP[changed - 1, 0], RAMP[changed + 1, 0]
    share = (found[changed, 0] - after) / (before - after)
    assert (share > 0.349).all()
    assert (share < 0.651).all()
    assert share.std() > 0.05


def test_lost_frames_are_zero_and_told():
    reference, left = spoilt(RAMP + 1, dropped=0.3)
    assert 10 < (~left).sum() < 50
    assert left[0]
    assert (reference[~left] == 0).all()
    np.testing.assert_array_equal(reference[left], (RAMP + 1)[left])


def test_one_frame_is_enough():
    reference, left = Corruption()(RAMP[:1], np.random.default_rng(0))
    assert reference.shape == (1, 3)
    assert left.tolist() == [True]
