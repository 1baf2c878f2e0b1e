"""Motion shards as a text-motion dataset: made ones with defects, and the real ones."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from dataset_files import read_rows, write_rows, write_shards
from mbench.datasets import Caption, load_dataset
from mbench.datasets.shards import Shards
from mbench.errors import FormatError
from motions import posed

MOTIONS = {name: posed(seed, frames) for seed, (name, frames) in enumerate({"a": 40, "b": 25, "c": 60}.items())}


@pytest.fixture
def folder(tmp_path):
    write_shards(tmp_path / "data", MOTIONS, split="train", source="lab", licence="CC0", actor="ann")
    return tmp_path / "data"


def test_motions_come_back(folder):
    """Positions are stored in 0.1 mm, turns in 1/32767: joints agree to a few tenths of a millimetre."""
    dataset = load_dataset(folder)
    assert (dataset.kind, dataset.name, len(dataset), dataset.skipped) == ("shards", "data", 3, {})
    for clip, motion in dataset.motions():
        assert (clip.frames, clip.fps, len(motion)) == (len(MOTIONS[clip.id]), 20.0, len(MOTIONS[clip.id]))
        assert np.abs(motion.joints - MOTIONS[clip.id].joints).max() < 5e-4
        assert motion.meta["id"] == clip.id


def test_every_field_of_a_row_is_in_the_clip(folder):
    first, *others = read_rows(folder)
    first |= {
        "captions": [
            {"text": "A person hops.", "source": "kit-ml", "start": 0.5, "end": 1.25},
            {"text": "hop", "source": "cmu-index"},
        ],
        "template_caption": "a person hops angrily", "content": "hop", "style": "angry", "glitch_frames": [3, 4],
        "label_suspect": True,
    }  # fmt: skip
    write_rows(folder, [first, *others])
    clip, plain = load_dataset(folder).clips[:2]
    assert clip.captions == (
        Caption("A person hops.", 0.5, 1.25, "kit-ml"),
        Caption("hop", source="cmu-index"),
        Caption("a person hops angrily", source="template"),
    )
    assert clip.labels == {"content": "hop", "style": "angry"}
    assert clip.notes == ("glitch_frames", "label_suspect")
    assert (clip.split, clip.source, clip.licence, clip.actor) == ("train", "lab", "CC0", "ann")
    assert (plain.captions, plain.labels, plain.notes) == ((), {}, ())


def test_spans_are_cut_to_the_clip(folder):
    clip = load_dataset(folder).clips[0]  # 40 frames, 2 s
    assert clip.span(Caption("x")) == (0.0, 2.0)
    assert clip.span(Caption("x", 0.5, 9.0)) == (0.5, 2.0)
    assert clip.span(Caption("x", None, 1.5)) == (0.0, 1.5)
    assert clip.covered_by(Caption("x", 0.0, 1.9)) and not clip.covered_by(Caption("x", 0.0, 1.7))


BROKEN = {
    "no JSON": ("{", "is not JSON: Expecting property name"),
    "no mapping": (["a"], "is a list; expected a mapping"),
    "no shard": ({"shard": None}, "shard is None; expected str"),
    "another shard": ({"shard": "z_00.npz"}, "shards/z_00.npz is missing or damaged"),
    "an index too high": ({"index": 3}, "index is 3; shards/a_00.npz holds 3 clips"),
    "another length": ({"frames": 24}, "frames is 24; shards/a_00.npz holds 25 of this clip"),
    "a skeleton that is not there": ({"rest_index": 3}, "rest_index is 3; rest_offsets.npy holds 3 skeletons"),
    "no frame rate": ({"fps": 0}, "fps is 0; expected a number > 0"),
    "an id that came before": ({"id": "a"}, "its id came before; expected every id once"),
    "a caption without text": ({"captions": [{"text": " "}]}, "captions: text is ' '; expected words"),
    "a span in words": ({"captions": [{"text": "x", "start": "0 s"}]}, "span is '0 s' to None; expected seconds"),
    "a span backwards": ({"captions": [{"text": "x", "start": 2, "end": 1}]}, "span is 2 to 1; expected seconds"),
    "a span of NaN": ({"captions": [{"text": "x", "start": float("nan"), "end": 1}]}, "span is nan to 1; expected"),
    "captions of another kind": ({"captions": ["walk"]}, "captions: holds 'walk'; expected mappings"),
}


@pytest.mark.parametrize(("change", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_row_is_named_and_left_out(folder, change, reason):
    rows = read_rows(folder)
    broken = {**rows[1], **change} if isinstance(change, dict) else change
    write_rows(folder, [rows[0], broken, rows[2]])
    dataset = load_dataset(folder)
    assert [clip.id for clip in dataset] == ["a", "c"]
    ((name, why),) = dataset.skipped.items()
    assert name.startswith("metadata.jsonl line 2") and reason in why
    assert np.array_equal(dataset.motion(dataset.clips[1]).joints, Shards(folder).motion(rows[2]).joints)


def test_a_row_without_a_field(folder):
    rows = read_rows(folder)
    del rows[1]["frames"]
    write_rows(folder, rows)
    assert load_dataset(folder).skipped == {"metadata.jsonl line 2": "has no field 'frames'"}


def test_a_damaged_shard_takes_its_clips_with_it(folder):
    shard = folder / "shards" / "a_00.npz"
    write_shards(folder / "more", {"d": posed(9, 30)}, shard="b_00.npz")
    (folder / "more" / "shards" / "b_00.npz").rename(folder / "shards" / "b_00.npz")
    write_rows(folder, [*read_rows(folder), *read_rows(folder / "more")])
    shard.write_bytes(shard.read_bytes()[:500])
    dataset = load_dataset(folder)
    assert [clip.id for clip in dataset] == ["d"] and len(dataset.skipped) == 3
    assert set(dataset.skipped.values()) == {"shards/a_00.npz is missing or damaged"}


def test_a_shard_that_is_spoilt_later_is_an_error_of_its_clip(folder):
    """The lengths can still be read, the rotations can't."""
    shard = folder / "shards" / "a_00.npz"
    data = bytearray(shard.read_bytes())
    start = data.find(b"rot.npy") + 200
    data[start : start + 200] = bytes(200)
    shard.write_bytes(data)
    dataset = load_dataset(folder)
    with pytest.raises(FormatError, match="clip 'a' can't be read"):
        dataset.motion(dataset.clips[0])


