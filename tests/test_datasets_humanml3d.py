"""HumanML3D folders: made from a known motion, with the defects of the original and others; and the golden files."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from dataset_files import write_hml_motion, write_hml_text
from mbench.datasets import Caption, load_dataset
from mbench.errors import FormatError
from motions import posed

PLAIN = "a person walks.#a/DET person/NOUN walk/VERB#0.0#0.0"


@pytest.fixture
def floored(walk):
    """Return the walking figure as HumanML3D puts it: the lowest joint at height 0; it faces forward already."""
    return walk.replace(joints=walk.joints - np.float32([0, 0, walk.joints[..., 2].min()]))


@pytest.fixture
def folder(tmp_path, floored):
    """Return a folder of two clips, 99 frames each, and the mirror image of the first."""
    data = tmp_path / "HumanML3D"
    for name in ("000001", "000002", "M000001"):
        write_hml_motion(data, name, floored)
        write_hml_text(data, name, PLAIN)
    (data / "train.txt").write_text("000001\nM000001\n")
    (data / "test.txt").write_text("000002\n")
    (data / "train_val.txt").write_text("000001\nM000001\n")
    (data / "all.txt").write_text("000001\nM000001\n000002\n")
    return data


def clip_of(dataset, name):
    return next(clip for clip in dataset if clip.id == name)


def test_vectors_come_back_as_the_motion(folder, floored):
    dataset = load_dataset(folder)
    assert (dataset.kind, len(dataset), dataset.skipped, dataset.remarks) == ("humanml3d", 3, {}, {})
    for clip, motion in dataset.motions():
        assert (clip.frames, clip.fps, motion.fps, len(motion)) == (99, 20.0, 20.0, 99)
        assert np.abs(motion.joints - floored.joints[:99]).max() < 1e-5


def test_joints_come_back_as_the_motion(tmp_path, walk):
    """Joints are y up in the files and are not moved: they come back where they were."""
    write_hml_motion(tmp_path, "000001", walk, "new_joints")
    write_hml_text(tmp_path, "000001", PLAIN)
    dataset = load_dataset(tmp_path)
    assert dataset.clips[0].frames == 100
    assert np.abs(dataset.motion(dataset.clips[0]).joints - walk.joints).max() < 1e-6


def test_both_kinds_of_files_of_one_clip_agree(shared, tmp_path):
    """A clip of the original that its authors publish as an example, in both forms."""
    golden = shared / "reference" / "golden" / "hml263"
    motions = []
    for kind in ("new_joint_vecs", "new_joints"):
        shutil.copytree(golden / kind, tmp_path / kind / kind)
        write_hml_text(tmp_path / kind, "012314", PLAIN)
        dataset = load_dataset(tmp_path / kind)
        motions.append(dataset.motion(dataset.clips[0]))
        assert dataset.clips[0].frames == len(motions[-1]) == 170
    assert np.abs(motions[0].joints - motions[1].joints).max() < 1e-5


def test_joints_are_taken_where_both_are_there(folder, walk):
    write_hml_motion(folder, "000001", walk, "new_joints")
    dataset = load_dataset(folder)
    assert len(dataset) == 3
    assert clip_of(dataset, "000001").where.parent.name == "new_joints" and clip_of(dataset, "000001").frames == 100
    assert clip_of(dataset, "000002").where.parent.name == "new_joint_vecs"


def test_splits_mirrors_and_spans(folder):
    write_hml_text(folder, "000002", PLAIN, "he turns #2 times#x#1.5#3.0", "he stops#x#4.0#5.0")
    dataset = load_dataset(folder)
    assert [(clip.id, clip.split, clip.labels) for clip in dataset] == [
        ("000001", "train", {}),
        ("000002", "test", {}),
        ("M000001", "train", {"mirror_of": "000001"}),
    ]
    assert clip_of(dataset, "000002").captions == (
        Caption("a person walks.", source="humanml3d"),
        Caption("he turns #2 times", 1.5, 3.0, "humanml3d"),
        Caption("he stops", 4.0, 5.0, "humanml3d"),
    )
    assert dataset.remarks == {}  # the last span ends one frame late: the vectors lack the last frame


def test_a_span_of_nan_is_the_whole_clip_and_counted(folder):
    write_hml_text(folder, "000002", "he turns#x#nan#nan", "he walks#x#NaN#3.0", "he stands#x#1.0#2.0")
    dataset = load_dataset(folder)
    assert [caption.whole for caption in clip_of(dataset, "000002").captions] == [True, True, False]
    assert dataset.remarks == {"spans of NaN, read as the whole clip": 2} and dataset.skipped == {}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a person walks", "is 'a person walks'; expected caption#tags#from#to"),
        ("#x#0.0#0.0", "expected caption#tags#from#to"),
        ("he walks#x#zero#0.0", "could not convert string to float: 'zero'"),
        ("he walks#x#3.0#1.0", "its span is 3 s to 1 s; expected one in a clip of 4.95 s"),
        ("he walks#x#5.0#6.0", "its span is 5 s to 6 s"),
        ("he walks#x#-1.0#2.0", "its span is -1 s to 2 s"),
        ("he walks#x#0.0#inf", "its span is 0 s to inf s"),
    ],
)
def test_a_broken_line_is_named_and_the_others_kept(folder, line, reason):
    write_hml_text(folder, "000002", PLAIN, line, "", PLAIN)
    dataset = load_dataset(folder)
    assert len(clip_of(dataset, "000002").captions) == 2
    ((name, why),) = dataset.skipped.items()
    assert name == "texts/000002.txt line 2" and reason in why


def test_a_span_that_ends_late_is_kept_and_counted(folder):
    write_hml_text(folder, "000002", "he walks#x#1.0#7.0")
    dataset = load_dataset(folder)
    clip = clip_of(dataset, "000002")
    assert clip.captions[0].end == 7.0 and clip.span(clip.captions[0]) == (1.0, clip.seconds)
    assert dataset.remarks == {"spans that end after their clip": 1}


def test_what_is_missing_is_named(folder, walk):
    write_hml_motion(folder, "000003", walk)  # no text
    write_hml_text(folder, "000004", PLAIN)  # no motion
    write_hml_motion(folder, "000005", walk)
    write_hml_text(folder, "000005", "broken")  # no line of its text can be read
    (folder / "val.txt").write_text("000009\n000004\n000001\n")  # nowhere; named already; listed before
    dataset = load_dataset(folder)
    assert [clip.id for clip in dataset] == ["000001", "000002", "M000001"]
    assert dataset.skipped == {
        "val.txt: 000009": "there is neither motion nor text of this name",
        "new_joint_vecs/000003.npy": "it has no text",
        "texts/000004.txt": "there is no motion of this name",
        "texts/000005.txt line 1": "is 'broken'; expected caption#tags#from#to",
        "new_joint_vecs/000005.npy": "no line of texts/000005.txt can be read",
    }
    assert dataset.remarks == {"clips in two of train.txt, val.txt, test.txt": 1}
    assert clip_of(dataset, "000001").split == "train"


def test_clips_in_no_split_file_are_kept_and_counted(folder, walk):
    write_hml_motion(folder, "000003", walk)
    write_hml_text(folder, "000003", PLAIN)
    dataset = load_dataset(folder)
    assert clip_of(dataset, "000003").split == "" and dataset.remarks == {"clips in no split file": 1}


def test_a_text_of_another_encoding(folder):
    (folder / "texts" / "000002.txt").write_bytes(PLAIN.encode("utf-16"))
    assert "texts/000002.txt is not UTF-8 text" in load_dataset(folder).skipped["new_joint_vecs/000002.npy"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (np.zeros((50, 264), np.float32), r"holds float32 (50, 264); expected floats (T, 263)"),
        (np.zeros(263, np.float32), "holds float32 (263,); expected floats (T, 263)"),
        (np.zeros((50, 263), np.int16), "holds int16 (50, 263); expected floats (T, 263)"),
        (np.zeros((0, 263), np.float32), "holds float32 (0, 263); expected floats (T, 263)"),
        (np.array([{"a": 1}], dtype=object), "is no whole array of numbers"),
        (b"\x93NUMPY rubbish", "is no whole array of numbers"),
        (b"", "is no whole array of numbers"),
        (None, "is no whole array of numbers"),
    ],
    ids=["width", "one frame", "integers", "no frames", "objects", "rubbish", "empty", "cut off"],
)
def test_a_wrong_array_is_named_and_left_out(folder, content, reason):
    path = folder / "new_joint_vecs" / "000002.npy"
    if content is None:
        path.write_bytes(path.read_bytes()[:-100])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    dataset = load_dataset(folder)
    assert len(dataset) == 2
    assert reason in dataset.skipped["new_joint_vecs/000002.npy"]


def test_values_are_checked_when_the_motion_is_read(folder):
    """The original has a few files with NaN: the listing does not read them, the motion does."""
    path = folder / "new_joint_vecs" / "000002.npy"
    array = np.load(path)
    array[7, 3] = np.nan
    np.save(path, array)
    dataset = load_dataset(folder)
    with pytest.raises(FormatError, match=r"000002.npy.* not finite.*row 7, column 3"):
        dataset.motion(clip_of(dataset, "000002"))


def test_listing_reads_no_numbers(folder):
    """A sparse file of a terabyte, more than any memory, is listed at once."""
    path, frames = folder / "new_joint_vecs" / "000002.npy", 10**9
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (frames, 263)})
        file.truncate(file.tell() + frames * 263 * 4)
    assert clip_of(load_dataset(folder), "000002").frames == frames


@pytest.mark.parametrize(("kind", "shape"), [("new_joints", (40, 21, 3)), ("new_joint_vecs", (40, 251))])
def test_kit_ml_is_refused_with_the_reason(tmp_path, kind, shape):
    (tmp_path / kind).mkdir()
    np.save(tmp_path / kind / "00001.npy", np.zeros(shape, np.float32))
    write_hml_text(tmp_path, "00001", PLAIN)
    with pytest.raises(FormatError, match="the 21 joints of KIT-ML; expected the 22 of HumanML3D"):
        load_dataset(tmp_path)


def test_a_folder_without_texts_or_motions(tmp_path, walk):
    write_hml_motion(tmp_path / "a", "000001", walk)
    with pytest.raises(FormatError, match=r"holds no texts/\*.txt"):
        load_dataset(tmp_path / "a")
    write_hml_text(tmp_path / "b", "000001", PLAIN)
    with pytest.raises(FormatError, match=r"holds no new_joints/\*.npy or new_joint_vecs/\*.npy"):
        load_dataset(tmp_path / "b")
    write_hml_text(tmp_path / "a", "000001", "broken")
    with pytest.raises(FormatError, match="no clip can be read; texts/000001.txt line 1: is 'broken'"):
        load_dataset(tmp_path / "a")


@pytest.mark.parametrize("beside", [False, True])
def test_the_original_index_names_sources_and_actors(folder, beside):
    index = (folder.parent if beside else folder) / "index.csv"
    index.write_text(
        "source_path,start_frame,end_frame,new_name\n"
        "./pose_data/KIT/3/kick_high_left02_poses.npy,0,117,000001.npy\n"
        "./pose_data/humanact12/humanact12/P11G01R02F0001T0050A0101.npy,0,-1,000002.npy\n"
    )
    dataset = load_dataset(folder)
    assert [(clip.id, clip.source, clip.actor) for clip in dataset] == [
        ("000001", "amass/KIT", "KIT/3"),
        ("000002", "humanact12", "humanact12/P11"),
        ("M000001", "amass/KIT", "KIT/3"),
    ]
    assert "AMASS" in dataset.clips[0].licence and "HumanAct12" in dataset.clips[1].licence


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlicense: cc-by-4.0\nlanguage: en\n---\n# Data\n", "cc-by-4.0"),
        ("---\nlicense: other\nlicense_name: house-1\n---\n", "house-1"),
        ("---\nlicense: [mit, cc0-1.0]\n---\n", "mit, cc0-1.0"),
        ("---\nlicense: [\n---\n", ""),
        ("# Data\n---\nlicense: mit\n---\n", ""),
        ("---\njust text\n---\n", ""),
        ("", ""),
    ],
)
def test_a_licence_is_what_the_readme_states(folder, readme, licence):
    (folder / "README.md").write_text(readme)
    assert {clip.licence for clip in load_dataset(folder)} == {licence}


def test_motions_are_read_one_at_a_time(tmp_path):
    """Iterating holds one motion: those before are gone."""
    import weakref

    for i in range(4):
        write_hml_motion(tmp_path, f"{i:06d}", posed(i), "new_joints")
        write_hml_text(tmp_path, f"{i:06d}", PLAIN)
    before = []
    for _, motion in load_dataset(tmp_path).motions():
        alive = sum(reference() is not None for reference in before)
        assert alive <= 1
        before.append(weakref.ref(motion))
