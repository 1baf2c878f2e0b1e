"""What is held out of training stays out, and what a judge is asked about it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from mbench.datasets import load_dataset
from mbench.datasets.base import Caption, Clip, TextMotionDataset
from mbench.datasets.captions import ACTIONS, captions_of
from mbench.datasets.truth import claim_of, claim_of_clip
from mbench.judges.retrieval.measure import CHOICES
from mbench.seeds import seed_of

pytest.importorskip("torch")

from mbench.judges.retrieval import heldout  # noqa: E402
from mbench.judges.retrieval.heldout import (  # noqa: E402
    OTHER_WORDING,
    Division,
    Questions,
    divide,
    questions,
    spoken,
    trial,
)
from motions import posed  # noqa: E402

SETS = ("train", "seen_fit", "seen_test", "unseen_fit", "unseen_test")


def clip(name: str, split: str, *labels: str, notes: tuple[str, ...] = ()) -> Clip:
    return Clip(name, 20.0, 40, split=split, labels={"content": " and ".join(labels)}, notes=notes)


def names(division: Division) -> dict[str, list[str]]:
    return {part: [c.id for c in getattr(division, part)] for part in SETS}


# ---------------------------------------------------------------- division


def test_each_clip_serves_what_its_split_and_its_actions_say():
    clips = [
        clip("a", "train", "walk"), clip("b", "train", "kick"), clip("c", "train", "walk", "jump"),
        clip("d", "val", "walk"), clip("e", "test", "walk"), clip("f", "val", "kick"), clip("g", "test", "jump"),
        clip("h", "train", "sit"), clip("i", "test", "walk", "kick"), clip("j", "test", "jump", "kick"),
        clip("k", "test", "crawl"), clip("l", "", "walk"),
    ]  # fmt: skip
    found = names(divide(clips, ["kick", "jump"], ["kick"]))
    assert found == {
        "train": ["a", "h"], "seen_fit": ["d"], "seen_test": ["e"],
        "unseen_fit": ["b", "f", "i"],  # only kick is new in them
        "unseen_test": ["c", "g", "j", "k"],  # jump is new, and crawl, which no training clip shows
    }  # fmt: skip


def test_a_caption_of_a_part_holds_a_clip_out_too():
    whole = Clip("a", 20.0, 80, (Caption("a person walks", 0.0, 2.0), Caption("then jumps", 2.0, 4.0)), "train")
    found = names(divide([whole, clip("b", "train", "walk")], ["jump"], []))
    assert found["train"] == ["b"] and found["unseen_test"] == ["a"]


def test_a_wording_that_names_a_held_out_action_is_not_trained_on(monkeypatch):
    """A paraphrase may say more than its label: what is read in training counts, as many wordings of it as are read."""
    wordings = ["a dancer spins"] * 6 + ["a dancer leaps"]
    monkeypatch.setattr(heldout, "captions_of", lambda clip, count, seed=0: wordings[:count])
    clips = [clip("a", "train", "dance"), clip("b", "test", "dance")]
    division = divide(clips, ["jump"], [], 7)
    assert not division.train and division.left_out == {"a": "a wording of it names an action that is held out"}
    assert names(divide(clips, ["jump"], [], 6))["train"] == ["a"] == names(divide(clips, [], [], 7))["train"]


def test_defects_and_labels_of_nothing_are_left_out_with_a_reason():
    clips = [
        clip("a", "train", "walk"), clip("b", "train", "walk", notes=("glitch_frames", "label_suspect")),
        clip("c", "test", "kick", notes=("label_suspect",)), clip("d", "test", "the blue one"),
        clip("e", "train", "the blue one"),
    ]  # fmt: skip
    division = divide(clips, ["kick"], [])
    assert names(division) == {"train": ["a", "e"], "seen_fit": [], "seen_test": [], "unseen_fit": [],
                               "unseen_test": []}  # fmt: skip
    assert division.left_out == {
        "b": "glitch_frames, label_suspect", "c": "label_suspect", "d": "its labels name no known action",
    }  # fmt: skip


def test_without_anything_held_out_only_what_training_lacks_is_unseen():
    clips = [clip("a", "train", "walk"), clip("b", "test", "walk"), clip("c", "test", "kick")]
    found = names(divide(clips, [], ["kick"]))
    assert found["seen_test"] == ["b"] and found["unseen_fit"] == ["c"]


def check_division(clips, held_out, calibrate_on) -> Division:
    """Whatever is held out: disjoint parts, nothing of it in training, and each part what it says it is."""
    division = divide(clips, held_out, calibrate_on)
    served = [c.id for part in SETS for c in getattr(division, part)]
    assert len(served) == len(set(served)), "a clip serves one thing"
    assert not set(served) & set(division.left_out) and all(division.left_out.values())
    trained = set()
    for c in division.train:
        actions = claim_of_clip(c).actions
        assert not actions & set(held_out) and c.split == "train" and not c.notes
        assert not any(claim_of(text).actions & set(held_out) for text in captions_of(c, 24)), c.id
        trained |= actions
    for part, split in (("seen_fit", "val"), ("seen_test", "test")):
        assert all(c.split == split and claim_of_clip(c).actions <= trained for c in getattr(division, part))
    for part in ("unseen_fit", "unseen_test"):
        for c in getattr(division, part):
            new = claim_of_clip(c).actions - trained
            assert new and (new <= set(calibrate_on)) == (part == "unseen_fit")
    expected = {c.id for c in clips if c.split in ("train", "val", "test")}
    dropped = expected - set(served) - set(division.left_out)
    for c in clips:  # what serves nothing without a reason: training clips that would have to be seen ones
        assert c.id not in dropped, c.id
    return division


@pytest.mark.parametrize("seed", range(6))
def test_no_held_out_action_is_trained_on_whatever_is_held_out(shared, seed):
    dataset = load_dataset(shared / "mocap")
    rng = random.Random(seed)
    held_out = rng.sample(sorted(ACTIONS), rng.choice([1, 4, 10, 25]))
    if seed == 0:
        held_out = ["jump", "kick", "soccer", "cartwheel", "flip", "bow", "basketball", "climb", "imitation"]
    division = check_division(dataset.clips, held_out, held_out[: len(held_out) // 2])
    assert len(division.train) > 100
    glitched = {c.id for c in dataset.clips if c.notes}
    assert glitched and glitched <= set(division.left_out)


def test_actors_of_a_held_out_split_are_not_trained_on(shared):
    """Of the part of the data that names its actors."""
    division = divide(load_dataset(shared / "mocap").clips, ["jump"], [])
    trained = {c.actor for c in division.train if c.source == "cmu"}
    for part in ("seen_fit", "seen_test"):
        actors = {c.actor for c in getattr(division, part) if c.source == "cmu" and c.actor}
        assert actors and not actors & trained


# ---------------------------------------------------------------- questions


def test_a_clip_is_measured_with_other_wordings_than_it_is_trained_with():
    clips = [clip(f"w{i}", "test", label) for i, label in enumerate(("walk", "jump", "kick-left", "sit", "crawl") * 6)]
    texts = [spoken(c) for c in clips]
    assert texts == [spoken(c) for c in clips] and len(set(texts)) > 15
    for c, text in zip(clips, texts, strict=True):
        assert text in captions_of(c, 12, OTHER_WORDING) and claim_of_clip(c).actions <= claim_of(text).actions
    trained = {text for c in clips for text in captions_of(c, 12)}
    assert np.mean([text in trained for text in texts]) < 0.7
    assert spoken(Clip("x", 20.0, 40)) is None


def dataset_of(clips) -> TextMotionDataset:
    return TextMotionDataset("d", "shards", None, tuple(clips), {}, lambda c: posed(seed_of(c.id) % 99, c.frames))


def test_questions_hold_each_text_once_and_each_clips_own():
    clips = [clip(f"c{i}", "test", label) for i, label in enumerate(("walk", "jump", "kick", "walk"))]
    clips.insert(1, Clip("mute", 20.0, 40))
    others = [clip(f"o{i}", "train", label) for i, label in enumerate(("sit", "crawl", "walk") * 4)]
    asked = questions(dataset_of([*clips, *others]), clips, others)
    assert [c.id for c in asked.clips] == ["c0", "c1", "c2", "c3"] and len(asked.motions) == 4
    assert [asked.texts[i] for i in asked.own] == [spoken(c) for c in asked.clips]
    assert len(set(asked.texts)) == len(asked.texts)
    assert set(asked.texts) == {spoken(c) for c in [*asked.clips, *others]}
    empty = questions(dataset_of([]), [], others)
    assert not empty.clips and len(empty.own) == 0


class Words:
    """Texts that share their first word are alike; others are not."""

    def sentences(self, texts):
        words = [text.split()[0] for text in texts]
        return np.stack([np.random.default_rng(seed_of(word)).normal(size=50) for word in words]).astype(np.float32)


def test_what_is_true_of_a_clip_is_no_wrong_answer_to_it():
    """By what the words claim, in plain loops; alike words with other sides are wrong ones all the same."""
    texts = ["he walks", "he walks forward", "she kicks left", "she kicks right", "he jumps", "the blue one"]
    clips = [
        Clip("a", 20.0, 40, (Caption("he walks forward"),)), Clip("b", 20.0, 40, (Caption("she kicks left"),)),
        Clip("c", 20.0, 40, (Caption("he jumps"),), labels={"content": "walk"}),
    ]  # fmt: skip
    asked = Questions([], clips, texts, np.array([1, 2, 4]))
    found = trial(asked, np.zeros((3, 6)), Words())
    assert found.true_of.tolist() == [
        [True, True, False, False, False, True],
        [False, False, True, False, False, True],
        [True, True, False, False, True, True],  # he walks, too, and nobody says in which direction
    ]
    assert found.same[1].tolist() == [False, False, True, False, False, False], "left is not right"
    assert found.true_of[2, 0] and found.true_of[2, 4] and not found.true_of[2, 3]
    assert (found.same <= found.true_of).all()
    assert np.allclose(found.likeness[[0, 1, 2], asked.own], 1)


def test_real_wrong_answers_are_never_true(shared, monkeypatch, tmp_path):
    """40 clips of the test split: no text among the wrong ones names only what the clip's own words name."""
    from mbench.text import TextEncoder

    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    dataset = load_dataset(shared / "mocap")
    clips = [c for c in divide(dataset.clips, ["jump"], []).seen_test if spoken(c)][:40]
    texts = list(dict.fromkeys(spoken(c) for c in clips))
    asked = Questions([], clips, texts, np.array([texts.index(spoken(c)) for c in clips]))
    similarity = np.arange(len(clips) * len(texts), dtype=float).reshape(len(clips), -1)
    found = trial(asked, similarity, TextEncoder())
    values, owners = found.others
    assert len(values) == 2 * (CHOICES - 1) * len(clips)
    for value, owner in zip(values, owners, strict=True):
        text = texts[int(value) % len(texts)]
        assert not claim_of(text).may_hold_for(claim_of_clip(clips[owner])), (text, clips[owner].id)
        assert text != spoken(clips[owner])
