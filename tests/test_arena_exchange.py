"""Votes as CSV files: out, in again, refused when they do not fit, and as `mbench agreement` reads them."""

from __future__ import annotations

import csv
import random
import shutil
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arena_studies import QUESTIONS, make_study
from arena_votes import answers_of, arena_of, dump, enter, trained
from helpers import mbench, one_line_error
from leaderboard.arena.clock import iso, milliseconds
from leaderboard.arena.database import open_database
from leaderboard.arena.exchange import columns_of, for_agreement, guarded, read_votes, unguarded, write_csv
from leaderboard.arena.intake import import_votes
from leaderboard.arena.study import write_study
from mbench.agreement.votes import read_votes as read_for_agreement
from mbench.errors import ConfigError

COMMENTS = [
    "",
    "",
    "fine",
    "=1+1",
    "'=x",
    "'tis",
    "-3",
    "@me",
    "\ttab",
    'a "quoted", one\nof two lines\r\n',
    "跳 🦘",
    " ",
]


def voted(folder, type="pairs", where=None, raters=3, **fields):
    """Return the arena of a study on which raters voted at random, skipped and took back."""
    made = make_study(folder, 3, 4, type, QUESTIONS[:2], **{"per_rater": 10, "votes": 3, "repeats": 0.2, **fields})
    arena, clock = arena_of(made, where)
    chance = random.Random(0)
    for _ in range(raters):
        rater = trained(arena)
        while shown := arena.next_task(rater).task:
            clock.now += chance.uniform(0.5, 20)
            answers = {question: chance.choice(arena.study.choices) for question in shown.questions}
            if chance.random() < 0.1:
                arena.skip(rater, shown.id, "unclear")
                continue
            arena.vote(rater, shown.id, answers, chance.choice(COMMENTS), chance.uniform(0, 9))
            if chance.random() < 0.1:
                arena.undo(rater, shown.id)
    return arena


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return voted(tmp_path_factory.mktemp("pairs"))


@pytest.fixture(scope="module")
def ratings(tmp_path_factory):
    return voted(tmp_path_factory.mktemp("ratings"), "ratings")


def write(arena, path):
    rows = read_votes(arena.study, arena.database)
    write_csv(path, rows, columns_of(arena.study))
    return rows


@pytest.mark.parametrize("type", ["pairs", "ratings"])
def test_out_and_in_again_is_the_same(tmp_path, votes_in, type):
    arena = voted(tmp_path / "study", type)
    path, again = tmp_path / "votes.csv", tmp_path / "again.csv"
    rows = write(arena, path)
    assert {row["kind"] for row in rows} == {{"pairs": "pair", "ratings": "rating"}[type], "repeat", "attention"}
    other = open_database(arena.study, votes_in or f"sqlite:///{tmp_path / 'other.sqlite'}")
    votes = len({(row["rater"], row["item"], row["kind"]) for row in rows})
    assert import_votes(arena.study, other, path) == (votes, 0)
    assert read_votes(arena.study, other) == rows
    before = dump(other)
    assert import_votes(arena.study, other, path) == (0, votes), "the same file again"
    assert import_votes(arena.study, arena.database, path) == (0, votes), "into where it came from"
    assert dump(other) == before
    write_csv(again, read_votes(arena.study, other), columns_of(arena.study))
    assert again.read_bytes() == path.read_bytes()


def test_the_file_reads_as_the_table_in_another_reader(pairs, tmp_path):
    rows = write(pairs, tmp_path / "votes.csv")
    with (tmp_path / "votes.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(rows) > 40
    for cells, row in zip(read, rows, strict=True):
        expected = {key: str(value) for key, value in row.items()} | {"comment": guarded(row["comment"])}
        assert cells == expected


def test_votes_of_an_import_count_and_the_study_goes_on(pairs, tmp_path):
    write(pairs, tmp_path / "votes.csv")
    database = open_database(pairs.study, f"sqlite:///{tmp_path / 'other.sqlite'}")
    import_votes(pairs.study, database, tmp_path / "votes.csv")
    arena, _ = arena_of((tmp_path, pairs.study), f"sqlite:///{tmp_path / 'other.sqlite'}")
    for _ in range(6):
        rater = enter(arena)
        while shown := arena.next_task(rater).task:
            arena.vote(rater, shown.id, answers_of(arena, shown))
    rows = read_votes(pairs.study, database)
    counts = Counter(row["item"] for row in rows if row["kind"] == "pair" and row["question"] == "overall")
    assert counts == {item.id: 3 for item in pairs.study.of_kind("pair")}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet="'=+-@\t\r x"))
