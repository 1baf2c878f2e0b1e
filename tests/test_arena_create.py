"""`mbench arena create`: what is fixed, what it refuses, and that a second run finishes what a kill left."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from arena_studies import tiny_video
from helpers import environment, mbench, one_line_error
from leaderboard.arena import create as creating
from leaderboard.arena import media
from leaderboard.arena.config import load_study_config
from leaderboard.arena.create import create
from leaderboard.arena.database import open_database
from leaderboard.arena.entrants import find_entrants
from leaderboard.arena.service import Arena
from leaderboard.arena.study import read_study
from leaderboard.arena.summary import raters_needed, summary
from leaderboard.arena.tasks import plan_study
from leaderboard.clips import Clip, draw
from leaderboard_runs import make_results
from mbench.errors import ConfigError, MBenchError
from mbench.io import write_motion
from mbench.motion import Motion
from mbench.motion.resample import resample

NAMES = ("choreographer", "jittered", "static")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    make_results(folder, NAMES)
    return folder / "results"


@pytest.fixture
def copied(results, tmp_path):
    """Return results that a test may spoil."""
    return Path(shutil.copytree(results, tmp_path / "copied"))


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draw plain colours instead of motions; return the clips that were asked for."""
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    asked: list[Clip] = []

    def draw(clips, workers, quiet):
        undrawn = [clip for clip in clips if not clip.path.exists()]
        asked.extend(undrawn)
        for number, clip in enumerate(undrawn):
            clip.path.parent.mkdir(parents=True, exist_ok=True)
            clip.path.write_bytes(tiny_video(number))
        return len(undrawn)

    monkeypatch.setattr(media, "draw", draw)
    return asked


def config(**fields):
    return load_study_config({"name": "Which is better?", **fields})


def made(results, tmp_path, **fields):
    return create(config(**fields), [results], tmp_path / "study").study


def run_of(results: Path, model: str) -> Path:
    return next((results / model).iterdir())


