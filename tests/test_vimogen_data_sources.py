"""Every kind of source, from its files to published rows; what is wrong with one is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from dataset_files import vimogen_rows, write_hml_motion, write_hml_text, write_pt
from judge_server import serving
from mbench.errors import ConfigError, JudgeError, MBenchError
from mbench.io import write_motion
from mbench.motion.representations.vimogen276 import POSITIONS
from mbench.motion.skeleton import LEFT_HIP, N_JOINTS, RIGHT_HIP
from vimogen.data.ingest import motion_path, records_of
from vimogen.data.sources import source_of
from vimogen_builds import built, config_of, performed, published, write_capture

SERVED = {
    "model": "m", "api_key_env": None, "render": "skeleton", "frames": 2, "size": 64, "retries": 0, "concurrency": 1,
}  # fmt: skip


def rows_of(folder, row):
    content = torch.load(folder / "out" / row["motion_path"], weights_only=True)
    return (content["motion"] if isinstance(content, dict) else content).numpy()


def reasons(folder) -> str:
    return (folder / "out" / "rejected.csv").read_text()


def test_humanml3d_and_its_mirror_images(tmp_path):
    for name, action in (("000001", "walk"), ("M000001", "walk"), ("000002", "bow")):
        write_hml_motion(tmp_path / "hml", name, performed(action), "new_joints")
        write_hml_text(tmp_path / "hml", name, f"a person {action}s#a/DET person/NOUN {action}s/VERB#0.0#0.0")
    (tmp_path / "hml" / "train.txt").write_text("000001\nM000001\n000002\n")
    rows = built(tmp_path, subsets={"optical": {"dataset": "hml"}}).rows
    assert [row["id"] for row in rows] == ["optical/000001", "optical/000002"]
    assert rows[0]["motion_text_annot"] == ["a person walks"] and rows[0]["rotations"] == "fitted"
    assert "is the mirror image of 000001" in reasons(tmp_path)


def test_fitted_rotations_put_the_joints_where_they_were(tmp_path):
    write_hml_motion(tmp_path / "hml", "1", performed("wave"), "new_joints")
    write_hml_text(tmp_path / "hml", "1", "waves#waves/VERB#0.0#0.0")
    (row,) = built(tmp_path, subsets={"a": {"dataset": "hml"}}, split={"val": 0, "test": 0}).rows
    joints = rows_of(tmp_path, row)[:, POSITIONS].reshape(-1, N_JOINTS, 3)
    expected = performed("wave").joints[:-1]
    bones = [np.linalg.norm(j[:, LEFT_HIP] - j[:, RIGHT_HIP], axis=-1) for j in (joints, expected)]
    assert np.abs(bones[0] - bones[1]).max() < 1e-4


def test_the_published_format_itself(tmp_path):
    folder = tmp_path / "official"
    paths = [write_pt(folder, "a.pt", vimogen_rows(performed("walk"))), write_pt(folder, "b.pt", {
        "motion": vimogen_rows(performed("bow")), "extrinsic": torch.zeros(79, 9), "intrinsic": torch.eye(3),
    })]  # fmt: skip
    text = [["a person walks", "someone goes"], "a person bows"]
    lines = [
        {"id": i, "subset": "s", "split": "train", "motion_text_annot": text[i], "motion_path": path}
        for i, path in enumerate(paths)
    ]
    (folder / "one.json").write_text(json.dumps(lines))
    rows = built(tmp_path, subsets={"optical": {"dataset": "official"}}).rows
    assert [row["motion_text_annot"] for row in rows] == [["a person walks", "someone goes"], ["a person bows"]]
    assert rows_of(tmp_path, rows[1]).shape == (78, 276)  # velocities are differences: a row is lost


def test_folders_of_motion_files(tmp_path):
    files = tmp_path / "files"
    for actor, name in (("anna", "walk"), ("anna", "bow"), ("bo", "wave")):
        (files / actor).mkdir(parents=True, exist_ok=True)
        write_motion(performed(name), files / actor / f"{name}.bvh")
        (files / actor / f"{name}.txt").write_text(f"a person does {name}\n\n  someone, too \n")
    (files / "broken.npz").write_bytes(b"no archive")
    (files / "broken.txt").write_text("nothing")
    write_motion(performed("wave"), files / "silent.npz")
    subsets = {"optical": {"files": "files", "licence": "CC-BY-4.0"}}
    rows = {row["id"]: row for row in built(tmp_path, subsets=subsets).rows}
    assert rows["optical/anna/walk"]["motion_text_annot"] == ["a person does walk", "someone, too"]
    assert rows["optical/anna/walk"]["licence"] == "CC-BY-4.0" and rows["optical/bo/wave"]["actor"] == "bo"
    assert rows["optical/anna/walk"]["split"] == rows["optical/anna/bow"]["split"]
    assert len(rows) == 3 and "optical/broken,canonicalise" in reasons(tmp_path)
    assert "neither captions nor labels say what is done" in reasons(tmp_path)


def test_mesh_recovery_keeps_its_camera(tmp_path):
    frames, folder = 60, tmp_path / "seen"
    folder.mkdir()
    turning = np.linspace(0, 0.4, frames)[:, None] * [0, 1, 0]
    values = {
        "global_orient": turning.astype(np.float32) + np.float32([np.pi, 0, 0]),
        "body_pose": np.zeros((frames, 63), np.float32),
        "transl": (np.linspace(0, 1, frames)[:, None] * [1, 0, 0] + [0, 0, 4]).astype(np.float32),
        "width": np.array(640), "height": np.array(480), "focal_length": np.array(800.0),
    }  # fmt: skip
    np.savez(folder / "clip.npz", **values)
    (folder / "clip.txt").write_text("a person turns and glides")
    limits = dict.fromkeys(["sliding", "penetration", "floating", "static"])
    subsets = {"video": {"recovery": "seen", "filter": limits}}
    (row,) = built(tmp_path, subsets=subsets, split={"val": 0, "test": 0}).rows
    stored = torch.load(tmp_path / "out" / row["motion_path"], weights_only=True)
    assert row["seconds"] == pytest.approx((frames / 16 * 20 - 1) / 20, abs=0.1)
    assert stored["extrinsic"].shape == (len(stored["motion"]), 9)
    assert stored["intrinsic"].tolist() == [[800, 0, 320], [0, 800, 240], [0, 0, 1]]
    six, shift = stored["extrinsic"][0, :6].reshape(3, 2).double(), stored["extrinsic"][0, 6:].double()
    rotation = torch.stack([six[:, 0], six[:, 1], torch.linalg.cross(six[:, 0], six[:, 1])], dim=1)
    pelvis = stored["motion"][:, POSITIONS].reshape(-1, N_JOINTS, 3)[:, 0].double()
    seen = pelvis @ rotation.T + shift
    assert np.abs(np.diff(seen[:, 2].numpy())).max() < 1e-2, "it moves across the view, at one depth"
    assert seen[-1, 0] - seen[0, 0] == pytest.approx(1.0, abs=0.05)
    assert seen[0, 2] == pytest.approx(4.0, abs=0.5), "transl is that far from the camera, the pelvis near it"


def test_a_generator_and_what_it_does_not_understand(tmp_path):
    lines = [
        {"id": "p1", "text": "a person waves the right hand", "seconds": 3, "captions": ["someone waves"]},
        {"id": "p2", "text": "a person fribbles the gromble", "seconds": 3},
        {"id": "p3", "text": "a person bows", "seconds": 3, "understood": False},
    ]
    (tmp_path / "prompts.jsonl").write_text("\n".join(map(json.dumps, lines)))
    subsets = {"synthetic": {"generator": "choreographer", "prompts": "prompts.jsonl"}}
    (row,) = built(tmp_path, subsets=subsets, split={"val": 0, "test": 0}).rows
    assert row["motion_text_annot"] == ["a person waves the right hand", "someone waves"]
    assert (row["source"], row["licence"]) == ("choreographer", "Apache-2.0")
    assert "synthetic/p2,canonicalise,not understood" in reasons(tmp_path).replace('"', "")
    assert "synthetic,p3,ingest,the prompt is marked as not understood" in reasons(tmp_path)
    subsets["synthetic"]["all_prompts"] = True
    assert [r["id"] for r in built(tmp_path, subsets=subsets).rows] == ["synthetic/p1", "synthetic/p3"]


def test_a_changed_prompt_makes_one_motion_again(tmp_path, monkeypatch):
    calls = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(calls))
    lines = [{"id": f"p{n}", "text": f"a person does {n}", "seconds": 3} for n in range(3)]
    limits = dict.fromkeys(["sliding", "floating", "static"])
    subsets = {"synthetic": {"generator": "plugins_for_tests:Recorder", "prompts": "p.jsonl", "filter": limits}}
    for changed in ({}, {"text": "a person does something else"}, {"seconds": 4}):
        lines[1] |= changed
        (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
        built(tmp_path, subsets=subsets, split={"val": 0, "test": 0})
    assert calls.read_text().split() == "generate p0 generate p1 generate p2 generate p1 generate p1".split()


@pytest.mark.parametrize("lines", [
    "nonsense", '{"id": "a", "text": "walks"}', '{"id": "a", "text": "", "seconds": 2}',
    '{"id": "a", "text": "walks", "seconds": 0}', '{"id": 7, "text": "walks", "seconds": 2}', '[1]',
])  # fmt: skip
def test_prompts_that_are_none(tmp_path, lines):
    (tmp_path / "p.jsonl").write_text('{"id": "good", "text": "walks", "seconds": 2}\n' + lines)
    with pytest.raises(ConfigError, match="p.jsonl line 2: expected"):
        built(tmp_path, subsets={"synthetic": {"generator": "choreographer", "prompts": "p.jsonl"}})


def test_prompts_twice_or_nowhere(tmp_path):
    subsets = {"synthetic": {"generator": "choreographer", "prompts": "p.jsonl"}}
    with pytest.raises(ConfigError, match="p.jsonl: there is no such file"):
        built(tmp_path, subsets=subsets)
    (tmp_path / "p.jsonl").write_text('{"id": "a", "text": "walks", "seconds": 2}\n' * 2)
    with pytest.raises(ConfigError, match="line 2: id 'a' came before"):
        built(tmp_path, subsets=subsets)


def test_simulated_captures_follow_their_clips(tmp_path):
    write_capture(tmp_path / "capture")
    subsets = {
        "video": {"simulate": "optical", "copies": 2, "filter": dict.fromkeys(["sliding", "penetration", "floating"])},
        "optical": {"dataset": "capture"},
    }
    found = built(tmp_path, subsets=subsets).rows
    rows = {row["id"]: row for row in found}
    assert len(rows) == 12 and [row["subset"] for row in found[:8]] == ["video"] * 8
    walk, seen, other = (rows[key] for key in ("optical/walk", "video/walk", "video/walk~1"))
    assert seen["simulated_from"] == "optical/walk" and seen["motion_text_annot"] == walk["motion_text_annot"]
    assert seen["split"] == walk["split"] == other["split"]
    assert abs(len(rows_of(tmp_path, seen)) - len(rows_of(tmp_path, walk))) <= 2
    assert not np.array_equal(rows_of(tmp_path, seen), rows_of(tmp_path, other))
    before = rows_of(tmp_path, seen)
    del subsets["video"]["copies"]
    assert len(built(tmp_path, subsets=subsets).rows) == 8
    assert np.array_equal(rows_of(tmp_path, seen), before), "other copies change nothing"


@pytest.mark.parametrize("kind", ["dataset", "files", "recovery"])
def test_a_source_that_is_nowhere(tmp_path, kind):
    with pytest.raises(ConfigError, match=f"{kind} .*nowhere: there is no such file or folder"):
        built(tmp_path, subsets={"a": {kind: "nowhere"}})


def test_a_folder_without_motions(tmp_path):
    (tmp_path / "files").mkdir()
    with pytest.raises(ConfigError, match="holds no motion file; looked for .npz"):
        built(tmp_path, subsets={"a": {"files": "files"}})


def test_an_unknown_generator(tmp_path):
    (tmp_path / "p.jsonl").write_text('{"id": "a", "text": "walks", "seconds": 2}\n')
    with pytest.raises(MBenchError, match="choreografer.*did you mean 'choreographer'"):
        built(tmp_path, subsets={"a": {"generator": "choreografer", "prompts": "p.jsonl"}})


def parts(tmp_path, **fields):
    write_capture(tmp_path / "capture", ["walk"], **fields)
    config = config_of(tmp_path)
    source = source_of(config.subsets["optical"], config.base, [])
    return [record for record, _ in records_of("optical", source, source.dataset())]


def test_captions_of_spans_become_clips(tmp_path):
    captions = [{"text": "walks"}, {"text": "starts", "start": 0.0, "end": 2.0}, {"text": "goes on", "start": 2.0}]
    found = {record.key: record for record in parts(tmp_path, captions=captions)}
    assert list(found) == ["optical/walk", "optical/walk@0-2", "optical/walk@2-4"]
    assert [caption["text"] for caption in found["optical/walk@2-4"].captions] == ["goes on"]
    assert {record.group for record in found.values()} == {"walk"}
    assert found["optical/walk@0-2"].labels == {}, "a label of the whole clip says nothing of a part"


def test_a_long_clip_is_published_as_its_spans_only(tmp_path, monkeypatch):
    monkeypatch.setattr("vimogen.data.ingest.LONGEST_WHOLE", 3.0)
    captions = [{"text": "walks"}, {"text": "starts", "start": 0.0, "end": 2.0}]
    assert [record.key for record in parts(tmp_path, captions=captions)] == ["optical/walk@0-2"]


def test_clips_whose_only_captions_are_of_spans(tmp_path):
    assert [r.key for r in parts(tmp_path, captions=[{"text": "starts", "end": 2.0}])] == ["optical/walk@0-2"]


def test_spans_are_cut_out(tmp_path):
    captions = [{"text": "a person starts", "start": 0.0, "end": 2.5}]
    write_capture(tmp_path / "capture", ["walk"], captions=captions)
    (row,) = built(tmp_path, split={"val": 0, "test": 0}).rows
    assert row["seconds"] == 49 / 20 and len(rows_of(tmp_path, row)) == 49


@pytest.mark.parametrize("name", ["a", "../../etc/passwd", "ä/ö", "x" * 500, "CON:\n", "."])
def test_files_have_names_that_every_disk_takes(tmp_path, name):
    path = motion_path(tmp_path, f"optical/{name}")
    assert path.parent == tmp_path / "motions" / "optical" and len(path.name.encode()) <= 255
    path.parent.mkdir(parents=True)
    path.touch()


def test_a_vision_language_model_adds_captions(tmp_path):
    write_capture(tmp_path / "capture", ["walk", "bow"])

    def answer(call):
        assert "Say in one sentence" in call.text and call.files
        return "a person does something that only a model sees"

    with serving(answer) as server:
        judge = {"name": "openai", "options": {**SERVED, "base_url": server.base_url}}
        rows = built(tmp_path, captions={"judge": judge, "paraphrases": 1}, split={"val": 0, "test": 0}).rows
        assert [row["caption_sources"] for row in rows] == [["us", "grammar", "vision"]] * 2
        assert rows[0]["motion_text_annot"][-1] == "a person does something that only a model sees"
        asked = len(server.calls)
        assert not built(tmp_path, captions={"judge": judge, "paraphrases": 1}, split={"val": 0, "test": 0}).changed
        assert len(server.calls) == asked == 2
    assert len(published(tmp_path)) == 2


def test_clips_that_nobody_captions_are_left_out_and_a_dead_server_stops_the_run(tmp_path):
    write_capture(tmp_path / "capture", ["walk", "bow"], captions=[], content="")

    def answer(call):
        return "a person bows" if len(server.calls) == 1 else ""

    with serving(answer) as server:
        judge = {"name": "openai", "options": {**SERVED, "base_url": server.base_url}}
        found = built(tmp_path, captions={"judge": judge}, split={"val": 0, "test": 0})
        assert [row["caption_sources"] for row in found.rows] == [["vision"]]
        assert 'optical/bow,caption,"no caption: the reply is empty' in reasons(tmp_path)
        again = built(tmp_path, captions={"judge": judge}, split={"val": 0, "test": 0})
        assert len(again.rows) == 1 and len(server.calls) == 3, "what had no answer is asked again"
    other = {"name": "openai", "options": {**SERVED, "model": "other", "base_url": server.base_url}}
    with pytest.raises(JudgeError, match="can't be reached"):
        built(tmp_path, captions={"judge": other})


def test_a_judge_that_describes_nothing(tmp_path):
    write_capture(tmp_path / "capture", ["walk"])
    with pytest.raises(ConfigError, match="'judges_for_tests:Toy' can't describe motions"):
        built(tmp_path, captions={"judge": {"name": "judges_for_tests:Toy", "options": {}}})
