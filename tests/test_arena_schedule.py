"""Schedules: balanced, connected, complete, whatever the numbers; checked naively at every point of the order."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.arena.schedule import (
    all_pairs,
    crossed,
    draw_prompts,
    one_a_task,
    pair_schedule,
    rating_schedule,
)
from mbench.errors import ConfigError

MODELS = st.integers(2, 9)
PROMPTS = st.integers(1, 12)
SEEDS = st.integers(0, 5)
PROPERTY = settings(deadline=None, max_examples=60)


def names(count: int, letter: str = "m") -> list[str]:
    return [f"{letter}{number:02d}" for number in range(count)]


def spread(values, of) -> int:
    """Return by how much the counts of some things differ, those that never occur included."""
    counts = Counter(dict.fromkeys(of, 0))
    counts.update(values)
    return max(counts.values()) - min(counts.values())


def connected(edges, nodes) -> bool:
    """Walk from one node along the edges and see whether all are reached."""
    reached, frontier = set(), [nodes[0]]
    while frontier:
        node = frontier.pop()
        reached.add(node)
        frontier += [b for a, b in (*edges, *((b, a) for a, b in edges)) if a == node and b not in reached]
    return reached == set(nodes)


@pytest.mark.parametrize("count", range(2, 13))
def test_every_pair_once_balanced_and_connected_at_every_point(count):
    pairs = all_pairs(count)
    assert sorted(pairs) == [(a, b) for a in range(count) for b in range(a + 1, count)]
    for end in range(1, len(pairs) + 1):
        assert spread([node for pair in pairs[:end] for node in pair], range(count)) <= 1
        assert connected(pairs[:end], range(count)) or end < count - 1


def test_one_thing_has_no_pair():
    with pytest.raises(ValueError, match="1 things make no pair"):
        all_pairs(1)


@PROPERTY
@given(st.integers(1, 14), st.integers(1, 14))
def test_crossed_is_complete_and_balanced_at_every_point(rows, columns):
    walk = list(crossed(rows, columns))
    assert sorted(walk) == [(r, c) for r in range(rows) for c in range(columns)]
    for end in range(1, len(walk) + 1):
        assert spread([r for r, _ in walk[:end]], range(rows)) <= 1
        assert spread([c for _, c in walk[:end]], range(columns)) <= 1


@PROPERTY
@given(MODELS, PROMPTS, SEEDS, st.data())
def test_a_schedule_of_some_pairs_is_balanced_and_connected(models, prompts, seed, data):
    total = models * (models - 1) // 2 * prompts
    count = data.draw(st.integers(models - 1, total)) if total >= models - 1 else total
    compared, shown = names(models), names(prompts, "p")
    schedule = pair_schedule(compared, shown, seed, count)
    assert len(schedule) == len({(p, frozenset((a, b))) for p, a, b in schedule}) == count
    every = [frozenset((a, b)) for a in compared for b in compared if a < b]
    assert spread([frozenset((a, b)) for _, a, b in schedule], every) <= 1
    assert spread([p for p, _, _ in schedule], shown) <= 1
    assert spread([m for _, a, b in schedule for m in (a, b)], compared) <= 1
    assert connected([(a, b) for _, a, b in schedule], compared)


def test_a_schedule_that_stops_early_is_balanced_too():
    compared, shown = names(5), names(6, "p")
    schedule = pair_schedule(compared, shown, 3)
    assert len(schedule) == 60
    for end in range(1, len(schedule) + 1):
        part = schedule[:end]
        assert spread([m for _, a, b in part for m in (a, b)], compared) <= 1
        assert spread([p for p, _, _ in part], shown) <= 1
        assert connected([(a, b) for _, a, b in part], compared) or end < 4


def test_all_pairs_on_all_prompts():
    schedule = pair_schedule(names(4), names(3, "p"), 0)
    expected = {(p, a, b) for p in names(3, "p") for a in names(4) for b in names(4) if a < b}
    assert {(p, *sorted((a, b))) for p, a, b in schedule} == expected
    assert len(schedule) == len(expected)


def test_the_seed_decides_and_nothing_else():
    first = pair_schedule(names(5), names(7, "p"), 1, 20)
    assert first == pair_schedule(names(5)[::-1], names(7, "p")[::-1], 1, 20)
    assert first != pair_schedule(names(5), names(7, "p"), 2, 20)


@pytest.mark.parametrize("count", [0, 3, 31])
def test_too_few_pairs_leave_models_alone_and_too_many_are_not_there(count):
    with pytest.raises(ConfigError, match=rf"pairs: found {count}; expected 4 .* to 30 \(10 pairs of 5 models on 3"):
        pair_schedule(names(5), names(3, "p"), 0, count)


@PROPERTY
@given(st.integers(1, 8), PROMPTS, SEEDS)
def test_ratings_show_each_clip_once_and_stay_balanced(models, prompts, seed):
    rated, shown = names(models), names(prompts, "p")
    schedule = rating_schedule(rated, shown, seed)
    assert sorted(schedule) == sorted((p, m) for p in shown for m in rated)
    for end in range(1, len(schedule) + 1):
        assert spread([m for _, m in schedule[:end]], rated) <= 1
        assert spread([p for p, _ in schedule[:end]], shown) <= 1


@PROPERTY
@given(st.integers(1, 20), st.integers(1, 5))
def test_one_question_a_task(items, questions):
    tasks = one_a_task(items, questions)
    assert sorted(tasks) == [(i, q) for i in range(items) for q in range(questions)]
    for turn in range(questions):  # the same pair comes again only after all others
        assert sorted(i for i, _ in tasks[turn * items : (turn + 1) * items]) == list(range(items))
        assert spread([q for _, q in tasks[turn * items : (turn + 1) * items]], range(questions)) <= 1


@PROPERTY
@given(st.integers(1, 6), st.integers(1, 6), SEEDS, st.data())
def test_drawn_prompts_are_spread_over_tags(tags, each, seed, data):
    have = {f"p{tag}{number}": [f"tag{tag}"] for number in range(each) for tag in range(tags)}
    count = data.draw(st.integers(1, len(have)))
    drawn = draw_prompts(have, count, seed)
    assert drawn == [prompt for prompt in have if prompt in set(drawn)]
    assert len(drawn) == count
    assert spread([have[p][0] for p in drawn], [f"tag{tag}" for tag in range(tags)]) <= 1


def test_drawn_prompts_keep_the_shares_of_tags():
    # 12 of one tag, 6 of another, 3 without: of 7 drawn 4, 2 and 1.
    have = {f"a{n}": ["a"] for n in range(12)} | {f"b{n}": ["b"] for n in range(6)} | {f"c{n}": [] for n in range(3)}
    assert Counter(prompt[0] for prompt in draw_prompts(have, 7, 0)) == {"a": 4, "b": 2, "c": 1}


def test_prompts_are_drawn_by_the_seed():
    have = {f"p{n}": ["x"] for n in range(30)}
    assert draw_prompts(have, 5, 1) == draw_prompts(dict(reversed(have.items())), 5, 1)[::-1]
    assert len({tuple(draw_prompts(have, 5, seed)) for seed in range(5)}) == 5


def test_more_prompts_than_there_are():
    with pytest.raises(ConfigError, match="prompts: found 3; expected at most 2"):
        draw_prompts({"a": [], "b": []}, 3, 0)
