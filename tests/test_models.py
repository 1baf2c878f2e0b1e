"""The adapters: a folder of motions, an external command, controls."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import write_small_suite
from mbench import evaluate, load_suite, write_motion
from mbench.config import ModelConfig
from mbench.errors import ConfigError
from mbench.models.base import MODELS, MotionModel
from mbench.models.build import build_model
from mbench.suites.prompt import Prompt
from plugins_for_tests import figure

PROMPTS = [Prompt(f"p{i}", f"walk number {i}", 2.0, ("jitter_degree",)) for i in range(4)]
SEEDS = [11, 12, 13, 14]

GENERATOR = """
import json, sys, numpy as np
requests, mode = sys.argv[1], sys.argv[2]
for line in open(requests):
    row = json.loads(line)
    assert row["frames"] == round(row["seconds"] * row["fps"]) and "<" not in row["output"]
    if mode == "fails":
        sys.exit("out of memory,\\non every device")
    if mode == "sleeps":
        import time; time.sleep(60)
    if mode == "forgets" and row["id"] == "p1":
        continue
    joints = np.random.default_rng(row["seed"]).normal(size=(row["frames"], 22, 3)).astype("f4")
    if mode == "spoils" and row["id"] == "p1":
        joints[3, 5] = np.nan
    np.save(row["output"] + ".npy", joints)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for prompt, seed in zip(PROMPTS, SEEDS, strict=True):
        write_motion(figure(seed, prompt.seconds), tmp_path / "motions" / f"{prompt.id}.npz")
    return tmp_path / "motions"


def command(tmp_path: Path, mode: str, **options) -> MotionModel:
    script = tmp_path / "generate it.py"
    script.write_text(GENERATOR)
    run = f"{sys.executable} '{script}' {{requests}} {mode} {{output}}"
    return build_model(ModelConfig(name="command", options={"run": run, "up": "z", **options}))


def generate(model: MotionModel, prompts=PROMPTS, seeds=SEEDS) -> list:
    if hasattr(model, "prepare"):
        model.prepare(PROMPTS)
    return list(model.generate(prompts, seeds))


def test_motions_are_found_by_id(folder):
    model = build_model(ModelConfig(name="motions", options={"folder": str(folder)}))
    for made, seed in zip(generate(model), SEEDS, strict=True):
        assert made == figure(seed, 2.0)
    absent = next(iter(model.generate([Prompt("nobody", "x", 1.0)], [0])))
    assert isinstance(absent, ConfigError) and "no file for prompt 'nobody'" in str(absent)


def test_motions_that_change_are_another_model(folder):
    def weights() -> str:
        return build_model(ModelConfig(name="motions", options={"folder": str(folder)})).card.weights

    before = weights()
    assert before == weights()
    write_motion(figure(99, 2.0), folder / "p0.npz")
    assert weights() != before


def test_a_folder_beside_the_yaml(folder, tmp_path):
    write_small_suite(tmp_path / "suite.yaml", prompts=4)
    for i in range(4):
        (folder / f"p{i}.npz").rename(folder / f"p{i:02d}.npz")
    (tmp_path / "model.yaml").write_text(
        f"model: {{name: motions, options: {{folder: motions}}}}\nsuite: suite.yaml\noutput: {tmp_path / 'results'}\n"
    )
    result = evaluate(tmp_path / "model.yaml")
    assert result["model"] == "motions" and result["kind"] == "files" and result["motions"] == 4


def test_command_writes_what_its_seeds_say(tmp_path):
    made = generate(command(tmp_path, "works"))
    for motion, seed in zip(made, SEEDS, strict=True):
        np.testing.assert_array_equal(motion.joints, np.random.default_rng(seed).normal(size=(40, 22, 3)).astype("f4"))
    alone = generate(command(tmp_path, "works"), PROMPTS[2:3], SEEDS[2:3])
    assert alone[0] == made[2], "the batch changed a motion"


def test_two_replicates_of_a_prompt_in_one_batch(tmp_path):
    first, second = generate(command(tmp_path, "works"), [PROMPTS[0]] * 2, [1, 2])
    assert not np.array_equal(first.joints, second.joints)


@pytest.mark.parametrize(
    ("mode", "missing", "reason"),
    [
        ("fails", 4, "exited with 1; it said: out of memory, on every device"),
        ("forgets", 1, "ended well but wrote no file"),
        ("spoils", 1, "frame 3, joint 5 (right_knee)"),
    ],
)
def test_command_that_fails_is_told_with_its_own_words(tmp_path, mode, missing, reason):
    made = generate(command(tmp_path, mode))
    errors = [item for item in made if isinstance(item, Exception)]
    assert len(made) == 4 and len(errors) == missing
    assert all(reason in str(error) and "\n" not in str(error) for error in errors), errors
    assert missing == 4 or isinstance(made[1], Exception)


def test_command_that_takes_too_long_is_killed(tmp_path):
    made = generate(command(tmp_path, "sleeps", timeout=1))
    assert len(made) == 4 and all("longer than its timeout of 1 s" in str(error) for error in made)


def test_command_that_is_not_there(tmp_path):
    model = build_model(ModelConfig(name="command", options={"run": "no-such-program {requests} {output}"}))
    with pytest.raises(ConfigError, match="'no-such-program' can't be started"):
        generate(model)


@pytest.mark.parametrize("name", ["static", "jittered", "sliding", "shuffled"])
def test_controls_spoil_one_thing(folder, name):
    good = [figure(seed, 2.0) for seed in SEEDS]
    model = build_model(ModelConfig(name=name, options={"folder": str(folder), "up": "z"}))
    made = generate(model)
    assert model.card.kind == "control" and all(len(m) == 40 for m in made)
    if name == "static":
        assert all((m.joints == g.joints[0]).all() for m, g in zip(made, good, strict=True))
    if name == "jittered":
        noise = np.concatenate([(m.joints - g.joints).ravel() for m, g in zip(made, good, strict=True)])
        assert noise.std() == pytest.approx(0.02, rel=0.05)
    if name == "sliding":
        drift = np.linalg.norm((made[0].joints[-1] - good[0].joints[-1])[:, :2], axis=-1)
        np.testing.assert_allclose(drift, 0.5 * 39 / 20, rtol=1e-4)
    if name == "shuffled":
        order = [next(i for i, g in enumerate(good) if g == m) for m in made]
        assert sorted(order) == [0, 1, 2, 3] and all(i != j for i, j in enumerate(order))


@pytest.mark.parametrize("name", ["static", "jittered", "sliding", "shuffled", "choreographer"])
def test_a_motion_depends_on_prompt_and_seed_alone(name):
    model = build_model(ModelConfig(name=name))
    together = generate(model)
    alone = [generate(model, [p], [s])[0] for p, s in zip(PROMPTS, SEEDS, strict=True)]
    backwards = generate(model, PROMPTS[::-1], SEEDS[::-1])[::-1]
    assert together == alone == backwards


def test_every_registered_model_has_a_card():
    for name in MODELS.names():
        factory = MODELS.get(name)
        assert hasattr(factory, "generate"), name


def test_controls_take_a_folder_or_a_model():
    with pytest.raises(ConfigError, match="not both"):
        build_model(ModelConfig(name="static", options={"folder": "x", "of": "choreographer"}))


def test_mini_suite_runs_on_the_choreographer(tmp_path):
    result = evaluate({"model": "choreographer", "suite": "mbench-mini", "output": str(tmp_path)})
    assert result["motions"] == len(load_suite("mbench-mini")) == 45
    assert all(m["failed"] == 0 for m in result["metrics"].values())
    assert result["pillars"]["quality"]["value"] > 0.5