def test_a_check_of_all_motions_moves_the_spoilt_ones(folder):
    """The shard's third clip gets a quaternion of length 0, which no listing sees."""
    spoilt = np.load(folder / "shards" / "a_00.npz")
    turns = np.cumsum(spoilt["rot"], axis=1, dtype=np.int16)
    turns[:, 70] = 0
    np.savez_compressed(
        folder / "shards" / "a_00.npz",
        **{**spoilt, "rot": np.diff(turns, axis=1, prepend=np.int16(0))},
    )
    dataset = load_dataset(folder)
    assert len(dataset) == 3 and dataset.skipped == {}
    checked = dataset.checked()
    assert [clip.id for clip in checked] == ["a", "b"] and list(checked.skipped) == ["c"]
    assert "clip 'c' can't be read" in checked.skipped["c"] and "zero norm" in checked.skipped["c"]


def test_a_dataset_travels_to_other_processes(folder):
    dataset = load_dataset(folder)
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy.clips == dataset.clips
    assert copy.motion(copy.clips[2]) == dataset.motion(dataset.clips[2])


def test_a_folder_of_nothing_but_broken_rows(folder):
    write_rows(folder, ["{", "["])
    with pytest.raises(FormatError, match="no clip can be read; metadata.jsonl line 1 is not JSON"):
        load_dataset(folder)
    (folder / "metadata.jsonl").write_text("")
    with pytest.raises(FormatError, match="no clip can be read; metadata.jsonl is empty"):
        load_dataset(folder)


def test_the_raw_rows_are_strict(folder):
    """What makes suites and anchors must not lose a row on the way."""
    (folder / "metadata.jsonl").write_text('{"id": "a"}\n{\n')
    with pytest.raises(FormatError, match="metadata.jsonl line 2 is not JSON"):
        _ = Shards(folder).rows


def test_a_folder_without_skeletons(folder):
    (folder / "rest_offsets.npy").unlink()
    with pytest.raises(FormatError, match="rest_offsets.npy can't be read"):
        load_dataset(folder)


# The real clips.

SOURCES = {  # clips, hours, as the table of their README has them
    "bandai-namco-2": (1397, 2.04), "bandai-namco-1": (149, 0.26), "cmu": (351, 1.08), "ase-reallusion": (73, 0.09),
    "deepmimic": (22, 0.07), "deepmimic-sie": (50, 0.06), "isaacgym-amp": (6, 0.01), "misc": (22, 0.04),
}  # fmt: skip


@pytest.fixture(scope="module")
def real(shared):
    return load_dataset(shared / "mocap")


def test_the_real_clips_are_all_there(real):
    assert (len(real), real.skipped, real.remarks) == (2070, {}, {})
    assert round(sum(clip.seconds for clip in real) / 3600, 2) == 3.64
    for source, (clips, hours) in SOURCES.items():
        found = list(real.where(source=source))
        assert (len(found), round(sum(clip.seconds for clip in found) / 3600, 2)) == (clips, hours)
    assert sum(clip.source not in SOURCES for clip in real) == 0


def test_the_real_captions_are_as_written(real):
    written = {"kit-ml", "cmu-index"}
    captioned = [clip for clip in real.where(source="cmu") if written & {caption.source for caption in clip.captions}]
    assert len(captioned) == 306
    spans = [caption for clip in real for caption in clip.captions if caption.source == "kit-ml"]
    assert len(spans) == 60 and all(caption.end is not None for caption in spans)
    assert sum("glitch_frames" in clip.notes for clip in real) == 10
    assert sum("label_suspect" in clip.notes for clip in real) == 3
    assert {clip.actor for clip in real.where(source="cmu", split="test")} == {"cmu12", "cmu17", "cmu49"}


def test_the_real_motions_are_those_of_their_own_loader(real, shared):
    from mocap import mocap

    for clip in real.clips[::230]:
        assert np.abs(real.motion(clip).joints - mocap(shared).clip(clip.id)["pos"]).max() < 1e-5
