"""ViMoGen as registered models: what the options do, what is stored with a motion, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mbench import evaluate
from mbench.config import ModelConfig
from mbench.errors import ConfigError, MBenchError
from mbench.models.build import build_model
from mbench.motion import Motion
from mbench.motion.representations.vimogen276 import decode
from mbench.suites.prompt import Prompt
from umt5_files import tiny_umt5
from vimogen import models
from vimogen.checkpoint import load_generator
from vimogen.decode import motion_of
from vimogen.flow import Guidance
from vimogen.generator import Request, Sampling
from vimogen.make import frames_of
from vimogen.options import changed, told
from vimogen_weights import write_weights

WALK = Prompt("walk", "a person walks forward", 3.0)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def text_only(tmp_path_factory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights") / "text-only", reference=False)


def made(weights: Path, prompts=(WALK,), seed: int = 1, name: str = "vimogen-base", **options) -> list[Motion]:
    model = build_model(ModelConfig(name=name, weights=str(weights), options=options), device="cpu")
    return list(model.generate(list(prompts), [seed] * len(prompts)))


def moved(one: Motion, other: Motion) -> float:
    return float(np.abs(one.joints - other.joints).max())


def test_a_motion_is_what_the_generator_makes(weights):
    """The text, round(seconds * 20) frames and the seed are asked for, nothing else."""
    [rows] = load_generator(weights, "cpu").sample([Request(WALK.text, 60, 1)])
    [light], [base] = made(weights, name="vimogen-light"), made(weights)
    assert light == base == motion_of(rows)
    assert light.pose is not None


def test_decodings(weights):
    [rows] = load_generator(weights, "cpu").sample([Request(WALK.text, 60, 1)])
    for how in ("slice", "integrate"):
        [motion] = made(weights, decode=how)
        assert motion == decode(rows, how) and motion.meta["decoded_by"] == how
    with pytest.raises(ConfigError, match="decode is 'sliced'; expected fused, slice, integrate"):
        made(weights, decode="sliced")


def test_a_short_motion_is_the_beginning_of_one_of_2_s(weights):
    short, long = made(weights, [replace(WALK, seconds=0.6), replace(WALK, seconds=2.0)])
    assert (len(short), len(long)) == (12, 40)
    assert short.pose is not None and long.pose is not None
    np.testing.assert_allclose(short.pose.rotations, long.pose.rotations[:12], atol=1e-5)
    np.testing.assert_allclose(short.joints[:, 0], long.joints[:12, 0], atol=1e-5)


@pytest.mark.parametrize(("seconds", "frames"), [(0.05, 1), (0.074, 1), (0.08, 2), (3.02, 60), (10.0, 200)])
def test_frames(seconds, frames):
    assert frames_of(replace(WALK, seconds=seconds)) == frames


@pytest.mark.parametrize("seconds", [0.02, 0.0, -3.0, float("nan"), float("-inf")])
def test_no_frames(seconds):
    with pytest.raises(ConfigError, match=r"seconds is .*; expected 0.05 to 10$"):
        frames_of(replace(WALK, seconds=seconds))


def test_longer_than_what_was_trained_on_is_told(weights):
    [error] = made(weights, [replace(WALK, seconds=10.1)])
    assert isinstance(error, ConfigError)
    assert str(error) == "seconds is 10.1; expected 0.05 to 10; the networks are trained on clips of up to 10 s"


def test_no_text(weights):
    error, motion = made(weights, [replace(WALK, text=" \t"), WALK])
    assert isinstance(error, ConfigError) and "the text is empty" in str(error)
    assert isinstance(motion, Motion)


def test_a_text_that_is_cut_off_is_noted(weights):
    long = " ".join(["walks and turns and"] * 12)
    plain, cut, more = made(weights, [WALK, replace(WALK, text=long), replace(WALK, text=f"{long} sits down")])
    assert "note" not in plain.meta["vimogen"]
    assert "fills the 40 tokens that are read" in cut.meta["vimogen"]["note"]
    assert "note" in more.meta["vimogen"]


def test_steps_and_sampling(weights):
    [four] = made(weights, steps=4, sampling={"guidance": 1.5, "smooth": False})
    used = four.meta["vimogen"]["sampling"]
    assert used["steps"] == 4 and used["guidance"]["scale"] == 1.5 and used["smooth"] is False
    assert used["sampler"] == "euler", "what is not named stays as the weights say"
    [rows] = load_generator(weights, "cpu").sample(
        [Request(WALK.text, 60, 1)], Sampling(steps=4, guidance=Guidance(1.5), smooth=False)
    )
    assert four == motion_of(rows)
    assert moved(four, made(weights)[0]) > 1e-3


def test_changed_sampling():
    before = Sampling(steps=7, guidance=Guidance(3.0, (10.0, 900.0), 0.2), shift=2.0)
    assert changed(before, {}) == before
    after = changed(before, {"sampler": "heun", "start": 0.7, "guidance": {"interval": [0, 500.0]}})
    assert after == Sampling(7, "heun", Guidance(3.0, (0.0, 500.0), 0.2), 0.7, 2.0)
    assert json.loads(json.dumps(told(after), allow_nan=False)) == told(after)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stepz": 4}, "sampling: unknown field 'stepz'; did you mean 'steps'"),
        ({"steps": "4"}, "sampling: steps"),
        ({"steps": True}, "sampling: steps"),
        ({"steps": 0}, "steps is 0; expected 1 to 1000"),
        ({"sampler": "ddim"}, "sampler is 'ddim'; expected one of"),
        ({"guidance": {"scales": 1}}, "guidance"),
        ({"guidance": "strong"}, "guidance"),
        ({"guidance": {"rescale": 2}}, "guidance.rescale"),
        ({"guidance": float("nan")}, "guidance"),
        ({"start": 1.5}, "start is 1.5"),
    ],
)
def test_wrong_sampling_is_one_line(values, message):
    with pytest.raises(ConfigError) as caught:
        changed(Sampling(), values)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_sampling_that_is_no_mapping(weights):
    with pytest.raises(ConfigError, match="sampling is 5; expected a mapping"):
        made(weights, sampling=5)


def test_a_reference_moves_the_motion_and_the_decision_is_kept(weights):
    [alone] = made(weights)
    [always] = made(weights, reference={"model": "choreographer"}, gate="always")
    [never] = made(weights, reference="model:choreographer", gate="never")
    assert moved(always, alone) > 1e-3 and moved(never, alone) < 1e-5
    kept = always.meta["vimogen"]["gate"]
    assert kept["mode"] == "always" and kept["used"] is True and kept["weight"] == 0.0
    assert kept["reference"]["model"] == "choreographer" and kept["reference"]["rows"] == 59
    assert json.loads(json.dumps(dict(always.meta), allow_nan=False)) == dict(always.meta)
    refused = never.meta["vimogen"]["gate"]
    assert refused["mode"] == "never" and refused["used"] is False
    assert "gate" not in alone.meta["vimogen"], "nobody asked it"


def test_the_learned_gate(weights, tmp_path):
    """It weighs text and reference itself; its motion is neither that of the one nor of the other."""
    how = {"reference": "model:choreographer", "gate": "soft"}
    with pytest.raises(ConfigError, match="gate: found soft, but model 'tiny' has no learned gate"):
        made(weights, **how)
    gated = write_weights(tmp_path / "gated", soft_gate=True)
    [soft] = made(gated, **how)
    [text], [followed] = made(gated), made(gated, **{**how, "gate": "always"})
    assert moved(soft, text) > 1e-4 and moved(soft, followed) > 1e-4
    decision = soft.meta["vimogen"]["gate"]
    assert decision["mode"] == "soft" and decision["used"] is True and decision["weight"] is None


def test_the_gate_says_why(weights):
    """The choreographer does not know what juggling quarks is, and says so."""
    [motion] = made(weights, [replace(WALK, text="a person juggles quarks")], reference="model:choreographer")
    decision = motion.meta["vimogen"]["gate"]
    assert decision["mode"] == "auto" and decision["used"] is False
    assert any("not understood" in reason for reason in decision["reasons"])


def test_no_reference_for_a_prompt(weights, tmp_path):
    [text] = made(weights)
    (tmp_path / "some.npy").write_bytes(b"not read")
    [motion] = made(weights, reference={"files": str(tmp_path)}, gate="always")
    assert moved(motion, text) < 1e-5
    assert "no reference file for prompt 'walk'" in motion.meta["vimogen"]["gate"]["reasons"][0]


def test_what_decides_the_references_is_on_the_card(weights):
    cards = set()
    for options in ({}, {"reference": "model:choreographer"}, {"reference": "model:static", "gate": "always"},
                    {"reference": "model:choreographer", "gate": {"mode": "auto", "jitter": 0.1}}):  # fmt: skip
        model = build_model(ModelConfig(name="vimogen-base", weights=str(weights), options=options), device="cpu")
        cards.add(model.card.notes)
    assert len(cards) == 4


def test_references_are_prepared(weights):
    """`shuffled` wants to know all prompts before the first batch."""
    config = ModelConfig(
        name="vimogen-base", weights=str(weights), options={"reference": "model:shuffled", "gate": "always"}
    )
    model = build_model(config, device="cpu")
    other = Prompt("sit", "a person sits down", 2.0)
    model.prepare([WALK, other])
    [motion] = model.generate([WALK], [0])
    assert motion.meta["vimogen"]["gate"]["reference"]["model"] == "shuffled"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "model:choreographer"}, "'text-only' has no reference branch"),
        ({"reference": "moddel:choreographer"}, "reference: found moddel"),
        ({"gate": "ajar"}, "gate: mode"),
        ({"device": "cuda:9"}, "device is 'cuda:9', which is not here; use auto or cpu"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"released": {"weights": "x"}}, "give `weights` or `released`, not both"),
        ({"step": 4}, "unknown option 'step'; did you mean 'steps'"),
    ],
)
def test_wrong_options(text_only, options, message):
    with pytest.raises(MBenchError) as caught:
        made(text_only, **options)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["vimogen-base", "vimogen-light"])
def test_weights_that_are_not_there(name, tmp_path, monkeypatch):
    with pytest.raises(MBenchError, match=r"gone.config.json: there is no such file"):
        build_model(ModelConfig(name=name, weights=str(tmp_path / "gone")))
    monkeypatch.setattr(models, "SHIPPED", tmp_path)
    with pytest.raises(ConfigError, match=f"model '{name}': there are no weights in .*; name a folder"):
        build_model(ModelConfig(name=name))


@pytest.mark.parametrize("released", [{"weights": "a", "text_encoder": "b"}, {}, "model.pt", {"weight": "a"}])
def test_released_needs_three_paths(released):
    with pytest.raises(ConfigError, match="released holds .*; expected weights, text_encoder, statistics"):
        build_model(ModelConfig(name="vimogen-base", options={"released": released}))


def test_the_published_checkpoint(tmp_path, golden):
    """Sizes of the golden network; paths are relative to the YAML file."""
    torch.save(load_file(golden / "vimogen_dit" / "state_dict.safetensors"), tmp_path / "model.pt")
    width = json.loads((golden / "vimogen_dit" / "config.json").read_text())["text_dim"]
    tiny_umt5(tmp_path / "umt5", width=width)
    np.savez(tmp_path / "stats.npz", mean=np.zeros(276), std=np.full(276, 0.5))
    paths = {"weights": "model.pt", "text_encoder": "umt5", "statistics": "stats.npz"}
    config = ModelConfig(name="vimogen-base", options={"released": paths, "steps": 2})
    model = build_model(config, tmp_path, "cpu")
    [motion] = model.generate([replace(WALK, seconds=2.0)], [0])
    assert isinstance(motion, Motion) and len(motion) == 40
    assert model.card.name == "vimogen-released" and model.card.paper
    np.savez(tmp_path / "stats.npz", mean=np.zeros(276), std=np.full(276, 0.4))
    assert build_model(config, tmp_path, "cpu").card.weights != model.card.weights, "another run"


def test_an_evaluation(weights, tmp_path):
    """From a model.yaml, in batches of two sizes: the same numbers."""
    results = []
    for size in (1, 16):
        config = {
            "model": {"name": "vimogen-light", "weights": str(weights)}, "suite": "mbench-mini",
            "metrics": ["jitter_degree"], "run": {"limit": 4, "batch_size": size, "device": "cpu"},
            "output": str(tmp_path / str(size)),
        }  # fmt: skip
        results.append(evaluate(config))
    assert results[0]["model"] == "tiny" and results[0]["motions"] == 4
    one, many = (result["metrics"]["quality/jitter_degree"]["value"] for result in results)
    assert one == pytest.approx(many, rel=1e-4)


def test_listing_the_models_does_not_import_torch():
    code = "import sys, vimogen.models, vimogen.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "sentence_transformers", "warp", "matplotlib", "pandas", "scipy"} & set(loaded)
