"""`mbench leaderboard check`: a complete run passes; every way to be incomplete, incomparable or untrue is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from leaderboard.checks import CHECKS, default_versions
from leaderboard.submission import check_submission
from leaderboard_entries import edit, tiny_suite
from leaderboard_runs import make_results
from mbench.errors import ConfigError
from mbench.files import sha256_of
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import METRICS
from mbench.results import RunFolder
from mbench.runner import evaluate
from mbench.suites import SUITES
from mbench.suites.prompt import DIMENSIONS
from mbench.summary import summary_of

SCORED = ["quality", "motion_condition_consistency", "motion_generalizability"]
SLIDING = "quality/foot_sliding"


@pytest.fixture(scope="module")
def registered():
    """Register a suite that all nine dimensions read, as a plugin would."""
    SUITES.add("tiny", tiny_suite())
    yield
    SUITES._items.pop("tiny")


@pytest.fixture(scope="module")
def made(tmp_path_factory, registered) -> Path:
    folder = tmp_path_factory.mktemp("made")
    config = {"model": "choreographer", "suite": "tiny", "metrics": SCORED, "output": str(folder)}
    result = evaluate(config)
    return folder / "choreographer" / result["run_id"]


@pytest.fixture
def run(made, tmp_path) -> Path:
    path = Path(shutil.copytree(made, tmp_path / "run"))
    edit(path / "run.json", lambda value: value["provenance"].update(commit="0123456789ab"))
    return path


def findings(run: Path) -> list[tuple[str, str, str]]:
    return [(found["kind"], found["check"], found["text"]) for found in check_submission(run)["findings"]]


def test_a_complete_run_passes(run):
    report = check_submission(run)
    assert report["findings"] == []
    assert (report["complete"], report["comparable"], report["consistent"]) == (True, True, True)
    assert (report["model"], report["suite"]["name"]) == ("choreographer", "tiny")
    assert report["checked"] == [
        "suite", "motions", "seeds", "dimensions", "versions", "scores", "summary", "rescored", "provenance",
        "card",
    ]  # fmt: skip


def result(*keys, to):
    return document("result.json", *keys, to=to)


def document(name, *keys, to):
    def change(value):
        for key in keys[:-1]:
            value = value[key]
        value[keys[-1]] = to(value[keys[-1]]) if callable(to) else to

    return lambda run: edit(run / name, change)


def scores(change):
    return lambda run: (run / "scores.csv").write_text(change((run / "scores.csv").read_text()))


def index(change):
    def spoil(run):
        path = run / "motions" / "index.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(f"{json.dumps(row)}\n" for row in change(rows)))

    return spoil


def without_line(text, *words):
    return "".join(line for line in text.splitlines(True) if not all(word in line for word in words))


def renamed(old, new):
    """Another version of what measured, in the scores and in the summary, as another judge or body leaves it."""

    def spoil(run):
        for name in ("scores.csv", "result.json"):
            (run / name).write_text((run / name).read_text().replace(old, new))

    return spoil


def failed(run):
    """A motion that could not be scored, and a summary that says so."""
    path, name = run / "scores.csv", SLIDING
    line = next(line for line in path.read_text().splitlines() if line.startswith(f"{name},1,t1,0"))
    path.write_text(path.read_text().replace(line, f"{name},1,t1,0,,failed: it broke"))
    edit(
        run / "result.json",
        lambda value: value["metrics"][name].update(missing=1, failed=1, reasons={"failed: it broke": 1}),
    )


def forged(run):
    """A row edited by hand, and the summary that `mbench evaluate` makes of it."""
    path, name = run / "scores.csv", "quality/dynamic_degree"
    path.write_text(re.sub(rf"({name},1,t0,0),.*", r"\1,0.5,", path.read_text()))
    rows = [row for row in RunFolder(run).read_scores().values() if row.metric == name]
    edit(run / "result.json", lambda value: value["metrics"][name].update(summary_of("1", METRICS.get(name), rows)))


def garbled(run):
    """A motion file that is none, with its own sha256 in the index."""
    file = run / "motions" / "t1-0.npz"
    file.write_bytes(b"nothing")
    index(lambda rows: [rows[0], {**rows[1], "sha256": sha256_of(file)}])(run)


JUDGE = "retrieval.3dc624f281"
SPOILT = {
    # incomplete
    "limited": (document("run.json", "config", "run", "limit", to=1), "incomplete", "suite", "run.limit is 1"),
    "fewer prompts": (result("prompts", to=1), "incomplete", "suite", "1 of the suite's 2 prompts"),
    "no motion": (index(lambda rows: rows[:1]), "incomplete", "motions", "t1-0: not generated"),
    "a failed motion": (
        index(lambda rows: [rows[0], {**rows[1], "file": None, "sha256": None, "reason": "out of memory"}]),
        "incomplete", "motions", "t1-0: no motion: out of memory",
    ),
    "a deleted motion": (
        lambda run: (run / "motions" / "t1-0.npz").unlink(),
        "incomplete", "motions", "t1-0: motions/t1-0.npz is missing, or no plain file",
    ),
    "a motion elsewhere": (
        index(lambda rows: [rows[0], {**rows[1], "file": "../../x.npz"}]), "incomplete", "motions", "no plain file",
    ),
    "no pose quality": (
        lambda run: edit(run / "result.json", lambda value: value["metrics"].pop("quality/pose_quality")),
        "incomplete", "dimensions", "quality/pose_quality: was not scored",
    ),
    "a failed score": (failed, "incomplete", "dimensions", "1 value missing: 1 × failed: it broke"),
    "a deleted row": (
        scores(lambda text: without_line(text, SLIDING, "t1")), "incomplete", "scores", f"{SLIDING}: no row for t1-0",
    ),
    "no provenance": (document("run.json", "provenance", to={}), "incomplete", "provenance", "provenance.command"),
    "no versions": (
        document("run.json", "provenance", "packages", to={}), "incomplete", "provenance", "packages.mbench is missing",
    ),
    "no licence": (document("run.json", "card", "licence", to=" "), "incomplete", "card", "licence is missing"),
    # incomparable
    "another version of the suite": (
        lambda run: [
            edit(run / name, lambda v: v["suite"].update(hash="0" * 64)) for name in ("run.json", "result.json")
        ],
        "incomparable", "suite", "suite tiny 1 has the hash 00000000; the registered 1 has",
    ),
    "a suite of one's own": (
        lambda run: [
            edit(run / name, lambda v: v["suite"].update(name="mine")) for name in ("run.json", "result.json")
        ],
        "incomparable", "suite", "suite 'mine' is not registered; registered: mbench-mini, mbench-open, tiny",
    ),
    "another judge": (
        renamed(JUDGE, "kinder.1234567890"), "incomparable", "versions",
        f"fidelity/motion_condition_consistency: another judge (kinder.1234567890 instead of {JUDGE})",
    ),
    "another body": (
        renamed("1+default.", "1+mine."), "incomparable", "versions", "quality/body_penetration: another body (mine.",
    ),
    "another pose prior": (
        renamed("+prior.", "+prior.f"), "incomparable", "versions", "quality/pose_quality: another pose prior (f",
    ),
    "another metric": (
        renamed(f"{SLIDING},1,", f"{SLIDING},0,"), "contradictory", "summary", f"{SLIDING}: value is",
    ),
    "other anchors": (result("anchors", to=7), "incomparable", "versions", "anchors of version 7"),
    # contradictory
    "a better value": (
        result("metrics", SLIDING, "value", to=1e-9), "contradictory", "summary", f"{SLIDING}: value is 1e-09 in",
    ),
    "a value a little better": (
        result("metrics", SLIDING, "value", to=lambda value: value * 0.9999), "contradictory", "summary", "value is",
    ),
    "a narrower interval": (
        result("metrics", "quality/dynamic_degree", "high", to=lambda high: high * 0.9), "contradictory", "summary",
        "quality/dynamic_degree: high is",
    ),
    "a better score": (
        result("metrics", "quality/dynamic_degree", "score", to=1.0), "contradictory", "summary", "score is 1.0",
    ),
    "a better pillar": (
        result("pillars", "generalization", "value", to=0.99), "contradictory", "summary",
        "pillar generalization: value is 0.99",
    ),
    "a pillar less": (
        lambda run: edit(run / "result.json", lambda value: value["pillars"].pop("fidelity")),
        "contradictory", "summary", "pillar fidelity: scores.csv has one, result.json gives none",
    ),
    "the other direction": (
        result("metrics", SLIDING, "better", to="higher"), "contradictory", "summary", "better is 'higher'",
    ),
    "another unit": (result("metrics", SLIDING, "unit", to="m"), "contradictory", "summary", "unit is 'm'"),
    "more prompts with a value": (result("metrics", SLIDING, "n", to=9), "contradictory", "summary", "n is 9"),
    "more motions": (result("motions", to=5), "contradictory", "summary", "motions: motions is 5"),
    "an edited row": (
        scores(lambda text: text.replace(f"{SLIDING},1,t0,0,0.0", f"{SLIDING},1,t0,0,0.5")),
        "contradictory", "summary", f"{SLIDING}: value is",
    ),
    "an edited row, and its summary": (
        forged, "contradictory", "rescored",
        "quality/dynamic_degree of t0-0 is 0.5 in scores.csv; its motion gives 0.0",
    ),
    "a value where the motion has none": (
        scores(lambda text: re.sub(rf"({SLIDING},1,t0,0),.*", r"\1,0.25,", text)), "contradictory", "rescored",
        f"{SLIDING} of t0-0 is 0.25",
    ),
    "a file that is no motion": (garbled, "incomplete", "rescored", "a motion can't be read"),
    "a row besides": (
        scores(lambda text: f"{text}{SLIDING},1,t9,0,0.0,\n"), "contradictory", "scores", "a row for t9-0",
    ),
    "a changed motion": (
        lambda run: shutil.copy(run / "motions" / "t0-0.npz", run / "motions" / "t1-0.npz"),
        "contradictory", "motions", "t1-0: motions/t1-0.npz has another sha256",
    ),
    "a motion besides": (
        index(lambda rows: [*rows, {**rows[0], "replicate": 1}]), "contradictory", "motions",
        "t0-1: is not of the suite",
    ),
    "a chosen seed": (
        index(lambda rows: [rows[0], {**rows[1], "seed": 5}]), "contradictory", "seeds",
        "t1-0: seed 5; run.seed 0 gives",
    ),
    "a prompt that is not told": (
        lambda run: edit(run / "run.json", lambda value: value["prompts"].pop()), "contradictory", "suite",
        "run.json tells 1 prompts, result.json is of 2",
    ),
    "a changed prompt": (
        document("run.json", "prompts", 0, "text", to="a person stands"), "contradictory", "suite",
        "prompt 't0' is not as in the suite: 'a person stands'",
    ),
}  # fmt: skip
FACTS = {"incomplete": "complete", "incomparable": "comparable", "contradictory": "consistent"}


@pytest.mark.parametrize(("spoil", "kind", "check", "text"), SPOILT.values(), ids=SPOILT)
def test_what_is_wrong_is_told(run, spoil, kind, check, text):
    spoil(run)
    report = check_submission(run)
    assert report[FACTS[kind]] is False
    found = [f for f in report["findings"] if (f["kind"], f["check"]) == (kind, check)]
    assert any(text in finding["text"] for finding in found), report["findings"]
    assert all("\n" not in finding["text"] for finding in report["findings"])


@pytest.mark.parametrize("field", ["trained_on", "weights"])
def test_a_learned_model_says_what_it_was_trained_on(run, field):
    for name, where in (("run.json", lambda v: v["card"]), ("result.json", lambda v: v)):
        edit(run / name, lambda value, where=where: where(value).update(kind="learned"))
    whole = {"trained_on": "HumanML3D, 100k steps", "weights": "0" * 64}
    edit(run / "run.json", lambda value: value["card"].update(whole))
    assert findings(run) == []
    edit(run / "run.json", lambda value: value["card"].update({field: ""}))
    assert findings(run) == [("incomplete", "card", f"{field} is missing")]


def test_an_unknown_kind_is_told(run):
    for name, where in (("run.json", lambda v: v["card"]), ("result.json", lambda v: v)):
        edit(run / name, lambda value, where=where: where(value).update(kind="magic"))
    assert findings(run) == [
        ("incomplete", "card", "kind is 'magic'; expected one of learned, rule-based, control, files")
    ]


def test_changes_that_are_in_no_commit_are_a_note(run):
    edit(run / "run.json", lambda value: value["provenance"].update(commit="0123456789ab+"))
    report = check_submission(run)
    assert [found["kind"] for found in report["findings"]] == ["note"]
    assert report["complete"] and report["comparable"] and report["consistent"]


def test_a_metric_of_a_plugin_that_is_not_here_is_a_note(run):
    jerk = json.loads((run / "result.json").read_text())["metrics"]["quality/jerk"]
    edit(run / "result.json", lambda value: value["metrics"].update({"quality/beauty": jerk}))
    assert findings(run) == [
        ("note", "summary", "quality/beauty: is not registered here, so its numbers were not computed again")
    ]


@pytest.mark.parametrize("name", ["result.json", "run.json", "scores.csv", "motions/index.jsonl"])
def test_a_missing_file_is_told(run, name):
    (run / name).unlink()
    report = check_submission(run)
    expected = f"{name} is missing; expected the whole folder of a finished run"
    assert [found["text"] for found in report["findings"]] == [expected]
    assert (report["complete"], report["comparable"], report["consistent"]) == (False, False, False)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (document("result.json", "schema", to=2), "schema 2; this mbench reads up to 1: update mbench"),
        (document("run.json", "end", to=None), "the run has not ended"),
        (lambda run: (run / "result.json").write_text("{"), "result.json: is not JSON"),
    ],
)
def test_what_cant_be_read_is_told(run, spoil, text):
    spoil(run)
    report = check_submission(run)
    (finding,) = report["findings"]
    assert text in finding["text"]
    assert report["checked"] == ["files"] and report["model"] is None


def test_what_is_no_run_is_an_error(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ConfigError, match="holds neither run.json nor result.json"):
            check_submission(path)


def test_the_default_versions_are_those_that_the_anchors_were_made_with():
    anchors = load_anchors().by_metric
    versions = default_versions()
    assert list(versions) == [f"{pillar}/{dimension}" for dimension, pillar in DIMENSIONS.items()]
    assert versions == {name: anchors[name].metric_version for name in versions}


def test_the_page_names_every_check():
    page = (Path(__file__).parents[1] / "docs/leaderboard_data.md").read_text(encoding="utf-8")
    table = page.partition("| check |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)
    assert named == [check.__name__.removeprefix("_check_") for check in CHECKS]


def test_several_replicates_are_all_asked_for(tmp_path):
    path = make_results(tmp_path, ("choreographer",), replicates=3)["choreographer"]
    assert not [text for kind, check, text in findings(path) if check in ("motions", "seeds", "rescored")]
    lines = (path / "motions" / "index.jsonl").read_text().splitlines(True)
    (path / "motions" / "index.jsonl").write_text("".join(line for line in lines if '"replicate": 2' not in line))
    missing = [text for kind, check, text in findings(path) if check == "motions"]
    assert missing == [f"p{i:02d}-2: not generated" for i in range(6)]