def edit(path: Path, change) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def drop_motion(run: Path, prompt: str, reason: str) -> None:
    """Make a run that has no motion for a prompt."""
    rows = [json.loads(line) for line in (run / "motions" / "index.jsonl").read_text().splitlines()]
    for row in rows:
        if row["prompt"] == prompt:
            row.update(file=None, sha256=None, reason=reason, frames=None, fps=None)
    (run / "motions" / "index.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


# What is fixed


def test_a_study_of_all_pairs(results, tmp_path, drawn):
    study = made(results, tmp_path, votes=3, questions=["overall", "feet"])
    assert read_study(tmp_path / "study") == study
    assert list(study.models) == sorted(NAMES)
    pairs = study.of_kind("pair")
    shown = [(item.prompt, frozenset(study.clips[clip].model for clip in item.clips)) for item in pairs]
    prompts = [f"p{number:02d}" for number in range(6)]
    expected = {(p, frozenset(pair)) for p in prompts for pair in (NAMES[:2], NAMES[1:], NAMES[::2])}
    assert len(shown) == len(set(shown)) == 18
    assert set(shown) == expected
    assert {(item.votes, item.questions) for item in pairs} == {(3, ("overall", "feet"))}
    assert all(study.clips[clip].prompt == item.prompt for item in study.items for clip in item.clips)
    assert study.prompts["p00"] == {"text": "a person walks forward", "seconds": 2.0}
    assert study.suite["name"] == "small"
    assert study.models["static"]["card"]["kind"] == "control"


def test_known_answers_are_there_and_are_not_counted(results, tmp_path, drawn):
    study = made(results, tmp_path)
    checks, lessons = study.of_kind("attention"), study.of_kind("training")
    assert (len(checks), len(lessons)) == (study.shares["attention"], 3)
    for item in (*checks, *lessons):
        assert (item.votes, item.worse) == (0, None)
        assert study.clips[item.better].model == "check:real"
        assert {study.clips[clip].model == "check:real" for clip in item.clips} == {True, False}
    assert all(item.why for item in lessons)
    assert not any(item.why for item in checks)
    assert {item.prompt for item in checks} <= {item.prompt for item in study.of_kind("pair")}


def test_ratings_show_every_clip_once(results, tmp_path, drawn):
    study = made(results, tmp_path, type="ratings", questions=["text", "natural"], together=False)
    rated = Counter((study.clips[item.clips[0]].model, item.prompt, item.questions) for item in study.of_kind("rating"))
    assert len(rated) == 3 * 6 * 2
    assert set(rated.values()) == {1}
    assert all(len(item.clips) == 1 for item in study.items)
    checks = study.of_kind("attention")
    assert checks
    assert all(item.worse == item.clips[0] and item.better is None for item in checks)
    assert {item.questions for item in checks} == {("text",), ("natural",)}
    assert {item.worse is None for item in study.of_kind("training")} == {True, False}  # good and bad ones


def test_one_model_can_be_rated(results, tmp_path, drawn):
    study = create(config(type="ratings"), [results / "static"], tmp_path / "study").study
    assert len(study.of_kind("rating")) == 6


def test_one_question_a_task(results, tmp_path, drawn):
    study = made(results, tmp_path, questions=["text", "feet"], together=False)
    asked = Counter(question for item in study.of_kind("pair") for question in item.questions)
    assert asked == {"text": 18, "feet": 18}
    first = study.of_kind("pair")[:18]
    assert len({frozenset(item.clips) for item in first}) == 18  # a pair comes again only after all others


def test_some_prompts_and_some_pairs(results, tmp_path, drawn):
    study = made(results, tmp_path, prompts=["p04", "p01"], pairs=4)
    assert Counter(item.prompt for item in study.of_kind("pair")) == {"p01": 2, "p04": 2}
    assert len(made(results, tmp_path / "b", prompts=3).of_kind("pair")) == 9


def test_a_rater_gets_no_more_than_there_is(results, tmp_path, drawn):
    study = made(results, tmp_path, prompts=2, repeats=0, attention=0)
    assert (study.per_rater, study.shares) == (6, {"new": 6, "repeats": 0, "attention": 0})
    assert made(results, tmp_path / "b", per_rater=10).per_rater == 10
    with pytest.raises(ConfigError, match="per_rater: found 30; expected at most 21: the study has 18 items"):
        made(results, tmp_path / "c", per_rater=30)


def test_the_schedule_is_seeded_and_the_ids_are_not(results, tmp_path, drawn):
    one, again, other = (made(results, tmp_path / str(n), seed=seed) for n, seed in enumerate((0, 0, 1)))

    def order(study):
        return [(i.prompt, {study.clips[c].model for c in i.clips}) for i in study.of_kind("pair")]

    assert order(one) == order(again) != order(other)
    assert not {*one.clips, *one.by_id, one.id, one.secret} & {*again.clips, *again.by_id, again.id, again.secret}
    assert all(re.fullmatch("[0-9a-f]{16}", id) for id in (*one.clips, *one.by_id, one.id))
    assert len(one.secret) == 64


def test_nothing_tells_models_apart_but_the_study_itself(results, tmp_path, drawn):
    study = made(results, tmp_path)
    files = sorted((tmp_path / "study" / "media").iterdir())
    assert {path.name for path in files} == {f"{clip}{end}.mp4" for clip in study.clips for end in ("", "-side")}
    assert len({path.stat().st_mtime_ns for path in files}) == 1
    models = [study.clips[clip].model for clip in study.clips]
    assert models != sorted(models)  # in the order of random ids
    assert all(list(item.clips) == sorted(item.clips) for item in study.items)


def test_videos_of_all_models_run_at_the_same_rate(results, tmp_path, drawn, walk):
    import av

    made(results, tmp_path)
    assert {(clip.fps, clip.size, clip.style) for clip in drawn} == {(20.0, 480, "mesh")}
    write_motion(resample(Motion(walk.joints[:11], 20.0), 30.0), tmp_path / "fast.npz")
    clip = Clip(tmp_path / "fast.npz", "0" * 64, style="skeleton", size=64, fps=20.0)
    assert clip.key != Clip(clip.motion, clip.sha256, style="skeleton", size=64).key
    assert draw([clip]) == 1
    with av.open(str(clip.path)) as video:
        assert (video.streams.video[0].average_rate, video.streams.video[0].frames) == (20, 11)


def test_prompts_without_a_motion_of_every_model_are_left_out(copied, tmp_path, drawn):
    drop_motion(run_of(copied, "static"), "p02", "it fell over")
    found = create(config(), [copied], tmp_path / "study")
    assert found.left_out == {"p02": "static has no motion: it fell over"}
    assert "p02" not in {item.prompt for item in found.study.items}
    assert dict(summary(found))["prompts"] == "5 (left out: p02: static has no motion: it fell over)"


def test_as_many_raters_as_it_says_are_enough(results, tmp_path, drawn):
    study = made(results, tmp_path, prompts=2, votes=3, per_rater=5, repeats=0.2, attention=0.2)
    arena = Arena(study, open_database(study, tmp_path / "study"))
    assert (study.shares, raters_needed(study)) == ({"new": 3, "repeats": 1, "attention": 1}, 6)  # 6 pairs, 18 votes
    ends = []
    for _ in range(7):
        rater, done = arena.rater(arena.consent()), 0
        while (turn := arena.next_task(rater)).task is not None:
            arena.vote(rater, turn.task.id, dict.fromkeys(turn.task.questions, "left"))
            done += turn.task.phase == "study"
        ends.append((turn.reason, done))
    assert ends[:6] == [("limit", 5)] * 6
    assert ends[6] in [("complete", 0), ("complete", 1)]  # an attention check may come before the first pair


# What it refuses


def refused(folders, out, *words, **fields):
    with pytest.raises(MBenchError) as caught:
        create(config(**fields), folders, out)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert not (out / "study.json").exists()


def test_folders_without_a_run(results, tmp_path, drawn):
    (tmp_path / "empty").mkdir()
    refused([tmp_path / "empty"], tmp_path / "study", "empty: holds no run; expected a folder that `mbench evaluate`")
    refused([tmp_path / "none"], tmp_path / "study", "none: is no folder")
    refused([results / "static"], tmp_path / "study", "found 1 model: static; expected at least 2 to compare")


def test_an_unfinished_run(copied, tmp_path, drawn):
    (run_of(copied, "static") / "result.json").unlink()
    refused([copied], tmp_path / "study", "the run is not finished")


def test_an_unfinished_run_beside_a_finished_one_does_no_harm(copied, tmp_path, drawn):
    other = Path(shutil.copytree(run_of(copied, "static"), copied / "static" / "other"))
    (other / "result.json").unlink()
    assert list(create(config(), [copied], tmp_path / "study").study.models) == sorted(NAMES)


def test_two_finished_runs_of_a_model(copied, tmp_path, drawn):
    other = Path(shutil.copytree(run_of(copied, "static"), copied / "static" / "other"))
    for name in ("run.json", "result.json"):
        edit(other / name, lambda value: value.update(run_id="0123456789ab"))
    first = run_of(copied, "static")
    refused([copied], tmp_path / "study", "holds 2 finished runs of static", str(first), str(other), "name one")
    found = create(config(), [copied / "jittered", other], tmp_path / "study")
    assert found.study.models["static"]["run_id"] == "0123456789ab"


def test_the_same_model_twice(results, tmp_path, drawn):
    refused([results, results / "static"], tmp_path / "study", "is of the model static, and so is", "each name once")


def test_runs_on_different_suites(copied, tmp_path, drawn):
    for name in ("run.json", "result.json"):
        edit(run_of(copied, "static") / name, lambda value: value["suite"].update(hash="f" * 64, version="2"))
    refused([copied], tmp_path / "study", "ran on small 1", "on small 2 (ffffffff): expected one suite")


def test_a_name_that_checks_have(copied, tmp_path, drawn):
    run = run_of(copied, "static")
    edit(run / "run.json", lambda value: value["card"].update(name="check:real"))
    edit(run / "result.json", lambda value: value.update(model="check:real"))
    refused([copied], tmp_path / "study", "the model is called 'check:real'", "kept for checks")


def test_a_motion_that_changed_or_is_gone(copied, tmp_path, drawn):
    file = run_of(copied, "static") / "motions" / "p03-0.npz"
    file.write_bytes(file.read_bytes() + b"x")
    refused([copied], tmp_path / "study", "p03-0.npz: changed since it was generated")
    file.unlink()
    refused([copied], tmp_path / "study", "p03-0.npz: is gone since it was generated")


def test_no_prompt_that_all_have(copied, tmp_path, drawn):
    drop_motion(run_of(copied, "static"), "p01", "it fell over")
    refused([copied], tmp_path / "study", "no prompt has a motion of every model (p01: static", prompts=["p01"])


def test_prompts_that_are_not_there(copied, tmp_path, drawn):
    refused([copied], tmp_path / "study", "prompts: 'p07' is not in the suite small; did you mean", prompts=["p07"])
    refused([copied], tmp_path / "study", "prompts: found 7; expected at most 6", prompts=7)
    refused([copied], tmp_path / "study", "pairs: found 19; expected 2", "to 18 (3 pairs of 3 models on 6", pairs=19)


def test_a_run_that_lists_no_prompts(copied, tmp_path, drawn):
    for model in NAMES:
        edit(run_of(copied, model) / "run.json", lambda value: value.pop("prompts"))
    refused([copied], tmp_path / "study", "run.json lists no prompts; `mbench evaluate", "adds them")


def test_a_folder_of_something_else(results, tmp_path, drawn):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "thesis.tex").write_text("mine")
    refused([results], tmp_path / "study", "holds thesis.tex and no study.json; expected a new folder")
    assert [path.name for path in (tmp_path / "study").iterdir()] == ["thesis.tex"]


