"""`vimogen train` from a recipe to a weights folder: what it writes, and that nothing stops it from going on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers import HERE, environment, one_line_error
from mbench.errors import ConfigError, MBenchError
from vimogen.checkpoint import card_of, load_generator
from vimogen.generator import Request
from vimogen.training.recipe import Recipe
from vimogen.training.run import first_network, run_training
from vimogen_folders import TINY, TRAIN, recipe_of, row_of, rows_of, write_folder, write_recipe

MODEL = "model-00001-of-00001.safetensors"


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order, as in the processes that the tests start."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with data, a recipe and its run; texts are encoded once for all tests."""
    folder = tmp_path_factory.mktemp("train")
    write_folder(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(folder / "cache"))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        run_training(recipe_of(folder), quiet=True)
        torch.set_num_threads(threads)
    return folder


@pytest.fixture(autouse=True)
def _cache(folder, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(folder / "cache"))


def lines_of(run: Path) -> list[dict]:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "samples_per_second")} for row in rows]


def another(folder: Path, tmp_path: Path, **change) -> Recipe:
    """Return a recipe that trains on the same data into `tmp_path`/run."""
    return recipe_of(tmp_path, data=str(folder / "data"), **change)


def weights_of(run: Path) -> bytes:
    return (run / "weights" / MODEL).read_bytes()


def test_what_a_run_writes(folder):
    assert {path.name for path in (folder / "run").iterdir()} == {
        "checkpoint.pt", "log.jsonl", "loss.png", "samples.png", "weights"
    }  # fmt: skip
    assert {path.name for path in (folder / "run" / "weights").iterdir()} == {"config.json", "card.json", MODEL}


def test_the_log_has_the_parts_of_the_loss_and_what_was_evaluated(folder):
    rows = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    steps = [row for row in rows if "loss" in row]
    assert [row["step"] for row in steps] == [2, 4, 6]
    for row in steps:
        parts = [row[name] for name in ("flow", "posing", "velocity", "drift", "contact")]
        assert row["loss"] == pytest.approx(sum(parts), rel=1e-5)
        assert row["samples_per_second"] > 0
    evaluations = [row["evaluation"] for row in rows if "evaluation" in row]
    assert len(evaluations) == 2
    for numbers in evaluations:
        assert {"error_at_0.3", "error_at_1", "jitter_degree", "foot_sliding", "root_drift_end_m"} <= numbers.keys()
        assert all(np.isfinite(value) for value in numbers.values())
    assert evaluations[1]["error_at_1"] < evaluations[0]["error_at_1"]


def test_samples_are_drawn(folder):
    from matplotlib.image import imread

    picture = imread(folder / "run" / "samples.png")
    assert picture.shape[:2] == (430, 900)  # two validation prompts
    assert (picture[..., :3].std(axis=(0, 1)) > 0.02).all()


def test_the_weights_are_those_of_the_moving_average(folder):
    generator = load_generator(folder / "run" / "weights", "cpu")
    average = torch.load(folder / "run" / "checkpoint.pt", weights_only=True)["average"]
    for name, value in generator.network.state_dict().items():
        torch.testing.assert_close(value, average[name], rtol=1e-3, atol=1e-6)
    rows = generator.sample([Request("a person walks", 25, 0)])[0]
    assert rows.shape == (25, 276)
    assert np.isfinite(rows).all()


def test_the_card(folder):
    facts = json.loads((folder / "run" / "weights" / "card.json").read_text())
    assert facts["trained_on"] == "9 clips (0.0 h) optical; 6 steps of 4, fp32, 0 min"
    assert facts["data"]["subsets"] == {"optical": {"clips": 9, "hours": 0.0}}
    assert len(facts["data"]["hash"]) == 64
    assert facts["steps"] == 6
    assert facts["recipe"]["network"] == {**TINY, "predicts": "motion", "reference": True}
    assert facts["recipe"]["losses"] == {"posing": 2.0, "velocity": 5.0, "drift": 0.5, "contact": 5.0}
    network = load_generator(folder / "run" / "weights", "cpu").network
    assert facts["parameters"] == sum(weight.numel() for weight in network.parameters())
    assert str(folder) not in json.dumps(facts)
    assert card_of(folder / "run" / "weights").name == "vimogen"


