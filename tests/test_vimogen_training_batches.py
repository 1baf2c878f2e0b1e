"""Published folders as clips, and batches of them: who is drawn, what they are asked, what they are padded with."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mbench.datasets.caption_mirror import mirror_text
from mbench.errors import MBenchError
from vimogen.augment import canonical, mirrored
from vimogen.codec import REFERENCE, Codec
from vimogen.training.batches import Batches
from vimogen.training.clips import TrainingClip, read_codec, read_data, texts_of
from vimogen.training.recipe import Recipe
from vimogen_folders import row_of, rows_of, write_folder

SIDES = ("a person steps to the left", "a person steps to the right")


def recipe_of(**change) -> Recipe:
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2}
    values = {"data": "", "output": "", "network": sizes, "frames": (20, 30), "batch": 16}
    return Recipe.model_validate({**values, **change})


def clip_of(number: int, subset: str = "optical", texts=("a person walks",), held_out=False, frames=24) -> TrainingClip:
    return TrainingClip(f"{subset}{number}", subset, rows_of(number, frames), texts, held_out)


def words(texts) -> dict[str, np.ndarray]:
    """Return tokens that tell which text it was: as many as its letters, the number of the text in all of them."""
    return {text: np.full((len(text) + 1, 4), number, np.float32) for number, text in enumerate(texts)}


def batches_of(clips, **change) -> Batches:
    tokens = words(texts_of(clips))
    return Batches(clips, tokens, Codec.of([clip.rows for clip in clips]), recipe_of(**change))


def texts_in(batches: Batches, batch) -> list[str]:
    names = list(batches.tokens)
    return [names[int(own[0, 0])] for own in batch["text"]]


@pytest.fixture(scope="module")
def mixed() -> list[TrainingClip]:
    """Return clips of two subsets, of several lengths; one is held out, one has no caption."""
    return [
        *(clip_of(n, texts=(SIDES[0],), frames=24 + 4 * n) for n in range(4)),
        clip_of(4, texts=("a person bows",), held_out=True),
        clip_of(5, texts=()),
        *(clip_of(n, "video", texts=("a person jumps", "someone hops")) for n in range(6, 9)),
    ]


TWO = {"optical": {"share": 3.0, "text": 0.8}, "video": {"share": 1.0, "text": 0.4, "columns": "rotations"}}


def test_a_batch_depends_on_the_seed_and_its_number(mixed):
    one, other = batches_of(mixed, subsets=TWO), batches_of(mixed, subsets=TWO)
    expected = one(5)
    other(9)
    torch.rand(3)
    for name, value in other(5).items():
        assert torch.equal(value, expected[name])
    assert not torch.equal(one(6)["text"], expected["text"])
    seeded = batches_of(mixed, subsets=TWO, train={"seed": 1})(5)
    assert seeded["rows"].shape != expected["rows"].shape or not torch.equal(seeded["rows"], expected["rows"])


def test_shares_of_subsets_and_branches_are_those_asked_for(mixed):
    """4,000 samples: a share of p is known to 3 sqrt(p (1 - p) / 4000), or 0.024 at most."""
    batches = batches_of(mixed, subsets=TWO, null_text=0.25)
    generator = np.random.default_rng(0)
    drawn = [batches._draw(generator) for _ in range(4000)]
    video = np.array([clip.subset == "video" for clip, _ in drawn])
    text = np.array([by_text for _, by_text in drawn])
    assert video.mean() == pytest.approx(0.25, abs=0.024)
    assert text[~video].mean() == pytest.approx(0.8, abs=0.024)
    assert text[video].mean() == pytest.approx(0.4, abs=0.05)


def test_shares_hold_in_the_batches_too(mixed):
    """Clips are sorted by length into batches; over many batches nothing is preferred."""
    batches = batches_of(mixed, subsets=TWO, null_text=0.25)
    found = [batches(step) for step in range(50)]
    gate = torch.cat([batch["gate"] for batch in found])
    texts = np.array([text for batch in found for text in texts_in(batches, batch)])
    assert gate.mean().item() == pytest.approx(0.75 * 0.8 + 0.25 * 0.4, abs=0.06)
    assert (texts[gate.numpy() == 1] == "").mean() == pytest.approx(0.25, abs=0.06)
    captured = torch.cat([batch["columns"][:, 130] > 0 for batch in found]) & (gate == 1)
    lengths = torch.cat([batch["mask"].sum(1) for batch in found])[captured]
    assert lengths.float().mean().item() == pytest.approx((24 + 28 + 30 + 30) / 4, abs=0.8)


def test_clips_of_a_subset_are_drawn_by_their_weight():
    clips = [replace(clip_of(n), weight=w) for n, w in enumerate((1.0, 3.0, 4.0))]
    batches, generator = batches_of(clips), np.random.default_rng(1)
    names = [batches._draw(generator)[0].id for _ in range(4000)]
    assert [names.count(clip.id) / 4000 for clip in clips] == pytest.approx([0.125, 0.375, 0.5], abs=0.024)


def test_captions_that_are_held_out_never_reach_the_network(mixed):
    batches = batches_of(mixed, subsets=TWO, null_text=0.0)
    assert not {"a person bows", mirror_text("a person bows")} & batches.tokens.keys()
    generator = np.random.default_rng(2)
    drawn = [batches._draw(generator) for _ in range(4000)]
    mute = [(clip.held_out, by_text) for clip, by_text in drawn if clip.held_out or not clip.texts]
    assert len(mute) > 100
    assert not any(by_text for _, by_text in mute)
    assert any(held for held, _ in mute)
    assert any(not held for held, _ in mute)


def test_mirrored_samples_have_mirrored_captions():
    """A clip of one length is given whole: its rows tell whether it was mirrored."""
    clip = clip_of(0, texts=(SIDES[0],), frames=25)
    batches = batches_of([clip], subsets={"optical": {"text": 1.0}}, null_text=0.0, mirror=0.5)
    forms = {SIDES[0]: clip.rows, SIDES[1]: mirrored(clip.rows)}
    seen = []
    for step in range(6):
        batch = batches(step)
        for rows, text in zip(batch["rows"].numpy(), texts_in(batches, batch), strict=True):
            np.testing.assert_allclose(batches.codec.rows(rows), forms[text], atol=2e-4)
            seen.append(text)
    assert seen.count(SIDES[1]) / len(seen) == pytest.approx(0.5, abs=0.16)  # 3 sigma of 96


@pytest.mark.parametrize(("mirror", "side"), [(0.0, 0), (1.0, 1)])
def test_mirroring_is_switched_on_and_off(mirror, side):
    batches = batches_of([clip_of(0, texts=(SIDES[0],))], mirror=mirror, null_text=0.0)
    texts = {text for step in range(3) for text in texts_in(batches, batches(step))}
    assert texts <= {SIDES[side], ""}
    assert SIDES[side] in texts


def test_parts_start_anywhere_and_are_as_long_as_they_may_be():
    clip = clip_of(0, frames=60)
    batches = batches_of([clip], mirror=0.0)
    starts = set()
    for step in range(10):
        batch = batches(step)
        assert (batch["mask"].sum(1) == 30).all()
        rotations = batch["rows"][:, 0, :126].numpy() * batches.codec.std[:126] + batches.codec.mean[:126]
        starts |= {int(np.abs(clip.rows[:, :126] - own).max(axis=1).argmin()) for own in rotations}
    assert {0, 30} <= starts <= set(range(31))
    assert len(starts) > 25


def test_columns_of_the_loss(mixed):
    """Rotations alone for the text branch of video; the root counts `root` times; the reference branch knows all."""
    batches = batches_of(mixed, subsets=TWO, root=5.0)
    every = np.r_[np.ones(258), np.full(18, 5.0)]
    rotations = np.r_[np.ones(126), np.zeros(150)]
    seen = set()
    for step in range(20):
        batch = batches(step)
        for columns, gate in zip(batch["columns"].numpy(), batch["gate"], strict=True):
            told = "rotations" if columns[130] == 0 else "all"
            np.testing.assert_array_equal(columns, rotations if told == "rotations" else every)
            seen.add((told, float(gate)))
    assert seen == {("rotations", 1.0), ("all", 1.0), ("all", 0.0)}


def test_tensors_are_padded_with_zeros_and_their_masks_say_where(mixed):
    batches = batches_of(mixed, subsets=TWO)
    batch = batches(3)
    frames, letters = batch["mask"].sum(1), batch["text_mask"].sum(1)
    assert batch["rows"].shape == (16, int(frames.max()), 276)
    assert batch["reference"].shape == (16, int(frames.max()), 138)
    assert [len(text) + 1 for text in texts_in(batches, batch)] == letters.tolist()
    for name, mask in (("rows", "mask"), ("reference", "reference_mask"), ("text", "text_mask")):
        assert not batch[name][~batch[mask]].any()
        assert batch[name][batch[mask]].abs().sum(-1).min() >= 0
    assert not (batch["reference_mask"] & ~batch["mask"]).any()
    assert all(torch.equal(own, own.sort(descending=True).values) for own in batch["mask"].int())


def test_the_reference_is_a_spoilt_copy_of_the_rows(mixed):
    batches, off = batches_of(mixed, subsets=TWO), []
    for step in range(10):
        batch = batches(step)
        left = batch["reference_mask"]
        off.append((batch["reference"] - batch["rows"][..., REFERENCE])[left].abs().amax(-1))
    off = torch.cat(off)
    assert 0.05 < (off > 1e-5).float().mean() < 0.5  # noise in a fifth of the frames, blends in a twentieth
    assert off[off > 1e-5].median() > 0.05


def test_without_a_reference_branch_all_samples_read_a_text(mixed):
    sizes = {"dim": 16, "ffn_dim": 16, "num_layers": 2, "num_heads": 2, "reference": False}
    batches = batches_of(mixed, subsets=TWO, network=sizes)
    assert all((batches(step)["gate"] == 1).all() for step in range(10))
    with pytest.raises(MBenchError, match="no clip of subset optical has a caption, and the network has no reference"):
        batches_of([clip_of(0, texts=())], network=sizes)


def test_a_subset_without_clips_is_refused_unless_its_share_is_0(mixed):
    with pytest.raises(MBenchError, match="no training clip is of subset synthetic; leave it out of `subsets`"):
        batches_of(mixed, subsets={**TWO, "synthetic": {}})
    assert batches_of(mixed, subsets={**TWO, "synthetic": {"share": 0.0}})(0)["rows"].shape[0] == 16


def test_a_published_folder(tmp_path):
    rows = [
        row_of(0, held_out=True, motion_text_annot="a person bows"), row_of(1, seed=7), row_of(2, split="val"),
        row_of(3, subset="video", split="train"), row_of(4, motion_text_annot=None),
    ]  # fmt: skip
    data = read_data(write_folder(tmp_path / "data", rows), ["optical"], shortest=25)
    clips = {clip.id: clip for own in data.clips.values() for clip in own}
    assert [sorted(clip.id for clip in data.clips[split]) for split in ("train", "val")] == [["c01", "c04"], ["c02"]]
    np.testing.assert_array_equal(clips["c01"].rows, rows_of(1, 25))
    assert clips["c01"].texts == ("a person turns left 1 times", "someone moves")
    assert clips["c04"].texts == ()
    assert (clips["c01"].seed, clips["c04"].seed) == (7, None)
    long = read_data(tmp_path / "data", ["optical"], shortest=20).clips["train"]
    assert [(clip.id, clip.texts, clip.held_out) for clip in long][0] == ("c00", ("a person bows",), True)
    assert texts_of(long) == sorted(
        ["", "a person turns left 1 times", "a person turns right 1 times", "someone moves"]
    )


def test_rows_are_drawn_as_often_as_the_recipe_says(tmp_path):
    rows = [
        row_of(number, split="train", branch=branch, held_out_action=held_out, motion_text_annot=f"text {number}")
        for number, (branch, held_out) in enumerate([("text", False), ("reference", False), ("reference", True)])
    ]
    folder = write_folder(tmp_path / "data", rows, 36)
    times = {"branch": {"reference": 3.0}, "held_out_action": {"true": 2.0}}
    plain = read_data(folder, ["optical"], 1).clips["train"]
    drawn = read_data(folder, ["optical"], 1, draw={"optical": times}).clips["train"]
    assert [b.weight / a.weight for a, b in zip(plain, drawn, strict=True)] == pytest.approx([1, 3, 6])
    for wrong in ({"brunch": {"reference": 3.0}}, {"branch": {"referenz": 3.0}}, {"held_out_action": {"True": 3.0}}):
        with pytest.raises(MBenchError, match=r"no row has \w+ '\w+', which `draw` names; found"):
            read_data(folder, ["optical"], 1, draw={"optical": wrong})


def test_several_folders_are_read_as_one(tmp_path):
    """Clips of both, the statistics of the first, a hash of all and of their order."""
    first = write_folder(tmp_path / "a", [row_of(0, subset="distilled", split="train"), row_of(1, split="train")])
    second = write_folder(tmp_path / "b", [row_of(2, split="train"), row_of(3, split="val")], 36)
    data = read_data([first, second], ["distilled", "optical"], 1)
    found = {split: [(clip.subset, len(clip.rows)) for clip in own] for split, own in data.clips.items()}
    assert found == {"train": [("distilled", 24), ("optical", 25), ("optical", 36)], "val": [("optical", 37)]}
    np.testing.assert_array_equal(data.codec.mean, read_codec(first).mean)
    hashes = {read_data(own, ["optical"], 1).hash for own in (first, second, [first, second], [second, first])}
    assert len(hashes) == 4
    assert read_data([first], ["optical"], 1).hash == read_data(first, ["optical"], 1).hash
    with pytest.raises(MBenchError, match="optical: no row has kind 'x'"):
        read_data([first, second], ["optical"], 1, draw={"optical": {"kind": {"x": 2.0}}})
    with pytest.raises(MBenchError, match=r"/a, .*/b holds no training clip of video with 1 frames"):
        read_data([first, second], ["video"], 1)


def captures(tmp_path, **change):
    """Return a folder of two clips, and a capture that was simulated from the second."""
    rows = [row_of(0, split="train"), row_of(1, split="train"), row_of(2, split="train", subset="video", **change)]
    return write_folder(tmp_path / "data", rows)


def test_simulated_captures_are_references_of_what_they_were_made_of(tmp_path):
    folder = captures(tmp_path, simulated_from="optical/c01")
    clip = read_data(folder, ["video"], 1, clean=["video"]).clips["train"][0]
    np.testing.assert_array_equal(clip.rows, rows_of(1, 25))
    np.testing.assert_array_equal(clip.capture, rows_of(2, 26)[:25])
    assert clip.texts == ("a person turns left 2 times", "someone moves")
    itself = read_data(folder, ["video"], 1).clips["train"][0]
    assert itself.capture is None
    np.testing.assert_array_equal(itself.rows, rows_of(2, 26))


def test_a_capture_of_nothing_is_told(tmp_path):
    with pytest.raises(MBenchError, match="row c02 names no clip that it was simulated from; leave `clean` out"):
        read_data(captures(tmp_path), ["video"], 1, clean=["video"])


@pytest.mark.parametrize("mirror", [0.0, 1.0])
def test_a_capture_is_cut_and_mirrored_as_its_clip_is(mirror):
    """The same frames of both: most frames of the reference are the capture's, the others are spoilt."""
    clip = replace(clip_of(1, frames=60), capture=rows_of(2, 60))
    batches = batches_of([clip], mirror=mirror, subsets={"optical": {"text": 0.0}})
    batch = batches(0)
    turn = mirrored if mirror else (lambda rows: rows)
    for rows, reference, left in zip(
        batch["rows"].numpy(), batch["reference"].numpy(), batch["reference_mask"], strict=True
    ):
        parts = [turn(clip.rows)[start : start + 30] for start in range(31)]
        off = [np.abs(batches.codec.rows(rows)[:, :126] - part[:, :126]).max() for part in parts]
        start = int(np.argmin(off))
        assert off[start] < 1e-4
        expected = batches.codec.reference(canonical(turn(clip.capture)[start : start + 30]))
        same = np.abs(reference - expected).max(axis=1) < 1e-4
        assert same[left.numpy()].mean() > 0.4


