"""Result folders as entries: what is broken is told and left out, the rest is read; nothing is written or followed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.entries import read_entries, read_entry, slug_of
from leaderboard_entries import NASTY, edit
from leaderboard_runs import TAGS, TEXTS, make_results
from mbench.errors import ConfigError, MBenchError
from mbench.files import sha256_of
from mbench.suites import load_suite


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_results(folder, ("choreographer", "static"))
    return folder / "results"


@pytest.fixture
def results(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "results"))


def run_of(results: Path, model: str = "static") -> Path:
    (path,) = (results / model).iterdir()
    return path


def names(results: Path) -> list[str]:
    return [entry.name for entry in read_entries(results)[0]]


def test_what_an_entry_tells(results):
    entries, problems = read_entries(results)
    assert problems == []
    assert [entry.name for entry in entries] == ["choreographer", "static"]
    entry, result = entries[0], json.loads((run_of(results, "choreographer") / "result.json").read_text())
    assert (entry.key, entry.slug) == (f"choreographer/{entry.run_id}", f"choreographer-{entry.run_id}")
    assert (entry.kind, entry.card["licence"], entry.suite["name"]) == ("rule-based", "Apache-2.0", "small")
    assert list(entry.dimensions) == [
        "jitter_degree", "dynamic_degree", "ground_penetration", "foot_sliding", "foot_floating",
    ]  # fmt: skip
    sliding, quality = result["metrics"]["quality/foot_sliding"], result["pillars"]["quality"]
    name = "quality/foot_sliding"
    assert (entry.value(name), entry.low(name), entry.high(name), entry.score(name)) == tuple(
        sliding[field] for field in ("value", "low", "high", "score")
    )
    assert (entry.value("quality"), entry.low("quality"), entry.score("quality")) == (
        quality["value"], quality["low"], quality["value"],
    )  # fmt: skip
    for missing in ("fidelity", "quality/pose_quality", "fidelity/fid"):
        assert entry.summary(missing) is None
        assert (entry.value(missing), entry.low(missing), entry.high(missing), entry.score(missing)) == (None,) * 4


def test_prompts_and_rows(results):
    entry = read_entry(run_of(results))
    assert [(p["text"], p["tags"]) for p in entry.prompts] == [
        (text, [tag]) for text, tag in zip(TEXTS, TAGS, strict=True)
    ]
    assert entry.texts["p02"] == TEXTS[2]
    by_prompt = entry.by_prompt("quality/dynamic_degree")
    assert list(by_prompt) == [f"p{i:02d}" for i in range(6)]
    assert sum(by_prompt.values()) / 6 == pytest.approx(entry.value("quality/dynamic_degree"))
    assert entry.by_prompt("quality/pose_quality") == {}
    assert entry.motion("p00") == entry.folder / "motions" / "p00-0.npz"
    assert entry.motion("p00", 1) is None
    assert sha256_of(entry.motion("p00")) == entry.generations["p00", 0].sha256


def test_rows_of_other_versions_are_not_the_results(results):
    path = run_of(results) / "scores.csv"
    path.write_text(path.read_text() + "quality/dynamic_degree,0,p00,0,99.0,\n")
    entry = read_entry(run_of(results))
    assert 99.0 not in entry.by_prompt("quality/dynamic_degree").values()


def test_one_run_or_one_model_can_be_read_too(results):
    assert names(run_of(results)) == ["static"]
    assert names(results / "static") == ["static"]
    assert names(results.parent) == []  # runs lie two folders deep


def test_prompts_of_older_runs_come_from_the_registered_suite(results):
    suite = load_suite("mbench-mini")
    facts = {"name": suite.name, "version": suite.version, "hash": suite.hash}
    for name in ("run.json", "result.json"):
        edit(run_of(results) / name, lambda value: (value.pop("prompts", None), value.update(suite=facts, prompts=3)))
    edit(run_of(results) / "run.json", lambda value: value.pop("prompts"))
    assert [prompt["id"] for prompt in read_entry(run_of(results)).prompts] == ["m01", "m02", "m03"]
    for name in ("run.json", "result.json"):
        edit(run_of(results) / name, lambda value: value["suite"].update(hash="0" * 64))
    assert read_entry(run_of(results)).prompts == ()


def text(name, content):
    return lambda run: (run / name).write_text(content)


def field(name, *keys, to):
    def change(value):
        for key in keys[:-1]:
            value = value[key]
        value[keys[-1]] = to

    return lambda run: edit(run / name, change)


def rows(old, new):
    return lambda run: (run / "scores.csv").write_text((run / "scores.csv").read_text().replace(old, new, 1))


def torn(name):
    return lambda run: (run / name).write_text((run / name).read_text().rstrip("\n"))


def append(name, line):
    return lambda run: (run / name).write_text((run / name).read_text() + line + "\n")


SLIDING = ("metrics", "quality/foot_sliding")
SPOILT = {
    "unfinished": (lambda run: (run / "result.json").unlink(), "is not finished"),
    "under way": (field("run.json", "end", to=None), "has not ended"),
    "newer": (field("result.json", "schema", to=2), "result.json: schema 2; this mbench reads up to 1"),
    "newer run.json": (field("run.json", "schema", to=9), "run.json: schema 9"),
    "no schema": (text("result.json", "{}"), "no schema number"),
    "a list": (text("result.json", "[]"), "no schema number"),
    "no JSON": (text("result.json", "{"), "is not JSON"),
    "no text": (lambda run: (run / "result.json").write_bytes(b"\xff\xfe"), "is not UTF-8"),
    "nested": (text("result.json", "[" * 100_000), "nested too deeply"),
    "NaN": (text("result.json", '{"schema": 1, "x": NaN}'), "is not plain JSON"),
    "half a character": (text("result.json", '{"schema": 1, "x": "\\ud800"}'), "is not plain JSON"),
    "a long number": (text("result.json", f'{{"schema": 1, "x": {"9" * 5000}}}'), "is not plain JSON"),
    "no metrics": (lambda run: edit(run / "result.json", lambda v: v.pop("metrics")), "'metrics' is missing"),
    "a metric that names code": (
        lambda run: edit(run / "result.json", lambda v: v["metrics"].update({"os:x/y": v["metrics"].popitem()[1]})),
        "metrics.os:x/y",
    ),
    "text for a value": (field("result.json", *SLIDING, "value", to="0.1"), "found '0.1'; expected"),
    "half an interval": (field("result.json", *SLIDING, "low", to=None), "both ends"),
    "an interval upside down": (field("result.json", *SLIDING, "low", to=1e9), "low not above high"),
    "an interval of nothing": (field("result.json", *SLIDING, "value", to=None), "no interval"),
    "a score of 2": (field("result.json", *SLIDING, "score", to=2.0), "less than or equal to 1"),
    "a direction": (field("result.json", *SLIDING, "better", to="best"), "'lower' or 'higher'"),
    "an unknown pillar": (field("result.json", "pillars", to={"beauty": {}}), "pillars.beauty"),
    "a run id that is a path": (field("result.json", "run_id", to="../x"), "run_id"),
    "no name": (field("result.json", "model", to=""), "model"),
    "a name of a book": (field("result.json", "model", to="x" * 300), "model"),
    "another model": (field("result.json", "model", to="other"), "model is 'static' in run.json and 'other'"),
    "another run": (field("run.json", "run_id", to="ab"), "run_id is 'ab' in run.json"),
    "other replicates": (field("result.json", "replicates", to=2), "replicates is 1 in run.json and 2"),
    "replicates without end": (field("result.json", "replicates", to=10**9), "less than or equal to 1000"),
    "a prompt of a book": (field("run.json", "prompts", 0, "text", to="x" * 20_000), "at most 10000 characters"),
    "another suite": (field("run.json", "suite", "hash", to="0" * 64), "suite.hash"),
    "a prompt id that is a path": (field("run.json", "prompts", 0, "id", to="../../x"), "prompts[0].id"),
    "no run.json": (lambda run: (run / "run.json").unlink(), "run.json: there is no such file"),
    "no scores": (lambda run: (run / "scores.csv").unlink(), "scores.csv: there is no such file"),
    "no index": (lambda run: (run / "motions/index.jsonl").unlink(), "index.jsonl: there is no such file"),
    "a folder for a file": (
        lambda run: ((run / "scores.csv").unlink(), (run / "scores.csv").mkdir()), "there is no such file",
    ),
    "a pipe": (
        lambda run: ((run / "result.json").unlink(), os.mkfifo(run / "result.json")), "there is no such file",
    ),
    "torn scores": (torn("scores.csv"), "scores.csv: its last line is torn"),
    "torn index": (torn("motions/index.jsonl"), "index.jsonl: its last line is torn"),
    "a cell too few": (append("scores.csv", "quality/x,1,p00"), "scores.csv: line 32 is broken"),
    "a value that is none": (rows("foot_sliding,1,p00,0,0.0", "foot_sliding,1,p00,0,nan"), "of p00 is nan"),
    "endless": (rows("foot_sliding,1,p00,0,0.0", "foot_sliding,1,p00,0,inf"), "of p00 is inf"),
    "beyond measure": (rows("foot_sliding,1,p00,0,0.0", "foot_sliding,1,p00,0,1e300"), "of p00 is 1e+300"),
    "a value beyond measure": (field("result.json", *SLIDING, "value", to=1e300), "equal to 1000000000000000"),
    "a cell too large": (append("scores.csv", "x" * 200_000), "field larger than field limit"),
    "scores of bytes": (lambda run: (run / "scores.csv").write_bytes(b"\xff\n"), "scores.csv: is broken"),
    "an index of numbers": (append("motions/index.jsonl", "7"), "line 7 is broken"),
    "an index with a list for a prompt": (
        append("motions/index.jsonl", '{"prompt": [], "replicate": 0, "seed": 0}'), "index.jsonl: is broken",
    ),
    "frames in words": (
        append("motions/index.jsonl", '{"prompt": "q", "replicate": 0, "seed": 0, "frames": "many"}'), "frames",
    ),
    "an endless index": (append("motions/index.jsonl", "[" * 100_000), "index.jsonl: is broken"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "reason"), SPOILT.values(), ids=SPOILT)
def test_a_broken_run_is_told_and_left_out(results, spoil, reason):
    spoil(run_of(results))
    entries, problems = read_entries(results)
    assert [entry.name for entry in entries] == ["choreographer"]
    (problem,) = problems
    assert problem.path == run_of(results)
    assert reason in problem.reason
    assert "\n" not in problem.reason and len(problem.reason) < 500
    assert str(results) not in problem.reason  # files are named relative to the run


def test_a_file_of_absurd_size_is_not_read(results):
    for name, size in (("result.json", 65 << 20), ("scores.csv", 129 << 20)):
        with (run_of(results) / name).open("ab") as file:
            file.truncate(size)  # sparse: takes no room
        _, (problem,) = read_entries(results)
        assert problem.reason.startswith(f"{name}: has ") and "MB" in problem.reason


@pytest.mark.parametrize("name", ["result.json", "scores.csv", "motions"])
def test_links_out_of_the_folder_are_not_followed(results, tmp_path, name):
    target = tmp_path / "elsewhere" / name
    target.parent.mkdir()
    shutil.move(run_of(results) / name, target)
    (run_of(results) / name).symlink_to(target)
    entries, (problem,) = read_entries(results)
    assert [entry.name for entry in entries] == ["choreographer"]
    assert "is a link out of" in problem.reason and str(results) not in problem.reason


def test_a_run_that_is_a_link_out_of_the_folder_is_told(results, tmp_path):
    shutil.move(results / "static", tmp_path / "static")
    (results / "static").symlink_to(tmp_path / "static")
    entries, (problem,) = read_entries(results)
    assert [entry.name for entry in entries] == ["choreographer"]
    assert "is a link out of" in problem.reason and str(results) not in problem.reason


def test_links_that_lead_nowhere_or_in_circles_do_not_hurt(results):
    run = run_of(results)
    (run / "result.json").unlink()
    (run / "result.json").symlink_to(run / "result.json")
    (results / "circle").symlink_to(results)
    (results / "broken").symlink_to(results / "nothing")
    entries, problems = read_entries(results)
    assert [entry.name for entry in entries] == ["choreographer"]
    assert run in [problem.path for problem in problems]


@pytest.mark.parametrize("file", ["../run.json", "/etc/hostname", "..", "", "a b.npz", "gone.npz", "link.npz"])
def test_a_motion_is_a_plain_file_of_its_folder(results, file):
    run = run_of(results)
    (run / "motions" / "a b.npz").touch()
    (run / "motions" / "link.npz").symlink_to(run / "motions" / "p01-0.npz")
    append("motions/index.jsonl", json.dumps({"prompt": "p00", "replicate": 0, "seed": 0, "file": file}))(run)
    assert read_entry(run).motion("p00") is None


def test_the_same_run_twice_is_told(results):
    shutil.copytree(run_of(results), results / "static" / "copy")
    entries, (problem,) = read_entries(results)
    assert len(entries) == 2
    assert problem.reason == f"is the same run as {entries[1].folder.relative_to(results)}; expected it once"


def test_two_runs_of_a_model_are_two_entries(results):
    other = Path(shutil.copytree(run_of(results), results / "static" / "other"))
    for name in ("run.json", "result.json"):
        edit(other / name, lambda value: value.update(run_id="other"))
    entries, problems = read_entries(results)
    assert not problems
    assert len({entry.slug for entry in entries}) == len({entry.key for entry in entries}) == 3


def test_nothing_is_written(results):
    before = {path: (path.stat().st_mtime_ns, path.is_file() and sha256_of(path)) for path in results.rglob("*")}
    torn("scores.csv")(run_of(results))
    kept = (run_of(results) / "scores.csv").read_bytes()
    read_entries(results)
    assert (run_of(results) / "scores.csv").read_bytes() == kept
    after = {path: (path.stat().st_mtime_ns, path.is_file() and sha256_of(path)) for path in results.rglob("*")}
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed == {run_of(results) / "scores.csv"}  # by this test


def test_a_folder_that_may_not_be_looked_into_is_told(results, monkeypatch):
    listed = Path.iterdir

    def refused(path):  # as the system does; the tests may run as root, whom nothing is refused
        if path.name == "static":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    entries, (problem,) = read_entries(results)
    assert [entry.name for entry in entries] == ["choreographer"]
    assert str(problem) == f"{results / 'static'}: can't be looked into: Permission denied"


def test_no_folder_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="is no folder"):
        read_entries(tmp_path / "nothing")
    assert read_entries(tmp_path) == ([], [])


def test_one_broken_run_read_alone_raises(results):
    torn("scores.csv")(run_of(results))
    with pytest.raises(MBenchError, match="torn"):
        read_entry(run_of(results))


def test_texts_of_strangers_stay_texts(results):
    run = run_of(results)
    edit(run / "run.json", lambda value: value["card"].update(name=NASTY, notes=NASTY))
    edit(run / "result.json", lambda value: value.update(model=NASTY))
    entry = next(entry for entry in read_entries(results)[0] if entry.kind == "control")
    assert entry.name == entry.card["notes"] == NASTY
    assert set(entry.slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-._")


NAMES = st.one_of(st.text(max_size=12), st.sampled_from(["MDM", "mdm", "m d m", "m-d-m", "..", "", "con", "模型"]))
IDS = st.text("abAB01_", min_size=1, max_size=4)


@given(st.lists(st.tuples(NAMES, IDS), unique=True, max_size=12))
def test_slugs_are_safe_and_apart_even_where_case_is_not_told_apart(keys):
    slugs = [slug_of(*key) for key in keys]
    assert len({slug.lower() for slug in slugs}) == len(keys)
    for slug in slugs:
        assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-._")
        assert slug[0] not in "-." and 0 < len(slug) < 160
