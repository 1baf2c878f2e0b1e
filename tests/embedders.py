"""A judge whose motions carry their vectors, sets made with it, and a model that follows its texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mbench import Card, Motion
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.reference import save_reference
from mbench.plan import plan_of
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt

NAMES = [f"fidelity/{n}" for n in (
    "r_precision_1", "r_precision_2", "r_precision_3", "mm_dist", "fid", "fid_infinity", "kid", "density", "coverage",
    "diversity", "multimodality",
)]  # fmt: skip

WIDTH = 12


class Toy:
    """An embedder whose motions carry their vectors in their first frame, and whose texts have drawn ones."""

    def __init__(self, turn=None, version="1", width=WIDTH):
        self.card = Card("toy", version, "control", "Apache-2.0")
        self.turn, self.width = np.eye(width) if turn is None else turn, width
        self.embedded: list[int] = []

    def match(self, motions, texts):
        return [float(value) for value in (self.embed_motions(motions) * self.embed_texts(texts)).sum(1) / 2 + 0.5]

    def embed_motions(self, motions):
        self.embedded.append(len(motions))
        rows = np.array([motion.joints[0].ravel()[: self.width] for motion in motions], np.float64)
        return unit(rows.reshape(-1, self.width)) @ self.turn

    def embed_texts(self, texts):
        self.embedded.append(len(texts))
        return unit(np.array([text_vector(text, self.width) for text in texts]).reshape(-1, self.width)) @ self.turn


class NoVectors:
    card = Card("openai", "1", "learned", "Apache-2.0")

    def match(self, motions, texts):
        return [0.5] * len(motions)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def text_vector(text, width=WIDTH):
    return np.random.default_rng(seed_of("text", text)).normal(size=width)


def motion_of(vector):
    joints = np.zeros(66, np.float32)
    joints[: len(vector)] = vector
    return Motion(joints.reshape(1, 22, 3))


def prompt(number, text=None):
    return Prompt(f"p{number:04d}", text or f"text {number}", 3.0, ("jitter_degree",))


def sample(number, vector, replicate=0, text=None):
    return Sample(prompt(number, text), motion_of(vector), replicate)


def follows(n, noise, seed=0, replicates=1):
    """Samples whose vectors are their texts' and noise; noise 0 is a perfect model."""
    generator = np.random.default_rng(seed)
    names = generator.choice(10**6, n, replace=False)
    return [
        sample(i, unit(text_vector(f"t{name}")) + noise * generator.normal(size=WIDTH) / np.sqrt(WIDTH), r, f"t{name}")
        for i, name in enumerate(names) for r in range(replicates)
    ]  # fmt: skip


def cloud(n, seed, shift=0.0, scale=1.0, width=WIDTH):
    """Unit vectors around an axis."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(n, width)) * scale / np.sqrt(width)
    rows[:, 0] += 1.0
    rows[:, 1] += shift
    return unit(rows)


def set_of(vectors, replicates=1):
    return [sample(i // replicates, vector, i % replicates) for i, vector in enumerate(vectors)]


def metric(name):
    return METRICS.get(f"fidelity/{name}")


def fresh(n, seed):
    """A set of n prompts from one population, one motion each: texts, and motions loosely after them."""
    generator = np.random.default_rng(seed)
    names = [f"s{seed}-{i}" for i in range(n)]
    texts = np.array([text_vector(name) for name in names])
    moved = unit(unit(texts) + 0.9 * generator.normal(size=texts.shape) / np.sqrt(WIDTH) + np.eye(WIDTH)[0] * 0.8)
    return [Sample(Prompt(name, name, 3.0), motion_of(v)) for name, v in zip(names, moved, strict=True)]


class Wide(Toy):
    def __init__(self):
        super().__init__(width=60, version="wide")


class Follower:
    """Makes motions after their texts, with noise; `silent` prompts have none."""

    def __init__(self, noise: float = 1.0, silent: str = "", name: str = "follower") -> None:
        self.card = Card(name, "1", "control", "Apache-2.0")
        self.noise, self.silent = noise, silent.split()

    def generate(self, prompts, seeds):
        for one, seed in zip(prompts, seeds, strict=True):
            if one.id in self.silent:
                yield LookupError("never heard of it")
                continue
            vector = unit(text_vector(one.text)) + self.noise * np.random.default_rng(seed).normal(size=WIDTH) / 4
            joints = np.repeat(motion_of(vector).joints, 20, axis=0)
            yield Motion(joints)


def configuration(folder, prompts=45, judge="Toy", run=None, metrics=NAMES, **options):
    lines = ["name: small", "version: '1'", "description: for tests", "licence: Apache-2.0", "prompts:"]
    lines += [f"- {{id: p{i:03d}, text: text {i}, seconds: 1, dimensions: [quality]}}" for i in range(prompts)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.yaml").write_text("\n".join(lines) + "\n")
    return {
        "model": {"name": "embedders:Follower", "options": options},
        "suite": str(folder / "suite.yaml"), "metrics": list(metrics), "run": run or {},
        "judge": f"embedders:{judge}", "output": str(folder / "results"),
    }  # fmt: skip


def folder_of(config):
    return plan_of(config).folder


def vectors_of(samples):
    return Toy().embed_motions([s.motion for s in samples])


def toy_with_reference():
    """The toy with a reference of 90 vectors, in the cache."""
    toy = Toy()
    save_reference(toy, cloud(90, seed=1000), {"sources": []})
    return toy


def mixed_set():
    """70 prompts, two motions each, loosely after their texts, some texts twice."""
    samples = follows(70, 1.0, seed=4, replicates=2)
    same = {f"p{i + 1:04d}": samples[2 * i].prompt.text for i in range(0, 20, 2)}
    return [replace(s, prompt=replace(s.prompt, text=same.get(s.prompt.id, s.prompt.text))) for s in samples]
