"""Rank intervals: against a naive twin, invariant to order, symmetric under negation, and as a table shows them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards import boards_of
from leaderboard.ranking import rank_intervals, shown
from leaderboard.table import DIMENSION_COLUMNS, columns_of
from leaderboard_entries import entry, summary

NOTHING = (math.nan, math.nan)
# Few distinct ends, so that intervals touch, nest and coincide.
INTERVAL = st.tuples(st.integers(-4, 4), st.integers(0, 3)).map(lambda pair: (float(pair[0]), float(sum(pair))))
INTERVALS = st.lists(st.one_of(INTERVAL, st.just(NOTHING)), max_size=9)


def naive(intervals, better):
    """The definition, one pair of models at a time."""

    def beats(one, other):  # for certain
        return one[0] > other[1] if better == "higher" else one[1] < other[0]

    there = [interval for interval in intervals if not math.isnan(interval[0])]
    found = []
    for interval in intervals:
        if math.isnan(interval[0]):
            found.append((0, 0))
            continue
        best = 1 + len([other for other in there if beats(other, interval)])
        worst = len(there) - len([other for other in there if beats(interval, other)])
        found.append((best, worst))
    return found


def ranks(intervals, better="higher"):
    low, high = np.array(intervals, dtype=float).reshape(-1, 2).T
    return list(zip(*(side.tolist() for side in rank_intervals(low, high, better)), strict=True))


@given(INTERVALS, st.sampled_from(["higher", "lower"]))
def test_the_same_as_the_naive_twin(intervals, better):
    assert ranks(intervals, better) == naive(intervals, better)


@given(INTERVALS, st.randoms(use_true_random=False))
def test_the_order_of_models_decides_nothing(intervals, random):
    order = list(range(len(intervals)))
    random.shuffle(order)
    assert ranks([intervals[i] for i in order]) == [ranks(intervals)[i] for i in order]


@given(INTERVALS)
def test_negated_values_rank_the_same_in_the_other_direction(intervals):
    negated = [(-high, -low) for low, high in intervals]
    assert ranks(intervals, "higher") == ranks(negated, "lower")


@given(INTERVALS)
def test_ranks_lie_between_one_and_the_number_of_ranked_models(intervals):
    ranked = [pair for pair in ranks(intervals) if pair != (0, 0)]
    assert len(ranked) == sum(not math.isnan(low) for low, _ in intervals)
    assert all(1 <= best <= worst <= len(ranked) for best, worst in ranked)
    assert not ranked or min(best for best, _ in ranked) == 1


@given(INTERVALS)
def test_models_without_an_interval_change_nothing_for_the_others(intervals):
    kept = [interval for interval in intervals if not math.isnan(interval[0])]
    assert [pair for pair in ranks(intervals) if pair != (0, 0)] == ranks(kept)


def test_by_hand():
    # a is above all; b and c overlap, and so do c and d; b is above d for certain.
    assert ranks([(8, 9), (5, 6), (3, 5.5), (2, 4)]) == [(1, 1), (2, 3), (2, 4), (3, 4)]
    assert ranks([(0, 1), (1, 2)]) == [(1, 2), (1, 2)]  # they touch: the order can't be told
    assert ranks([(0, 0), (0, 0)]) == [(1, 2), (1, 2)]
    assert ranks([]) == []
    assert ranks([NOTHING]) == [(0, 0)]


@pytest.mark.parametrize(
    ("low", "high", "better"),
    [([1], [0], "higher"), ([math.nan], [1], "higher"), ([0], [math.nan], "lower"), ([0, 1], [1], "lower"),
     ([0], [1], "best"), ([[0]], [[1]], "lower")],
)  # fmt: skip
def test_what_is_no_interval_is_refused(low, high, better):
    with pytest.raises(ValueError, match="expected"):
        rank_intervals(low, high, better)


def test_shown():
    assert [shown(1, 1), shown(1, 3), shown(0, 0)] == ["1", "1–3", "—"]


def column(entries, name, metrics=False):
    (board,) = boards_of(entries)
    return next(column for column in columns_of(board, metrics) if column.name == name)


SLIDING = "quality/foot_sliding"


def test_a_table_ranks_in_the_direction_of_the_metric_and_never_what_is_missing():
    values = {"good": (0.1, 0.0, 0.2), "bad": (0.9, 0.8, 1.0), "alone": (0.05, None, None), "none": (None, None, None)}
    entries = [entry(name, metrics={SLIDING: summary(*value)}) for name, value in values.items()]
    cells = column([*entries, entry("other", metrics={"quality/jerk": summary(1.0)})], SLIDING).cells
    found = {key.split("/")[0]: (cell.value, cell.rank, cell.worst) for key, cell in cells.items()}
    assert found == {
        "good": (0.1, 1, 1), "bad": (0.9, 2, 2), "alone": (0.05, 0, 0), "none": (None, 0, 0), "other": (None, 0, 0),
    }  # fmt: skip
    assert "no interval" in cells["alone/r1"].note
    assert cells["none/r1"].note == "no motion has a value"
    assert cells["other/r1"].note == "not scored"


def test_a_pillar_of_fewer_dimensions_is_not_ranked():
    names = ["quality/foot_sliding", "quality/jitter_degree"]

    def with_pillar(name, dimensions, value):
        pillar = {"value": value, "low": value, "high": value, "dimensions": dimensions, "n": 5}
        return entry(name, metrics={n: summary(0.1, 0.1, 0.1) for n in dimensions}, pillars={"quality": pillar})

    cells = column([with_pillar("full", names, 0.5), with_pillar("part", names[:1], 0.9)], "quality").cells
    assert (cells["full/r1"].rank, cells["full/r1"].worst) == (1, 1)
    assert (cells["part/r1"].value, cells["part/r1"].rank) == (0.9, 0)
    assert cells["part/r1"].note == "of 1 of 2 dimensions, so not ranked"


def test_metrics_that_depend_on_the_size_of_the_set_are_ranked_among_equal_sizes_only():
    name = "fidelity/fid"

    def of(model, motions):
        return entry(model, metrics={name: summary(1.0, 0.9, 1.1, n_motions=motions, is_dimension=False)})

    same = column([of("a", 45), of("b", 45)], name, metrics=True)
    assert [cell.rank for cell in same.cells.values()] == [1, 1]
    other = column([of("a", 45), of("b", 90)], name, metrics=True)
    assert [cell.rank for cell in other.cells.values()] == [0, 0]
    assert "45, 90 motions do not compare" in other.cells["a/r1"].note


def test_every_dimension_has_a_column_even_where_nobody_was_scored_on_it():
    (board,) = boards_of([entry(metrics={SLIDING: summary(1.0, 0.5, 1.5)})])
    columns = columns_of(board)
    assert [c.name for c in columns] == ["quality", "fidelity", "generalization", *DIMENSION_COLUMNS]
    assert [c.kind for c in columns] == ["pillar"] * 3 + ["dimension"] * 9
    assert {c.name for c in columns if c.cells["a/r1"].value is not None} == {SLIDING}


def test_values_of_missing_motions_are_told():
    cells = column([entry(metrics={SLIDING: summary(0.1, 0.0, 0.2, failed=3)})], SLIDING).cells
    assert cells["a/r1"].note == "3 values missing"
    assert cells["a/r1"].rank == 1
