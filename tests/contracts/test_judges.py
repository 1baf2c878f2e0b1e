"""What every judge must do, whoever wrote it: those that can run offline, and toys."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from judges_for_tests import Chooses, Toy
from mbench.judges.base import JUDGES, Chooser, Embedder, Judge, build_judge, choose, identity, match
from mbench.judges.retrieval.judge import CARD, SHIPPED, WEIGHTS
from mbench.motion import Motion
from mbench.motion.canonical import translate, yaw
from motions import posed

ASKS_A_SERVER = {"openai", "gemini"}  # tests/test_judges_vision*.py run them against one
TEXTS = [
    "a person walks forward", "someone jumps twice", "a man waves with his left hand", "sit down", "Ünï ✓ kicks…",
    "a person crawls on the floor, then gets up and looks around for a very long while " * 4,
]  # fmt: skip


def motions() -> list[Motion]:
    """Of several lengths and rates, one of them a single frame, one longer than any suite asks for."""
    return [posed(0, 60), posed(1, 1), posed(2, 33), posed(3, 150, fps=60.0), posed(4, 450), posed(5, 20)]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> str:
    """The folder of a retrieval judge with drawn weights: the contract is not about being right."""
    torch = pytest.importorskip("torch")
    from mbench.files import write_json
    from mbench.judges.retrieval.model import RetrievalModel
    from mbench.judges.retrieval.network import RetrievalNetwork, Shape
    from mbench.text import TextEncoder

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("untrained")
    maps = {"seen": [9.0, -1.0], "unseen": [4.0, 0.0]}
    facts = {"calibration": maps, "actions": ["walk"], "encoder": TextEncoder().hash, "encoder_name": None}
    RetrievalModel(RetrievalNetwork(Shape(width=32, layers=1, heads=2, space=16)), facts).save(folder / WEIGHTS)
    write_json(folder / CARD, {"licence": "Apache-2.0", "trained_on": "", "notes": "untrained"})
    return str(folder)


def makers() -> list[Any]:
    names = [name for name in JUDGES.names() if name not in ASKS_A_SERVER]
    if not (SHIPPED / WEIGHTS).is_file():
        names.remove("retrieval")
    return [*names, "an untrained retrieval judge", Toy, Chooses]


@pytest.fixture(scope="module", params=makers(), ids=lambda maker: getattr(maker, "__name__", maker))
def make(request: pytest.FixtureRequest) -> Callable[[], Judge]:
    if request.param == "an untrained retrieval judge":
        options = {"weights": request.getfixturevalue("untrained")}
        return lambda: build_judge("retrieval", options, "cpu")
    if isinstance(request.param, str):
        return lambda: build_judge(request.param, {}, "cpu")
    return request.param


@pytest.fixture(scope="module")
def judge(make: Callable[[], Judge]) -> Judge:
    return make()


def lists() -> list[list[str]]:
    """Candidates of each motion, in lists of several lengths."""
    return [TEXTS[:2], TEXTS[2:3], TEXTS, TEXTS[1:4], TEXTS[::-1], TEXTS[3:]]


def test_every_registered_judge_is_held_to_the_contract_or_asks_a_server():
    assert ASKS_A_SERVER < set(JUDGES.names()) and "retrieval" in JUDGES.names()


def test_its_card_says_who_it_is(judge, make):
    card = judge.card
    assert card.name and card.version and card.kind in ("learned", "rule-based", "control") and card.licence
    assert re.fullmatch(r"[\w.+-]+\.[0-9a-f]{10}", identity(judge)) and identity(make()) == identity(judge)


def test_an_answer_a_pair_from_0_to_1(judge):
    raw = list(judge.match(motions(), TEXTS))
    assert len(raw) == len(TEXTS)
    answers = match(judge, motions(), TEXTS)
    assert all(isinstance(answer, float) and 0 <= answer <= 1 for answer in answers)
    assert list(judge.match([], [])) == []


def test_neither_order_nor_company_changes_an_answer(judge, make):
    whole = match(judge, motions(), TEXTS)
    assert match(judge, motions(), TEXTS) == whole
    for fresh in (make(), make()):
        assert match(fresh, motions()[::-1], TEXTS[::-1])[::-1] == whole
    fresh = make()
    assert [match(fresh, [motion], [text])[0] for motion, text in zip(motions(), TEXTS, strict=True)] == whole
    assert match(make(), motions()[2:4] * 20, TEXTS[2:4] * 20) == whole[2:4] * 20


def test_neither_order_nor_company_changes_a_choice(judge, make):
    whole = choose(judge, motions(), lists())
    assert all(isinstance(i, int) and 0 <= i < len(texts) for i, texts in zip(whole, lists(), strict=True))
    assert whole[1] == 0, "of one"
    fresh = make()
    assert choose(fresh, motions()[::-1], lists()[::-1])[::-1] == whole
    assert [choose(make(), [m], [texts])[0] for m, texts in zip(motions(), lists(), strict=True)] == whole
    if isinstance(judge, Chooser):
        assert list(judge.choose([], [])) == []


def test_it_leaves_its_input_alone(judge):
    asked = motions()
    before = [motion.joints.copy() for motion in asked]
    texts = list(TEXTS)
    match(judge, asked, texts)
    assert texts == TEXTS and all(np.array_equal(m.joints, b) for m, b in zip(asked, before, strict=True))


def test_it_does_not_see_where_the_person_stands_and_faces(judge):
    moved = [translate(yaw(motion, 1.3), [2.0, -3.0, 0.0]) for motion in motions()]
    assert match(judge, moved, TEXTS) == pytest.approx(match(judge, motions(), TEXTS), abs=1e-3)


def test_its_vectors_have_norm_1_and_do_not_depend_on_each_other(judge, make):
    if not isinstance(judge, Embedder):
        assert not hasattr(judge, "embed_motions") and not hasattr(judge, "embed_texts"), "both or none"
        return
    for embed, items in (("embed_motions", motions()), ("embed_texts", TEXTS)):
        rows = getattr(judge, embed)(items)
        assert rows.dtype == np.float64 and rows.shape[0] == len(items)
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
        fresh = make()
        assert np.array_equal(np.concatenate([getattr(fresh, embed)([item]) for item in items]), rows)
        assert np.array_equal(getattr(make(), embed)(items[::-1])[::-1], rows)
        assert getattr(fresh, embed)([]).shape == (0, rows.shape[1])


class Swayed(Chooses):
    """Answers by what else is in the call, as a judge that compares within its batch would."""

    def match(self, motions, texts):
        return [number / max(len(texts), 1) for number in range(len(texts))]


def test_the_contract_catches_a_judge_that_is_swayed():
    with pytest.raises(AssertionError):
        test_neither_order_nor_company_changes_an_answer(Swayed(), Swayed)