def test_common_captions_and_short_clips_weigh_less(tmp_path):
    """n clips of a caption count as sqrt(n); length counts as its root, over 100 frames, from 0.5 to 2."""
    rows = [row_of(n, split="train", motion_text_annot=["walk" if n < 4 else "wave"]) for n in range(5)]
    clips = read_data(write_folder(tmp_path / "data", rows, 36), ["optical"], 1).clips["train"]
    expected = [(len(clip.rows) / 100) ** 0.5 / (2 if clip.texts == ("walk",) else 1) for clip in clips]
    assert [clip.weight for clip in clips] == pytest.approx(expected)


def test_the_hash_is_that_of_whatever_is_read(tmp_path):
    folder = write_folder(tmp_path / "data", [row_of(n, split="train") for n in range(3)])

    def found() -> str:
        return read_data(folder, ["optical"], 1).hash

    hashes = [found(), found()]
    torch.save(torch.from_numpy(rows_of(9, 24)), folder / "motions" / "c00.pt")
    hashes.append(found())
    codec = read_codec(folder)
    np.savez(folder / "statistics.npz", mean=codec.mean, std=codec.std * 2)
    hashes.append(found())
    listing = folder / "ViMoGen-228K.json"
    listing.write_text(listing.read_text().replace("someone moves", "someone acts"))
    hashes.append(found())
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def spoil_listing(folder, change):
    path = folder / "ViMoGen-228K.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps(change(rows)))