def test_a_folder_that_another_one_works_on(results, tmp_path, drawn):
    with creating._held(tmp_path / "study"):
        refused([results], tmp_path / "study", "another `mbench arena create` is working on it")


# A second run


def test_the_same_again_changes_nothing(results, tmp_path, drawn):
    first = create(config(), [results], tmp_path / "study")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "study").rglob("*")}
    again = create(config(), [results], tmp_path / "study")
    assert (again.study, again.drawn) == (first.study, 0)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "study").rglob("*")} == before


def test_lost_videos_come_back(results, tmp_path, drawn):
    study = made(results, tmp_path)
    folder = tmp_path / "study" / "media"
    lost = [folder / f"{next(iter(study.clips))}{end}.mp4" for end in ("", "-side")]
    kept = {path: path.read_bytes() for path in lost}
    for path in lost:
        path.unlink()
    assert made(results, tmp_path) == study
    assert {path: path.read_bytes() for path in lost} == kept
    assert len({path.stat().st_mtime_ns for path in folder.iterdir()}) == 1


def test_what_stopped_halfway_is_finished(results, tmp_path, drawn, monkeypatch):
    copy, copied = media._copy, []

    def stops(source, target, time):
        if len(copied) == 5:
            (target.parent / f".{target.name}.left").write_bytes(b"half")  # what a kill leaves
            raise KeyboardInterrupt
        copied.append(target)
        copy(source, target, time)

    with monkeypatch.context() as patch:
        patch.setattr(media, "_copy", stops)
        with pytest.raises(KeyboardInterrupt):
            made(results, tmp_path)
    assert not (tmp_path / "study" / "study.json").exists()
    drawn.clear()
    study = made(results, tmp_path)
    assert drawn == []
    names = {path.name for path in (tmp_path / "study" / "media").iterdir()}
    assert names == {f"{clip}{end}.mp4" for clip in study.clips for end in ("", "-side")}


