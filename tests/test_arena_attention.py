"""Tasks with a known answer: the wrong one is wrong beyond doubt, and everybody gets the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from leaderboard.arena import known, training
from leaderboard.arena.attention import FAULTS, attention_checks
from leaderboard.arena.config import load_study_config
from leaderboard.arena.entrants import find_entrants
from leaderboard.arena.questions import IDS
from leaderboard.arena.training import ABOUT_ALL, ABOUT_ONE, lessons
from leaderboard_runs import make_results
from mbench.errors import ConfigError
from mbench.io import read_motion
from mbench.motion.skeleton import FEET

NAMES = ("choreographer", "jittered", "static")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    make_results(folder, NAMES)
    return folder / "results"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def no_generator(monkeypatch):
    """Take the built-in generator away, as where only the core is installed."""
    monkeypatch.setattr(known, "GENERATOR", "somebody-else")


def config(**fields):
    return load_study_config({"name": "Which is better?", **fields})


def checks(settings, folders, count=6):
    return attention_checks(settings, find_entrants(settings, folders), count)


def displacement(motion) -> float:
    """Return the farthest that a joint gets from where it is in the first frame, the body's own travel taken off."""
    joints = motion.joints - motion.joints[:, :1]
    return float(np.linalg.norm(joints - joints[:1], axis=-1).max())


def off_the_ground(motion) -> float:
    """Return how far the lowest foot is from the ground over the clip, metres; the median."""
    return float(np.median(np.abs(motion.joints[:, FEET, 2].min(axis=1))))


@pytest.mark.parametrize("fault", FAULTS)
def test_ruined_copies_are_wrong_in_everything(walk, fault):
    bad = FAULTS[fault](walk, np.random.default_rng(0))
    assert len(bad) == len(walk)
    assert off_the_ground(bad) > 0.25
    still = displacement(bad) < 0.01
    shaking = np.linalg.norm(np.diff(bad.joints, n=2, axis=0), axis=-1).mean()
    assert still or shaking > 0.1  # a statue, or it shakes by more than 10 cm a frame
    assert displacement(walk) > 0.1


def test_checks_are_of_the_generator_for_prompts_of_the_study(results):
    found = checks(config(questions=["text", "natural"]), [results])
    assert sorted(one.prompt["id"] for one in found) == [f"p{number:02d}" for number in range(6)]
    assert {one.questions for one in found} == {("text", "natural")}
    assert {one.bad.model for one in found} == {f"check:{fault}" for fault in FAULTS}
    for one in found:
        good, bad = read_motion(one.good.motion), read_motion(one.bad.motion)
        assert (one.good.model, one.why) == ("check:real", "")
        assert good.seconds == bad.seconds == 2.0
        assert displacement(good) > 0.3
        assert off_the_ground(good) < 0.1 < off_the_ground(bad)


def test_the_same_study_has_the_same_checks(results):
    one, again, other = (checks(config(seed=seed), [results]) for seed in (0, 0, 1))
    assert [(c.prompt["id"], c.bad.sha256) for c in one] == [(c.prompt["id"], c.bad.sha256) for c in again]
    assert [c.prompt["id"] for c in one] != [c.prompt["id"] for c in other]


def test_every_motion_against_every_fault_and_no_more(results):
    found = checks(config(), [results], 100)
    assert len(found) == len({(one.prompt["id"], one.bad.model) for one in found}) == 6 * len(FAULTS)
    assert checks(config(), [results], 0) == []


def test_one_question_a_task(results):
    found = checks(config(questions=["text", "feet"], together=False), [results], 4)
    assert [one.questions for one in found] == [("text",), ("feet",), ("text",), ("feet",)]


def test_what_the_generator_does_not_understand_is_no_check(results, tmp_path):
    settings = config()
    entrants = find_entrants(settings, [results])
    strange = {"id": "p99", "text": "a person defenestrates the zeitgeist", "seconds": 2.0, "tags": []}
    assert known.generated(strange["text"], 2.0, 0) is None
    assert known.generated("a person walks forward", -1.0, 0) is None
    mixed = type(entrants)(entrants.entries, (strange, *entrants.prompts), {})
    assert "p99" not in {one.prompt["id"] for one in attention_checks(settings, mixed, 100)}


def test_without_the_generator_the_models_own_motions_serve(results, no_generator):
    found = checks(config(), [results / "choreographer", results / "jittered"], 3)
    own = {row["sha256"] for name in NAMES for path in (results / name).iterdir()
           for row in map(json.loads, (path / "motions" / "index.jsonl").read_text().splitlines())}  # fmt: skip
    assert len(found) == 3
    for one in found:
        assert one.good.model == "check:real"
        assert read_motion(one.good.motion) in [read_motion(path) for path in (results).glob("*/*/motions/*.npz")]
        assert one.bad.sha256 not in own