@example("=1")
@example("''=1")
def test_a_guarded_comment_is_no_formula_and_comes_back(comment):
    assert not guarded(comment).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(comment)) == comment
    if not comment.startswith(("=", "+", "-", "@", "\t", "\r", "'")):
        assert guarded(comment) == comment


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
@example(1_800_000_000_001)
def test_times_come_back(time):
    assert milliseconds(iso(time)) == time


def test_a_time_of_another_zone():
    assert milliseconds("2026-01-01T02:00:00.500+02:00") == milliseconds("2026-01-01T00:00:00.500Z")


# --- rows that do not fit ---


def altered(arena, path, change, place=3):
    """Write the votes with one row changed, or dropped when the change is None; return the line of the change."""
    rows = read_votes(arena.study, arena.database)
    rows = [{**row, "comment": ""} for row in rows]  # a row a line
    if change is None:
        del rows[place]
    else:
        rows[place] = {**rows[place], **(change(rows[place]) if callable(change) else change)}
    write_csv(path, rows, columns_of(arena.study))
    return place + 2


def swapped(row):
    return {"model_a": row["model_b"]}


BAD_ROWS = {
    "winner": ({"winner": "left"}, "winner is 'left'; expected a, b, tie, both_bad"),
    "winner empty": ({"winner": ""}, "winner is ''; expected"),
    "item": ({"item": "nothing"}, "item 'nothing' is none of the study"),
    "kind": ({"kind": "training"}, "kind is 'training'; item"),
    "other kind": ({"kind": "attention"}, "kind is 'attention'; item"),
    "question": ({"question": "overal"}, "which item .* does not ask; did you mean 'overall'"),
    "prompt": ({"prompt": "p99"}, "prompt is 'p99'; item .* is of prompt"),
    "model": ({"model_a": "gpt"}, "models are 'gpt' and"),
    "one model twice": (swapped, "item .* shows"),
    "better": ({"better": "a"}, "better is 'a'; the study says ''"),
    "seconds": ({"seconds": "soon"}, "seconds is 'soon'; expected a number"),
    "negative": ({"seconds": "-1"}, "seconds is '-1'; expected a number, not negative"),
    "infinite": ({"seconds": "inf"}, "seconds is 'inf'"),
    "nan": ({"seconds": "nan"}, "seconds is 'nan'"),
    "time": ({"time": "yesterday"}, "time is 'yesterday'; expected e.g. 2026"),
    "time without zone": ({"time": "2026-01-01T00:00:00"}, "time is '2026-01-01T00:00:00'; expected"),
    "comment": ({"comment": "x" * 2001}, "2,001 characters"),
    "control": ({"comment": "\x07"}, "control characters"),
    "rater": ({"rater": ""}, "rater is ''; expected up to 64 letters"),
    "formula as rater": ({"rater": "=1+1"}, "rater is '=1.1'"),
    "SQL as rater": ({"rater": "r'; DROP TABLE arena_votes; --"}, "rater is"),
}


