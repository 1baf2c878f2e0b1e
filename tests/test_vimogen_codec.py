"""The codec: rows to what the network sees and back, the columns of a reference, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from mbench.errors import MBenchError
from vimogen.codec import Codec


@pytest.fixture
def clips():
    random = np.random.default_rng(0)
    return [(random.normal(size=(frames, 276)) * np.linspace(0.1, 3, 276) + 2).astype(np.float32) for frames in (9, 40)]


def test_training_data_come_out_with_mean_0_and_spread_1(clips):
    codec = Codec.of(clips)
    seen = np.concatenate([codec.normalised(own) for own in clips])
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(0), 1, atol=1e-4)


def test_every_frame_counts_the_same(clips):
    rows = np.concatenate(clips)
    np.testing.assert_array_equal(Codec.of(clips).mean, Codec.of([rows]).mean)
    np.testing.assert_allclose(Codec.of(clips).mean, rows.mean(0), atol=1e-5)


def test_rows_come_back(clips):
    codec = Codec.of(clips)
    np.testing.assert_allclose(codec.rows(codec.normalised(clips[0])), clips[0], atol=1e-5)


def test_a_column_that_never_changes_stays_finite(clips):
    still = [own.copy() for own in clips]
    for own in still:
        own[:, 5] = 0.25
    codec = Codec.of(still)
    assert codec.std[5] == np.float32(1e-3)
    assert (codec.normalised(still[0])[:, 5] == 0).all()


def test_a_reference_is_local_rotations_and_orientation_only():
    """126 rotations, orientation 258:264 and its velocity 264:270; no position and no translation."""
    codec = Codec(np.zeros(276, np.float32), np.full(276, 0.5, np.float32))
    rows = np.arange(2 * 276, dtype=np.float32).reshape(2, 276)
    seen = codec.reference(rows)
    assert seen.shape == (2, 138)
    np.testing.assert_array_equal(seen, 2 * rows[:, [*range(126), *range(258, 270)]])


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        (np.zeros(263), np.ones(276), r"mean has shape \(263,\); expected \(276,\), all finite"),
        (np.zeros(276), np.ones((2, 276)), r"std has shape \(2, 276\); expected"),
        (np.full(276, np.nan), np.ones(276), "mean .* expected .* all finite"),
        (np.zeros(276), np.r_[np.ones(275), np.inf], "std .* expected .* all finite"),
        (np.zeros(276), np.r_[np.ones(275), 0], "std of column 275 is 0.0; expected > 0"),
        (np.zeros(276), np.r_[-1, np.ones(275)], "std of column 0 is -1.0; expected > 0"),
    ],
)
def test_statistics_that_are_none_are_refused(mean, std, message):
    with pytest.raises(MBenchError, match=message):
        Codec(mean.astype(np.float32), std.astype(np.float32))
