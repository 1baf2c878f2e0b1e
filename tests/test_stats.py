"""Bootstrap intervals against what theory says of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from mbench.stats import (
    bootstrap_weights,
    interval,
    mean_with_interval,
    sign_test,
    spearman,
    spearman_with_interval,
    weighted_means,
)


def test_weights_count_draws():
    weights = bootstrap_weights(7, resamples=50)
    assert weights.shape == (50, 7) and (weights.sum(axis=1) == 7).all() and weights.min() >= 0


def test_weighted_means_equal_means_of_resampled_lists():
    values = np.array([[1.0, 5.0], [2.0, np.nan], [4.0, 7.0]])
    weights = np.array([[1.0, 2, 0], [0, 3, 0]])
    # draws: (a, b, b) and (b, b, b); b has no second value
    expected = np.array([[(1 + 2 + 2) / 3, 5.0], [2.0, np.nan]])
    np.testing.assert_allclose(weighted_means(values, weights), expected)


def test_interval_of_a_normal_mean_is_as_wide_as_theory_says():
    values = np.random.default_rng(1).normal(3, 2, size=400)
    mean, low, high = mean_with_interval(values)
    half = 1.96 * values.std(ddof=1) / 20
    assert mean == pytest.approx(values.mean())
    assert low == pytest.approx(mean - half, abs=0.1 * half) and high == pytest.approx(mean + half, abs=0.1 * half)


def test_interval_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(2)
    hits = 0
    for _ in range(400):
        _, low, high = mean_with_interval(generator.exponential(1.0, size=45))
        hits += low <= 1.0 <= high
    # the percentile bootstrap covers a little less than its 95 % on 45 skewed values; below 0.90 it would be wrong
    assert 0.90 <= hits / 400 <= 0.98


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (None, None, None)),
        ([np.nan], (None, None, None)),
        ([2.0], (2.0, None, None)),
        ([2.0, 2.0], (2.0, 2.0, 2.0)),
    ],
)
def test_few_values(values, expected):
    assert mean_with_interval(np.array(values, dtype=float)) == expected


def test_the_same_values_give_the_same_interval():
    values = np.random.default_rng(3).normal(size=30)
    assert mean_with_interval(values) == mean_with_interval(values)


def test_interval_of_nothing():
    assert interval(np.array([np.nan])) == (None, None)


def test_sign_test():
    # 8 wins of 8: 2 / 2^8
    assert sign_test(np.array([1.0] * 8 + [0.0])) == pytest.approx(2 / 256)
    assert sign_test(np.array([1.0, -1.0])) == 1.0
    assert sign_test(np.zeros(3)) is None


def test_spearman_is_scipys_and_needs_three_models():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 6, (30, 8)).astype(float), rng.integers(0, 6, (30, 8)).astype(float)
    one[rng.random((30, 8)) < 0.2] = np.nan
    found = spearman(one, other)
    for row, (a, b) in enumerate(zip(one, other, strict=True)):
        there = ~np.isnan(a)
        assert found[row] == pytest.approx(spearmanr(a[there], b[there]).statistic)
    few = spearman(np.array([[1.0, 2, np.nan], [1, 1, 1], [1, 2, 3]]), np.array([[1.0, 2, 3]] * 3))
    assert np.isnan(few[:2]).all() and few[2] == 1


def test_interval_of_spearman_covers_the_truth_as_often_as_it_says():
    # of normal variables with correlation r, Spearman's is 6 / pi asin(r / 2) (Pearson 1907)
    rng = np.random.default_rng(4)
    r = 0.6
    truth = 6 / np.pi * np.arcsin(r / 2)
    hits = 0
    for _ in range(200):
        x = rng.normal(size=60)
        y = r * x + np.sqrt(1 - r**2) * rng.normal(size=60)
        value, low, high = spearman_with_interval(x, y)
        assert value == pytest.approx(spearmanr(x, y).statistic)
        hits += low <= truth <= high
    assert 178 <= hits <= 198, hits


def test_spearman_of_what_does_not_vary_is_missing():
    assert spearman_with_interval(np.ones(9), np.arange(9.0)) == (None, None, None)
    assert spearman_with_interval(np.array([1.0, 2]), np.array([1.0, 2])) == (None, None, None)
