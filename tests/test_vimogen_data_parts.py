"""Parts of the data build against golden values, properties and naive twins."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from baselines.choreographer import choreograph
from mbench.errors import MotionError
from mbench.motion import Motion
from mbench.motion.canonical import translate, yaw
from mbench.motion.kinematics import forward_kinematics
from mbench.motion.representations.vimogen276 import POSITIONS, decode, encode
from mbench.motion.resample import resample
from mbench.motion.skeleton import N_JOINTS, PELVIS
from motions import posed
from vimogen.augment import mirrored, part
from vimogen.data.canonical import canonical_rows, cut, motion_of
from vimogen.data.caption import captions_for
from vimogen.data.config import Limits, SplitConfig
from vimogen.data.database import Database, Record, Result
from vimogen.data.duplicates import duplicates, feature, mirrored_feature
from vimogen.data.filter import SCORES, reason_against
from vimogen.data.funnel import Rejection, Row, draw, reasons
from vimogen.data.publish import is_held_out
from vimogen.data.score import percentiles, scores_of
from vimogen.data.split import leaks, split_of
from vimogen.data.statistics import CROP, codec_of, crops

CLEAN = dict.fromkeys(SCORES, 0.0)


def record(clip: str = "a", **fields) -> Record:
    return Record(**{"key": f"optical/{clip}", "subset": "optical", "clip": clip, "group": clip, **fields})


def test_canonical_rows_do_not_depend_on_where_a_person_stands():
    motion = posed(3)
    moved = translate(yaw(motion, 1.2), (3.0, -2.0, 0.4))
    rows, facts = canonical_rows(motion)
    other, shifted = canonical_rows(moved)
    assert np.abs(rows - other).max() < 1e-4
    assert shifted["floor"] - facts["floor"] == pytest.approx(0.4, abs=1e-4)
    joints = rows[:, POSITIONS].reshape(-1, N_JOINTS, 3)
    assert joints[0, PELVIS, :2] == pytest.approx([0, 0], abs=1e-6) and joints[..., 2].min() == pytest.approx(
        0, abs=0.02
    )


def test_the_floor_comes_back():
    motion = posed(5)
    rows, facts = canonical_rows(motion)
    back = motion_of(rows, facts["floor"])
    assert back.joints[..., 2] == pytest.approx(motion.joints[:-1, :, 2], abs=1e-4)


def test_bones_keep_their_length_at_another_rate():
    fast = posed(1, frames=96, fps=16.0)
    rows, facts = canonical_rows(fast)
    lengths = np.linalg.norm(decode(rows, "slice").joints[:, 4] - decode(rows, "slice").joints[:, 1], axis=-1)
    assert lengths.std() < 1e-5 < np.linalg.norm(
        resample(fast, 20).joints[:, 4] - resample(fast, 20).joints[:, 1], axis=-1
    ).std()  # fmt: skip
    assert (facts["fps"], facts["rows"]) == (16.0, 118)


def test_joints_that_do_not_follow_their_rotations_stay():
    motion = posed(1, frames=60, fps=30.0)
    odd = motion.replace(joints=motion.joints * np.float32([1, 1, 1.05]), pose=motion.pose)
    rows, _ = canonical_rows(odd)
    expected = resample(odd, 20).joints
    height = np.ptp(rows[:, POSITIONS].reshape(-1, N_JOINTS, 3)[..., 2], axis=1)
    assert height == pytest.approx(np.ptp(expected[:-1, :, 2], axis=1), abs=1e-4)


def test_cutting():
    motion = posed(0, frames=40)
    assert cut(motion, 0.0, None) is motion
    piece = cut(motion, 0.5, 1.0)
    assert np.array_equal(piece.joints, motion.joints[10:20]) and len(piece.pose.rotations) == 10
    assert len(cut(motion, 1.5, 99.0)) == 10
    with pytest.raises(MotionError, match="no frame lies between 2 and 3 s; the motion has 2 s"):
        cut(motion, 2.0, 3.0)
    with pytest.raises(MotionError, match="needs 2 frames"):
        canonical_rows(motion, 0.0, 0.05)


def still(frames: int = 20) -> np.ndarray:
    return np.tile(posed(0).joints[:1], (frames, 1, 1))


def test_scores_of_a_known_motion():
    joints = still()
    joints[10:, 20, 0] += 0.6  # a hand jumps by 0.6 m in a frame: 12 m/s
    scores = scores_of(Motion(joints), [{"text": "x", "end": 1.5}, {"text": "y", "end": None}])
    assert scores["speed"] == pytest.approx(12, abs=1e-4)
    assert scores["static"] == pytest.approx(18 / 19)
    assert scores["overrun"] == 0.5
    assert scores["bone_drift"] > 0.01 and set(scores) == set(SCORES)
    assert scores_of(Motion(joints))["overrun"] == 0


def test_a_slow_motion_is_no_still_one():
    slow, fast = still(41), still(41)
    slow[:, 20, 2] += np.linspace(0, 0.15, 41)  # 0.075 m/s
    fast[:, 20, 2] += np.linspace(0, 0.3, 41)
    assert scores_of(Motion(slow))["static"] == 1 and scores_of(Motion(fast))["static"] == 0


def test_a_single_frame_has_scores_that_do_not_apply():
    scores = scores_of(Motion(still(1)))
    assert {name for name, value in scores.items() if value is None} >= {"speed", "static", "jitter", "sliding"}
    assert reason_against(record(), 100, scores, Limits()) is None


def test_percentiles_leave_out_what_does_not_apply():
    found = percentiles([{"a": 1.0, "b": None, "c": None}, {"a": 3.0, "b": 7.0, "c": None}])
    assert found["a"]["50"] == 2 and found["b"] == dict.fromkeys(found["b"], 7.0) and "c" not in found
    assert percentiles([]) == {}


@pytest.mark.parametrize("name", SCORES)
def test_each_limit(name):
    limit = getattr(Limits(), name)
    assert reason_against(record(), 100, {**CLEAN, name: limit}, Limits()) is None
    told = reason_against(record(), 100, {**CLEAN, name: limit * 1.01}, Limits())
    assert told.startswith(f"{name}: ") and told.endswith(f"more than {limit:g}")
    assert reason_against(record(), 100, {**CLEAN, name: 99.0}, Limits(**{name: None})) is None


def test_notes_and_length():
    assert reason_against(record(notes=["label_suspect"]), 100, CLEAN, Limits()) == "note: label_suspect"
    assert reason_against(record(notes=["label_suspect"]), 100, CLEAN, Limits(notes=[])) is None
    assert reason_against(record(notes=["root_from_video"]), 40, CLEAN, Limits()) is None
    assert reason_against(record(), 39, CLEAN, Limits()) == "shortest: 39 rows, fewer than 40"


def test_captions_keep_their_sources():
    own = [{"text": "a person bows deeply", "source": "us", "end": None}]
    found = captions_for(record(captions=own, labels={"content": "bow", "style": "sad"}), 5, seed=0)
    assert found[0] == {"text": "a person bows deeply", "source": "us"}
    assert [caption["source"] for caption in found[1:]] == ["grammar"] * 5
    assert captions_for(record(captions=own), 0, seed=0) == found[:1]
    assert captions_for(record(captions=own, labels={"content": "bow"}), 5, 1) != captions_for(
        record(captions=own, labels={"content": "bow"}), 5, 2
    )
    assert captions_for(record(), 5, seed=0) == []


def test_splits_follow_the_dataset_else_the_actor():
    config = SplitConfig(val=0.2, test=0.3)
    assert [split_of(record(split=name), config) for name in ("train", "Validation", "dev", "test")] == [
        "train", "val", "val", "test",
    ]  # fmt: skip
    people = [record(f"{n}.{clip}", group=f"actor{n}") for n in range(400) for clip in range(2)]
    chosen = [split_of(person, config) for person in people]
    assert chosen[::2] == chosen[1::2], "all clips of an actor are in one split"
    shares = {name: chosen.count(name) / len(chosen) for name in ("train", "val", "test")}
    assert shares == {"train": pytest.approx(0.5, abs=0.07), "val": pytest.approx(0.2, abs=0.07),
                      "test": pytest.approx(0.3, abs=0.07)}  # fmt: skip
    assert chosen != [split_of(person, SplitConfig(val=0.2, test=0.3, seed=1)) for person in people]


def test_an_actor_is_in_one_split_only():
    records = [record(clip, group=group) for clip, group in zip("abcde", "xxxyy", strict=True)]
    splits = dict(zip((r.key for r in records), ["train", "test", "val", "train", "train"], strict=True))
    assert leaks(splits, records) == {
        "optical/a": "x is in test, too, and can't be in train",
        "optical/c": "x is in test, too, and can't be in val",
    }


def naive_distance(a, b):
    """Root mean square distance of a joint over 24 evenly spread moments."""
    sampled = []
    for rows in (a, b):
        joints = rows[:, POSITIONS].reshape(len(rows), -1).astype(float)
        moments = np.linspace(0, len(rows) - 1, 24)
        columns = [np.interp(moments, np.arange(len(rows)), joints[:, c]) for c in range(66)]
        sampled.append(np.stack(columns, 1).reshape(24, 22, 3))
    return np.sqrt(((sampled[0] - sampled[1]) ** 2).sum(-1).mean())


def test_distances_of_features():
    clips = [canonical_rows(posed(seed, frames))[0] for seed, frames in ((0, 40), (1, 55), (2, 90))]
    features = [feature(rows) for rows in clips]
    for i, a in enumerate(clips):
        assert mirrored_feature(features[i][None])[0] == pytest.approx(feature(mirrored(a)), abs=1e-6)
        for j, b in enumerate(clips):
            assert np.linalg.norm(features[i] - features[j]) == pytest.approx(naive_distance(a, b), abs=1e-5)


def test_copies_and_mirror_images_are_found():
    takes = [canonical_rows(choreograph("a person waves the right hand", 3, seed))[0] for seed in range(3)]
    clips = [takes[0], takes[1], takes[0] + np.float32(1e-4), mirrored(takes[1]), takes[2], takes[0][:-10]]
    lengths = np.array([len(rows) for rows in clips])
    features = np.stack([feature(rows) for rows in clips])
    found = duplicates(features, lengths, list(range(6)), 0.005, 0.1)
    assert {copy: (f.of, f.mirrored) for copy, f in found.items()} == {2: (0, False), 3: (1, True)}
    assert found[3].metres < 1e-4
    turned = duplicates(features, lengths, [5, 4, 3, 2, 1, 0], 0.005, 0.1)
    assert {copy: f.of for copy, f in turned.items()} == {0: 2, 1: 3}, "the first in the order is kept"


def test_copies_of_copies_name_the_one_that_is_kept(monkeypatch):
    monkeypatch.setattr("vimogen.data.duplicates.BLOCK", 2)
    base = feature(canonical_rows(posed(0))[0])
    features = np.stack([base + np.float32(step) for step in (0, 1e-5, 2e-5, 3e-5, 4e-5)])
    found = duplicates(features, np.full(5, 40), list(range(5)), 0.01, 0.1)
    assert {copy: f.of for copy, f in found.items()} == {1: 0, 2: 0, 3: 0, 4: 0}


def test_crops_cover_a_clip():
    rows = encode(posed(0, frames=2 * CROP + 52))
    found = list(crops(rows))
    assert [len(crop) for crop in found] == [150, 151, 150] and sum(map(len, found)) == len(rows)
    assert np.array_equal(found[1], part(rows, 150, 151))
    assert [len(crop) for crop in crops(rows[:CROP])] == [CROP]


def test_statistics_are_those_of_all_crops_and_their_mirror_images():
    clips = [encode(posed(seed, frames)) for seed, frames in ((0, 41), (1, 230), (2, 60))]
    codec = codec_of(clips)
    seen = [each for rows in clips for crop in crops(rows) for each in (crop, mirrored(crop))]
    stacked = np.concatenate(seen).astype(np.float64)
    assert codec.mean == pytest.approx(stacked.mean(0), abs=1e-6)
    assert codec.std == pytest.approx(stacked.std(0).clip(1e-3), abs=1e-6)


def test_held_out_words():
    patterns = ["kick*", "bow", "soccer"]
    assert is_held_out(["A person is Kicking."], patterns) and is_held_out(["x", "they bow."], patterns)
    assert not is_held_out(["a person bowls", "sidekick", ""], patterns) and not is_held_out(["kick"], [])


def test_reasons_are_counted():
    left_out = [Rejection("a", f"a/{n}", "filter", "jitter: 0.2, more than 0.1") for n in range(3)]
    left_out += [Rejection("a", "a/9", "canonicalise", "x"), Rejection("b", "f", "ingest", "y")]
    assert reasons(left_out) == {"a": {"jitter": 3, "canonicalise": 1}, "b": {"ingest": 1}}


def test_the_figure_is_drawn_for_any_number_of_subsets(tmp_path):
    rows = [Row(f"s{n}", stage, clips, 0.5) for n in range(8) for stage, clips in (("score", 9), ("filter", 0))]
    draw(tmp_path / "f.png", rows, {"s0": {"jitter": 9}})
    with Image.open(tmp_path / "f.png") as picture:
        assert picture.width > 1000 and picture.height > picture.width


def test_the_database_keeps_what_it_is_given(tmp_path):
    database = Database(tmp_path / "a.sqlite")
    kept = record("ä", captions=[{"text": "…", "source": "us", "end": None}], notes=["x"])
    database.ingest("optical", "f1", [(kept, "m1"), (record("b"), "m2")], {"broken": "no pose"})
    assert database.records("optical") == {kept.key: kept, "optical/b": record("b")}
    assert database.marks("optical") == {kept.key: "m1", "optical/b": "m2"}
    assert (database.ingested("optical"), database.ingested("video")) == ("f1", None)
    assert database.skipped("optical") == {"broken": "no pose"}
    result = Result("f", "why", {"a": [1.5, None]})
    database.save("score", [(kept.key, result), ("optical/b", Result("f"))])
    database.save("score", [("optical/b", Result("g"))])
    assert database.results("score") == {kept.key: result, "optical/b": Result("g")}
    assert database.result("score", kept.key) == result
    with pytest.raises(KeyError, match="filter has no result for optical/b"):
        database.result("filter", "optical/b")
    database.ingest("optical", "f2", [(record("b"), "m2")], {})
    database.keep_only(["optical"])
    assert database.results("score") == {"optical/b": Result("g")} and database.skipped("optical") == {}


def test_a_transaction_is_whole_or_nothing(tmp_path):
    database = Database(tmp_path / "a.sqlite")
    database.ingest("optical", "f1", [(record("b"), "m")], {})
    with pytest.raises(ZeroDivisionError):
        database.save("score", ((key, Result("f")) for key in ["optical/b", 1 / 0]))
    broken = [(record("c"), "m"), (record("c"), "m")]
    with pytest.raises(Exception, match="UNIQUE"):
        database.ingest("optical", "f2", broken, {})
    assert list(database.records("optical")) == ["optical/b"] and database.ingested("optical") == "f1"
    assert database.results("score") == {}


def test_rows_are_consistent_with_their_rotations():
    rows, _ = canonical_rows(posed(4, frames=90, fps=30.0))
    motion = decode(rows, "slice")
    posed_joints = forward_kinematics(motion.pose.rotations, motion.joints[:, PELVIS], motion.pose.offsets)
    assert np.abs(posed_joints - motion.joints).max() < 1e-4
    assert json.loads(json.dumps(canonical_rows(posed(0))[1]))["rotations"] == "given"
