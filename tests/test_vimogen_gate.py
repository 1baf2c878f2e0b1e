"""The gate: its checks at both sides of their thresholds, its modes, and what it tells."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mbench.errors import ConfigError, JudgeError, PluginError, UnknownNameError
from mbench.io import read_motion
from mbench.metrics.dynamics import jitter_degree
from reference_files import Says, gliding, prompt
from vimogen.gate import build_gate, decide
from vimogen.reference.base import NoReference, Reference, reference_of
from vimogen.reference.build import build_reference

SAYS = {"judge": "reference_files:Says"}


def trembling(metres: float, **provenance) -> Reference:
    """A body that is moved up and down by `metres` every other frame: its Jitter_Degree is 4 times that.

    All joints have the second difference 4 m, and none relative to the pelvis.
    """
    still = gliding(0.0, 3.0, 20.0)
    shift = metres * (-1.0) ** np.arange(len(still))
    joints = still.joints + shift[:, None, None] * np.array([0, 0, 1])
    return reference_of(
        still.replace(joints=joints.astype(np.float32), pose=still.pose), "test", prompt(), 0, **provenance
    )


def decision(reference, text="1.0", config=SAYS):
    (found,) = decide([reference], [prompt(text=text)], build_gate(config))
    return found


def test_the_jitter_is_that_of_the_metric():
    reference = trembling(0.005)
    found = decision(reference)
    assert found.jitter == pytest.approx(0.02, rel=1e-4)
    assert found.jitter == jitter_degree(reference.motion)


@pytest.mark.parametrize(("metres", "passes"), [(0.0, True), (0.0099, True), (0.0101, False), (0.1, False)])
def test_the_published_jitter_threshold(metres, passes):
    found = decision(trembling(metres))
    assert (found.used, found.weight) == ((True, 0.0) if passes else (False, 1.0))
    if not passes:
        assert found.reasons == (f"jitter is {4 * metres:.4f} m/frame^2; expected less than 0.04",)
        assert found.match is None  # the judge was not asked


def test_a_jitter_that_equals_the_threshold_is_too_much():
    jitter = decision(trembling(0.005)).jitter
    assert not decision(trembling(0.005), config={**SAYS, "jitter": jitter}).used
    assert decision(trembling(0.005), config={**SAYS, "jitter": np.nextafter(jitter, 1)}).used


@pytest.mark.parametrize(("sure", "passes"), [(0.0, False), (0.5, False), (0.500001, True), (1.0, True)])
def test_the_match_threshold_is_that_of_the_benchmark(sure, passes):
    found = decision(trembling(0.0), str(sure))
    assert found.used is passes and found.match == sure
    assert found.reasons == (
        () if passes else (f"the judge is {sure:.3f} sure that it matches; expected more than 0.5",)
    )


def test_the_match_threshold_can_be_set():
    assert decision(trembling(0.0), "0.3", {**SAYS, "match": 0.29}).used
    assert not decision(trembling(0.0), "0.3", {**SAYS, "match": 0.3}).used


def test_a_judge_without_an_answer_is_no_yes():
    found = decision(trembling(0.0), "?")
    assert not found.used and found.match is None and found.weight == 1.0
    assert found.reasons == ("the judge gave no answer: LookupError: can't see it",)


def test_an_answer_that_is_no_probability_is_no_yes():
    found = decision(trembling(0.0), "7")
    assert not found.used and found.match is None and "said 7.0; expected a probability" in found.reasons[0]


def test_a_judge_that_can_answer_nothing_stops_the_run():
    judge = {"name": "judges_for_tests:Toy", "options": {"stops": "judge"}}
    with pytest.raises(JudgeError, match="the server is gone"):
        decision(trembling(0.0), config={"judge": judge})


def test_what_was_not_understood_is_no_good_reference():
    reference = trembling(0.0, notes=["not understood: gracefully"])
    found = decision(reference)
    assert not found.used and found.reasons == ("the source notes: not understood: gracefully",)
    assert decision(reference, config={**SAYS, "understood": False}).used


def test_every_reason_is_told():
    found = decision(trembling(0.02, notes=["a", "b"]))
    assert [reason.split()[0] for reason in found.reasons] == ["jitter", "the", "the"]


def test_a_reference_that_is_too_short_for_its_jitter_is_not_used():
    short = Reference(trembling(0.0).rows[:2], "test", {"prompt": "p0", "seed": 0})
    found = decision(short)
    assert not found.used and found.jitter is None
    assert found.reasons == ("jitter can't be measured: needs at least 3 frames, the motion has 2",)


@pytest.mark.parametrize("mode", ["auto", "always", "never", "soft"])
def test_no_reference_is_the_text_branch_in_every_mode(mode):
    found = decision(NoReference("there is none"), config={"mode": mode})
    assert (found.used, found.weight, found.rows, found.reasons) == (False, 1.0, None, ("there is none",))
    assert "reference" not in found.to_dict()


@pytest.mark.parametrize(
    ("mode", "good", "bad"), [("auto", 0.0, 1.0), ("always", 0.0, 0.0), ("never", 1.0, 1.0), ("soft", None, None)]
)
def test_the_modes(mode, good, bad):
    gate = build_gate({"mode": mode, **SAYS})
    references = [trembling(0.0), trembling(0.02), trembling(0.0)]
    found = decide(references, [prompt(text=text) for text in ("0.9", "0.9", "0.1")], gate)
    assert [one.weight for one in found] == [good, bad, bad]
    assert [one.used for one in found] == [one.weight != 1.0 for one in found]
    for one, reference in zip(found, references, strict=True):
        assert one.rows is (reference.rows if one.used else None)
    asked = [one.match for one in found]
    assert asked == ([None] * 3 if mode in ("always", "never") else [0.9, None, 0.1])


def test_the_judge_is_asked_once_about_what_is_left():
    gate = build_gate(SAYS)
    references = [trembling(0.0), NoReference("none"), trembling(0.02), trembling(0.0)]
    Says.calls = 0
    found = decide(references, [prompt(text=text) for text in ("0.9", "0.8", "0.7", "0.2")], gate)
    assert Says.calls == 1 and [one.match for one in found] == [0.9, None, None, 0.2]
    decide(references[1:3], [prompt()] * 2, gate)
    assert Says.calls == 1  # nothing to ask


def test_a_decision_is_stored_as_json():
    record = decision(trembling(0.0, clip="x"), "0.75").to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record == {
        "mode": "auto", "used": True, "weight": 0.0, "reasons": [], "jitter": record["jitter"], "match": 0.75,
        "reference": {"source": "test", "rows": 60, "kept": None, "prompt": "p0", "seed": 0, "from_fps": 20.0,
                      "rotations": "own", "clip": "x"},
    }  # fmt: skip


def test_references_are_kept_beside_and_can_be_read_again(tmp_path):
    reference = trembling(0.02)
    found = decide(
        [reference, NoReference("none")], [prompt(), prompt("p1")], build_gate({**SAYS, "keep": "kept"}, tmp_path)
    )
    assert [one.kept for one in found] == ["p0-0.npz", None] and not found[0].used
    motion = read_motion(tmp_path / "kept" / "p0-0.npz")
    np.testing.assert_allclose(motion.joints, reference.motion.joints, atol=1e-4)
    assert motion.pose is not None and motion.meta["prompt"] == "p0"
    assert found[0].to_dict()["reference"]["kept"] == "p0-0.npz"


def test_the_embedded_judge_by_default(shared):
    """Real captions of real clips pass more often than those of other clips."""
    source = build_reference({"bank": str(shared / "mocap"), "exclude": ["train", "val"], "least": 0.99})
    texts = ["a person punches", "a person bows", "a person kicks", "a person raises the right hand", "a person runs"]
    prompts = [prompt(f"p{n}", text) for n, text in enumerate(texts)]
    gate = build_gate("auto")
    references = source.references(prompts, [0] * 5)
    assert gate.judge.card.name == "retrieval"
    own, others = decide(references, prompts, gate), decide(references, prompts[1:] + prompts[:1], gate)
    assert sum(one.match or 0 for one in own) > 2 * sum(one.match or 0 for one in others)
    assert sum(one.used for one in own) > sum(one.used for one in others)


def test_identity_follows_what_decides():
    first, again = build_gate(SAYS).identity, build_gate(SAYS).identity
    others = [build_gate({**SAYS, **change}).identity for change in (
        {"jitter": 0.05}, {"match": 0.4}, {"understood": False}, {"mode": "always"}, {"mode": "soft"},
        {"judge": {"name": "reference_files:Says", "options": {"version": "2"}}},
    )]  # fmt: skip
    assert first == again and len({first, *others}) == 7
    assert build_gate({**SAYS, "keep": "x"}).identity == first  # what is kept decides nothing


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("sometimes", "mode: found 'sometimes'; expected 'auto', 'always', 'never' or 'soft'"),
        ({"mode": "auto", "jiter": 1}, "unknown field 'jiter'; did you mean 'jitter'?"),
        ({"jitter": 0}, "jitter: found 0; expected greater than 0"),
        ({"match": 1.5}, "match: found 1.5"),
        ({"understood": "yes"}, "understood: found 'yes'"),
        (3, "found 3; expected auto, always, never, soft"),
        (True, "found True; expected auto"),
    ],
)
def test_a_wrong_gate_is_told_in_one_line(config, words):
    with pytest.raises(ConfigError) as told:
        build_gate(config)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_an_unknown_judge_is_told():
    with pytest.raises(UnknownNameError, match="did you mean 'retrieval'"):
        decision(trembling(0.0), config={"judge": "retrival"})


def test_as_many_references_as_prompts():
    with pytest.raises(PluginError, match="found 1 references for 2 prompts"):
        decide([trembling(0.0)], [prompt(), prompt()], build_gate())
