"""Reference motions that are clips of a dataset."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from dataset_files import read_rows, vimogen_rows, write_hml_motion, write_hml_text, write_rows, write_shards
from mbench.errors import ConfigError, FormatError
from mbench.motion.canonical import canonicalise
from mbench.motion.representations import vimogen276
from motions import posed
from reference_files import prompt
from vimogen.reference.base import NoReference, Reference
from vimogen.reference.build import build_reference

CAPTIONS = {
    "walk": "a person walks forward", "wave": "someone waves with the right hand", "sit": "a man sits down on a chair",
    "again": "a person walks forward", "secret": "a person turns a cartwheel",
}  # fmt: skip


@pytest.fixture
def bank(tmp_path):
    """Five clips of 5 s; `secret` is in the test split, and `walk` and `again` have one caption."""
    write_shards(tmp_path, {name: posed(n, frames=100) for n, name in enumerate(CAPTIONS)}, licence="CC0")
    rows = read_rows(tmp_path)
    for row in rows:
        split = "test" if row["id"] == "secret" else "train"
        row |= {"split": split, "captions": [{"text": CAPTIONS[row["id"]], "source": "written"}]}
    write_rows(tmp_path, rows)
    return tmp_path


def find(config, text, seed=0, seconds=3.0):
    (found,) = build_reference(config).references([prompt(text=text, seconds=seconds)], [seed])
    return found


def test_the_nearest_caption_gives_the_clip(bank):
    reference = find({"bank": str(bank)}, "a person sits down on a chair")
    said = reference.provenance
    assert (said["clip"], said["caption"], said["split"], said["licence"]) == ("sit", CAPTIONS["sit"], "train", "CC0")
    assert 0.8 < said["similarity"] < 1
    json.dumps(dict(said))


def test_a_caption_that_is_the_prompt_has_similarity_1(bank):
    assert find({"bank": str(bank)}, CAPTIONS["wave"]).provenance["similarity"] == pytest.approx(1, abs=1e-5)


def test_the_test_split_is_no_bank_unless_asked_for(bank):
    text = "a person turns a cartwheel"
    assert find({"bank": str(bank), "least": -1}, text).provenance["clip"] != "secret"
    assert find({"bank": str(bank), "exclude": []}, text).provenance["clip"] == "secret"
    assert find({"bank": str(bank), "exclude": ["train"], "least": -1}, "walking").provenance["clip"] == "secret"


def test_what_is_not_near_enough_is_no_reference(bank):
    none = find({"bank": str(bank), "least": 0.9}, "an astronaut plays the tuba")
    assert isinstance(none, NoReference) and "expected at least 0.9" in str(none) and "has similarity 0." in str(none)
    assert isinstance(find({"bank": str(bank), "least": -1}, "an astronaut plays the tuba"), Reference)


def test_the_seed_draws_among_clips_that_are_equally_near(bank):
    clips = {find({"bank": str(bank)}, CAPTIONS["walk"], seed).provenance["clip"] for seed in range(8)}
    assert clips == {"walk", "again"}
    clips = {
        find({"bank": str(bank), "nearest": 3, "least": -1}, CAPTIONS["walk"], seed).provenance["clip"]
        for seed in range(16)
    }
    assert clips > {"walk", "again"}


def test_least_holds_for_all_that_the_seed_draws_from(bank):
    clips = {
        find({"bank": str(bank), "nearest": 4, "least": 0.95}, CAPTIONS["sit"], s).provenance["clip"] for s in range(8)
    }
    assert clips == {"sit"}


def test_a_longer_clip_is_cut_where_the_seed_says(bank):
    whole = vimogen276.encode(canonicalise(posed(2, frames=100), floor=True))
    starts = set()
    for seed in range(4):
        reference = find({"bank": str(bank)}, CAPTIONS["sit"], seed, seconds=2.0)
        first = round(reference.provenance["from_second"] * 20)
        assert len(reference.rows) == 40 and 0 <= reference.provenance["from_second"] <= 3
        np.testing.assert_allclose(reference.rows[:, :126], whole[first : first + 40, :126], atol=2e-4)
        starts.add(first)
    assert len(starts) > 1
    longer = find({"bank": str(bank)}, CAPTIONS["sit"], seconds=9.0)
    assert len(longer.rows) == 99 and longer.provenance["from_second"] == 0


def test_a_caption_of_a_span_gives_that_span_and_no_more(bank):
    rows = read_rows(bank)
    rows[2]["captions"] = [
        {"text": "a person claps", "start": 2.0, "end": 3.5}, {"text": "a person nods", "start": 1.0, "end": 1.4}
    ]  # fmt: skip
    write_rows(bank, rows)
    reference = find({"bank": str(bank)}, "a person claps", seconds=5.0)
    assert reference.provenance["from_second"] == 2.0 and len(reference.rows) == 29
    assert find({"bank": str(bank), "least": -1}, "a person nods").provenance["caption"] != "a person nods"
    assert find({"bank": str(bank), "shortest": 0.3}, "a person nods").provenance["caption"] == "a person nods"


def test_prompt_and_seed_decide_whatever_else_is_in_the_batch(bank):
    source = build_reference({"bank": str(bank), "least": -1, "nearest": 5})
    prompts = [prompt(f"p{n}", text) for n, text in enumerate(CAPTIONS.values())]
    together = source.references(prompts, range(5))
    for n, p in enumerate(prompts):
        (alone,) = source.references([p], [n])
        assert np.array_equal(alone.rows, together[n].rows) and alone.provenance == together[n].provenance


@pytest.mark.parametrize("kind", ["humanml3d", "vimogen228k"])
def test_every_kind_of_dataset_is_a_bank(tmp_path, kind):
    if kind == "humanml3d":
        write_hml_motion(tmp_path, "000001", posed(1, frames=60))
        write_hml_text(tmp_path, "000001", "a person sits down.#a/DET person/NOUN sit/VERB#0.0#0.0")
    else:
        torch.save(vimogen_rows(posed(1, frames=60)), tmp_path / "a.pt")
        row = {"id": 1, "split": "train", "motion_text_annot": "a person sits down", "motion_path": "a.pt"}
        (tmp_path / "ViMoGen-228K.json").write_text(json.dumps([row]))
    reference = find({"bank": str(tmp_path)}, "a person sits down", seconds=2.0)
    assert reference.rows.shape == (40, 276) and reference.provenance["similarity"] > 0.95


def test_identity_follows_captions_and_options(bank):
    first, again = (build_reference({"bank": str(bank)}).identity for _ in range(2))
    other = build_reference({"bank": str(bank), "least": 0.5}).identity
    rows = read_rows(bank)
    rows[0]["captions"][0]["text"] = "a person strolls"
    write_rows(bank, rows)
    assert first == again and len({first, other, build_reference({"bank": str(bank)}).identity}) == 3


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"bank": "nowhere"}, FormatError, "there is no such file or folder"),
        ({"exclude": ["train", "test"]}, ConfigError, "no caption of at least 1 s outside"),
        ({"shortest": 60.0}, ConfigError, "no caption of at least 60 s"),
        ({"least": 1.5}, ConfigError, "least: found 1.5; expected less than or equal to 1"),
        ({"nearest": 0}, ConfigError, "nearest: found 0"),
        ({"exclude": "test"}, ConfigError, "exclude: found 'test'"),
    ],
)
def test_wrong_options_are_told(bank, options, error, words):
    with pytest.raises(error) as told:
        build_reference({"bank": str(bank), **options})
    assert words in str(told.value)


def test_a_clip_that_can_not_be_read_is_told(bank):
    source = build_reference({"bank": str(bank)})
    (bank / "shards" / "a_00.npz").unlink()
    (found,) = source.references([prompt(text=CAPTIONS["sit"])], [0])
    assert isinstance(found, FormatError) and "'sit' can't be read" in str(found)
