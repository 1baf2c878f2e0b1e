"""Whole runs with metrics that ask a judge: rows, what is asked again after a stop, the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

import mbench
from helpers import environment, one_line_error
from helpers import mbench as command
from judges_for_tests import CONSISTENCY, GENERALIZABILITY, PROBABILITY, Toy
from mbench.errors import JudgeError
from mbench.judges.base import identity
from mbench.plan import plan_of
from mbench.results import FAILED, NO_MOTION
from mbench.scoring import select_metrics
from test_metrics_judged import BOTH, JUDGED, prompt_of


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    """One cache for all runs of this file: texts are encoded once."""
    folder = tmp_path_factory.getbasetemp() / "judged-cache"
    monkeypatch.setenv("MBENCH_CACHE", str(folder))
    return folder


def configuration(folder: Path, judge="judges_for_tests:Toy", prompts=7, run=None, metrics=JUDGED, **options):
    """A run of the model that carries its texts; prompt p000 has generalizability only."""
    rows = [
        {"id": p.id, "text": p.text, "seconds": p.seconds, "dimensions": list(p.dimensions),
         "candidates": list(p.candidates)}
        for p in map(prompt_of, range(prompts))
    ]  # fmt: skip
    rows[0] |= {"dimensions": ["motion_generalizability"], "candidates": []}
    folder.mkdir(parents=True, exist_ok=True)
    suite = {"name": "judged", "version": "1", "description": "for tests", "licence": "Apache-2.0", "prompts": rows}
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    return {
        "model": {"name": "judges_for_tests:Writer"}, "suite": str(folder / "suite.yaml"), "metrics": list(metrics),
        "judge": {"name": judge, "options": options} if options else judge, "run": run or {},
        "output": str(folder / "results"),
    }  # fmt: skip


def rows_of(config) -> list[tuple]:
    rows = plan_of(config).folder.read_scores().values()
    return sorted((r.metric, r.version, r.prompt, r.replicate, r.value, r.reason) for r in rows)


def scored(config, **how) -> list[tuple]:
    mbench.evaluate(config, stage="generate")
    mbench.evaluate(config, stage="score", **how)
    return rows_of(config)


def test_a_run_has_a_row_a_prompt_and_metric_with_the_judge_in_its_version(tmp_path, cache):
    config = configuration(tmp_path)
    result = mbench.evaluate(config)
    version = f"1+{identity(Toy())}"
    rows = rows_of(config)
    assert len(rows) == 7 + 7 + 6 and {row[1] for row in rows} == {version}
    assert all(row[4] == 1.0 and row[5] is None for row in rows)
    asked = {name: {row[2] for row in rows if row[0] == name} for name in JUDGED}
    assert "p000" in asked[GENERALIZABILITY] and "p000" in asked[PROBABILITY] and "p000" not in asked[CONSISTENCY]
    summary = result["metrics"][CONSISTENCY]
    assert (summary["value"], summary["n"], summary["missing"]) == (1.0, 6, 0)
    assert summary["judge"] == identity(Toy()) and summary["judge_notes"] == "Knows nothing of motion."
    assert summary["chance"] == pytest.approx(0.1) and "chance" not in result["metrics"][GENERALIZABILITY]


@pytest.mark.parametrize(
    "run", [{"batch_size": 1}, {"batch_size": 2}, {"batch_size": 100}, {"workers": 2}, {"device": "cpu"}]
)
def test_how_a_run_is_cut_changes_no_row(tmp_path, cache, run):
    """With a judge that breaks on some motions, as a whole call: the batch must not take others with it."""
    options = {"breaks": "5", "unsure": "3", "knows": False}
    first = scored(configuration(tmp_path / "a", **options))
    assert scored(configuration(tmp_path / "b", run=run, **options)) == first
    values = Counter((row[0], row[4]) for row in first)
    assert values[PROBABILITY, None] == 2 and values[PROBABILITY, 0.0] == 5


def test_the_order_of_prompts_changes_no_row(tmp_path, cache):
    first = scored(configuration(tmp_path / "a", judge="judges_for_tests:Chooses"))
    config = configuration(tmp_path / "b", judge="judges_for_tests:Chooses")
    suite = yaml.safe_load((tmp_path / "b" / "suite.yaml").read_text())
    suite["prompts"].reverse()
    (tmp_path / "b" / "suite.yaml").write_text(yaml.safe_dump(suite))
    assert scored(config) == first


def test_another_judges_rows_stay_beside(tmp_path, cache):
    before = scored(configuration(tmp_path))
    after = scored(configuration(tmp_path, version="2", knows=False))
    assert set(before) < set(after) and len(after) == 2 * len(before)
    assert {row[4] for row in after if row[1] == f"1+{identity(Toy(version='2'))}"} == {0.0}
    result = mbench.evaluate(configuration(tmp_path, version="2", knows=False))
    assert result["metrics"][GENERALIZABILITY]["value"] == 0.0, "the summary is of the judge of this configuration"


def test_weights_of_a_judge_are_part_of_the_version(tmp_path, cache):
    one, two = (configuration(tmp_path, weights=letter * 64) for letter in "ab")
    assert len(scored(one)) * 2 == len(scored(two))


def test_replicates_are_asked_each(tmp_path, cache):
    rows = scored(configuration(tmp_path, run={"replicates": 2}))
    assert Counter(row[3] for row in rows) == {0: 20, 1: 20}


def test_a_motion_that_is_missing_is_missing_in_every_judged_metric(tmp_path, cache):
    config = configuration(tmp_path)
    config["model"]["options"] = {"silent": "p002"}
    result = mbench.evaluate(config)
    gone = [row for row in rows_of(config) if row[4] is None]
    assert {row[0] for row in gone} == set(JUDGED) and {row[2] for row in gone} == {"p002"}
    assert all(row[5].startswith(NO_MOTION) for row in gone)
    assert result["metrics"][CONSISTENCY]["missing"] == 1 and result["metrics"][CONSISTENCY]["n"] == 5


# ---------------------------------------------------------------- asked again, and not


def questions(log: Path) -> Counter:
    return Counter(log.read_text().splitlines()) if log.exists() else Counter()


def test_a_finished_run_asks_nothing_and_rescore_asks_everything(tmp_path, cache, monkeypatch):
    log = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(log))
    config = configuration(tmp_path)
    rows, first = scored(config), questions(log)
    assert sum(first.values()) == 7 + 7 + 6 * 10
    assert scored(config) == rows and questions(log) == first
    assert scored(config, rescore=True) == rows and questions(log) == first + first


def test_one_metric_more_asks_only_for_it(tmp_path, cache, monkeypatch):
    log = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(log))
    scored(configuration(tmp_path, metrics=[GENERALIZABILITY]))
    assert sum(questions(log).values()) == 7
    scored(configuration(tmp_path, metrics=[GENERALIZABILITY, CONSISTENCY]))
    assert sum(questions(log).values()) == 7 + 60


def test_only_what_failed_is_asked_again(tmp_path, cache, monkeypatch):
    config = configuration(tmp_path, unsure="3", metrics=[PROBABILITY])
    scored(config)
    log = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(log))
    rows = scored(configuration(tmp_path, metrics=[PROBABILITY]))
    assert questions(log) == {"match number 3 of many": 1} and all(row[4] == 1.0 for row in rows)


def test_a_run_that_stops_at_the_judge_carries_on_where_it_stopped(tmp_path, cache, monkeypatch):
    """The judge goes away at the third call; what it said before is kept."""
    config = configuration(tmp_path, metrics=[PROBABILITY], run={"batch_size": 2})
    whole = scored(configuration(tmp_path / "whole", metrics=[PROBABILITY]))
    calls, match = [], Toy.match

    def goes(self, motions, texts):
        calls.append(texts)
        if len(calls) == 3:
            raise JudgeError("the server is gone")
        return match(self, motions, texts)

    monkeypatch.setattr(Toy, "match", goes)
    with pytest.raises(JudgeError, match="the server is gone"):
        scored(config)
    assert [len(texts) for texts in calls] == [2, 2, 2]
    assert not plan_of(config).folder.scores.exists() and len(rows_of(config)) == 4
    calls.extend([[]] * 3)
    before = len(calls)
    assert scored(config) == whole
    assert sorted(text for texts in calls[before:] for text in texts) == [f"number {n} of many" for n in (4, 5, 6)]


def test_a_killed_run_asks_nothing_twice_but_a_batch(tmp_path, cache):
    whole = scored(configuration(tmp_path / "whole", metrics=[PROBABILITY], prompts=10))
    config = configuration(tmp_path, metrics=[PROBABILITY], prompts=10, run={"batch_size": 3})
    mbench.evaluate(config, stage="generate")
    path, log = write(tmp_path, config), tmp_path / "calls"
    process = subprocess.Popen(
        [sys.executable, "-m", "mbench", "evaluate", str(path), "--no-pictures"],
        env=environment(CALLS=str(log), SLOW="0.1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    end = time.monotonic() + 60
    while sum(questions(log).values()) < 5:
        assert process.poll() is None and time.monotonic() < end, "the run ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = len(rows_of(config))
    assert 3 <= kept < 10 and kept % 3 == 0
    done = command("evaluate", path, CALLS=str(log))
    assert done.returncode == 0 and rows_of(config) == whole, done.stderr
    asked = questions(log)
    assert len(asked) == 10 and sum(asked.values()) <= 10 + 3 and max(asked.values()) <= 2


# ---------------------------------------------------------------- the command line


def write(folder: Path, config: dict) -> Path:
    (folder / "model.yaml").write_text(yaml.safe_dump(config))
    return folder / "model.yaml"


def choreographed(folder: Path, **options) -> Path:
    config = configuration(folder, metrics=[CONSISTENCY, GENERALIZABILITY, "quality/jerk"], **options)
    rows = [("walk", "a person walks forward"), ("jump", "a person jumps twice"), ("sit", "a person sits down")]
    prompts = [
        {"id": name, "text": text, "seconds": 2.0, "dimensions": ["quality", *BOTH],
         "candidates": [other for _, other in rows if other != text]}
        for name, text in rows
    ]  # fmt: skip
    suite = yaml.safe_load((folder / "suite.yaml").read_text())
    (folder / "suite.yaml").write_text(yaml.safe_dump({**suite, "prompts": prompts}))
    return write(folder, {**config, "model": "choreographer"})


def test_evaluate_with_a_judge_end_to_end(tmp_path, cache):
    done = command("evaluate", choreographed(tmp_path, says=0.75))
    assert done.returncode == 0, done.stderr
    rows = rows_of(yaml.safe_load((tmp_path / "model.yaml").read_text()))
    assert [row[4] for row in rows if row[0] == GENERALIZABILITY] == [1.0] * 3
    assert {row[4] for row in rows if row[0] == CONSISTENCY} <= {0.0, 1.0} and len(rows) == 9
    assert "motion_condition_consistency" in done.stdout and "motion_generalizability" in done.stdout


def test_missing_answers_are_exit_code_1(tmp_path, cache):
    done = command("evaluate", choreographed(tmp_path, says=0.75, unsure="jumps"))
    assert done.returncode == 1, done.stderr
    rows = rows_of(yaml.safe_load((tmp_path / "model.yaml").read_text()))
    missing = [row for row in rows if row[4] is None]
    assert len(missing) == 1 + 3, "one match, and three choices that have the text among them"
    assert all(row[5].startswith(f"{FAILED}LookupError: can't see a person jumps twice") for row in missing)


def test_a_judge_that_is_gone_is_one_line_and_exit_code_2(tmp_path, cache):
    done = command("evaluate", choreographed(tmp_path, stops="judge"))
    assert done.returncode == 2 and done.stderr.splitlines()[-1] == "mbench: the server is gone"
    assert "Traceback" not in done.stderr and not list(tmp_path.rglob("result.json"))
    one_line_error(
        command("evaluate", write(tmp_path, configuration(tmp_path, judge="retreival"))), "did you mean 'retrieval'"
    )


def test_no_judge_is_made_where_no_metric_asks_one(tmp_path):
    config = configuration(tmp_path, judge="judges_for_tests:Explodes", metrics=["quality/jerk"])
    config["judge"] = "judges_for_tests:Explodes"
    assert plan_of(config).judge is None
    with pytest.raises(mbench.MBenchError, match="no such weights"):
        plan_of({**config, "metrics": [GENERALIZABILITY]})


def test_the_metrics_of_this_file_are_all_judged_ones():
    assert [name for name, item in select_metrics() if item.info.judged] == sorted(JUDGED)
