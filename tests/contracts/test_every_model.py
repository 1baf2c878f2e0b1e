"""What every registered model must do, whoever wrote it; those that need files or weights are given small ones."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mbench import write_motion
from mbench.config import ModelConfig
from mbench.files import hash_of
from mbench.models.base import MODELS, Card, MotionModel
from mbench.models.build import build_model
from mbench.motion import Motion
from mbench.suites.prompt import Prompt
from motions import posed
from vimogen.models import BASE, LIGHT, SHIPPED
from vimogen_weights import write_weights

PROMPTS = [
    Prompt("p0", "a person walks forward", 3.0),
    Prompt("p1", "someone waves with the left hand, then sits down", 1.2),
    Prompt("p2", "Ünï ✓ kicks…", 2.0),
    Prompt("p3", "a person jumps and turns around and looks about, " * 8, 4.35),
]
SEEDS = [3, 0, 2**32 - 1, 7]
BAD_SECONDS = (0.0, -1.0, math.nan, math.inf, 1e9)
CLOSE = 1e-4  # metres: how far a batch may move a joint by rounding
LEFT_TO_THE_USER = {"motions", "command"}  # whose files and whose program decide what comes of a duration
SCRIPT = """
import json, sys, numpy as np
for line in open(sys.argv[1]):
    row = json.loads(line)
    joints = np.random.default_rng(row["seed"]).normal(size=(row["frames"], 22, 3)).astype("f4")
    np.save(row["output"] + ".npy", joints)
"""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def _motions(folder: Path) -> ModelConfig:
    for number, prompt in enumerate(PROMPTS):
        write_motion(posed(number, round(prompt.seconds * 20)), folder / f"{prompt.id}.npz")
    return ModelConfig(name="motions", options={"folder": str(folder)})


def _command(folder: Path) -> ModelConfig:
    (folder / "make.py").write_text(SCRIPT)
    run = f"{sys.executable} {folder / 'make.py'} {{requests}} {{output}}"
    return ModelConfig(name="command", options={"run": run, "up": "z"})


def _tiny_light(folder: Path) -> ModelConfig:
    return ModelConfig(name=LIGHT, weights=str(write_weights(folder / "tiny", reference=False)))


def _tiny_base(folder: Path) -> ModelConfig:
    return ModelConfig(name=BASE, weights=str(write_weights(folder / "tiny")))


def _tiny_base_with_references(folder: Path) -> ModelConfig:
    options = {"reference": {"model": "choreographer"}, "gate": "always"}
    return ModelConfig(name=BASE, weights=str(write_weights(folder / "tiny")), options=options)


MADE: dict[str, Callable[[Path], ModelConfig]] = {
    "motions": _motions, "command": _command, "tiny light": _tiny_light, "tiny base": _tiny_base,
    "tiny base with references": _tiny_base_with_references,
}  # fmt: skip
NAMES = sorted({*MODELS.names(), *MADE})


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    if request.param in (BASE, LIGHT) and not (SHIPPED / request.param).is_dir():
        pytest.skip(f"the weights of {request.param} are not in this checkout")
    return request.param


@pytest.fixture(scope="module")
def config(name: str, tmp_path_factory: pytest.TempPathFactory) -> ModelConfig:
    return MADE[name](tmp_path_factory.mktemp("model")) if name in MADE else ModelConfig(name=name)


@pytest.fixture(scope="module")
def model(config: ModelConfig) -> MotionModel:
    return build_model(config, device="cpu")


@pytest.fixture(scope="module")
def made(model: MotionModel) -> list[Motion]:
    return motions_of(model)


def asked(model: MotionModel, prompts: list[Prompt] = PROMPTS, seeds: list[int] = SEEDS) -> list[Any]:
    if hasattr(model, "prepare"):
        model.prepare(PROMPTS)
    return list(model.generate(prompts, seeds))


def motions_of(model: MotionModel, prompts: list[Prompt] = PROMPTS, seeds: list[int] = SEEDS) -> list[Motion]:
    found = asked(model, prompts, seeds)
    assert all(isinstance(item, Motion) for item in found), found
    return found


def apart(some: list[Motion], others: list[Motion]) -> float:
    """Return the greatest distance of two joints, metres."""
    return max(float(np.abs(a.joints - b.joints).max()) for a, b in zip(some, others, strict=True))


def test_it_is_a_model_with_a_whole_card(model, config):
    assert isinstance(model, MotionModel)
    card = model.card
    assert card.name and card.version and card.licence
    assert card.kind in ("learned", "rule-based", "control", "files")
    assert (card.kind == "learned") <= bool(card.trained_on or card.notes), "what was it trained on?"
    again = build_model(config, device="cpu").card
    assert hash_of(again.to_dict()) == hash_of(card.to_dict()), "the run id would change"


def test_motions_are_finite_and_as_long_as_asked(made):
    assert [len(motion) for motion in made] == [round(prompt.seconds * 20) for prompt in PROMPTS]
    assert all(motion.fps == 20 and np.isfinite(motion.joints).all() for motion in made)
    for motion in made:
        json.dumps(dict(motion.meta), allow_nan=False)


def test_prompt_and_seed_decide_a_motion(model, made, config):
    assert apart(motions_of(model), made) == 0
    assert apart(motions_of(build_model(config, device="cpu")), made) == 0


def test_neither_order_nor_company_moves_a_joint(model, made):
    assert apart(motions_of(model, PROMPTS[::-1], SEEDS[::-1])[::-1], made) < CLOSE
    alone = [motions_of(model, [prompt], [seed])[0] for prompt, seed in zip(PROMPTS, SEEDS, strict=True)]
    assert apart(alone, made) < CLOSE


def test_replicates_share_a_batch(model):
    first, again, other = motions_of(model, [PROMPTS[0]] * 3, [5, 5, 6])
    assert apart([first], [again]) < CLOSE
    if model.card.kind == "learned":
        assert apart([first], [other]) > CLOSE


def test_no_prompts_no_motions(model):
    assert asked(model, [], []) == []


def test_a_bad_duration_is_told_and_spoils_no_other(model, made, name):
    if name in LEFT_TO_THE_USER:
        return
    for seconds in BAD_SECONDS:
        bad = Prompt(PROMPTS[0].id, PROMPTS[0].text, seconds)
        found = asked(model, [bad, PROMPTS[1]], [SEEDS[0], SEEDS[1]])
        assert isinstance(found[0], Exception) and str(found[0]), seconds
        assert "\n" not in str(found[0])
        assert apart([found[1]], [made[1]]) < CLOSE


class Swayed:
    """A model whose motions lean on their neighbours, as one that normalises over its batch would."""

    card = Card("swayed", "1", "learned", "Apache-2.0", trained_on="nothing")

    def generate(self, prompts, seeds):
        for prompt, seed in zip(prompts, seeds, strict=True):
            motion = posed(seed % 1000, round(prompt.seconds * 20))
            yield motion.replace(joints=motion.joints + np.float32(0.001 * len(prompts)))


def test_the_contract_catches_a_model_that_is_swayed():
    with pytest.raises(AssertionError):
        test_neither_order_nor_company_moves_a_joint(Swayed(), motions_of(Swayed()))
