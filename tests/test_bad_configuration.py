"""Bad configurations, suites and folders: one line, exit code 2, nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers import mbench, one_line_error, write_model, write_small_suite
from mbench import MBenchError, evaluate
from mbench.plan import plan_of
from mbench.suites import suite_from_rows

GOOD = "model: plugins_for_tests:Recorder\nsuite: suite.yaml\n"

CASES = {
    "text for a number": (GOOD + "run: {seed: one}\n", ["run.seed", "'one'", "integer"]),
    "number as text": (GOOD + "run: {batch_size: '16'}\n", ["run.batch_size", "'16'", "integer"]),
    "negative count": (GOOD + "run: {replicates: 0}\n", ["run.replicates", "0", "greater than or equal to 1"]),
    "unknown key": (GOOD + "suites: x\n", ["unknown field 'suites'", "did you mean 'suite'"]),
    "unknown key deep": (GOOD + "run: {sed: 1}\n", ["unknown field 'run.sed'", "did you mean 'seed'"]),
    "unknown backend": (GOOD + "run: {backend: slurm}\n", ["run.backend", "'slurm'", "'joblib' or 'dask'"]),
    "no model": ("suite: suite.yaml\n", ["field 'model' is missing"]),
    "model is a list": ("model: [a, b]\nsuite: suite.yaml\n", ["model", "['a', 'b']"]),
    "key twice": (GOOD + "suite: other.yaml\n", ["line 3", "'suite' is written twice"]),
    "not yaml": ("model: [a\nsuite: b\n", ["is not valid YAML", "line"]),
    "yaml that runs code": ("!!python/object/apply:os.system ['touch pwned']\n", ["is not valid YAML"]),
    "empty": ("", ["holds nothing", "model: choreographer"]),
    "a list": ("- model\n", ["holds a list"]),
    "not text": ("\udcff\udcfe".encode(errors="surrogateescape"), ["is not text"]),
    "unknown model": (
        "model: choreografer\nsuite: suite.yaml\n",
        ["no model is named", "did you mean 'choreographer'"],
    ),
    "unknown suite": ("model: choreographer\nsuite: mbench-min\n", ["mbench-min"]),
    "unknown metric": (GOOD + "metrics: [jiter_degree]\n", ["no metric is named 'jiter_degree'", "jitter_degree"]),
    "no metrics": (GOOD + "metrics: []\n", ["metrics", "at least 1"]),
    "not a metric": (GOOD + "metrics: ['plugins_for_tests:figure']\n", ["is a function, not a metric"]),
    "module that is not there": (
        "model: nowhere:Model\nsuite: suite.yaml\n",
        ["'nowhere:Model' could not be imported"],
    ),
    "class that is not there": (
        "model: plugins_for_tests:Recordr\nsuite: suite.yaml\n",
        ["has no 'Recordr'", "did you mean 'Recorder'"],
    ),  # fmt: skip
    "model that can't start": (
        "model: plugins_for_tests:Explodes\nsuite: suite.yaml\n",
        ["could not be started", "no such weights"],
    ),  # fmt: skip
    "unknown option": (
        "model: {name: 'plugins_for_tests:Recorder', options: {broke: p01}}\nsuite: suite.yaml\n",
        ["unknown option 'broke'", "did you mean 'broken'"],
    ),
    "missing option": ("model: motions\nsuite: suite.yaml\n", ["option 'folder' is missing"]),
    "folder that is not there": (
        "model: {name: motions, options: {folder: nowhere}}\nsuite: suite.yaml\n",
        ["nowhere is not there"],
    ),  # fmt: skip
    "folder without motions": (
        "model: {name: motions, options: {folder: bare}}\nsuite: suite.yaml\n",
        ["holds no motion file"],
    ),  # fmt: skip
    "command without placeholders": (
        "model: {name: command, options: {run: echo}}\nsuite: suite.yaml\n",
        ["{requests}"],
    ),  # fmt: skip
    "too many replicates": (
        "model: {name: motions, options: {folder: full}}\nsuite: suite.yaml\nrun: {replicates: 2}\n",
        ["run.replicates is 2", "at most 1"],
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small_suite(tmp_path / "suite.yaml")
    (tmp_path / "full").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "full" / "p00.npy").write_bytes(b"anything")
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_bad_model_yaml(folder, case):
    content, words = CASES[case]
    path = folder / "model.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MBenchError) as caught:
        evaluate(path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
    names = {item.name for item in folder.iterdir()}
    assert names == {"suite.yaml", "model.yaml", "full", "bare"}, "something was written"


def test_the_command_line_says_it_in_one_line(folder):
    (folder / "model.yaml").write_text(GOOD + "run: {seed: one}\n")
    one_line_error(mbench("evaluate", folder / "model.yaml", cwd=folder), "model.yaml", "run.seed", "'one'")
    assert not (folder / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "nowhere.yaml"], ["nowhere.yaml", "no such file"]),
        (["evaluate", "full"], ["full", "holds no run.json"]),
        (["validate", "model.yaml", "--set", "run.seed"], ["--set", "key=value"]),
        (["validate", "model.yaml", "--set", "suite.x=1"], ["--set", "not a group of fields"]),
        (["compare", "full", "full"], ["full", "result.json"]),
        (["score", "nowhere.npy"], ["nowhere.npy"]),
        (["score", "full/p00.npy"], ["p00.npy"]),
        (["score", "empty"], ["empty", "holds no motion file"]),
        (["inspect", "nowhere.npy"], ["nowhere.npy"]),
        (["convert", "full/p00.npy", "out.npz"], ["p00.npy"]),
        (["describe", "metric", "jiter"], ["no metric is named 'jiter'"]),
        (["describe", "model", "nobody"], ["no model is named 'nobody'"]),
        (["data", "suite", "full", "out"], ["full", "metadata.jsonl"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_arguments(folder, arguments, words):
    (folder / "model.yaml").write_text(GOOD)
    (folder / "empty").mkdir()
    before = sorted(folder.rglob("*"))
    one_line_error(mbench(*arguments, cwd=folder), *words)
    assert sorted(folder.rglob("*")) == before, "something was written"


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    real, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MBenchError, match="No space left on device"):
        evaluate(config)
    monkeypatch.undo()
    run = plan_of(config).folder
    assert not [path for path in run.path.rglob(".*") if path.name != ".lock"]
    result = evaluate(config)
    assert result["metrics"]["quality/jitter_degree"]["n"] == 6


def test_a_folder_that_can_not_be_written(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(MBenchError, match="can't be written"):
        evaluate(config)


def test_half_a_character_in_a_prompt_is_refused():
    row = {"id": "a", "text": "walk \ud83d", "seconds": 2, "dimensions": ["quality"]}
    with pytest.raises(MBenchError, match="half a surrogate pair"):
        suite_from_rows("s", [row])


def test_two_processes_do_not_share_a_run(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    with plan_of(config).folder.locked(), pytest.raises(MBenchError, match="another mbench is working on this run"):
        evaluate(config)
    assert evaluate(config)["motions"] == 6


@pytest.mark.parametrize("broken", ["index", "partial", "run", "result"])
def test_broken_files_of_a_run_are_named(tmp_path, broken):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    evaluate(config)
    path = getattr(plan_of(config).folder, broken)
    path.write_text("{broken\n")
    with pytest.raises(MBenchError, match=path.name) as caught:
        evaluate(config) if broken != "result" else mbench_compare(path.parent)
    assert "\n" not in str(caught.value)


def mbench_compare(folder: Path) -> None:
    from mbench import compare

    compare(folder, folder)
