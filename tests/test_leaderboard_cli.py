"""`mbench leaderboard export`, `check` and `build` as a user types them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from helpers import mbench, one_line_error
from leaderboard_entries import NASTY, edit
from leaderboard_runs import make_results


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_results(folder, ("choreographer", "static"))
    return folder / "results"


@pytest.fixture
def results(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "results"))


def run_of(results: Path, model: str) -> Path:
    (path,) = (results / model).iterdir()
    return path


def test_export_to_stdout_and_to_a_file(results, tmp_path):
    printed = mbench("leaderboard", "export", results, "--format", "csv")
    assert (printed.returncode, printed.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert [row["model"] for row in rows] == ["choreographer", "static"]
    told = json.loads((run_of(results, "static") / "result.json").read_text())
    assert float(rows[1]["quality low"]) == told["pillars"]["quality"]["low"]
    assert rows[1]["quality/pose_quality"] == rows[1]["fidelity rank"] == ""
    written = mbench("leaderboard", "export", results, "--format", "csv", "--out", tmp_path / "new" / "table.csv")
    assert (written.returncode, written.stdout) == (0, "")
    assert (tmp_path / "new" / "table.csv").read_text() == printed.stdout


def test_export_is_markdown_by_default_and_tells_what_it_left_out(results):
    (run_of(results, "static") / "result.json").write_text("{")
    found = mbench("leaderboard", "export", results)
    assert found.returncode == 1
    assert found.stdout.startswith("## small 1, 6 prompts\n\n| model | Quality ↑ |")
    assert "| choreographer |" in found.stdout and "static" not in found.stdout
    assert found.stderr.startswith(f"left out: {run_of(results, 'static')}: result.json: is not JSON")
    assert found.stderr.count("\n") == 1


def test_export_of_nothing_is_one_line(tmp_path):
    one_line_error(mbench("leaderboard", "export", tmp_path), "holds no finished run")
    one_line_error(mbench("leaderboard", "export", tmp_path / "nothing"), "is no folder")
    one_line_error(mbench("leaderboard", "export", tmp_path, "--format", "pdf"), "pdf", "latex")


def test_check_says_what_is_missing_line_by_line(results):
    run = run_of(results, "choreographer")
    index = run / "motions" / "index.jsonl"
    index.write_text("".join(index.read_text().splitlines(True)[:4]))
    found = mbench("leaderboard", "check", run)
    lines = found.stdout.splitlines()
    assert found.returncode == 1
    assert "incomplete: motions: p04-0: not generated" in lines
    assert "incomplete: dimensions: quality/pose_quality: was not scored" in lines
    assert "contradictory: summary: motions: motions is 6 in result.json; the run's files give 4" in lines
    assert lines[-1] == f"choreographer ({run.name}): complete: no, comparable: no, consistent: no"
    document = mbench("leaderboard", "check", run, "--json")
    report = json.loads(document.stdout)
    assert document.returncode == 1
    assert (report["schema"], report["complete"], report["run_id"]) == (1, False, run.name)
    assert len(report["findings"]) == len(lines) - 2


def test_check_shows_few_lines_of_many(results):
    run = run_of(results, "choreographer")
    index = run / "motions" / "index.jsonl"
    rows = [json.loads(line) for line in index.read_text().splitlines()]
    more = [{**row, "replicate": number} for row in rows for number in range(9)]
    index.write_text("".join(f"{json.dumps(row)}\n" for row in more))
    lines = mbench("leaderboard", "check", run).stdout.splitlines()
    assert sum(line.startswith("contradictory: motions:") for line in lines) == 20
    assert "motions: … and 28 more; --json has all" in lines


def test_check_of_something_else_is_one_line(tmp_path):
    one_line_error(mbench("leaderboard", "check", tmp_path), "holds neither run.json nor result.json")


def test_texts_of_strangers_do_not_reach_the_terminal_as_they_are(results):
    run = run_of(results, "static")
    edit(run / "run.json", lambda value: value["card"].update(name=NASTY))
    edit(run / "result.json", lambda value: value.update(model=NASTY))
    for command in ("check", "export"):
        found = mbench("leaderboard", command, run if command == "check" else results)
        assert "alert" in found.stdout
        assert "\x1b" not in found.stdout and "\u202e" not in found.stdout


def test_build_tells_what_it_made_and_what_it_left_out(results, tmp_path):
    first = mbench("leaderboard", "build", results, "--out", tmp_path / "site", "--no-videos")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("2 results, ")
    assert f"site: {tmp_path / 'site' / 'index.html'}" in first.stdout
    assert (tmp_path / "site" / "index.html").is_file()
    again = json.loads(
        mbench("leaderboard", "build", results, "--out", tmp_path / "site", "--no-videos", "--json").stdout
    )
    assert (again["entries"], again["made"], again["written"], again["removed"]) == (2, 0, 0, 0)
    pages = [path for path in (tmp_path / "site").rglob("*") if path.is_file() and path.name != "mbench-site.json"]
    assert again["size"] == sum(path.stat().st_size for path in pages)  # all but the list of what was built
    edit(run_of(results, "static") / "result.json", lambda value: value.update(schema=2))
    third = mbench("leaderboard", "build", results, "--out", tmp_path / "site", "--no-videos")
    assert third.returncode == 1
    assert third.stdout.startswith("1 results, ")
    assert "left out: " in third.stderr and "schema 2; this mbench reads up to 1" in third.stderr


def test_build_of_nothing_is_one_line(tmp_path):
    one_line_error(mbench("leaderboard", "build", tmp_path, "--out", tmp_path / "site"), "holds no finished run")
