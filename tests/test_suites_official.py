"""The official prompt files, small faithful ones and full-size synthetic ones, with the faults that they have."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mbench.errors import ConfigError
from mbench.models.find import find_motion
from mbench.suites import load_suite
from mbench.suites.names import CONSISTENCY, GROUPS
from mbench.suites.prompt import DIMENSIONS

JOINT = ["Jitter_Degree", "Dynamic_Degree", "Ground_Penetration", "Foot_Sliding", "Foot_Floating"]
EVAL_BLOCKS = [
    (range(0, 150), JOINT),
    (range(150, 250), ["Body_Penetration", "Pose_Quality"]),
    (range(250, 350), ["Motion_Condition_Consistency"]),
    (range(350, 450), ["Motion_Generalizability"]),
]
FINAL_BLOCKS = [
    (range(0, 150), "Motion_Quality"),
    (range(150, 250), "Pose_Quality"),
    (range(250, 350), "Motion_Condition_Consistency"),
    (range(350, 450), "Motion_Generalizability"),
]
WITH_PROMPT_INSIDE, WITH_REPEAT = (251, 260, 299, 349), 270


def text_of(number: int) -> str:
    return f"a person does thing number {number}"


def distractors(number: int) -> list[str]:
    """Return nine candidates; four lists hold the prompt itself, one repeats a distractor, as in the real files."""
    texts = [f"somebody does other thing {index} of {number}" for index in range(9)]
    if number in WITH_PROMPT_INSIDE:
        texts[4] = text_of(number)
    if number == WITH_REPEAT:
        texts[8] = texts[0]
    return texts


def eval_info_rows() -> list[dict[str, Any]]:
    rows = []
    for numbers, dimensions in EVAL_BLOCKS:
        for dimension in dimensions:
            for number in numbers:
                row = {"prompt": text_of(number), "dimension": dimension, "id": number, "category": "daily"}
                row["motion_duration"] = 60 + 20 * (number % 8)
                if dimension == "Motion_Condition_Consistency":
                    row["auxiliary_info"] = distractors(number)
                rows.append(row)
    return rows


def final_rows() -> list[dict[str, Any]]:
    rows = []
    for numbers, block in FINAL_BLOCKS:
        for index, number in enumerate(numbers):
            row = {
                "global_id": number, "id": index, "dimension": block, "motion_duration": 3 + number % 8,
                "main_action": "thing", "prompt": text_of(number), "prompt_motion_detailed": "", "use_ref_motion": True,
                "prompt_video_detailed": "", "motion_path": f"ref_motion/{number}.pt",
                "prompt_motion_detailed_wanvideot5_embed_path": "", "prompt_video_detailed_wanvideot5_embed_path": "",
            }  # fmt: skip
            if block == "Motion_Condition_Consistency":
                row["auxiliary_info"] = distractors(number)
            rows.append(row)
    return rows


def write(folder: Path, name: str, rows: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(rows))
    return path


@pytest.fixture
def eval_info(tmp_path):
    rows = eval_info_rows()
    assert len(rows) == 1150
    return write(tmp_path, "MBench_eval_info.json", rows)


@pytest.fixture
def final(tmp_path):
    rows = final_rows()
    assert len(rows) == 450
    return write(tmp_path, "MBench_final.json", rows)


def test_both_files_are_the_same_450_prompts(eval_info, final):
    first, second = load_suite(eval_info), load_suite(final)
    assert first.prompts == second.prompts  # frames against seconds, block ids against global ids
    assert first.hash == second.hash
    assert [prompt.id for prompt in first] == [str(number) for number in range(450)]
    assert (first.name, second.name) == ("MBench_eval_info", "MBench_final")
    assert first.source == str(eval_info)


def test_each_prompt_scores_its_block(eval_info, final):
    for suite in (load_suite(eval_info), load_suite(final)):
        counts = Counter(dimension for prompt in suite for dimension in prompt.dimensions)
        assert counts == {name: 150 if name in GROUPS["quality"] else 100 for name in DIMENSIONS}
        assert suite.by_id("149").dimensions == GROUPS["quality"]
        assert suite.by_id("150").dimensions == GROUPS["pose"]
        assert suite.by_id("250").dimensions == GROUPS["consistency"]
        assert suite.by_id("350").dimensions == GROUPS["generalization"]


def test_frames_become_seconds(eval_info, final):
    assert load_suite(eval_info).by_id("5").seconds == 8.0  # 160 frames at 20 fps
    assert load_suite(final).by_id("5").seconds == 8.0


def test_the_prompt_and_repeats_leave_the_candidates_with_a_note(eval_info, final):
    for suite in (load_suite(eval_info), load_suite(final)):
        lengths = {prompt.id: len(prompt.candidates) for prompt in suite if CONSISTENCY in prompt.dimensions}
        short = {key for key, length in lengths.items() if length == 8}
        assert short == {str(number) for number in (*WITH_PROMPT_INSIDE, WITH_REPEAT)}
        assert set(lengths.values()) == {8, 9}
        assert len(suite.notes) == 5
        assert sum("the prompt itself is among its candidates" in note for note in suite.notes) == 4
        assert sum("prompt 270: candidate" in note and "twice" in note for note in suite.notes) == 1
        assert all(text_of(int(prompt.id)) not in prompt.candidates for prompt in suite)


def test_reference_motions_are_kept(final):
    assert load_suite(final).by_id("7").reference == final.parent / "ref_motion/7.pt"
    rows = final_rows()
    rows[7]["motion_path"] = None
    assert load_suite(write(final.parent, "other.json", rows)).by_id("7").reference is None


def test_the_order_of_the_rows_does_not_matter(eval_info, tmp_path):
    turned = write(tmp_path, "turned.json", eval_info_rows()[::-1])
    assert load_suite(turned).hash == load_suite(eval_info).hash


def test_prompts_with_the_same_text_are_kept_with_a_note(tmp_path):
    rows = final_rows()
    rows[360]["prompt"] = rows[3]["prompt"].upper()
    suite = load_suite(write(tmp_path, "f.json", rows))
    assert len(suite) == 450
    assert "prompt 360: has the text of prompt 3; both kept" in suite.notes


def test_rows_that_disagree_are_noted(tmp_path):
    rows = eval_info_rows()
    rows[150]["prompt"] = "another wording"  # the second row of prompt 0
    rows.append(dict(rows[3]))
    suite = load_suite(write(tmp_path, "e.json", rows))
    assert suite.by_id("0").text == text_of(0)
    assert any(note.startswith("prompt 0: rows[150] differs") for note in suite.notes)
    assert any(note.startswith("prompt 3: a second row for Jitter_Degree") for note in suite.notes)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"motion_duration": "160"}, "rows[300].motion_duration: found '160'; expected a number"),
        ({"motion_duration": 8}, "seconds: found 0.4; expected more than 0.5"),
        ({"dimension": "Jiter_Degree"}, "found 'Jiter_Degree'; did you mean 'Jitter_Degree'"),
        ({"id": "x"}, "rows[300].id: found 'x'"),
        ({"id": -1}, "rows[300].id: found -1"),
        ({"prompt": None}, "rows[300].prompt: found None"),
        ({"prompt": ""}, "expected a description of a motion"),
    ],
)
def test_a_wrong_row_of_eval_info_is_named(tmp_path, change, expected):
    rows = [row for row in eval_info_rows() if row["id"] != 0 or row["dimension"] == "Jitter_Degree"]
    rows[300] = {**rows[300], "id": 0, "dimension": "Dynamic_Degree", **change}
    if expected.startswith(("seconds", "expected a description")):
        rows = [rows[300]]
    with pytest.raises(ConfigError) as caught:
        load_suite(write(tmp_path, "e.json", rows))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_final_file_in_frames_is_refused(tmp_path):
    rows = [{**row, "motion_duration": row["motion_duration"] * 20} for row in final_rows()]
    with pytest.raises(ConfigError, match=r"found 80; expected .* at most 60 \(is it in frames\?\)"):
        load_suite(write(tmp_path, "f.json", rows[1:]))


def test_an_unknown_block_and_missing_distractors_are_named(tmp_path):
    rows = final_rows()
    rows[300]["auxiliary_info"] = None
    with pytest.raises(ConfigError, match="prompt 300, auxiliary_info: found None; expected a list of texts"):
        load_suite(write(tmp_path, "f.json", rows))
    rows[20]["dimension"] = "Jitter_Degree"  # a dimension of the other file
    with pytest.raises(ConfigError, match="global_id 20, dimension: found 'Jitter_Degree'"):
        load_suite(write(tmp_path, "f.json", rows))


def test_a_global_id_that_is_there_twice_is_refused(tmp_path):
    rows = final_rows()
    rows[9]["global_id"] = 8
    with pytest.raises(ConfigError, match="'8' is the id of"):
        load_suite(write(tmp_path, "f.json", rows))


@pytest.mark.parametrize(
    "name",
    [
        "7.npy", "7.npz", "7.pt", "7.bvh", "007.npy", "00000007.pt",
        "7/motion_gen_condition_on_motion.pt", "7/motion_gen_condition_on_text.pt",
        "0007/motion_gen_condition_on_text.pt",
    ],
)  # fmt: skip
def test_a_motion_is_found_by_its_global_id(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    for decoy in (path, tmp_path / "70.npy", tmp_path / "17.pt", tmp_path / "7.txt"):
        decoy.touch()
    assert find_motion(tmp_path, "7") == path
    assert find_motion(tmp_path, "007") == path
    assert find_motion(tmp_path, "8") is None


def test_ids_that_are_no_numbers_are_found_as_they_are(tmp_path):
    (tmp_path / "m01.npz").touch()
    assert find_motion(tmp_path, "m01") == tmp_path / "m01.npz"
    assert find_motion(tmp_path, "m1") is None


def test_a_folder_with_the_name_of_a_motion_is_none(tmp_path):
    (tmp_path / "7.npy").mkdir()
    assert find_motion(tmp_path, "7") is None
    assert find_motion(tmp_path / "absent", "7") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("7.npy", "7.pt"),
        ("7.npy", "007.npy"),
        ("7.npy", "7/motion_gen_condition_on_text.pt"),
        ("7/motion_gen_condition_on_motion.pt", "7/motion_gen_condition_on_text.pt"),
    ],
)
def test_two_motions_for_one_id_are_refused_naming_both(tmp_path, first, second):
    for name in (first, second):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ConfigError) as caught:
        find_motion(tmp_path, "7")
    assert first in str(caught.value) and second in str(caught.value)
