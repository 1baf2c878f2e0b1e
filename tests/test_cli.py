"""The command line as a user meets it: what it prints and where, exit codes, JSON."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers import environment, mbench, one_line_error, write_model
from mbench import read_motion, score, write_motion
from mbench.metrics.base import METRICS
from plugins_for_tests import figure

PUBLISHED = ["jitter_degree", "dynamic_degree", "ground_penetration", "foot_sliding", "foot_floating"]


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    for seed in range(3):
        write_motion(figure(seed, 3.0), folder / f"clip{seed}.npz")
    return folder


def test_help_names_every_command():
    text = mbench("--help").stdout
    for command in ("evaluate", "score", "compare", "validate", "convert", "inspect", "list", "describe", "data"):
        assert f" {command} " in text
    assert mbench("--version").stdout.startswith("mbench ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "--nope"], ["--nope"]),
        (["scor"], ["scor"]),
        (["evaluate"], ["model"]),
        (["evaluate", "m.yaml", "--limit", "0"], ["--limit", "greater than or equal to 1"]),
        (["score", "x.npy", "--fps", "fast"], ["--fps", "number"]),
        (["score", "x.npy", "--up", "w"], ["--up", "w"]),
        (["list", "metric"], ["metric", "metrics"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_wrong_usage_is_one_line(arguments, words):
    one_line_error(mbench(*arguments), *words)


def test_no_arguments_show_the_help():
    done = mbench()
    assert done.returncode == 2 and "evaluate" in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_evaluate_prints_the_table_on_stdout_and_progress_on_stderr(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    done = mbench("evaluate", config)
    assert done.returncode == 0
    for name in PUBLISHED:
        assert f"quality/{name}" in done.stdout
    assert "generate: 6/6" in done.stderr and "score: 6/6" in done.stderr and "generate" not in done.stdout
    assert "report.html" in done.stdout


def test_evaluate_json_is_one_document(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    document = json.loads(mbench("evaluate", config, "--json").stdout)
    assert document["schema"] == 1 and document["metrics"]["quality/jitter_degree"]["n"] == 6


def test_limit_and_set(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    document = json.loads(mbench("evaluate", config, "--limit", 2, "--set", "run.replicates=2", "--json").stdout)
    assert document["prompts"] == 2 and document["motions"] == 4
    assert "limited to the first 2 of 6 prompts" in document["notes"]


def test_something_missing_exits_1(tmp_path):
    config = write_model(tmp_path, "{name: 'plugins_for_tests:Recorder', options: {broken: p02}}")
    done = mbench("evaluate", config)
    assert done.returncode == 1
    assert "missing: quality/jitter_degree × 1: no motion: RuntimeError: no idea how to do p02" in done.stdout


def test_ctrl_c_exits_130_and_the_run_carries_on(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder", prompts=30, run="{batch_size: 2}")
    log = tmp_path / "calls"
    process = subprocess.Popen(
        [sys.executable, "-m", "mbench", "evaluate", str(config)],
        env=environment(CALLS=str(log), SLOW="0.05"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not log.exists() or log.read_text().count("generate") < 4:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in stderr
    assert "interrupted; the same command carries on" in stderr
    assert mbench("evaluate", config).returncode == 0


def test_validate_writes_nothing(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    done = mbench("validate", config)
    assert done.returncode == 0 and "is valid" in done.stdout and not (tmp_path / "results").exists()
    document = json.loads(mbench("validate", config, "--json").stdout)
    assert document["prompts"] == 6 and document["generated"] == 0


def test_score_json_is_the_documented_document(clips):
    done = mbench("score", clips, "--up", "z", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"schema", "clips", "reasons", "summary"} and document["schema"] == 1
    assert list(document["clips"]) == ["clip0", "clip1", "clip2"]
    table = score({path.stem: path for path in sorted(clips.iterdir())})
    for stem, values in document["clips"].items():
        for name, value in values.items():
            assert (value is None and name in document["reasons"][stem]) or value == table.loc[stem, name]
    jitter = document["summary"]["quality/jitter_degree"]
    assert set(jitter) == {"value", "low", "high", "n", "missing"}
    assert jitter["value"] == pytest.approx(table["quality/jitter_degree"].mean()) and jitter["n"] == 3


def test_score_carries_on_past_a_broken_file_of_a_folder(clips):
    (clips / "broken.npy").write_bytes(b"\x93NUMPY")
    done = mbench("score", clips, "--up", "z", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert set(document["clips"]["broken"].values()) == {None}
    assert "broken.npy" in document["reasons"]["broken"]["quality/jitter_degree"]
    assert document["summary"]["quality/jitter_degree"] | {"value": 0, "low": 0, "high": 0} == {
        "value": 0, "low": 0, "high": 0, "n": 3, "missing": 1,
    }  # fmt: skip
    assert "broken" in mbench("score", clips, "--up", "z").stdout


def test_a_clip_too_short_for_a_dimension_is_something_missing(tmp_path):
    write_motion(figure(1, 0.1), tmp_path / "short.npz")
    done = mbench("score", tmp_path / "short.npz", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["clips"]["short"]["quality/jitter_degree"] is None
    assert "needs at least 3 frames" in document["reasons"]["short"]["quality/jitter_degree"]


def test_files_with_one_stem_are_told_apart(clips):
    write_motion(figure(7, 3.0), clips / "other" / "clip0.npz")
    document = json.loads(mbench("score", clips, "--json").stdout)
    assert set(document["clips"]) == {"clip0.npz", "other/clip0.npz", "clip1", "clip2"}


def test_score_takes_published_names_and_workers(clips):
    done = json.loads(mbench("score", clips, "--metrics", "Jitter_Degree", "--workers", "2", "--json").stdout)
    assert list(done["summary"]) == ["quality/jitter_degree"]
    one = json.loads(mbench("score", clips, "--metrics", "jitter_degree", "--json").stdout)
    assert one == done


def test_compare_says_better_worse_or_that_it_cannot_tell(tmp_path):
    folders = {}
    for name, seed in (("good", 0), ("same", 1), ("bad", 0)):
        base = tmp_path / name
        base.mkdir()
        config = write_model(base, "plugins_for_tests:Recorder", prompts=20, run=f"{{seed: {seed}}}")
        if name == "bad":
            motions = base / "motions"
            noise = np.random.default_rng(0)
            for path in sorted((tmp_path / "good" / "results").rglob("*.npz")):
                motion = read_motion(path)
                shaky = motion.joints + noise.normal(scale=0.02, size=motion.joints.shape).astype("f4")
                write_motion(motion.replace(joints=shaky), motions / path.name.replace("-0", ""))
            config.write_text(config.read_text().replace(
                "plugins_for_tests:Recorder", "{name: motions, options: {folder: motions, up: z}}"
            ))  # fmt: skip
        mbench("evaluate", config)
        folders[name] = next((base / "results").glob("*/*"))
    document = json.loads(mbench("compare", folders["good"], folders["bad"], "--json").stdout)
    jitter = document["metrics"]["quality/jitter_degree"]
    assert jitter["verdict"] == "better" and jitter["high"] < 0 and jitter["n"] == 20 and jitter["p_sign"] < 1e-4
    back = json.loads(mbench("compare", folders["bad"], folders["good"], "--json").stdout)
    assert back["metrics"]["quality/jitter_degree"]["verdict"] == "worse"
    same = mbench("compare", folders["good"], folders["same"])
    assert same.returncode == 0 and "can't tell" in same.stdout
    self = json.loads(mbench("compare", folders["good"], folders["good"], "--json").stdout)
    assert {metric["verdict"] for metric in self["metrics"].values()} == {"can't tell"}


def test_compare_refuses_other_suites(tmp_path):
    folders = []
    for prompts in (4, 5):
        base = tmp_path / str(prompts)
        base.mkdir()
        mbench("evaluate", write_model(base, "plugins_for_tests:Recorder", prompts=prompts))
        folders.append(next((base / "results").glob("*/*")))
    done = mbench("compare", *folders)
    assert done.returncode == 2 and "only runs on one suite compare" in done.stderr


@pytest.mark.parametrize("kind", ["metrics", "models", "judges", "suites", "bodies"])
def test_list(kind):
    done = mbench("list", kind, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)[kind]
    assert all(row["name"] for row in rows) and not any("broken" in row for row in rows)
    expected = {"metrics": "quality/foot_sliding", "models": "choreographer", "suites": "mbench-mini"}
    if kind in expected:
        assert expected[kind] in {row["name"] for row in rows}
        assert expected[kind] in mbench("list", kind).stdout


def test_describe_a_metric_in_any_spelling():
    published = json.loads(mbench("describe", "metric", "Foot_Sliding", "--json").stdout)
    assert published["name"] == "quality/foot_sliding" and published["unit"] == "m/frame"
    text = mbench("describe", "metric", "foot_sliding").stdout
    for word in ("unit", "lower", "source", "needs", "formula"):
        assert word in text


@pytest.mark.parametrize(("kind", "name"), [("model", "motions"), ("model", "static"), ("suite", "mbench-mini")])
def test_describe_other_things(kind, name):
    assert name in mbench("describe", kind, name).stdout


def test_describe_every_metric_says_everything():
    for name in METRICS.names():
        info = METRICS.get(name).info
        assert info.formula and info.unit and info.source and info.better in ("lower", "higher")


def test_convert_and_inspect(clips, tmp_path):
    assert mbench("convert", clips / "clip0.npz", tmp_path / "walk.bvh").returncode == 0
    back = read_motion(tmp_path / "walk.bvh")
    assert len(back) == 60 and back.fps == 20
    done = mbench("convert", clips, tmp_path / "arrays", "--to", "npy", "--json")
    assert len(json.loads(done.stdout)["files"]) == 3
    np.testing.assert_array_equal(np.load(tmp_path / "arrays" / "clip1.npy"), figure(1, 3.0).joints)
    facts = json.loads(mbench("inspect", clips / "clip0.npz", "--json").stdout)["files"][0]
    assert facts["frames"] == 60 and facts["fps"] == 20
    assert "frames" in mbench("inspect", clips / "clip0.npz").stdout


def test_data_suite_makes_a_suite_of_real_motion(shared, tmp_path):
    out = tmp_path / "real"
    done = mbench("data", "suite", shared / "mocap", out, "--limit", "12", "--source", "cmu")
    assert done.returncode == 0, done.stderr
    assert len(list((out / "motions").glob("*.npz"))) == 12
    document = json.loads(mbench("evaluate", out / "model.yaml", "--json", cwd=tmp_path).stdout)
    assert document["motions"] == 12 and document["metrics"]["quality/foot_floating"]["n"] == 12
    assert mbench("data", "suite", shared / "mocap", out).returncode == 2, "it wrote over a folder that holds something"


def test_a_call_that_a_judge_still_waits_for_does_not_hold_up_the_end():
    code = (
        "import threading, time; from mbench import cli; from mbench.judges.vision.pacing import THREAD\n"
        "threading.Thread(target=time.sleep, args=(60,), name=THREAD).start()\n"
        "cli._fail('mbench', 'no such server')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (2, "mbench: no such server\n")
