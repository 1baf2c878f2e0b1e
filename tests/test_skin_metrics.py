"""Metrics of the skinned body through the runner: which body is part of the value's version."""

from __future__ import annotations

import csv
import importlib.util
import json

import pytest

from helpers import mbench, write_model
from mbench import MBenchError, evaluate, score
from mbench.body import find_body
from mbench.config import load_config
from mbench.plan import plan_of
from plugins_for_tests import figure

pytest.importorskip("smplx")
RECORDER = "plugins_for_tests:Recorder"
NAME = "quality/body_penetration"


def write_pose_model(folder, metrics, prompts=2):
    """Write a model.yaml whose prompts score the poses too."""
    config = write_model(folder, RECORDER, metrics, prompts)
    suite = folder / "suite.yaml"
    suite.write_text(suite.read_text().replace("[quality]", "[quality, pose]"))
    return config


def test_the_body_is_part_of_the_version(tmp_path):
    config = write_pose_model(tmp_path, "[body_penetration]")
    capsules = load_config(config, ["body=capsules"])
    result = evaluate(capsules)
    first = result["metrics"][NAME]
    assert any("different bodies are not comparable" in note for note in result["notes"])
    digest = find_body("capsules").facts()["weights"][:10]
    assert first["version"] == f"1+capsules.{digest}" and first["n"] == 2
    limited = evaluate(load_config(config, ["body.name=capsules", "body.max_collisions=8"]))["metrics"][NAME]
    assert limited["version"] == f"1+capsules.{digest}+max_collisions=8"
    assert limited["value"] <= first["value"]
    with (plan_of(capsules).folder.scores).open() as file:
        versions = {row["version"] for row in csv.DictReader(file)}
    assert versions == {first["version"], limited["version"]}, "one body's values replaced another's"
    run = json.loads(plan_of(capsules).folder.run.read_text())
    assert run["versions"][NAME] == limited["version"]


def test_runs_with_different_bodies_do_not_compare(tmp_path):
    folders = []
    for number, body in enumerate(("capsules", "{name: capsules, max_collisions: 8}")):
        base = tmp_path / str(number)
        base.mkdir()
        config = write_pose_model(base, "[body_penetration, jitter_degree]")
        config.write_text(config.read_text() + f"body: {body}\n")
        evaluate(config)
        folders.append(plan_of(config).folder.path)
    document = json.loads(mbench("compare", *folders, "--json").stdout)
    assert "differ" in document["left_out"][NAME] and "quality/jitter_degree" in document["metrics"]


def test_an_unknown_body_is_told(tmp_path):
    config = write_model(tmp_path, RECORDER, "[body_penetration]")
    with pytest.raises(MBenchError, match="nobody"):
        evaluate(load_config(config, ["body=nobody"]))
    assert not (tmp_path / "results").exists()


def test_without_the_extra_the_pillar_is_scored_without_them_and_says_so(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "smplx" else real(name, *a))
    result = evaluate(write_pose_model(tmp_path, "[quality]"))
    assert NAME not in result["metrics"] and "quality/jitter_degree" in result["metrics"]
    assert any("body_penetration" in note and "mbench[body]" in note for note in result["notes"])
    with pytest.raises(MBenchError, match="mbench\\[body\\]"):
        evaluate(write_model(tmp_path, RECORDER, "[body_penetration]"))


def test_score_computes_them_when_they_are_named():
    motion = figure(1, 0.5)
    assert NAME not in score(motion).columns
    assert score(motion, ["body_penetration"]).loc[0, NAME] >= 0


def test_a_pose_prior_of_ones_own(tmp_path):
    import torch
    from safetensors.torch import save_file

    from mbench.body.prior.network import DistanceField

    torch.manual_seed(0)
    save_file(DistanceField(4, 6, (8,)).state_dict(), tmp_path / "mine.safetensors")
    config = write_pose_model(tmp_path, "[pose_quality]")
    built_in = evaluate(load_config(config, ["body=capsules"]))["metrics"]["quality/pose_quality"]
    own = evaluate(load_config(config, ["body.name=capsules", "body.prior=mine.safetensors"]))
    mine = own["metrics"]["quality/pose_quality"]
    assert built_in["version"].count("+prior.") == 1 and mine["version"] != built_in["version"]
    assert mine["value"] != built_in["value"] and mine["n"] == 2
    with pytest.raises(MBenchError, match="body.prior: .*nowhere.safetensors: there is no such file"):
        evaluate(load_config(config, ["body.prior=nowhere.safetensors"]))