def test_a_first_network_says_nothing_and_looks_at_the_same_frame_of_a_reference(tmp_path):
    """Queries and keys of references are one map: equal rows, before positions, attend to each other the most."""
    network = first_network(recipe_of(tmp_path), 8)
    assert not network.motion_head.head.weight.any()
    for block in network.blocks:
        attention, x = block.ref_motion_cross_attn, torch.randn(1, 6, 16)
        scores = attention.norm_q(attention.q(x)) @ attention.norm_k(attention.k(x)).transpose(1, 2)
        assert scores.argmax(dim=-1).tolist() == [[0, 1, 2, 3, 4, 5]]
    again = first_network(recipe_of(tmp_path), 8)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


KILLS = ["loss:2", "replace:2", "loss:4", "weights:1", "end"]


def test_killed_at_any_point_the_run_goes_on_as_if_nothing_had_been(folder, tmp_path):
    another(folder, tmp_path)
    done = subprocess.run(
        [sys.executable, str(HERE / "vimogen_runs.py"), str(tmp_path / "recipe.yaml"), *KILLS],
        capture_output=True, text=True, env=environment(),
    )  # fmt: skip
    ends = dict(line.split() for line in done.stdout.splitlines())
    assert ends == {point: "0" if point == "end" else "-9" for point in KILLS}, done.stderr
    assert weights_of(tmp_path / "run") == weights_of(folder / "run")
    assert lines_of(tmp_path / "run") == lines_of(folder / "run")


def test_a_finished_run_is_only_loaded(folder, tmp_path):
    before, stamp = weights_of(folder / "run"), (folder / "run" / "checkpoint.pt").stat().st_mtime_ns
    said = []
    assert run_training(recipe_of(folder), True, said.append) == folder / "run" / "weights"
    assert weights_of(folder / "run") == before
    assert (folder / "run" / "checkpoint.pt").stat().st_mtime_ns == stamp
    assert said == ["reading the data", "9 clips, 26 captions (mirrored ones among them)"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mirror": 0.25}, "decides.recipe.mirror was 0.5, now it is 0.25"),
        ({"losses": {"drift": 1.0}}, "decides.recipe.losses.contact was 5.0, now it is null"),
        ({"network": {**TINY, "ffn_dim": 32}}, "decides.recipe.network.ffn_dim was 16, now it is 32"),
        ({"subsets": {"optical": {"text": 0.5}}}, "decides.recipe.subsets.optical.text was 0.8, now it is 0.5"),
        ({"train": {**TRAIN, "rate": 0.1}}, "settings.rate was 0.0003, now it is 0.1"),
    ],
)
def test_a_changed_recipe_is_refused(folder, change, message):
    with pytest.raises(MBenchError) as caught:
        run_training(recipe_of(folder, **change), quiet=True)
    assert message in str(caught.value)


def test_what_does_not_decide_the_weights_may_change(folder):
    before = weights_of(folder / "run")
    recipe = recipe_of(folder, notes="better told", version="2", sampling={"steps": 4}, validate_on=3)
    run_training(recipe, quiet=True)
    assert weights_of(folder / "run") == before
    assert json.loads((folder / "run" / "weights" / "config.json").read_text())["sampling"]["steps"] == 4
    assert card_of(folder / "run" / "weights").version == "2"


def test_changed_data_are_refused(folder, tmp_path):
    shutil.copytree(folder / "data", tmp_path / "data")
    shutil.copytree(folder / "run", tmp_path / "run")
    torch.save(torch.from_numpy(rows_of(99, 24)), tmp_path / "data" / "motions" / "c00.pt")
    with pytest.raises(MBenchError, match="is of another run: decides.data was"):
        run_training(recipe_of(tmp_path), quiet=True)


def test_a_training_may_start_from_weights(folder, tmp_path):
    """At a rate of nothing the weights stay, in the units of the statistics they were trained with."""
    shutil.copytree(folder / "data", tmp_path / "data")
    with np.load(tmp_path / "data" / "statistics.npz") as own:
        np.savez(tmp_path / "data" / "statistics.npz", mean=own["mean"] + 1, std=own["std"] * 2)
    start, still = str(folder / "run" / "weights"), {**TRAIN, "steps": 1, "rate": 1e-30, "weight_decay": 0.0}
    weights = run_training(recipe_of(tmp_path, start=start, train=still, adversarial=0.1), quiet=True)
    before, after = load_generator(Path(start), "cpu"), load_generator(weights, "cpu")
    for name, value in after.network.state_dict().items():
        assert torch.equal(value, before.network.state_dict()[name]), name
    np.testing.assert_array_equal(after.codec.mean, before.codec.mean)
    np.testing.assert_array_equal(after.codec.std, before.codec.std)


