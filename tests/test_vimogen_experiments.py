"""The measuring code of the experiments: prompts, kept motions, estimates with intervals, tables, recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from mbench.card import Card
from mbench.errors import ConfigError, FormatError, MBenchError
from mbench.motion import Motion
from mbench.motion.representations.vimogen276 import POSITIONS
from mbench.suites.prompt import Prompt
from motions import posed
from vimogen.data.prompts.lexicon import is_held_out
from vimogen.experiments import prompts
from vimogen.experiments.ablations import ALL, OF_DATA, RECIPES, is_done, weights_of
from vimogen.experiments.arms import Arm, contradictions, motions_of, raw_reference, registered, seed_for
from vimogen.experiments.estimates import Estimate
from vimogen.experiments.figure import Curve, Point, draw_curves
from vimogen.experiments.marks import CHOICE, MATCH, METRIC_NAMES, Meter
from vimogen.experiments.prompts import DISTRACTORS, Asked
from vimogen.training.recipe import load_recipe
from vimogen_folders import row_of, rows_of, write_folder

EXAMPLES = Path(__file__).parents[1] / "examples" / "ablations"
DOCS = Path(__file__).parents[1] / "docs"


def asked_of(number: int, *actions: str, seconds: float = 2.0) -> Asked:
    """Return a prompt that names actions."""
    return Asked(Prompt(f"q{number}", f"a person does {number}", seconds), frozenset(actions))


class Counting:
    """A model that counts what it is asked for, and fails for one prompt."""

    def __init__(self, fails: str = "") -> None:
        self.card = Card("counting", "1", "control", "Apache-2.0")
        self.fails = fails
        self.asked: list[tuple[str, int]] = []

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Yield a motion that the seed decides."""
        for prompt, seed in zip(prompts, seeds, strict=True):
            self.asked.append((prompt.id, seed))
            yield MBenchError("nothing") if prompt.id == self.fails else posed(seed % 1000)


def test_distractors_share_no_action_and_follow_from_the_id() -> None:
    pool = [asked_of(n, f"act{n % 15}", f"more{n % 15}") for n in range(60)]
    found = prompts.with_distractors(pool)
    of = {asked.prompt.text: asked.actions for asked in pool}
    for asked in found:
        assert len(asked.prompt.candidates) == DISTRACTORS
        named = [asked.actions, *(of[text] for text in asked.prompt.candidates)]
        assert len(frozenset.union(*named)) == sum(map(len, named))
    again = prompts.with_distractors(pool)
    assert [asked.prompt.candidates for asked in again] == [asked.prompt.candidates for asked in found]


def test_no_choice_is_asked_where_there_are_too_few_others_or_no_action() -> None:
    few = prompts.with_distractors([asked_of(n, f"act{n % 9}") for n in range(30)])
    assert all(asked.prompt.candidates == () for asked in few)
    nameless = prompts.with_distractors([asked_of(99), *(asked_of(n, f"act{n}") for n in range(20))])
    assert nameless[0].prompt.candidates == ()
    assert "a person does 99" not in {text for asked in nameless for text in asked.prompt.candidates}


def test_what_is_drawn_does_not_depend_on_the_order() -> None:
    pool = [asked_of(n, f"act{n}") for n in range(40)]
    names = [asked.prompt.id for asked in prompts.drawn(pool, 10)]
    assert names == [asked.prompt.id for asked in prompts.drawn(pool[::-1], 10)]
    assert names != [asked.prompt.id for asked in prompts.drawn(pool, 10, seed=1)]
    assert set(names) <= {asked.prompt.id for asked in prompts.drawn(pool, 20)}


def test_harvested_sets_are_apart() -> None:
    out, held = prompts.held_out(10_000), prompts.held_in(10_000)
    assert len(out) >= 200
    assert all(is_held_out(asked.prompt.text) for asked in out)
    assert not any(is_held_out(asked.prompt.text) for asked in held)
    assert all(len(asked.prompt.candidates) == DISTRACTORS for asked in [*out, *held])


def test_captions_are_those_of_real_clips_that_were_not_trained_on(tmp_path: Path) -> None:
    rows = [
        row_of(0, split="val", motion_text_annot=["a person waves", "more"]),
        row_of(1, split="train"),
        row_of(2, split="test", motion_text_annot=["a person jumps"], held_out=True),
        row_of(3, split="test", subset="synthetic"),
        row_of(4, split="test", motion_text_annot=["a person waves"]),
        row_of(5, split="test", motion_text_annot=["a person sits down"]),
    ]
    folder = write_folder(tmp_path / "data", rows, shortest=39)
    found = prompts.captions(folder, 10)
    assert [asked.prompt.text for asked in found] == ["a person waves", "a person sits down"]
    assert {asked.prompt.id for asked in found} == {"c04", "c05"}  # of c00, whose 39 frames are too few, none
    last = next(asked for asked in found if asked.prompt.id == "c05")
    assert last.frames == 44 == len(last.real)
    own = rows_of(5, 44)[:, POSITIONS].reshape(44, 22, 3)
    np.testing.assert_allclose(last.real.joints, own, atol=1e-5)
    with pytest.raises(FormatError, match="no captioned optical clip"):
        prompts.captions(folder, 10, splits=("nowhere",))
    with pytest.raises(ConfigError, match="no caption of a real clip"):
        _ = asked_of(0).real