BAD = {
    "no listing": (lambda f: (f / "ViMoGen-228K.json").unlink(), "holds no ViMoGen-228K.json; expected a folder that"),
    "no list": (lambda f: spoil_listing(f, lambda rows: {"rows": rows}), "row 0 has no id, subset or motion_path"),
    "no path": (lambda f: spoil_listing(f, lambda rows: [*rows, {"id": "x", "subset": "optical"}]), "row 12 has no id"),
    "no motion": (lambda f: (f / "motions" / "c01.pt").unlink(), r"c01\.pt: there is no such file; row c01 of"),
    "torn motion": (lambda f: (f / "motions" / "c01.pt").write_bytes(b"PK\x03\x04x"), r"c01\.pt"),
    "another width": (lambda f: torch.save(torch.zeros(30, 263), f / "motions" / "c01.pt"), r"c01\.pt.*\(T, 276\)"),
    "no statistics": (lambda f: (f / "statistics.npz").unlink(), r"statistics\.npz: can't be read"),
    "empty statistics": (lambda f: (f / "statistics.npz").write_bytes(b""), r"statistics\.npz: can't be read"),
    "torn statistics": (lambda f: (f / "statistics.npz").write_bytes(b"PK\x03\x04x"), r"statistics\.npz: can't be"),
    "no std": (lambda f: np.savez(f / "statistics.npz", mean=np.zeros(276)), r"statistics\.npz: can't be read.*std"),
    "short": (lambda f: np.savez(f / "statistics.npz", mean=np.zeros(9), std=np.ones(276)), "mean has shape"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_folder_that_is_not_whole_is_told(tmp_path, name):
    folder = write_folder(tmp_path / "data")
    spoil, message = BAD[name]
    spoil(folder)
    with pytest.raises(MBenchError, match=message) as caught:
        read_data(folder, ["optical"], 1)
    assert "\n" not in str(caught.value)


def test_a_folder_without_clips_to_train_on_is_told(tmp_path):
    folder = write_folder(tmp_path / "data", [row_of(0), row_of(1, split="val")])
    with pytest.raises(MBenchError, match="holds no training clip of optical with 25 frames"):
        read_data(folder, ["optical"], 25)
    with pytest.raises(MBenchError, match="holds no training clip of video with 20 frames"):
        read_data(folder, ["video"], 20)
