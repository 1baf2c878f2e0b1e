"""The shipped judge is what its card, its page, its anchors and its reference set say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mbench.card import Card
from mbench.datasets import load_dataset
from mbench.errors import ConfigError
from mbench.files import read_json
from mbench.judges.base import build_judge, identity
from mbench.judges.retrieval.heldout import divide, questions, trial
from mbench.judges.retrieval.judge import CARD, SHIPPED, WEIGHTS
from mbench.judges.retrieval.measure import figures
from mbench.judges.retrieval.model import load_model
from mbench.judges.retrieval.sheet import asked_of
from mbench.judges.retrieval.table import lines
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import METRICS, Sample
from mbench.metrics.reference import load_reference
from mbench.motion import degrade
from mbench.plan import plan_of
from mbench.suites import load_suite
from mbench.suites.from_dataset import suite_from_dataset
from mbench.text import TextEncoder

PAGE = Path(__file__).parents[1] / "docs" / "judges.md"
JUDGED = ("fidelity/motion_condition_consistency", "generalization/motion_generalizability")


@pytest.fixture(scope="module")
def judge():
    return build_judge("retrieval")


@pytest.fixture(scope="module")
def card():
    return read_json(SHIPPED / CARD)


def test_weights_fit_in_the_repository():
    for path in SHIPPED.rglob(WEIGHTS):
        assert path.stat().st_size < 16 * 2**20


def test_page_has_the_card(card):
    page = PAGE.read_text()
    for line in lines(card):
        assert line.strip() in page


def test_card_has_every_figure_with_its_interval(card):
    for group in ("seen", "unseen"):
        for who in ("judge", "linear probe"):
            found = card["figures"][group][who]
            for name in ("auc", "r1_pool32", "r3_pool32", "r1_all", "r3_all", "choice10", "calibration_error"):
                assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]


def test_judge_beats_its_floors_on_seen_actions(card):
    seen = card["figures"]["seen"]
    for name in ("auc", "r1_pool32", "r1_all", "choice10"):
        assert seen["judge"][name]["low"] > seen["linear probe"][name]["high"] > seen["chance"][name]


def test_twin_without_some_actions_is_shipped_too(card):
    twin = read_json(SHIPPED / "heldout" / CARD)
    assert twin["figures"]["unseen"]["judge"] == card["figures"]["unseen"]["judge"]
    assert not set(twin["held_out"]) & set(build_judge("retrieval", {"weights": str(SHIPPED / "heldout")}).actions)
    assert card["calibration"]["unseen"] == twin["calibration"]["unseen"]


def test_anchors_and_reference_are_of_this_judge(judge):
    for name in JUDGED:
        assert load_anchors().by_metric[name].metric_version.endswith(identity(judge))
    assert load_reference(judge) is not None


def test_figures_of_the_card_can_be_measured_again(judge, card, shared):
    dataset = load_dataset(shared / "mocap")
    division = divide(dataset.clips, [], [])
    asked = questions(dataset, division.seen_test, division.train)
    nearness = asked_of(load_model(SHIPPED / WEIGHTS), asked, TextEncoder())
    again = figures(trial(asked, nearness, TextEncoder()), card["calibration"]["seen"])
    for name, figure in card["figures"]["seen"]["judge"].items():
        assert again[name] == pytest.approx(figure, abs=1e-4), name


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory):
    """Return samples of real motion with their own captions, of clips that the judge was not trained on."""
    from mbench.io import read_motion

    out = tmp_path_factory.mktemp("real") / "real"
    suite_from_dataset(shared / "mocap", out, split="test")
    prompts = load_suite(str(out / "suite.yaml")).prompts
    return [Sample(p, read_motion(out / "motions" / f"{p.id}.npz")) for p in prompts]


def share(name, samples, judge):
    return float(np.mean(METRICS.get(name).function(samples, judge)))


def test_real_motion_is_recognised_and_its_controls_are_not(judge, real):
    still = [Sample(s.prompt, degrade.freeze(s.motion)) for s in real]
    others = [Sample(s.prompt, o.motion) for s, o in zip(real, real[1:] + real[:1], strict=True)]
    noise = 2 * np.sqrt(0.1 * 0.9 / len(real))
    consistency = {n: share(JUDGED[0], s, judge) for n, s in (("real", real), ("still", still), ("others", others))}
    assert consistency["real"] > 0.1 + 10 * noise / 2
    assert consistency["still"] < 0.1 + 1.5 * noise
    assert consistency["others"] < consistency["real"] - 2 * noise
    matches = {n: share(JUDGED[1], s, judge) for n, s in (("real", real), ("still", still), ("others", others))}
    assert matches["real"] > matches["others"] + 0.2
    assert matches["real"] > matches["still"] + 0.2


def test_weights_of_a_judge_lie_beside_the_yaml(tmp_path, monkeypatch):
    shutil.copytree(SHIPPED / "heldout", tmp_path / "mine")
    (tmp_path / "model.yaml").write_text("model: choreographer\njudge: {name: retrieval, options: {weights: mine}}\n")
    monkeypatch.chdir(tmp_path.parent)
    plan = plan_of(tmp_path / "model.yaml")
    assert plan.versions[JUDGED[0]] == f"1+{identity(build_judge('retrieval', {'weights': str(tmp_path / 'mine')}))}"


def test_card_is_a_card(judge):
    assert isinstance(judge.card, Card)
    assert judge.card.notes.startswith("On actions it was trained on")
    assert "chance 10 %" in judge.card.notes


def test_a_card_that_is_none_is_told_in_one_line(tmp_path):
    shutil.copytree(SHIPPED / "heldout", tmp_path / "mine")
    (tmp_path / "mine" / CARD).write_text('{"licence": "mine"}')
    with pytest.raises(ConfigError, match=r"mine/card\.json has no 'trained_on'; expected a card of train-judge"):
        build_judge("retrieval", {"weights": str(tmp_path / "mine")})
