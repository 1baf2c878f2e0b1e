"""The runner: stages, resuming, failures, what decides a run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from helpers import write_model
from mbench import MBenchError, evaluate
from mbench.config import load_config
from mbench.plan import plan_of
from mbench.seeds import seed_of

RECORDER = "plugins_for_tests:Recorder"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_the_folder_that_the_design_names(tmp_path):
    config = write_model(tmp_path, RECORDER)
    result = evaluate(config)
    folder = plan_of(config).folder.path
    assert folder == tmp_path / "results" / "recorder" / result["run_id"]
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    motions = {f"motions/p{i:02d}-0.npz" for i in range(6)}
    assert names == motions | {"motions/index.jsonl", "run.json", "scores.csv", "result.json", "report.html"}
    run = json.loads((folder / "run.json").read_text())
    assert run["schema"] == 1 and run["end"] and run["config"]["model"]["name"] == RECORDER
    assert {"numpy", "scipy"} <= set(run["provenance"]["packages"])


def test_values_are_those_of_the_metrics(tmp_path):
    import mbench

    config = write_model(tmp_path, RECORDER)
    evaluate(config)
    folder = plan_of(config).folder.path
    table = mbench.score({path.stem: path for path in sorted((folder / "motions").glob("*.npz"))})
    for row in rows_of(folder):
        if row["value"]:
            assert float(row["value"]) == table.loc[f"{row['prompt']}-0", row["metric"]]
    result = json.loads((folder / "result.json").read_text())
    jitter = result["metrics"]["quality/jitter_degree"]
    assert jitter["value"] == pytest.approx(table["quality/jitter_degree"].mean())
    assert jitter["low"] < jitter["value"] < jitter["high"] and jitter["n"] == 6 and jitter["missing"] == 0


def test_a_second_run_computes_nothing(tmp_path, monkeypatch):
    log = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(log))
    config = write_model(tmp_path, RECORDER, "[quality, 'plugins_for_tests:recorded']")
    first = evaluate(config)
    calls = log.read_text()
    assert calls.count("generate") == 6 and calls.count("score") == 6
    assert evaluate(config) == first
    assert log.read_text() == calls


def test_rescore_computes_again_and_a_new_metric_only_itself(tmp_path, monkeypatch):
    log = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(log))
    evaluate(write_model(tmp_path, RECORDER))
    config = write_model(tmp_path, RECORDER, "['plugins_for_tests:recorded']")
    result = evaluate(config)
    assert list(result["metrics"]) == ["quality/recorded"]
    metrics = {row["metric"] for row in rows_of(plan_of(config).folder.path)}
    assert {"quality/jitter_degree", "quality/recorded"} <= metrics, "scores of the first run were lost"
    evaluate(config, rescore=True)
    calls = log.read_text()
    assert calls.count("generate") == 6 and calls.count("score") == 12


def test_stages_run_alone(tmp_path):
    config = write_model(tmp_path, RECORDER)
    folder = plan_of(config).folder
    evaluate(config, stage="generate")
    assert len(folder.generations()) == 6 and not folder.scores.exists()
    evaluate(config, stage="score")
    assert folder.scores.exists() and not folder.result.exists()
    result = evaluate(config, stage="summarise")
    assert result["metrics"]["quality/jitter_degree"]["n"] == 6


def test_a_run_folder_is_scored_again_without_its_model(tmp_path):
    config = write_model(tmp_path, RECORDER)
    first = evaluate(config)
    folder = plan_of(config).folder.path
    (folder / "scores.csv").unlink()
    assert evaluate(folder) == first
    with pytest.raises(MBenchError, match="can be scored again, not generated"):
        evaluate(folder, stage="generate")


@pytest.mark.parametrize("batch_size", [1, 4, 100])
@pytest.mark.parametrize("workers", [1, 2])
def test_batch_size_and_workers_change_no_number(tmp_path, batch_size, workers):
    plain = evaluate(write_model(tmp_path, RECORDER, prompts=20))
    run = f"{{batch_size: {batch_size}, workers: {workers}}}"
    config = write_model(tmp_path, RECORDER, prompts=20, run=run)
    other = load_config(config, [f"output={tmp_path / 'other'}"])
    assert evaluate(other) == plain


def test_replicates_have_seeds_of_their_own_and_cluster(tmp_path):
    config = write_model(tmp_path, RECORDER, run="{replicates: 3}")
    result = evaluate(config)
    folder = plan_of(config).folder
    assert len(folder.generations()) == 18
    assert len({row.seed for row in folder.generations().values()}) == 18
    jitter = result["metrics"]["quality/jitter_degree"]
    assert jitter["n"] == 6, "n counts prompts, not replicates"
    rows = [row for row in rows_of(folder.path) if row["metric"] == "quality/jitter_degree"]
    by_prompt = [np.mean([float(r["value"]) for r in rows if r["prompt"] == f"p{i:02d}"]) for i in range(6)]
    assert jitter["value"] == pytest.approx(np.mean(by_prompt))


def test_the_seed_depends_on_nothing_but_run_prompt_and_replicate():
    assert seed_of(0, "a", 0) == seed_of(0, "a", 0)
    others = {seed_of(0, "a", 0), seed_of(1, "a", 0), seed_of(0, "b", 0), seed_of(0, "a", 1)}
    assert len(others) == 4 and all(0 <= seed < 2**32 for seed in others)


def test_what_decides_the_motions_decides_the_run_id(tmp_path):
    config = write_model(tmp_path, RECORDER)

    def run_id(*overrides: str) -> str:
        return plan_of(load_config(config, overrides)).run_id

    same = {run_id(), run_id("run.batch_size=3"), run_id("run.workers=2"), run_id("run.device=cpu")}
    assert len(same) == 1 and same == {run_id("metrics=quality"), run_id("output=elsewhere")}
    other = {
        run_id("run.seed=1"),
        run_id("run.replicates=2"),
        run_id("run.limit=3"),
        run_id("model.options.broken=p01"),
    }
    assert len(other | same) == 5


def test_a_prompt_that_breaks_is_missing_and_the_others_are_not(tmp_path):
    config = write_model(tmp_path, f"{{name: '{RECORDER}', options: {{broken: p01, silent: p03}}}}")
    result = evaluate(config)
    jitter = result["metrics"]["quality/jitter_degree"]
    assert (jitter["n"], jitter["missing"], result["motions"]) == (4, 2, 4)
    assert jitter["reasons"] == {
        "no motion: RuntimeError: no idea how to do p01": 1,
        "no motion: LookupError: never heard of it": 1,
    }
    rows = [r for r in rows_of(plan_of(config).folder.path) if r["prompt"] == "p01"]
    assert rows and all(row["value"] == "" and row["reason"] for row in rows)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("plugins_for_tests:Mute", "no motion: ValueError: the model yielded no motion for this prompt"),
        ("plugins_for_tests:Arrays", "no motion: TypeError: the model yielded a ndarray; expected a mbench.Motion"),
    ],
)
def test_models_that_break_the_protocol_are_told(tmp_path, model, reason):
    result = evaluate(write_model(tmp_path, f"'{model}'"))
    jitter = result["metrics"]["quality/jitter_degree"]
    assert jitter["value"] is None and jitter["reasons"] == {reason: 6}
    assert result["pillars"] == {}


def test_metrics_that_break_or_do_not_apply_are_missing_with_their_reason(tmp_path):
    plugins = ", ".join(f"'plugins_for_tests:{n}'" for n in ("breaks", "not_a_number", "never_applies"))
    metrics = evaluate(write_model(tmp_path, RECORDER, f"[{plugins}]"))["metrics"]
    assert metrics["quality/breaks"]["reasons"] == {"failed: ZeroDivisionError: by zero": 6}
    assert "returned nan" in next(iter(metrics["quality/not_a_number"]["reasons"]))
    assert metrics["quality/never_applies"]["reasons"] == {"does not apply to this motion": 6}
    assert {name: m["failed"] for name, m in metrics.items()} == {
        "quality/breaks": 6, "quality/not_a_number": 6, "quality/never_applies": 0,
    }  # fmt: skip
    assert all(m["value"] is None and m["n"] == 0 and m["missing"] == 6 for m in metrics.values())


def test_retry_generates_again_what_failed(tmp_path, monkeypatch):
    config = write_model(tmp_path, f"{{name: '{RECORDER}', options: {{silent: p03}}}}")
    log = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(log))
    evaluate(config)
    evaluate(config)
    assert log.read_text().count("p03") == 1
    evaluate(config, retry=True)
    assert log.read_text().count("p03") == 2 and log.read_text().count("p02") == 1


def test_a_motion_that_changed_since_it_was_generated_is_refused(tmp_path):
    config = write_model(tmp_path, RECORDER)
    evaluate(config, stage="generate")
    path = plan_of(config).folder.motions / "p00-0.npz"
    (path.parent / "p01-0.npz").replace(path)
    with pytest.raises(MBenchError, match="p00-0.npz: changed since it was generated"):
        evaluate(config)


def test_a_run_of_a_newer_schema_is_left_alone(tmp_path):
    config = write_model(tmp_path, RECORDER)
    folder = plan_of(config).folder
    folder.path.mkdir(parents=True)
    folder.run.write_text('{"schema": 99}')
    with pytest.raises(MBenchError, match="schema 99; this mbench reads up to 1"):
        evaluate(config)


def test_official_result_files(tmp_path):
    config = write_model(tmp_path, RECORDER)
    result = evaluate(config, official=True)
    folder = plan_of(config).folder.path / "official"
    evaluation = json.loads((folder / "recorder_eval_results.json").read_text())
    jitter = evaluation["Jitter_Degree"]
    assert jitter["aggregate"]["mean"] == pytest.approx(result["metrics"]["quality/jitter_degree"]["value"])
    assert jitter["aggregate"]["num_samples"] == 6
    assert set(jitter["per_motion"][0]) == {"id", "prompt", "value", "evaluation_file", "motion_duration"}
    assert jitter["per_motion"][0]["motion_duration"] == 40
    per_motion = json.loads((folder / "recorder_per_motion_results.json").read_text())
    assert set(per_motion) == {"evaluation_name", "dimensions", "motions"} and len(per_motion["motions"]) == 6
    assert set(evaluation) == set(per_motion["motions"][0]["dimensions"])


def test_a_cluster_gives_the_same_numbers(tmp_path):
    distributed = pytest.importorskip("distributed")
    plain = evaluate(write_model(tmp_path, RECORDER, prompts=20))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        run = f"{{backend: dask, scheduler: '{cluster.scheduler_address}'}}"
        config = load_config(write_model(tmp_path, RECORDER, prompts=20, run=run), [f"output={tmp_path / 'other'}"])
        assert evaluate(config) == plain