def test_weights_of_another_size_are_refused(folder, tmp_path):
    start = str(folder / "run" / "weights")
    with pytest.raises(ConfigError, match="start: holds a network with dim 16; the one of the recipe has 32"):
        run_training(another(folder, tmp_path, start=start, network={**TINY, "dim": 32}), quiet=True)


def test_a_student_starts_from_the_text_branch_of_its_teacher(folder, tmp_path):
    start, still = folder / "run" / "weights", {**TRAIN, "steps": 1, "rate": 1e-30, "weight_decay": 0.0}
    recipe = another(folder, tmp_path, start=str(start), train=still, network={**TINY, "reference": False})
    student, teacher = (load_generator(own, "cpu").network.state_dict() for own in (run_training(recipe, True), start))
    assert student.keys() < teacher.keys()
    assert all(torch.equal(value, teacher[name]) for name, value in student.items())


@pytest.mark.parametrize("ema", [0.5, None])
def test_the_learned_gate_alone_is_trained(folder, tmp_path, ema):
    """Evaluations in between, which make a generator of the network, leave it trainable."""
    start, train = folder / "run" / "weights", {**TRAIN, "ema": ema, "rate": 0.1, "evaluate_every": 1}
    weights = run_training(another(folder, tmp_path, start=str(start), learn_gate=True, train=train), quiet=True)
    before, after = (load_generator(own, "cpu").network.state_dict() for own in (start, weights))
    assert after.keys() - before.keys() == {"soft_gate.weight", "soft_gate.bias"}
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    losses = [row["grad_norm"] for row in lines_of(tmp_path / "run") if "loss" in row]
    assert all(norm > 0 for norm in losses)


def test_without_validation_clips_nothing_is_evaluated(tmp_path, folder):
    write_folder(tmp_path / "data", [row_of(n, split="train", motion_text_annot=["someone moves"]) for n in range(3)])
    run_training(recipe_of(tmp_path, train={**TRAIN, "steps": 2}), quiet=True)
    assert all("evaluation" not in row for row in lines_of(tmp_path / "run"))
    assert not (tmp_path / "run" / "samples.png").exists()


def test_a_network_of_texts_only_with_an_adversary(folder, tmp_path):
    """The light stage: no reference branch, one frame a token, the velocity, held-out validation clips among others."""
    network = {**TINY, "reference": False, "frames_per_token": 1, "predicts": "velocity"}
    weights = run_training(another(folder, tmp_path, network=network, adversarial=0.2), quiet=True)
    assert load_generator(weights, "cpu").network.config.ref_motion_dim == 0
    logged = [row for row in lines_of(tmp_path / "run") if "loss" in row]
    for row in logged:
        parts = [row[name] for name in ("flow", "posing", "velocity", "drift", "contact", "discriminator")]
        assert row["loss"] == pytest.approx(sum(parts) + 0.2 * row["adversarial"], rel=1e-5)


def test_two_processes_write_one_run(folder, tmp_path):
    """The command as people type it; no batch asks the reference branch, whose weights need a gradient all the same."""
    another(folder, tmp_path, subsets={"optical": {"text": 1.0}}, train={**TRAIN, "steps": 4})
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "--no-python"]
    command = [str(Path(sys.executable).parent / "vimogen"), "train", str(tmp_path / "recipe.yaml")]
    done = subprocess.run([*launch, *command], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path / "run" / "weights")]
    assert done.stderr.count("9 clips, 26 captions") == 1
    assert [row["step"] for row in lines_of(tmp_path / "run") if "loss" in row] == [2, 4]
    load_generator(tmp_path / "run" / "weights", "cpu")
    with pytest.raises(MBenchError, match="processes was 2, now it is 1"):
        run_training(another(folder, tmp_path, subsets={"optical": {"text": 1.0}}, train={**TRAIN, "steps": 4}), True)


def vimogen(*arguments, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "vimogen"), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300)


def test_the_command_tells_a_mistake_in_a_line(folder, tmp_path):
    write_recipe(tmp_path, batch=0)
    one_line_error(vimogen("train", tmp_path / "recipe.yaml", cwd=tmp_path), "recipe.yaml", "batch", "found 0")
