"""Reference motions of generated videos: a real pipeline of random weights, and a program in place of mesh recovery."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra `video`")
av = pytest.importorskip("av", reason="needs the extra `render`")

from mbench.errors import ConfigError, PluginError  # noqa: E402
from mbench.motion.representations import vimogen276  # noqa: E402
from reference_files import prompt  # noqa: E402
from stub_recovery import recovered_from  # noqa: E402
from tiny_pipeline import save_tiny_pipeline  # noqa: E402
from vimogen.reference.base import Reference  # noqa: E402
from vimogen.reference.build import build_reference  # noqa: E402
from vimogen.reference.pipeline import TextToVideo  # noqa: E402

STUB = f"{sys.executable} {Path(__file__).with_name('stub_recovery.py')} {{video}} {{out}}"
SMALL = {"frames": 9, "height": 32, "width": 48, "steps": 2}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline")
    save_tiny_pipeline(folder)
    return folder


@pytest.fixture
def config(pipeline, tmp_path):
    return {"pipeline": str(pipeline), "recovery": STUB, "folder": str(tmp_path / "kept"), **SMALL}


def find(config, one=None, seed=0):
    (found,) = build_reference({"video": config}).references([one or prompt()], [seed])
    return found


def test_a_prompt_becomes_a_video_becomes_a_motion(config):
    reference = find(config)
    assert isinstance(reference, Reference), reference
    assert reference.rows.shape == (10, 276)  # 9 frames at 16 fps end after 0.5 s
    np.testing.assert_allclose(reference.rows[:, vimogen276.TRANSLATION_VELOCITY][:, 1], 0.05, atol=1e-5)
    said = reference.provenance
    assert (said["from_fps"], said["recovery"], said["prompt"], said["seed"]) == (16.0, STUB, "p0", 0)
    json.dumps(dict(said))
    (video,) = Path(config["folder"]).glob("*.mp4")
    assert said["video"] == video.name and video.name.startswith("p0-0-")
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate, stream.frames) == (48, 32, 16, 9)


def test_the_motion_is_what_the_program_saw(config):
    """The stub turns brightness into the height of an arm; the reference must hold that arm."""
    reference = find(config)
    (video,) = Path(config["folder"]).glob("*.mp4")
    expected = recovered_from(str(video))["body_pose"][:, 47]
    shoulder = reference.rows[:, 15 * 6 : 16 * 6]
    found = np.arctan2(shoulder[:, 2], shoulder[:, 0])  # R10, R00 of a turn about z
    np.testing.assert_allclose(found, np.interp(np.arange(10) * 0.8, np.arange(9), expected), atol=2e-3)
    assert np.ptp(expected) > 0  # the video is not the same picture nine times


def test_videos_and_motions_are_made_once(config, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    first = find(config)
    monkeypatch.setattr(TextToVideo, "load", lambda self: pytest.fail("the video is there"))
    again = find({**config, "timeout": 5.0})
    assert np.array_equal(first.rows, again.rows) and (tmp_path / "calls").read_text() == "recovery\n"
    find({**config, "recovery": f"{STUB} "})  # another command
    assert (tmp_path / "calls").read_text() == "recovery\n" * 2


def test_prompt_and_seed_decide(config):
    source = build_reference({"video": config})
    prompts = [
        prompt("a", "a person waves"),
        prompt("b", "a person waves"),
        prompt("c", "a person"),
        prompt("d", "waves"),
    ]
    found = source.references(prompts, [1, 1, 1, 2])
    assert all(isinstance(one, Reference) for one in found)
    a, b, c, d = (one.rows for one in found)
    assert np.array_equal(a, b) and not np.array_equal(a, c) and not np.array_equal(c, d)


def test_the_wording_is_told_to_the_pipeline(config):
    plain = find({**config, "wording": "{text}"}, prompt(text="a person waves")).rows
    assert not np.array_equal(plain, find(config, prompt(text="a person waves")).rows)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("--fail", "the command exited with 1; it said: no person found in the video"),
        ("--silent", "ended well but wrote no {out}"),
        ("--damaged", "motion.npz: is damaged or no npz archive"),
        ("--slow", "took longer than its timeout of 1 s"),
    ],
)
def test_a_recovery_that_fails_is_told_and_leaves_no_file(config, how, words):
    limit = {"timeout": 1.0} if how == "--slow" else {}
    found = find({**config, "recovery": f"{STUB} {how}", **limit})
    assert isinstance(found, PluginError) and words in str(found) and "\n" not in str(found)
    assert [path.suffix for path in Path(config["folder"]).iterdir()] == [".mp4"]


def test_a_pipeline_that_fails_is_told(config):
    found = find({**config, "height": 20})
    assert isinstance(found, PluginError) and "failed" in str(found) and "divisible by 16" in str(found)


def test_identity_follows_pipeline_and_options(config, pipeline, tmp_path):
    first, again = (build_reference({"video": config}).identity for _ in range(2))
    changes = [{"steps": 3}, {"recovery": f"{STUB} x"}, {"wording": "{text}!"}, {"fps": 8.0}]
    others = [build_reference({"video": {**config, **change}}).identity for change in changes]
    assert first == again and len({first, *others}) == 5
    assert build_reference({"video": {**config, "folder": str(tmp_path / "other")}}).identity == first


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recovery": "true {video}"}, "expected it to hold {out}"),
        ({"recovery": "no-such-program {video} {out}"}, "there is no program 'no-such-program'"),
        ({"recovery": "python '{video} {out}"}, "No closing quotation"),
        ({"wording": "a person"}, "expected it to hold {text}"),
        ({"width": 33}, "expected even sides"),
        ({"pipeline": "no such folder"}, "expected one, or OWNER/NAME of the hub"),
        ({"frames": 0}, "video.frames: found 0"),
        ({"frame": 9}, "unknown field 'video.frame'; did you mean 'frames'"),
        ({"dtype": "int8"}, "video.dtype: found 'int8'"),
    ],
)
def test_wrong_options_are_told_in_one_line(config, change, words):
    with pytest.raises(ConfigError) as told:
        build_reference({"video": {**config, **change}})
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_folder_without_a_pipeline_is_told(config, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"has no model_index\.json"):
        build_reference({"video": {**config, "pipeline": "empty"}}, tmp_path)


def test_a_damaged_pipeline_is_told(config, pipeline, tmp_path):
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "model_index.json").write_text('{"_class_name": "WanPipeline"')
    source = build_reference({"video": {**config, "pipeline": str(tmp_path / "damaged")}})
    with pytest.raises(ConfigError, match="damaged can't be loaded"):
        source.references([prompt()], [0])


def test_a_pipeline_of_pictures_is_refused(config, tmp_path):
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

    network = UNet2DModel(8, block_out_channels=(8,), down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",),
                          norm_num_groups=2)  # fmt: skip
    DDPMPipeline(network, DDPMScheduler()).save_pretrained(tmp_path / "pictures")
    source = build_reference({"video": {**config, "pipeline": str(tmp_path / "pictures")}})
    with pytest.raises(
        ConfigError, match="is a DDPMPipeline, which takes no num_frames, prompt; expected text to video"
    ):
        source.references([prompt()], [0])


def test_diffusers_is_not_imported_before_it_is_needed(config):
    code = f"import sys; from vimogen.reference.build import build_reference; build_reference({{'video': {config!r}}})"
    loaded = subprocess.run([sys.executable, "-c", f"{code}; print(*sys.modules)"], capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr
    assert not {"diffusers", "torch", "av"} & set(loaded.stdout.split())
