"""scripts/build_reference.py: windows of real motion, as vectors of a judge, with what they were made from."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from conftest import make_walk
from embedders import NoVectors, unit
from mbench import Card
from mbench.datasets.shards import Shards
from mbench.errors import ConfigError
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.reference import load_reference
from mbench.motion import degrade
from mbench.suites.prompt import Prompt

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "scripts" / "build_reference.py"))


class Shape:
    """Embeds a motion by how far each joint wanders; texts mean nothing to it."""

    card = Card("shape", "1", "control", "Apache-2.0")

    def match(self, motions, texts):
        return [0.5] * len(motions)

    def embed_motions(self, motions):
        return unit(np.array([[1.0, *(10 * motion.joints.std(axis=0)).ravel()] for motion in motions]))

    def embed_texts(self, texts):
        return np.tile(np.eye(67)[0], (len(texts), 1))


@pytest.mark.parametrize(
    ("seconds", "fps", "lengths"), [(25, 20, [200, 200, 100]), (11, 20, [200]), (1, 20, [20]), (12, 40, [200, 40])]
)
def test_a_clip_is_cut_into_windows_of_ten_seconds(script, seconds, fps, lengths):
    clip = make_walk(seconds, fps)
    found = list(script["windows"](clip))
    assert [len(window) for window in found] == lengths and {window.fps for window in found} == {20}
    if fps == 20:
        kept = np.concatenate([window.joints for window in found])
        np.testing.assert_array_equal(kept, clip.joints[: len(kept)])


def test_the_set_of_the_test_split_says_what_it_was_made_from(script, shared, tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    path = script["build"](shared / "mocap", Shape())
    facts, shards = json.loads(path.with_suffix(".json").read_text()), Shards(shared / "mocap")
    clips = {row["id"] for row in shards.where(split="test") if not row["glitch_frames"]}
    assert sum(row["clips"] for row in facts["sources"]) == len(clips)
    assert sum(row["windows"] for row in facts["sources"]) == facts["n"] == len(load_reference(Shape()).features)
    assert {row["source"] for row in facts["sources"]} == {row["source"] for row in shards.where(split="test")}
    assert all(row["licence"] and row["credit"] for row in facts["sources"])
    assert path.stat().st_size < 300_000
    real = [shards.motion(row) for row in list(shards.where(split="val"))[:40]]
    samples = [Sample(Prompt(str(i), "walk", 3.0), motion) for i, motion in enumerate(real)]
    still = [Sample(s.prompt, degrade.freeze(s.motion)) for s in samples]
    for name in ("fid", "kid"):
        metric = METRICS.get(f"fidelity/{name}")
        assert metric(samples, Shape()) < metric(still, Shape())


def test_what_can_not_be_built(script, shared, tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match="judge openai has no embeddings"):
        script["build"](shared / "mocap", NoVectors())
    with pytest.raises(ConfigError, match="0 windows in split 'nowhere'"):
        script["build"](shared / "mocap", Shape(), split="nowhere")
    assert not list(tmp_path.rglob("*.npz"))