def test_a_study_is_not_changed_by_the_way(results, tmp_path, drawn):
    study = made(results, tmp_path)
    with pytest.raises(ConfigError, match=r"made from another configuration.*--out, or add --replace if nobody"):
        made(results, tmp_path, votes=9)
    replaced = create(config(votes=9), [results], tmp_path / "study", replace=True).study
    assert replaced.of_kind("pair")[0].votes == 9
    assert not set(replaced.clips) & set(study.clips)
    assert len(list((tmp_path / "study" / "media").iterdir())) == 2 * len(replaced.clips)


def test_a_study_with_votes_is_never_changed(results, tmp_path, drawn):
    study = made(results, tmp_path)
    (tmp_path / "study" / "votes.sqlite").write_bytes(b"")
    for replace in (False, True):
        with pytest.raises(ConfigError, match="and votes on it: it is not changed any more"):
            create(config(seed=1), [results], tmp_path / "study", replace=replace)
    assert made(results, tmp_path) == study


def test_other_motions_are_another_study(copied, tmp_path, drawn):
    made(copied, tmp_path)
    index = run_of(copied, "static") / "motions" / "index.jsonl"
    file = run_of(copied, "static") / "motions" / "p00-0.npz"
    old = json.loads(index.read_text().splitlines()[0])["sha256"]
    shutil.copy(run_of(copied, "jittered") / "motions" / "p00-0.npz", file)
    from mbench.files import sha256_of

    index.write_text(index.read_text().replace(old, sha256_of(file)))
    with pytest.raises(ConfigError, match="or other motions"):
        made(copied, tmp_path)