def test_statues_can_not_be_set_against_statues(results, no_generator):
    with pytest.raises(ConfigError, match="no prompt of the study has a motion to set against a ruined one"):
        checks(config(type="ratings"), [results / "static"])
    settings = config(type="ratings")
    assert training.training(settings, find_entrants(settings, [results / "static"])) == []


def test_checks_of_runs(results):
    runs = {"real": str(results / "choreographer"), "control": str(results / "static")}
    found = checks(config(attention_runs=runs), [results], 100)
    assert len(found) == 6
    for one in found:
        assert (one.good.model, one.bad.model) == ("check:real", "check:control")
        assert one.good.motion.parts[-4] == "choreographer"
        assert one.bad.motion.parts[-4] == "static"
        assert one.good.motion.stem == one.bad.motion.stem == f"{one.prompt['id']}-0"
    assert {one.show_good for one in found} == {True, False}


def test_runs_start_from_the_folder_of_the_file(results, tmp_path):
    shutil.copytree(results / "static", tmp_path / "static")
    (tmp_path / "study.yaml").write_text("name: x\nattention_runs: {real: static, control: static}\n")
    assert len(checks(load_study_config(tmp_path / "study.yaml"), [results], 2)) == 2


def test_runs_that_can_not_be_checks(results, tmp_path):
    runs = {"real": str(results), "control": str(results / "static")}
    with pytest.raises(ConfigError, match=r"attention_runs\.real: .* holds 3 runs; expected one"):
        checks(config(attention_runs=runs), [results])
    other = Path(shutil.copytree(results / "static", tmp_path / "static"))
    for name in ("run.json", "result.json"):
        path = next(other.iterdir()) / name
        value = json.loads(path.read_text())
        value["suite"]["hash"] = "f" * 64
        path.write_text(json.dumps(value))
    runs = {"real": str(results / "static"), "control": str(other)}
    with pytest.raises(ConfigError, match=r"attention_runs\.control: .* ran on another suite than"):
        checks(config(attention_runs=runs), [results])


# Training


@pytest.mark.parametrize(
    ("ids", "together", "taught"),
    [
        (["overall"], True, [("text", "overall"), ("natural", "overall"), ("feet", "overall")]),
        (list(IDS), True, [("text", "text"), ("natural", "natural"), ("feet", "feet"), ("floating", *IDS)]),
        (list(IDS), False, [("text", "text"), ("natural", "natural"), ("feet", "feet")]),
        (["feet"], True, [("feet", "feet"), ("floating", "feet"), ("trembling", "feet")]),
        (["own"], True, [("floating", "own"), ("trembling", "own"), ("sunk", "own")]),
        (["a", "b"], False, [("floating", "a"), ("trembling", "b"), ("sunk", "a")]),
    ],
)
def test_lessons(ids, together, taught):
    assert [(lesson.name, *asked) for lesson, asked in lessons(ids, together)] == taught


def test_the_generator_understands_every_lesson():
    for lesson in (*ABOUT_ONE, *ABOUT_ALL):
        assert known.generated(lesson.text, training.SECONDS, 0) is not None
        assert not lesson.other or known.generated(lesson.other, training.SECONDS, 0) is not None
        assert lesson.pair.endswith(".")
        assert ("4 or 5" if lesson.show_good else "1 or 2") in lesson.rating


def test_training_has_prompts_and_feedback_of_its_own(results):
    settings = config(questions=list(IDS))
    found = training.training(settings, find_entrants(settings, [results]))
    assert [one.prompt["id"] for one in found] == [f"training:{n}" for n in ("text", "natural", "feet", "floating")]
    text, natural, feet, floating = ([read_motion(s.motion) for s in (one.good, one.bad)] for one in found)
    assert displacement(text[1]) > 0.3  # it does something else, and well
    assert off_the_ground(text[1]) < 0.1
    assert 0.01 < np.linalg.norm(natural[1].joints - natural[0].joints, axis=-1).mean() < 0.1
    np.testing.assert_allclose(
        feet[1].joints - feet[0].joints, np.broadcast_to([0, 0, 0.45], feet[0].joints.shape), atol=1e-6
    )
    assert displacement(floating[1]) < 0.01
    assert len({one.why for one in found}) == 4


def test_feedback_fits_the_type_of_study(results):
    settings = config(type="ratings")
    found = training.training(settings, find_entrants(settings, [results]))
    assert [one.why for one in found] == [lesson.rating for lesson in ABOUT_ONE]
    assert [one.show_good for one in found] == [True, False, False]


def test_training_without_the_generator_uses_the_study(results, no_generator):
    settings = config()
    found = training.training(settings, find_entrants(settings, [results / "choreographer", results / "jittered"]))
    assert len(found) == 3
    assert {one.prompt["id"] for one in found} <= {f"p{number:02d}" for number in range(6)}
    assert all(one.good.sha256 != one.bad.sha256 for one in found)