@pytest.mark.parametrize(("change", "words"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_does_not_fit_is_told_and_nothing_is_stored(pairs, tmp_path, change, words):
    path = tmp_path / "votes.csv"
    line = altered(pairs, path, change, place=next_pair(pairs))
    refused(pairs, path, rf"votes.csv: line {line}: .*{words}")


def next_pair(arena):
    """Return the place of a row, not among the first, that is of a pair and of its vote's second question."""
    rows = read_votes(arena.study, arena.database)
    return next(n for n, row in enumerate(rows) if n > 8 and row["kind"] == "pair" and row["question"] == "text")


def refused(arena, path, words):
    database = open_database(arena.study, f"sqlite:///{path.parent / 'other.sqlite'}")
    before = dump(database)
    with pytest.raises(ConfigError, match=words) as caught:
        import_votes(arena.study, database, path)
    assert "\n" not in str(caught.value)
    assert dump(database) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [({"value": "6"}, "value is '6'; expected a whole number from 1 to 5"), ({"value": "3.0"}, "value is '3.0'"),
     ({"model": "gpt"}, "model is 'gpt'; item .* shows (model-|check:)")],
)  # fmt: skip
def test_ratings_that_do_not_fit(ratings, tmp_path, change, words):
    line = altered(ratings, tmp_path / "votes.csv", change)
    refused(ratings, tmp_path / "votes.csv", f"line {line}: {words}")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"seconds": 77.0}, "differs from line {first} of the same vote"),
     ({"time": "2026-01-01T00:00:00.000Z"}, "differs from line {first} of the same vote"),
     ({"question": "overall"}, "answers question overall again .first in line {first}")],
)  # fmt: skip
def test_rows_of_one_vote_belong_together(pairs, tmp_path, change, words):
    line = altered(pairs, tmp_path / "votes.csv", change, place=next_pair(pairs))
    refused(pairs, tmp_path / "votes.csv", f"line {line}: {words.format(first=line - 1)}")


def test_a_vote_with_a_question_missing(pairs, tmp_path):
    line = altered(pairs, tmp_path / "votes.csv", None, place=next_pair(pairs))
    refused(pairs, tmp_path / "votes.csv", f"line {line - 1}: the vote has no row of question text")


def test_lines_are_counted_in_comments_of_several_lines(pairs, tmp_path):
    path = tmp_path / "votes.csv"
    write(pairs, path)
    text = path.read_text()
    last = text.rstrip("\n").split("\n")[-1].split(",")[0]
    path.write_text(text + f"{last},overall,nothing,pair,p0,a,b,a,,1.0,2026-01-01T00:00:00.000Z,\n")
    refused(pairs, path, f"line {text.count(chr(10)) + 1}: item 'nothing'")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1: columns are ; expected rater, question"),
        (b"rater,question\n", "line 1: columns are rater, question; expected rater, question, item"),
        (b"\xff\xfe\x00", "is no CSV file in UTF-8"),
        (b"{header}\nr1,overall\n", "line 2: 2 cells; expected 12"),
        (b"{header}\n\n", "line 2: 0 cells; expected 12"),
        (b'{header}\n"r1', "is no CSV file in UTF-8"),
    ],
)
def test_files_that_are_no_votes(pairs, tmp_path, content, words):
    header = ",".join(columns_of(pairs.study)).encode()
    (tmp_path / "votes.csv").write_bytes(content.replace(b"{header}", header))
    refused(pairs, tmp_path / "votes.csv", words)


def test_votes_of_another_study_are_refused(pairs, tmp_path):
    write(pairs, tmp_path / "votes.csv")
    other, _ = arena_of(make_study(tmp_path / "other", 3, 4, questions=QUESTIONS[:2]))
    with pytest.raises(ConfigError, match="line 2: item .* is none of the study"):
        import_votes(other.study, other.database, tmp_path / "votes.csv")


def test_votes_that_contradict_the_database_are_refused(tmp_path, votes_in):
    arena = voted(tmp_path / "study", where=votes_in)
    path, before = tmp_path / "votes.csv", dump(arena.database)
    rows = read_votes(arena.study, arena.database)
    winner = "tie" if rows[5]["winner"] != "tie" else "a"
    altered(arena, path, {"winner": winner}, 5)
    with pytest.raises(ConfigError, match=r"votes.csv: line \d+: rater 'r.*' has another answer to item"):
        import_votes(arena.study, arena.database, path)
    assert dump(arena.database) == before


def test_a_vote_on_a_task_under_way_is_refused(tmp_path):
    made = make_study(tmp_path, attention_share=0.0, training=0)
    arena, _ = arena_of(made)
    rater = enter(arena)
    shown = arena.next_task(rater).task
    other, _ = arena_of(made, f"sqlite:///{tmp_path / 'other.sqlite'}")
    stranger = enter(other)
    copy = other.next_task(stranger).task
    other.vote(stranger, copy.id, answers_of(other, copy))
    rows = [{**row, "rater": rater} for row in read_votes(arena.study, other.database)]
    write_csv(tmp_path / "votes.csv", rows, columns_of(arena.study))
    with pytest.raises(ConfigError, match="line 2: item .* is open or skipped for rater"):
        import_votes(arena.study, arena.database, tmp_path / "votes.csv")
    assert arena.vote(rater, shown.id, answers_of(arena, shown))