# As a user


def test_the_command_draws_real_videos_and_survives_a_kill(results, tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "study.yaml"
    path.write_text("name: Real\nprompts: [p01]\nstyle: skeleton\nsize: 64\nattention: 0\n")
    folders = [results / "static", results / "jittered"]
    settings = load_study_config(path)
    for shown in plan_study(settings, find_entrants(settings, folders)).shown:
        if shown.model.startswith("check:"):  # half the work: what this test is about is the models' videos
            for view in ("fixed", "side"):
                target = Clip(shown.motion, shown.sha256, view, "skeleton", 64, 20.0).path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(tiny_video())
    before = len(list((tmp_path / "cache" / "clips").iterdir()))
    command = ["arena", "create", path, *folders, "--out", tmp_path / "study"]
    killed = subprocess.Popen(
        [sys.executable, "-m", "mbench", *map(str, command)], env=environment(), stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    while len(list((tmp_path / "cache" / "clips").glob("*.mp4"))) == before and killed.poll() is None:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "study" / "study.json").exists()
    done = mbench(*command)
    assert done.returncode == 0, done.stderr
    check_real(tmp_path / "study", done.stdout)


def check_real(folder: Path, told: str) -> None:
    """Check what the command printed, and that real videos tell nothing of their models."""
    import av

    assert "items      1 to judge, 0 attention checks, 3 for training" in told
    assert "raters     5 at least; each has 1 task: 1 new, 0 repeats, 0 checks" in told
    assert f"next       mbench arena serve {folder}" in told
    study = read_study(folder)
    for clip in study.of_kind("pair")[0].clips:
        for end in ("", "-side"):
            file = folder / "media" / f"{clip}{end}.mp4"
            with av.open(str(file)) as video:
                stream = video.streams.video[0]
                assert (stream.width, stream.height, stream.frames, stream.average_rate) == (64, 64, 40, 20)
                assert set(video.metadata) <= {"major_brand", "minor_version", "compatible_brands", "encoder"}
            data = file.read_bytes().lower()
            for model, facts in study.models.items():
                assert model.encode() not in data
                assert str(facts["run_id"]).encode() not in data


def test_mistakes_are_one_line(results, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("name: Mine\nquestion: text\n")
    one_line_error(mbench("arena", "create", path, results), "unknown field 'question'; did you mean 'questions'")
