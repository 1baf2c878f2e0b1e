"""The rules of voting: what a rater gets, and what a vote, a skip, an undo and a lease that runs out do."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from arena_studies import QUESTIONS, make_study
from arena_votes import answers_of, arena_of, dump, enter, trained, vote_all
from leaderboard.arena.errors import Conflict, Gone, Malformed, Unknown
from leaderboard.arena.exchange import read_votes
from leaderboard.arena.order import APART, length, order
from leaderboard.arena.service import Arena
from leaderboard.arena.store import live_tasks


def voted(arena, rater):
    """Return the tasks that a rater voted on, in order, training first."""
    with arena.database.read() as db:
        return [task for task in live_tasks(db, rater) if task.state == "voted"]


@pytest.mark.parametrize("type", ["pairs", "ratings"])
def test_a_rater_from_the_first_task_to_the_last(tmp_path, votes_in, type):
    """Training, then the shares that the study says; the table holds what was answered and nothing else."""
    made = make_study(
        tmp_path, 4, 6, type, QUESTIONS, votes=3, attention=3, training=2,
        per_rater=20, repeats=0.2, attention_share=0.1,
    )  # fmt: skip
    arena, clock = arena_of(made, votes_in)
    study, rater, chance, said = made[1], enter(arena), random.Random(0), {}
    assert arena.progress(rater).training_total == 2
    number = 0
    while shown := arena.next_task(rater).task:
        assert arena.next_task(rater).task == shown, "a reload gives the same task"
        number += 1
        assert (shown.phase, shown.number) == (("training", number) if number <= 2 else ("study", number - 2))
        answers = {question: chance.choice(study.choices) for question in shown.questions}
        clock.now += 5
        receipt = arena.vote(rater, shown.id, answers, f"comment {number}", seconds=4.25)
        assert (receipt.feedback is None) == (shown.phase == "study")
        if shown.phase == "study":
            said[f"comment {number}"] = (shown, answers)
    turn = arena.next_task(rater)
    assert (turn.reason, turn.progress.done, turn.progress.total, turn.progress.training_done) == ("limit", 20, 20, 2)

    rows = read_votes(study, arena.database)
    assert len(rows) == 20 * len(QUESTIONS)
    for row in rows:
        shown, answers = said[row["comment"]]
        item = study.by_id[row["item"]]
        assert (row["rater"], row["prompt"], row["seconds"]) == (rater, shown.prompt, 4.25)
        assert row["kind"] in (item.kind, "repeat")
        models = tuple(study.clips[clip].model for clip in shown.clips)
        given = answers[row["question"]]
        if type == "pairs":
            assert (row["model_a"], row["model_b"]) == models
            assert row["winner"] == {"left": "a", "right": "b"}.get(given, given)
            known = "a" if shown.clips[0] == item.better else "b"
        else:
            assert ((row["model"],), row["value"]) == (models, given)
            known = "high" if item.better else "low" if item.worse else ""
        assert row["better"] == (known if item.kind == "attention" else "")
    kinds = Counter(row["kind"] for row in rows if row["question"] == "overall")
    assert kinds == {{"pairs": "pair", "ratings": "rating"}[type]: 14, "repeat": 4, "attention": 2}


def test_repeats_exchange_sides_and_come_later(tmp_path, votes_in):
    arena, _ = arena_of(make_study(tmp_path, 4, 6, votes=9, per_rater=30, repeats=0.3), votes_in)
    for _ in range(2):
        rater, had, again = trained(arena), {}, []
        vote_all(arena, rater)
        for task in voted(arena, rater):
            if task.kind == "repeat":
                first = had[task.item]
                assert (task.left, task.right) == (first.right, first.left)
                assert task.position - first.position >= APART
                again.append(task.item)
            else:
                assert task.item not in had, "an item twice that is no repeat"
                had[task.item] = task
        assert len(again) == len(set(again)) == 9


def test_order_is_of_the_rater_and_the_secret_alone(tmp_path):
    _, study = make_study(tmp_path, 5, 10, per_rater=40, repeats=0.1, attention=4, attention_share=0.1)
    orders = [order(study, f"r{number}") for number in range(50)]
    assert orders == [order(study, f"r{number}") for number in range(50)]
    assert len(set(orders)) == 50, "two raters have their checks at the same places"
    assert order(replace(study, secret="another"), "r0") != orders[0]
    for slots in orders:
        assert slots[:2] == ("training", "training") and len(slots) == 42
        assert Counter(slots) == {"training": 2, "main": 32, "repeat": 4, "attention": 4}
        assert "repeat" not in slots[2 : 2 + APART]
    places = Counter(place for slots in orders for place, slot in enumerate(slots) if slot == "attention")
    assert max(places.values()) <= 15 and len(places) > 30, "checks stand at preferred places"


def test_repeats_stand_last_where_there_is_no_room(tmp_path):
    arena, _ = arena_of(make_study(tmp_path, 2, 4, votes=9, per_rater=6, repeats=0.34, attention_share=0.0, training=0))
    for _ in range(5):
        rater = enter(arena)
        vote_all(arena, rater)
        assert [task.kind for task in voted(arena, rater)] == ["pair"] * 4 + ["repeat"] * 2


@pytest.mark.parametrize(
    ("pairs", "per_rater", "repeats", "attention", "expected"),
    [
        (100, 40, 0.1, 0.1, 40),
        (16, 40, 0.1, 0.1, 20),  # 16 new ones are 80 %
        (16, 18, 0.1, 0.1, 18),
        (5, 40, 0.0, 0.0, 5),
    ],
)
def test_a_small_study_gives_each_item_once(tmp_path, pairs, per_rater, repeats, attention, expected):
    _, study = make_study(tmp_path, 2, pairs, per_rater=per_rater, repeats=repeats, attention_share=attention)
    assert length(study) == expected


def test_sides_are_balanced_and_not_to_be_guessed(tmp_path):
    arena, _ = arena_of(make_study(tmp_path, 2, 4, votes=40, per_rater=4, repeats=0, attention_share=0, training=0))
    firsts = [vote_all(arena, enter(arena))[0] for _ in range(40)]
    rows = [row for row in read_votes(arena.study, arena.database)]
    for item in arena.study.of_kind("pair"):
        left = Counter(row["model_a"] for row in rows if row["item"] == item.id)
        assert set(left.values()) == {20}, "each side has each clip equally often"
    turned = sum(shown.clips[0] == arena.study.items[0].clips[0] for shown in firsts)
    assert 10 <= turned <= 30, "the first task of raters is mostly the same way round"


def test_the_items_with_the_fewest_votes_come_first(tmp_path, votes_in):
    arena, _ = arena_of(make_study(tmp_path, 3, 4, votes=10, per_rater=5, repeats=0, attention_share=0), votes_in)
    for _ in range(7):
        vote_all(arena, trained(arena))
        counts = Counter(row["item"] for row in read_votes(arena.study, arena.database))
        assert max(counts.values()) - min(counts[item.id] for item in arena.study.of_kind("pair")) <= 1


def scarce(tmp_path, votes_in=None, votes=1, **fields):
    """Return the arena of a study with one pair and nothing else."""
    fields = {"repeats": 0.0, "attention_share": 0.0, "training": 0, "lease_seconds": 600.0, **fields}
    return arena_of(make_study(tmp_path, 2, 1, votes=votes, **fields), votes_in)


def test_a_scarce_pair_is_not_given_to_two(tmp_path, votes_in):
    arena, clock = scarce(tmp_path, votes_in)
    ann, bob = enter(arena), enter(arena)
    shown = arena.next_task(ann).task
    turn = arena.next_task(bob)
    assert (turn.task, turn.reason) == (None, "leased")
    clock.now += 599
    assert arena.next_task(bob).reason == "leased"
    arena.vote(ann, shown.id, answers_of(arena, shown))
    assert arena.next_task(bob).reason == "complete"
    assert arena.next_task(ann).reason == "limit"


def test_a_late_vote_is_taken_while_it_is_wanted(tmp_path, votes_in):
    arena, clock = scarce(tmp_path, votes_in)
    ann = enter(arena)
    shown = arena.next_task(ann).task
    clock.now += 601
    assert arena.vote(ann, shown.id, answers_of(arena, shown)).task == shown.id


@pytest.mark.parametrize("voted", [False, True], ids=["under way", "voted"])
def test_a_late_vote_is_refused_when_another_took_the_place(tmp_path, votes_in, voted):
    arena, clock = scarce(tmp_path, votes_in)
    ann, bob = enter(arena), enter(arena)
    late = arena.next_task(ann).task
    clock.now += 601
    shown = arena.next_task(bob).task
    if voted:
        arena.vote(bob, shown.id, answers_of(arena, shown))
    before = dump(arena.database)
    for _ in range(2):
        with pytest.raises(Gone, match="others have judged it since"):
            arena.vote(ann, late.id, answers_of(arena, late))
    assert dump(arena.database) == before
    assert arena.next_task(ann).reason == ("complete" if voted else "leased")
    with pytest.raises(Gone):
        arena.vote(ann, late.id, answers_of(arena, late))


def test_a_lost_place_comes_back_when_the_other_skips(tmp_path, votes_in):
    arena, clock = scarce(tmp_path, votes_in)
    ann, bob = enter(arena), enter(arena)
    late = arena.next_task(ann).task
    clock.now += 601
    shown = arena.next_task(bob).task
    assert arena.next_task(ann).task is None
    arena.skip(bob, shown.id, "other")
    again = arena.next_task(ann).task
    assert again.id != late.id and set(again.clips) == set(late.clips)


def test_a_reload_keeps_the_task_for_longer(tmp_path):
    arena, clock = scarce(tmp_path)
    ann, bob = enter(arena), enter(arena)
    shown = arena.next_task(ann).task
    for _ in range(5):
        clock.now += 400
        assert arena.next_task(ann).task == shown
        assert arena.next_task(bob).reason == "leased"


def test_the_same_vote_again_changes_nothing(tmp_path, votes_in):
    arena, clock = arena_of(make_study(tmp_path), votes_in)
    rater = trained(arena)
    shown = arena.next_task(rater).task
    receipt = arena.vote(rater, shown.id, {"overall": "left"}, "why", 1.0)
    before = dump(arena.database)
    clock.now += 10_000
    assert arena.vote(rater, shown.id, {"overall": "left"}, "why", 99.0) == receipt
    for answer, comment in (("right", "why"), ("left", "why not")):
        with pytest.raises(Conflict, match="another answer"):
            arena.vote(rater, shown.id, {"overall": answer}, comment)
    with pytest.raises(Conflict, match="was voted before"):
        arena.skip(rater, shown.id, "other")
    assert dump(arena.database) == before


def test_undo(tmp_path, votes_in):
    arena, clock = arena_of(make_study(tmp_path, votes=1), votes_in)
    rater = trained(arena)
    first = arena.next_task(rater).task
    arena.vote(rater, first.id, {"overall": "left"}, "hasty")
    second = arena.next_task(rater).task
    assert arena.progress(rater).undo == first.id
    arena.undo(rater, first.id)
    before = dump(arena.database)
    arena.undo(rater, first.id)
    assert dump(arena.database) == before, "the same again changes nothing"
    assert read_votes(arena.study, arena.database) == []
    with pytest.raises(Conflict, match="undone before"):
        arena.vote(rater, first.id, {"overall": "left"}, "hasty")

    again = arena.next_task(rater).task
    assert (again.clips, again.number) == (first.clips, first.number) and again.id != first.id
    assert arena.progress(rater).undo is None
    arena.vote(rater, again.id, {"overall": "right"}, "considered")
    assert arena.next_task(rater).task == second, "the task that was open meanwhile comes back"
    (row,) = read_votes(arena.study, arena.database)
    assert (row["winner"], row["comment"]) == ("b", "considered")


def test_undo_only_the_last_and_not_training(tmp_path):
    arena, _ = arena_of(make_study(tmp_path))
    rater, other = enter(arena), trained(arena)
    training = arena.next_task(rater).task
    arena.vote(rater, training.id, answers_of(arena, training))
    assert arena.progress(rater).undo is None
    shown = [training]
    rater = trained(arena)
    for _ in range(3):
        shown.append(arena.next_task(rater).task)
        arena.vote(rater, shown[-1].id, answers_of(arena, shown[-1]))
    before = dump(arena.database)
    for task, error in ((shown[2], Conflict), (training, Unknown)):
        with pytest.raises(error):
            arena.undo(rater, task.id)
    with pytest.raises(Unknown):
        arena.undo(other, shown[-1].id)
    assert dump(arena.database) == before
    arena.undo(rater, shown[-1].id)
    with pytest.raises(Conflict, match="Only the last"):
        arena.undo(rater, shown[-2].id)


def test_skip(tmp_path, votes_in):
    arena, _ = arena_of(make_study(tmp_path, votes=1, attention_share=0.0), votes_in)
    rater = trained(arena)
    shown = arena.next_task(rater).task
    arena.skip(rater, shown.id, "video", "it is black")
    before = dump(arena.database)
    arena.skip(rater, shown.id, "video", "it is black")
    assert dump(arena.database) == before
    with pytest.raises(Conflict, match="skipped before"):
        arena.vote(rater, shown.id, answers_of(arena, shown))
    assert arena.progress(rater).done == 1
    assert set(arena.next_task(trained(arena)).task.clips) == set(shown.clips), "others are still asked"
    assert not {shown.clips, shown.clips[::-1]} & {task.clips for task in vote_all(arena, rater)}

    arena, _ = arena_of(make_study(tmp_path / "undone"))
    rater = trained(arena)
    shown = arena.next_task(rater).task
    arena.skip(rater, shown.id, "other")
    arena.undo(rater, shown.id)
    assert arena.next_task(rater).task.clips == shown.clips


def test_a_skip_is_not_taken_back_when_another_took_the_place(tmp_path, votes_in):
    arena, _ = scarce(tmp_path, votes_in)
    ann, bob = enter(arena), enter(arena)
    shown = arena.next_task(ann).task
    arena.skip(ann, shown.id, "unsure")
    taken = arena.next_task(bob).task
    before = dump(arena.database)
    with pytest.raises(Gone, match="Others have this one now"):
        arena.undo(ann, shown.id)
    assert dump(arena.database) == before
    arena.skip(bob, taken.id, "unsure")
    arena.undo(ann, shown.id)
    assert arena.next_task(ann).task.clips == shown.clips


FORGED = [
    ({"overall": "a"}, {}, "none of the choices"),
    ({"overall": "LEFT"}, {}, "none of the choices"),
    ({"overall": 1}, {}, "none of the choices"),
    ({"overall": True}, {}, "none of the choices"),
    ({}, {}, "each question once"),
    ({"overall": "left", "feet": "left"}, {}, "each question once"),
    ({"feet": "left"}, {}, "each question once"),
    ({"overall": "left"}, {"comment": "x" * 2001}, "2,001 characters"),
    ({"overall": "left"}, {"comment": "a\0b"}, "control characters"),
    ({"overall": "left"}, {"comment": "a\ud800b"}, "control characters"),
    ({"overall": "left"}, {"seconds": -1}, "not possible"),
    ({"overall": "left"}, {"seconds": 86_401}, "not possible"),
    ({"overall": "left"}, {"seconds": float("nan")}, "not possible"),
    ({"overall": "left"}, {"seconds": float("inf")}, "not possible"),
]


def test_forged_votes_change_nothing(tmp_path, votes_in):
    arena, _ = arena_of(make_study(tmp_path), votes_in)
    rater, other = trained(arena), trained(arena)
    shown = arena.next_task(rater).task
    before = dump(arena.database)
    for answers, more, words in FORGED:
        with pytest.raises(Malformed, match=words):
            arena.vote(rater, shown.id, answers, **more)
    for who, task in ((other, shown.id), (rater, "no such task"), (rater, ""), ("nobody", shown.id)):
        with pytest.raises(Unknown):
            arena.vote(who, task, {"overall": "left"})
        with pytest.raises(Unknown):
            arena.skip(who, task, "other")
        with pytest.raises(Unknown):
            arena.undo(who, task)
    for reason in ("", "boring", "VIDEO"):
        with pytest.raises(Malformed):
            arena.skip(rater, shown.id, reason)
    assert dump(arena.database) == before


@pytest.mark.parametrize("value", [0, 6, "3", True, 3.5, "left"])
def test_forged_ratings_change_nothing(tmp_path, value):
    arena, _ = arena_of(make_study(tmp_path, type="ratings", training=0))
    rater = enter(arena)
    shown = arena.next_task(rater).task
    before = dump(arena.database)
    with pytest.raises(Malformed, match="none of the choices"):
        arena.vote(rater, shown.id, {"overall": value})
    assert dump(arena.database) == before


@pytest.mark.parametrize(("claimed", "stored"), [(4.0, 4.0), (60.0, 30.0), (0.0, 0.0)])
def test_nobody_takes_longer_than_the_server_waited(tmp_path, claimed, stored):
    arena, clock = arena_of(make_study(tmp_path))
    rater = trained(arena)
    shown = arena.next_task(rater).task
    clock.now += 30
    arena.vote(rater, shown.id, answers_of(arena, shown), seconds=claimed)
    assert read_votes(arena.study, arena.database)[0]["seconds"] == stored


def test_a_clock_that_is_set_back_makes_no_negative_time(tmp_path):
    arena, clock = arena_of(make_study(tmp_path))
    rater = trained(arena)
    shown = arena.next_task(rater).task
    clock.now -= 3600
    arena.vote(rater, shown.id, answers_of(arena, shown), seconds=2.0)
    assert read_votes(arena.study, arena.database)[0]["seconds"] == 0


@pytest.mark.parametrize("type", ["pairs", "ratings"])
def test_training_tells_what_was_right_and_is_no_vote(tmp_path, type):
    arena, _ = arena_of(make_study(tmp_path, type=type, training=2))
    study = arena.study
    for right in (True, False):
        rater = enter(arena)
        for item in study.of_kind("training"):
            shown = arena.next_task(rater).task
            if type == "pairs":
                best = "left" if shown.clips[0] == item.better else "right"
                answer = best if right else "tie"
            else:
                answer = (4 if item.better else 2) if right else 3
            assert arena.vote(rater, shown.id, answers_of(arena, shown, answer)).feedback == (right, item.why)
    assert read_votes(study, arena.database) == []


def test_a_login_is_one_rater_with_a_random_id(tmp_path, votes_in):
    made = make_study(tmp_path)
    arena, _ = arena_of(made, votes_in)
    ann, bob = enter(arena, login="ann"), enter(arena, login="bob")
    assert arena.consent(login="ann") is None
    assert arena_of(made, votes_in)[0].rater(login="ann") == ann != bob
    assert arena.rater(login="Ann") is None and arena.rater(token="ann") is None and arena.rater() is None
    other, _ = arena_of(make_study(tmp_path / "other", id=arena.study.id, secret=arena.study.secret))
    assert enter(other, login="ann") != ann, "an id that the name decides could be recomputed"


def test_a_cookie_outlives_the_server_and_a_forged_one_is_nobody(tmp_path, votes_in):
    made = make_study(tmp_path)
    arena, _ = arena_of(made, votes_in)
    token = arena.consent()
    rater = arena.rater(token)
    arena.database.close()
    arena, _ = arena_of(made, votes_in)
    assert arena.rater(token) == rater
    key = dict(row[:2] for row in dump(arena.database)["arena_raters"])[rater]
    for forged in ("", "x", key, rater, token + "x", "' OR 1=1 --"):
        assert arena.rater(forged) is None


def act(arena: Arena, rater: str, chance: random.Random, clock) -> None:
    """Do something that a rater may do, or wait."""
    turn = arena.next_task(rater)
    what = chance.choices(("vote", "wait", "skip", "undo", "late"), (10, 2, 1, 2, 1))[0]
    if what == "undo" and turn.progress.undo:
        with suppress(Gone):  # a skip whose place another took
            arena.undo(rater, turn.progress.undo)
    elif what == "skip" and turn.task:
        arena.skip(rater, turn.task.id, "other")
    elif what == "late":
        clock.now += chance.choice((1, 300, 700))
    elif what == "vote" and turn.task:
        arena.vote(rater, turn.task.id, answers_of(arena, turn.task, chance.choice(arena.study.choices)))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_raters_do_the_rules_hold(tmp_path, seed):
    """Random histories: no item above its votes, none twice for a rater; and in the end every vote is there."""
    made = make_study(tmp_path, 3, 3, votes=2, per_rater=8, lease_seconds=600.0, training=1)
    arena, clock = arena_of(made)
    chance, raters = random.Random(seed), [enter(arena) for _ in range(5)]
    for _ in range(160):
        clock.now += 1
        act(arena, chance.choice(raters), chance, clock)
    clock.now += 10_000
    for rater in [*raters, *(trained(arena) for _ in range(4))]:
        vote_all(arena, rater)
    rows = read_votes(arena.study, arena.database)
    counts = Counter(row["item"] for row in rows if row["kind"] == "pair")
    assert counts == {item.id: item.votes for item in arena.study.of_kind("pair")}
    assert max(Counter((row["rater"], row["item"], row["kind"]) for row in rows).values()) == 1


def test_raters_at_once_share_what_is_scarce(tmp_path, votes_in):
    """Ten threads want the votes of a study that has room for half of them."""
    arena, _ = arena_of(
        make_study(tmp_path, 3, 4, votes=3, per_rater=12, training=0, repeats=0.0, attention_share=0.0), votes_in
    )
    raters, wrong = [enter(arena) for _ in range(10)], []

    def work(rater):
        try:
            vote_all(arena, rater)
        except Exception as error:  # noqa: BLE001 - a thread's exception would be lost
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(rater,)) for rater in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    counts = Counter(row["item"] for row in read_votes(arena.study, arena.database))
    assert max(counts.values()) == 3
    for _ in range(3):  # a place may be left that all the others have had
        vote_all(arena, enter(arena))
    counts = Counter(row["item"] for row in read_votes(arena.study, arena.database))
    assert counts == dict.fromkeys(arena.study.by_id.keys() & counts.keys(), 3) and len(counts) == 12