def test_motions_are_made_once_and_missing_ones_are_told(tmp_path: Path) -> None:
    model, said = Counting("q2"), []
    arm = Arm("counting", lambda: model)
    asked = [asked_of(n, "walk", seconds=4.0 - n) for n in range(3)]
    first = motions_of(arm, asked[:2], tmp_path, say=said.append)
    both = motions_of(arm, asked, tmp_path, say=said.append)
    assert both[2] is None
    assert any("no motion for q2: nothing" in line for line in said)
    assert sorted(name for name, _ in model.asked) == ["q0", "q1", "q2"]
    assert dict(model.asked) == {one.prompt.id: seed_for(one, 0) for one in asked}
    for one, other in zip(first, both[:2], strict=True):
        assert one is not None and other is not None
        np.testing.assert_array_equal(one.joints, other.joints)
    motions_of(arm, asked[:1], tmp_path, seed=1)
    assert model.asked[-1] == ("q0", seed_for(asked[0], 1)) and len(model.asked) == 4


def test_an_arm_is_another_one_with_other_options() -> None:
    model = Counting()
    one, other = Arm("a", lambda: model, {"steps": 1}), Arm("a", lambda: model, {"steps": 2})
    assert one.identity != other.identity
    assert Arm("b", lambda: model, {"steps": 1}).identity == one.identity  # its name in a table decides nothing


def test_options_that_are_none_are_left_out() -> None:
    arm = registered("choreographer", "choreographer", {"weights": None})
    assert arm.model.card.name == "choreographer"


def test_the_raw_reference_is_the_choreographers_motion_as_long_as_asked(tmp_path: Path) -> None:
    asked = [Asked(Prompt("w", "a person waves with the right hand", 3.0), frozenset({"wave"}))]
    motion = motions_of(raw_reference("raw", {"model": "choreographer"}), asked, tmp_path)[0]
    assert motion is not None
    assert motion.fps == 20
    assert 40 <= len(motion) <= 60


def test_contradictions_are_none_in_encoded_motion_and_seen_where_they_were_put() -> None:
    rows = rows_of(0, 40)
    clean = contradictions(rows)
    assert clean["pose_mm"] < 0.05
    assert clean["bones_mm"] < 0.05
    spoilt = rows.copy()
    spoilt[1::2, POSITIONS][:, 3:6] += (0.0, 0.0, 0.1)  # of one joint, every other frame; the pelvis stays
    assert contradictions(spoilt)["pose_mm"] > clean["pose_mm"] + 1
    assert contradictions(spoilt)["bones_mm"] > 1


def test_a_meter_marks_motions_and_leaves_gaps(walk: Motion) -> None:
    asked = prompts.held_in(3)
    marks = Meter().marks(asked, [walk, None, walk.replace(joints=walk.joints[:40])])
    for name in (MATCH, CHOICE, *METRIC_NAMES):
        assert np.isnan(marks[name][1])
    assert ((marks[MATCH][[0, 2]] >= 0) & (marks[MATCH][[0, 2]] <= 1)).all()
    assert set(marks[CHOICE][[0, 2]]) <= {0.0, 1.0}
    assert marks["jitter_degree"][0] > 0
    np.testing.assert_allclose(np.linalg.norm(marks.vectors[[0, 2]], axis=1), 1, atol=1e-3)
    assert np.isnan(marks.vectors[1]).all()


def test_the_figure_of_steps(tmp_path: Path) -> None:
    points = tuple(Point(s, s / 10, Estimate(0.5, 0.4, 0.6, 9), Estimate(0.8, None, None, 1)) for s in (1, 2))
    missing = Point(4, 0.4, Estimate(None, None, None, 0), Estimate(None, None, None, 0))
    draw_curves([Curve("light", "euler", (*points, missing)), Curve("base", "heun", points)], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_recipes_of_ablations_differ_in_what_they_are_named_for_only() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == set(RECIPES)
    own = {name: load_recipe(EXAMPLES / f"{name}.yaml") for name in RECIPES}
    whole = {name: recipe.model_dump(mode="json") for name, recipe in own.items()}
    for name, values_of in whole.items():
        differs = {key for key, value in values_of.items() if value != whole[ALL][key]} - {"name", "output"}
        expected = {"subsets"} if name in OF_DATA else {"losses"}
        if name == "adversarial":
            expected = {"adversarial", "adversarial_from"}
        assert differs == (set() if name == ALL else expected), name
    for name, without in ((n, n.removeprefix("no_")) for n in RECIPES if n.startswith("no_")):
        off = {loss for loss, weight in own[name].losses.items() if not weight}
        assert off == (set(own[ALL].losses) if without == "losses" else {without})
    assert [list(own[name].subsets) for name in OF_DATA] == [
        ["optical"], ["optical", "synthetic"], ["optical", "synthetic", "video"],
    ]  # fmt: skip


def test_a_run_that_is_not_done_has_no_weights(tmp_path: Path) -> None:
    assert not is_done(tmp_path, ALL)
    with pytest.raises(MBenchError, match="vimogen_ablations.py --train"):
        weights_of(tmp_path, ALL)
