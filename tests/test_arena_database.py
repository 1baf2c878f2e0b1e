"""Where votes are kept: whose database it is, what it cannot hold twice, what a writer and a reader see."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from arena_studies import make_study
from arena_votes import answers_of, arena_of, dump, enter, trained
from helpers import environment
from leaderboard.arena.database import answers, events, meta, open_database, raters, tasks, votes
from mbench.errors import ConfigError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("study"))


def opened(made, tmp_path, votes_in):
    folder, study = made
    return study, votes_in or f"sqlite:///{tmp_path / 'votes.sqlite'}"


def test_another_study_is_refused(made, tmp_path, votes_in):
    study, where = opened(made, tmp_path, votes_in)
    open_database(study, where).close()
    open_database(study, where).close()
    with pytest.raises(ConfigError, match=f"holds the votes of study {study.id}, not of another"):
        open_database(replace(study, id="another"), where)


def test_a_newer_schema_is_refused(made, tmp_path, votes_in):
    study, where = opened(made, tmp_path, votes_in)
    database = open_database(study, where)
    with database.write() as db:
        db.execute(update(meta).where(meta.c.key == "schema").values(value="2"))
    with pytest.raises(ConfigError, match="schema 2; this mbench reads up to 1: update mbench"):
        open_database(study, where)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("votes", "'votes' is no URL; expected e.g. postgresql"),
        ("mysql://user@host/name", "of type 'mysql'; expected sqlite or postgresql"),
        ("sqlite://", "names no file: votes would be lost"),
        ("sqlite:///:memory:", "names no file: votes would be lost"),
        ("sqlite:////nowhere/at/all.sqlite", "/nowhere/at/all.sqlite: can't be opened as a database: unable to open"),
        ("postgresql://me:hidden@127.0.0.1:1/x", r"//me:\*\*\*@127.0.0.1:1/x: can't be opened .*refused"),
    ],
)
def test_what_is_no_database_is_told_in_one_line(made, where, words):
    with pytest.raises(ConfigError, match=words) as caught:
        open_database(made[1], where)
    assert "\n" not in str(caught.value) and "hidden" not in str(caught.value)


def test_a_file_that_is_no_database(made, tmp_path):
    (tmp_path / "votes.sqlite").write_text("rater,question\n" * 1000)
    with pytest.raises(ConfigError, match="votes.sqlite: can't be opened as a database: file is not a database"):
        open_database(made[1], tmp_path)


def test_a_file_that_is_not_there_is_not_made_for_reading(made, tmp_path):
    with pytest.raises(ConfigError, match="votes.sqlite: is not there; nobody has voted yet"):
        open_database(made[1], tmp_path, create=False)
    assert not list(tmp_path.iterdir())


def test_sqlite_waits_for_the_disk_and_readers_do_not_wait(made, tmp_path):
    database = open_database(made[1], tmp_path)
    with database.read() as db:
        found = {name: db.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
    assert found == {"journal_mode": "wal", "synchronous": 2}
    with database.write() as db:
        db.execute(insert(raters).values(id="r1", created=0))
        with database.read() as other:
            assert other.execute(select(raters.c.id)).all() == []


def test_a_writer_that_fails_leaves_nothing(made, tmp_path, votes_in):
    database = open_database(*opened(made, tmp_path, votes_in))
    before = dump(database)
    with pytest.raises(ZeroDivisionError), database.write() as db:
        db.execute(insert(raters).values(id="r1", created=0))
        1 / 0  # noqa: B018
    assert dump(database) == before
    with database.write() as db:  # and the lock is free
        db.execute(insert(raters).values(id="r1", created=0))


def test_writers_take_turns(made, tmp_path, votes_in):
    """Two writers of different processes: here two `Database` objects, which share no lock of Python."""
    study, where = opened(made, tmp_path, votes_in)
    first, second = open_database(study, where), open_database(study, where)
    with first.write() as db:
        db.execute(insert(raters).values(id="0", created=0))

    def add(database):
        for _ in range(20):
            with database.write() as db:
                last = max(int(rater) for rater in db.execute(select(raters.c.id)).scalars())
                db.execute(insert(raters).values(id=str(last + 1), created=0))

    threads = [threading.Thread(target=add, args=(database,)) for database in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with first.read() as db:
        assert sorted(int(rater) for rater in db.execute(select(raters.c.id)).scalars()) == list(range(41))


ROW = {"rater": "r1", "item": "i", "kind": "pair", "left": "c", "handed": 0, "expires": 0, "state": "voted"}


@pytest.mark.parametrize(
    ("table", "first", "second"),
    [
        (raters, {"id": "x", "key": "k", "created": 0}, {"id": "y", "key": "k", "created": 0}),
        (tasks, {**ROW, "id": "t1", "position": 1}, {**ROW, "id": "t2", "position": 2}),
        (tasks, {**ROW, "id": "t1", "position": 1}, {**ROW, "id": "t2", "position": 1, "item": "j", "state": "open"}),
        (votes, *[{"task": "t", "seconds": 1.0, "comment": "", "time": 0}] * 2),
        (answers, *[{"task": "voted", "question": "q", "answer": answer} for answer in ("left", "tie")]),
    ],
    ids=["two raters of a cookie", "an item twice", "two tasks at a place", "two votes on a task", "two answers"],
)  # fmt: skip
def test_the_database_itself_refuses_doubles(made, tmp_path, votes_in, table, first, second):
    database = open_database(*opened(made, tmp_path, votes_in))
    with database.write() as db:
        db.execute(insert(raters).values(id="r1", created=0))
        db.execute(insert(tasks).values({**ROW, "id": "t", "position": 8, "item": "other"}))
        db.execute(insert(tasks).values({**ROW, "id": "voted", "position": 9, "item": "another"}))
        db.execute(insert(votes).values(task="voted", seconds=1.0, comment="", time=0))
        db.execute(insert(table).values(first))
    before = dump(database)
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(insert(table).values(second))
    assert dump(database) == before


def test_an_undone_task_makes_room(made, tmp_path, votes_in):
    database = open_database(*opened(made, tmp_path, votes_in))
    with database.write() as db:
        db.execute(insert(raters).values(id="r1", created=0))
        db.execute(insert(tasks).values({**ROW, "id": "t1", "position": 1, "state": "undone"}))
        db.execute(insert(tasks).values({**ROW, "id": "t2", "position": 1}))


def test_nothing_is_ever_deleted(tmp_path, votes_in):
    arena, clock = arena_of(make_study(tmp_path), votes_in)
    rater, sizes = trained(arena), []
    for _ in range(3):
        shown = arena.next_task(rater).task
        arena.vote(rater, shown.id, answers_of(arena, shown), "first thought")
        arena.undo(rater, shown.id)
        again = arena.next_task(rater).task
        arena.skip(rater, again.id, "unclear", "no")
        clock.now += 10_000
        sizes.append([len(rows) for rows in dump(arena.database).values()])
    assert sizes == sorted(sizes)
    with arena.database.read() as db:
        comments = db.execute(select(votes.c.comment).where(votes.c.comment != "")).scalars().all()
        what = db.execute(select(events.c.what).order_by(events.c.id)).scalars().all()
    assert comments == ["first thought"] * 3
    assert what == ["consented", *["undone", "skipped"] * 3]


def test_no_cookie_and_no_login_name_is_in_the_file(tmp_path):
    arena, _ = arena_of(make_study(tmp_path))
    token = arena.consent()
    assert token is not None and enter(arena, login="ann.example@host")
    arena.database.close()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("votes.sqlite*"))
    assert b"arena_raters" in content
    assert token.encode() not in content and b"ann.example" not in content
    columns = {c[1] for c in sqlite3.connect(tmp_path / "votes.sqlite").execute("PRAGMA table_info(arena_raters)")}
    assert columns == {"id", "key", "created", "last"}


def test_many_processes_make_the_database_at_once(made, tmp_path):
    folder, study = made
    code = (
        "import sys; from pathlib import Path; from leaderboard.arena.study import read_study; "
        "from leaderboard.arena.database import open_database; "
        "open_database(read_study(Path(sys.argv[1])), sys.argv[2])"
    )
    command = [sys.executable, "-c", code, str(folder), f"sqlite:///{tmp_path / 'votes.sqlite'}"]
    processes = [subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate()[1] for process in processes] == [b""] * 4
    assert dict(dump(open_database(study, command[-1]))["arena_meta"]) == {"schema": "1", "study": study.id}
