"""ViMoGen-228K: JSON and `.pt` files made from known motions, with the layouts of its three subsets and defects."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dataset_files import vimogen_rows, write_pt
from mbench.datasets import Caption, load_dataset
from mbench.errors import FormatError, MBenchError
from motions import posed

torch = pytest.importorskip("torch")
MOTION = posed(3, 50)


def row(number: int, path: str = "motions/capture.pt", **fields) -> dict:
    return {
        "id": number, "subset": "optical", "split": "optical_mocap", "motion_text_annot": "a person walks",
        "video_text_annot": "a man in red walks in a park", "motion_path": path, **fields,
    }  # fmt: skip


def write_json(folder, rows, name="ViMoGen-228K.json"):
    (folder / name).write_text(rows if isinstance(rows, str) else json.dumps(rows))


@pytest.fixture
def folder(tmp_path):
    """Return a folder with one motion as optical capture stores it and as the video subsets do."""
    data = tmp_path / "data"
    rows = vimogen_rows(MOTION)
    write_pt(data, "capture.pt", rows)
    write_pt(data, "video.pt", {"motion": rows, "extrinsic": torch.zeros(len(rows), 9), "intrinsic": torch.eye(3)})
    write_json(
        data,
        [row(0), row(1, "./motions/video.pt", subset="in_the_wild", split="in_the_wild_video", video_path="v/1.mp4")],
    )
    return data


def test_both_layouts_come_back_as_the_motion(folder):
    dataset = load_dataset(folder)
    assert (dataset.kind, dataset.name, len(dataset), dataset.skipped) == ("vimogen228k", "data", 2, {})
    for clip, motion in dataset.motions():
        assert (clip.frames, clip.fps, motion.fps, len(motion)) == (49, 20.0, 20.0, 49)
        assert np.abs(motion.joints - MOTION.joints[:49]).max() < 1e-5
        dot = np.abs((motion.pose.rotations * MOTION.pose.rotations[:49]).sum(axis=-1))
        assert dot.min() > 1 - 1e-5  # the same turns; the sign of a quaternion is free


def test_fields_of_a_row(folder):
    capture, video = load_dataset(folder).clips
    assert capture.captions == (
        Caption("a person walks", source="vimogen-motion"),
        Caption("a man in red walks in a park", source="vimogen-video"),
    )
    assert (capture.id, capture.source, capture.split, capture.notes) == ("0", "optical", "optical_mocap", ())
    assert (video.source, video.split, video.notes) == ("in_the_wild", "in_the_wild_video", ("root_from_video",))


def test_captions_may_be_lists_and_lacking(folder):
    write_json(folder, [row(0, motion_text_annot=["walks", " ", "strolls "], video_text_annot=None)])
    assert [caption.text for caption in load_dataset(folder).clips[0].captions] == ["walks", "strolls"]


def test_the_stated_frame_rate(folder):
    write_json(folder, [row(0, fps=16)])
    dataset = load_dataset(folder)
    assert dataset.clips[0].fps == dataset.motion(dataset.clips[0]).fps == 16.0
    assert dataset.clips[0].seconds == 49 / 16


def test_the_unified_file_stands_for_those_of_the_subsets(folder):
    write_json(folder, [row(0), row(7)], "optical_mocap_data.json")
    write_json(folder, [row(8)], "synthetic_video_data.json")
    write_json(folder, [{"name": "of something else"}], "statistics.json")
    assert [clip.id for clip in load_dataset(folder)] == ["0", "1"]
    assert [clip.id for clip in load_dataset(folder / "synthetic_video_data.json")] == ["8"]
    (folder / "ViMoGen-228K.json").unlink()
    assert [clip.id for clip in load_dataset(folder)] == ["0", "7", "8"]


def test_paths_of_the_training_script_are_found(folder, monkeypatch, tmp_path):
    """It writes them relative to where it ran, in a JSON file that lies elsewhere, and may give alternatives."""
    (tmp_path / "meta_info").mkdir()
    rows = [row(0, "./data/motions/capture.pt"), row(1, ["data/motions/none.pt", "data/motions/video.pt"])]
    write_json(tmp_path / "meta_info", rows, "train.json")
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset(tmp_path / "meta_info" / "train.json")
    assert [clip.where.name for clip in dataset] == ["capture.pt", "video.pt"] and dataset.name == "train"


class Runs:
    """What pickle would run when it is loaded."""

    def __reduce__(self):
        return (print, ("ran",))


def with_code(folder):
    write_pt(folder, "x.pt", {"motion": Runs()})


def cut(folder):
    path = folder / "motions" / "x.pt"
    path.write_bytes((folder / "motions" / "capture.pt").read_bytes()[:900])


DEFECTS = {
    "no mapping": ("a row", None, "is a str; expected a mapping"),
    "no id": (row(0, id=None), None, "id is None; expected text or a number"),
    "an id that came before": (row(0), None, "its id came before; expected every id once"),
    "no captions": (row(5, motion_text_annot="", video_text_annot=[]), None, "id 5: has neither motion_text_annot nor"),
    "a number as caption": (row(5, motion_text_annot=7), None, "id 5: motion_text_annot holds 7; expected text"),
    "no path": (row(5, motion_path=None), None, "id 5: motion_path is None; expected a path"),
    "no file": (row(5, "motions/none.pt"), None, "id 5: there is no motions/none.pt in"),
    "a wrong frame rate": (row(5, fps="20"), None, "id 5: fps is '20'; expected a number > 0"),
    "another width": (row(5, "motions/x.pt"), torch.zeros(40, 263), "of shape (40, 263); expected (T, 276)"),
    "a batch": (row(5, "motions/x.pt"), torch.zeros(1, 40, 276), "holds motion of shape (1, 40, 276); expected"),
    "no frames": (row(5, "motions/x.pt"), torch.zeros(0, 276), "holds motion of shape (0, 276); expected"),
    "a dict of something else": (row(5, "motions/x.pt"), {"pose": torch.zeros(4, 276)}, "holds no tensor and no dict"),
    "a file with code": (row(5, "motions/x.pt"), with_code, "could run code"),
    "a file cut off": (row(5, "motions/x.pt"), cut, "is damaged or no PyTorch file"),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "content", "reason"), DEFECTS.values(), ids=DEFECTS)
def test_a_broken_row_is_named_and_left_out(folder, broken, content, reason, capsys):
    if callable(content):
        content(folder)
    elif content is not None:
        write_pt(folder, "x.pt", content)
    write_json(folder, [row(0), broken, row(2)])
    dataset = load_dataset(folder)
    assert [clip.id for clip in dataset] == ["0", "2"]
    ((name, why),) = dataset.skipped.items()
    assert name.startswith("ViMoGen-228K.json row 1") and reason in why and "\n" not in why
    assert capsys.readouterr().out == ""  # the code of the pickle did not run


def test_files_of_old_pytorch_are_read(folder):
    write_pt(folder, "x.pt", vimogen_rows(MOTION), _use_new_zipfile_serialization=False)
    write_json(folder, [row(0, "motions/x.pt")])
    dataset = load_dataset(folder)
    assert dataset.clips[0].frames == len(dataset.motion(dataset.clips[0])) == 49


def test_listing_reads_no_numbers(folder):
    """The stored numbers are spoilt after the header: the listing does not see it, reading the motion does."""
    spoilt = vimogen_rows(MOTION)
    spoilt[4, 200] = float("nan")
    write_pt(folder, "x.pt", spoilt)
    write_json(folder, [row(0, "motions/x.pt")])
    dataset = load_dataset(folder)
    assert dataset.clips[0].frames == 49
    with pytest.raises(FormatError, match=r"x.pt.*not finite.*row 4, column 200"):
        dataset.motion(dataset.clips[0])


def test_the_licence_of_the_dataset_card(folder):
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# ViMoGen-228K\n")
    assert {clip.licence for clip in load_dataset(folder)} == {"apache-2.0"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"motion_path": "motions/none.pt", "id": 1}]', "no clip can be read; ViMoGen-228K.json row 0: id 1: has"),
        ('{"motion_path": 1}', "holds no list of rows with motion_path"),
        ("[]", "holds no list of rows with motion_path"),
        ("[{", "is not JSON"),
    ],
)
def test_a_file_of_something_else(folder, text, message):
    write_json(folder, text)
    with pytest.raises(MBenchError, match=message):
        load_dataset(folder / "ViMoGen-228K.json")
