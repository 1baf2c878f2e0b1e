"""Which runs compare: every entry once, no two boards that could be one, whatever the order; and why, in words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards import boards_of, comparable, version_parts
from leaderboard_entries import SUITE, entry, summary

RETRIEVAL = "1+retrieval.3dc624f281"
POSE = "quality/pose_quality"
MCC = "fidelity/motion_condition_consistency"


def of(name, *versions, **facts):
    """Return an entry with one metric a version; `None` leaves that metric out."""
    metrics = {
        f"quality/m{i}": summary(1.0, version=version) for i, version in enumerate(versions) if version is not None
    }
    return entry(name, metrics=metrics, **facts)


ENTRIES = st.lists(
    st.tuples(
        st.lists(st.sampled_from([None, "1", "2"]), min_size=3, max_size=3),
        st.sampled_from([5, 6]), st.sampled_from([1, 2]), st.sampled_from(["a", "b"]), st.integers(2020, 2022),
    ),
    max_size=9,
)  # fmt: skip


def made(drawn):
    return [
        of(f"m{i}", *versions, prompts=prompts, anchors=anchors, suite={**SUITE, "hash": letter * 64}, end=str(year))
        for i, (versions, prompts, anchors, letter, year) in enumerate(drawn)
    ]


def told(boards):
    return [(b.title, [e.key for e in b.entries], b.why) for b in boards]


@given(ENTRIES)
def test_every_entry_is_on_one_board_and_compares_with_all_of_it(drawn):
    entries = made(drawn)
    boards = boards_of(entries)
    assert sorted(e.key for b in boards for e in b.entries) == sorted(e.key for e in entries)
    for board in boards:
        assert all(comparable(one, other) for one, other in itertools.combinations(board.entries, 2))


@given(ENTRIES)
def test_no_two_boards_could_be_one(drawn):
    for one, other in itertools.combinations(boards_of(made(drawn)), 2):
        assert not all(comparable(a, b) for a in one.entries for b in other.entries)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_entries_decides_nothing(drawn, random):
    entries = made(drawn)
    before = told(boards_of(entries))
    random.shuffle(entries)
    assert told(boards_of(entries)) == before


@given(ENTRIES)
def test_titles_are_unique_and_only_the_first_board_gives_no_reason(drawn):
    boards = boards_of(made(drawn))
    assert len({board.title for board in boards}) == len(boards)
    assert [bool(board.why) for board in boards] == [index > 0 for index in range(len(boards))]


@given(ENTRIES)
def test_the_fullest_board_comes_first(drawn):
    sizes = [len(board.entries) for board in boards_of(made(drawn))]
    assert sizes == sorted(sizes, reverse=True)


def test_of_equal_boards_the_newest_comes_first():
    old, new = of("old", "1", end="2025-01-01T00:00:00Z"), of("new", "2", end="2026-01-01T00:00:00Z")
    assert [board.entries[0].name for board in boards_of([old, new])] == ["new", "old"]


def test_a_run_that_lacks_a_metric_still_fits_and_the_versions_are_those_of_all():
    (board,) = boards_of([of("a", "1", "2"), of("b", None, "2", "3"), of("c", "1")])
    assert board.versions == {"quality/m0": "1", "quality/m1": "2", "quality/m2": "3"}


def test_a_run_that_fits_two_boards_joins_the_fullest():
    boards = boards_of([of("a", "1", "1"), of("b", "2", "1"), of("c", "2", "1"), of("few", None, "1")])
    assert [[e.name for e in board.entries] for board in boards] == [["b", "c", "few"], ["a"]]


def test_labels_carry_the_run_id_only_where_a_name_is_there_twice():
    entries = [entry("a", "r1", end="2026-01-01"), entry("a", "r2", end="2026-01-02"), entry("b", "r3")]
    (board,) = boards_of(entries)
    assert [board.label(e) for e in board.entries] == ["a (r2)", "a (r1)", "b"]


def why(one, other):
    """Return why `other` is not on the board of `one`, which two entries make the first."""
    twin = entry("twin", metrics=dict(one.metrics), **{k: one.result[k] for k in ("suite", "prompts", "anchors")})
    first, second = boards_of([one, twin, other])
    assert [e.name for e in first.entries] == [one.name, "twin"]
    assert second.entries == (other,)
    return second.why


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ({"version": "2"}, {"version": "1"}, "another metric version (2 instead of 1): X"),
        ({"unit": "cm"}, {}, "another unit (cm instead of m): X"),
        ({"better": "higher"}, {}, "another direction (higher instead of lower): X"),
        (
            {"version": "1+capsules.0"}, {"version": "1+default.1"},
            "another body (capsules.0 instead of default.1): X",
        ),
        (
            {"version": "1+default.1+prior.2"}, {"version": "1+default.1+prior.3"},
            "another pose prior (2 instead of 3): X",
        ),
        (
            {"version": "1+default.1+fit=never"}, {"version": "1+default.1"},
            "another fitting of the body (never instead of none): X",
        ),
        (
            {"version": "1+gemini.9", "judge": "gemini.9"}, {"version": RETRIEVAL, "judge": "retrieval.3dc624f281"},
            "another judge (gemini.9 instead of retrieval.3dc624f281): X",
        ),
        (
            {"version": f"{RETRIEVAL}+reference.1", "judge": "retrieval.3dc624f281"},
            {"version": f"{RETRIEVAL}+reference.2", "judge": "retrieval.3dc624f281"},
            "another reference set (1 instead of 2): X",
        ),
    ],
)  # fmt: skip
def test_why_of_versions(mine, theirs, expected):
    one, other = entry("one", metrics={POSE: summary(1.0, **theirs)}), entry("x", metrics={POSE: summary(1.0, **mine)})
    assert why(one, other) == (expected.replace("X", POSE),)


def test_why_names_all_metrics_of_one_cause_in_a_line():
    def by(name, judge):
        facts = {"version": f"1+{judge}", "judge": judge}
        return entry(name, metrics={MCC: summary(1.0, **facts), "fidelity/mm_dist": summary(1.0, **facts)})

    assert why(by("one", "a.1"), by("x", "b.2")) == (f"another judge (b.2 instead of a.1): fidelity/mm_dist, {MCC}",)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"prompts": 4}, "another number of prompts: 4 instead of 5"),
        ({"anchors": 2}, "scores by other anchors: version 2 instead of 1"),
        (
            {"suite": {"name": "big", "version": "3", "hash": "b" * 64}},
            "another suite: big 3 (bbbbbbbb) instead of little 1 (aaaaaaaa)",
        ),
    ],
)
def test_why_of_the_basis(facts, expected):
    assert why(entry("one"), entry("x", **facts)) == (expected,)


def test_boards_of_one_suite_are_numbered():
    titles = [board.title for board in boards_of([of("a", "1"), of("b", "1"), of("c", "2"), of("d", "1", prompts=1)])]
    assert titles == ["little 1, 5 prompts, 1 of 2", "little 1, 5 prompts, 2 of 2", "little 1, 1 prompt"]


def test_parts_of_versions():
    assert version_parts("1") == {"metric version": "1"}
    assert version_parts("1+default.df5+prior.4f5+max_collisions=8") == {
        "metric version": "1", "body": "default.df5", "pose prior": "4f5", "limit of collisions": "8",
    }  # fmt: skip
    assert version_parts(f"{RETRIEVAL}+reference.1cb", "retrieval.3dc624f281") == {
        "metric version": "1", "judge": "retrieval.3dc624f281", "reference set": "1cb",
    }  # fmt: skip
