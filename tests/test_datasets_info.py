"""Which kind lies at a path, what is in it in numbers, and `mbench data info`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dataset_files import read_rows, write_hml_motion, write_hml_text, write_rows, write_shards
from helpers import mbench, one_line_error
from mbench.datasets import load_dataset
from mbench.datasets.statistics import describe
from mbench.errors import FormatError
from motions import posed


@pytest.fixture
def folder(tmp_path):
    """Return shards of 40, 60 and 20 frames at 20 fps with three captions, and one broken row."""
    data = tmp_path / "lab"
    write_shards(data, {"a": posed(0, 40), "b": posed(1, 60), "c": posed(2, 20)}, licence="CC0", source="lab")
    first, second, third = read_rows(data)
    first |= {
        "split": "train", "actor": "ann", "glitch_frames": [1],
        "captions": [{"text": "A person waves, and waves.", "source": "kit-ml", "start": 0, "end": 1}],
    }  # fmt: skip
    second |= {"split": "test", "actor": "bob", "source": "yard", "template_caption": "a person doesn't jump"}
    third |= {"split": "train", "licence": "", "captions": [{"text": "a person DOESN'T jump", "source": "cmu-index"}]}
    write_rows(data, [first, second, third, "{"])
    return data


def test_the_numbers(folder):
    found = describe(load_dataset(folder))
    assert (found["name"], found["kind"], found["clips"]) == ("lab", "shards", 3)
    assert found["hours"] == pytest.approx((2 + 3 + 1) / 3600)
    assert {split: part["clips"] for split, part in found["splits"].items()} == {"train": 2, "test": 1}
    assert found["splits"]["train"]["hours"] == pytest.approx(3 / 3600)
    assert [(part["source"], part["licence"], part["clips"]) for part in found["sources"]] == [
        ("lab", "", 1),
        ("lab", "CC0", 1),
        ("yard", "CC0", 1),
    ]
    assert found["actors"] == {"count": 2, "clips_without": 1}
    assert found["fps"] == {"20": 3}
    assert found["seconds"] == {"shortest": 1.0, "median": 2.0, "longest": 3.0}
    assert found["notes"] == {"glitch_frames": 1}
    assert list(found["skipped"]) == ["metadata.jsonl line 4"]


def test_the_numbers_of_captions(folder):
    """5, 4 and 4 words: a person waves and waves / a person doesn't jump, twice but for its case."""
    captions = describe(load_dataset(folder))["captions"]
    assert captions["by_source"] == {"kit-ml": 1, "template": 1, "cmu-index": 1}
    assert (captions["count"], captions["of_a_part"], captions["clips_without"]) == (3, 1, 0)
    assert (captions["words_mean"], captions["words_median"]) == (pytest.approx(13 / 3), 4)
    assert (captions["distinct"], captions["vocabulary"]) == (2, 6)
    assert captions["frequent"] == {"waves": 2, "doesn't": 2, "jump": 2}


def test_nothing_to_average_is_missing_not_zero(folder):
    write_rows(folder, [{**row, "captions": [], "template_caption": None} for row in read_rows_of(folder)])
    captions = describe(load_dataset(folder))["captions"]
    assert (captions["count"], captions["clips_without"]) == (0, 3)
    assert captions["words_mean"] is None and captions["words_median"] is None


def read_rows_of(folder):
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()[:3]]


def test_the_command(folder):
    done = mbench("data", "info", folder)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "lab: motion shards, 3 clips, 0.00167 hours"
    assert ["train", "2"] == next(line for line in lines if line.startswith("train")).split()[:2]
    assert any(line.split()[:3] == ["lab", "(none", "stated)"] for line in lines)
    for line in (
        "captions: 3; clips without any: 0",
        "captions by: kit-ml × 1, template × 1, cmu-index × 1; of a part of the clip: 1",
        "words a caption: 4.33 mean, 4 median",
        "actors: 2; clips that name none: 1",
        "frames a second: 20 × 3",
        "seconds: 1 shortest, 2 median, 3 longest",
        "marked: glitch_frames × 1",
        "skipped: 1",
    ):
        assert line in lines
    assert lines[-1].startswith("skipped: metadata.jsonl line 4: is not JSON")


def test_the_command_prints_json_with_every_skipped_row(folder):
    write_rows(folder, [*read_rows_of(folder), *["{"] * 12])
    done = mbench("data", "info", folder, "--json")
    assert len(json.loads(done.stdout)["skipped"]) == 12
    lines = mbench("data", "info", folder).stdout.splitlines()
    assert sum(line.startswith("skipped: metadata.jsonl line") for line in lines) == 10
    assert lines[-1] == "skipped: … and 2 more (--json names all)"


def test_the_command_on_a_humanml3d_folder(tmp_path, walk):
    write_hml_motion(tmp_path, "000001", walk)
    write_hml_text(tmp_path, "000001", "a person walks#x#nan#nan")
    lines = mbench("data", "info", tmp_path).stdout.splitlines()
    assert lines[0].endswith(": HumanML3D, 1 clip, 0.00138 hours")
    assert "note: spans of NaN, read as the whole clip: 1" in lines and lines[-1] == "skipped: 0"


def test_the_command_checks_motions_if_asked_to(tmp_path, walk):
    for name in ("000001", "000002"):
        write_hml_motion(tmp_path, name, walk)
        write_hml_text(tmp_path, name, "a person walks#x#0.0#0.0")
    path = tmp_path / "new_joint_vecs" / "000002.npy"
    array = np.load(path)
    array[7, 3] = np.nan
    np.save(path, array)
    assert "skipped: 0" in mbench("data", "info", tmp_path).stdout
    lines = mbench("data", "info", tmp_path, "--check").stdout.splitlines()
    assert "HumanML3D, 1 clip," in lines[0]
    assert lines[-1].startswith("skipped: 000002: ") and "row 7, column 3" in lines[-1]


def test_the_command_on_the_real_clips(shared):
    found = json.loads(mbench("data", "info", shared / "mocap", "--json").stdout)
    assert (found["clips"], round(found["hours"], 2), found["skipped"]) == (2070, 3.64, {})
    assert found["captions"]["by_source"] == {"template": 1546, "cmu-index": 303, "kit-ml": 60}
    assert found["captions"]["clips_without"] == 2070 - 1546 - 306


# What lies at a path.


def test_what_is_no_dataset_says_what_was_looked_for(tmp_path):
    (tmp_path / "statistics.json").write_text('{"motion_path": 1}')
    error = one_line_error(mbench("data", "info", tmp_path), str(tmp_path), "is no text-motion dataset")
    for part in ("metadata.jsonl", "new_joint_vecs/ or new_joints/", "motion_path"):
        assert part in error
    one_line_error(mbench("data", "info", tmp_path / "none"), "there is no such file or folder")


def test_a_dataset_inside_is_pointed_to(folder):
    with pytest.raises(FormatError, match=f"did you mean {folder}"):
        load_dataset(folder.parent)


def test_a_file_that_is_no_json(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(FormatError, match=r"is a \.csv; expected a folder or a \.json file"):
        load_dataset(tmp_path / "a.csv")


def test_where_asks_for_fields_that_exist(folder):
    dataset = load_dataset(folder)
    assert [clip.id for clip in dataset.where(split="train", source="lab")] == ["a", "c"]
    assert [clip.id for clip, _ in dataset.motions(actor="bob")] == ["b"]
    with pytest.raises(AttributeError, match="subject"):
        list(dataset.where(subject="ann"))