# --- mbench agreement ---


def test_agreement_reads_one_vote_a_rater_and_pair(tmp_path):
    arena = voted(tmp_path / "study", raters=6)
    rows = read_votes(arena.study, arena.database)
    kept = for_agreement(arena.study, rows)
    path = tmp_path / "human.csv"
    write_csv(path, kept, list(kept[0]))
    votes = read_for_agreement(path, set(arena.study.models))
    pairs = [row for row in rows if row["kind"] == "pair"]
    assert len(votes) == len(pairs) < len(rows)
    for row, vote in zip(pairs, votes.to_dict("records"), strict=True):
        first = min(row["model_a"], row["model_b"])
        expected = {"a": row["model_a"], "b": row["model_b"]}.get(row["winner"])
        assert (vote["rater"], vote["question"], vote["first"]) == (row["rater"], row["question"], first)
        assert vote["vote"] == (0 if expected is None else 1 if expected == first else -1)
        assert vote["both_bad"] == (row["winner"] == "both_bad")


def test_agreement_gets_the_first_of_votes_on_several_replicates(tmp_path):
    folder, study = make_study(tmp_path, 2, 1, attention=0, training=0, repeats=0.0, attention_share=0.0)
    item = study.items[0]
    clips = {f"{id}2": replace(study.clips[id], id=f"{id}2", replicate=1) for id in item.clips}
    again = replace(item, id="again", clips=tuple(clips)[::-1])
    study = replace(study, clips={**study.clips, **clips}, items=(item, again))
    arena, clock = arena_of((folder, study))
    rater = enter(arena)
    for answer in ("tie", "both_bad"):
        arena.vote(rater, arena.next_task(rater).task.id, {"overall": answer})
        clock.now += 9
    rows = read_votes(study, arena.database)
    assert [row["winner"] for row in rows] == ["tie", "both_bad"]
    assert [row["winner"] for row in for_agreement(study, rows)] == ["tie"]


def test_ratings_are_no_votes_on_pairs(ratings):
    with pytest.raises(ConfigError, match="asks for ratings; `mbench agreement` reads votes on pairs"):
        for_agreement(ratings.study, [])


# --- the command line ---


def test_commands(tmp_path):
    arena = voted(tmp_path / "study")
    rows = read_votes(arena.study, arena.database)
    done = mbench("arena", "export", "study", "--out", "votes.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"votes.csv: {len(rows)} rows of 3 raters\n"), done.stderr
    shutil.copytree(tmp_path / "study", tmp_path / "copy", ignore=shutil.ignore_patterns("votes*"))
    one_line_error(mbench("arena", "export", "copy", "--out", "x.csv", cwd=tmp_path), "copy/votes.sqlite: is not there")
    votes = len({(row["rater"], row["item"], row["kind"]) for row in rows})
    done = mbench("arena", "import", "copy", "votes.csv", cwd=tmp_path)
    assert done.stdout == f"votes.csv: {votes} votes stored, 0 were there already\n"
    url = f"sqlite:///{tmp_path / 'copy' / 'votes.sqlite'}"
    done = mbench("arena", "export", "copy", "--out", "h.csv", "--for-agreement", "--database", url, cwd=tmp_path)
    assert done.returncode == 0
    assert len(read_for_agreement(tmp_path / "h.csv", set(arena.study.models))) < len(rows)


def test_commands_tell_what_is_wrong(tmp_path):
    folder, study = make_study(tmp_path / "study")
    one_line_error(mbench("arena", "export", tmp_path, "--out", tmp_path / "v.csv"), "holds no study.json")
    one_line_error(mbench("arena", "import", folder, tmp_path / "none.csv"), "none.csv: can't be read: No such file")
    open_database(study, folder).close()
    write_study(replace(study, id="another"), folder)
    one_line_error(
        mbench("arena", "export", folder, "--out", tmp_path / "v.csv"), "holds the votes of study", "another"
    )
