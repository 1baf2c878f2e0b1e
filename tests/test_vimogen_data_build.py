"""`vimogen data build` as a whole: what is published, what is redone, what a kill leaves."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import vimogen.data.clipwise as clipwise
from helpers import environment
from mbench.datasets import load_dataset
from mbench.errors import MBenchError
from mbench.motion.canonical import canonicalise
from mbench.motion.representations.vimogen276 import encode
from vimogen.cli.data import app as data_app
from vimogen.data.build import build
from vimogen.data.config import load_build
from vimogen.data.stages import CHUNK
from vimogen.training.clips import read_data
from vimogen_builds import built, change_rows, config_of, performed, published, write_build, write_capture


@pytest.fixture
def folder(tmp_path):
    write_capture(tmp_path / "capture")
    return tmp_path


def rejected(folder) -> dict[str, tuple[str, str]]:
    with (folder / "out" / "rejected.csv").open() as file:
        return {row["clip"]: (row["stage"], row["reason"]) for row in csv.DictReader(file)}


def stages_run(monkeypatch) -> list[tuple[str, str]]:
    """Return a list that fills with (stage, clip) as clips are worked on."""
    done: list[tuple[str, str]] = []
    save = clipwise.Database.save

    def noted(self, stage, results):
        results = list(results)
        done.extend((stage, key) for key, _ in results)
        save(self, stage, results)

    monkeypatch.setattr(clipwise.Database, "save", noted)
    return done


def test_what_is_published(folder):
    found = built(folder, held_out=["kick*"], split={"val": 0.0, "test": 0.0})
    assert found.changed and found.folder == folder / "out"
    rows = {row["id"]: row for row in published(folder)}
    assert list(rows) == ["optical/walk", "optical/wave", "optical/bow", "optical/kick"]
    walk = rows["optical/walk"]
    assert walk["motion_text_annot"][0] == "a person walks forward" and len(walk["motion_text_annot"]) > 5
    assert walk["caption_sources"][:2] == ["us", "grammar"]
    assert (walk["licence"], walk["source"], walk["split"], walk["subset"]) == ("CC0", "studio", "train", "optical")
    assert [name for name, row in rows.items() if row.get("held_out")] == ["optical/kick"]
    assert rejected(folder) == {"optical/short": ("filter", "shortest: 29 rows, fewer than 40")}
    assert (folder / "out" / "funnel.png").read_bytes().startswith(b"\x89PNG")
    assert published(folder) == json.loads((folder / "out" / "optical.json").read_text())


def test_rows_are_those_of_the_canonical_motion(folder):
    built(folder)
    stored = torch.load(folder / "out" / "motions/optical/wave.pt", weights_only=True).numpy()
    expected = encode(canonicalise(performed("wave"), floor=True))
    assert stored.shape == expected.shape == (79, 276) and stored.dtype == np.float32
    assert np.abs(stored - expected).max() < 2e-3  # shards keep 0.1 mm and 16 bits a rotation


def test_it_is_read_as_the_published_format_and_for_training(folder):
    built(folder, split={"val": 0.0, "test": 0.0})
    dataset = load_dataset(folder / "out")
    assert (dataset.kind, len(dataset), dataset.skipped) == ("vimogen228k", 4, {})
    assert {clip.licence for clip in dataset} == {"CC0"}
    data = read_data(folder / "out", ["optical"], 40)
    assert len(data.clips["train"]) == 4 and data.codec.std.min() > 0


def test_the_funnel_tells_what_each_stage_left(folder):
    (row,) = [row for row in built(folder).funnel if row.stage == "ingest"]
    assert (row.clips, row.hours) == (5, pytest.approx(16.5 / 3600, abs=1e-3))
    card = json.loads((folder / "out" / "card.json").read_text())
    left = {row["stage"]: row["clips"] for row in card["funnel"]}
    assert left == dict(zip(left, [5, 5, 5, 5, 4, 4, 4, 4], strict=True))
    assert list(left) == ["listed", "ingest", "canonicalise", "score", "filter", "caption", "duplicates", "split"]
    assert card["left_out"] == {"optical": {"shortest": 1}}
    assert card["scores"]["optical"]["speed"]["100"] < card["limits"]["optical"]["speed"]


def test_a_second_run_does_nothing_and_says_so(folder):
    command = ["build", str(write_build(folder))]
    first = CliRunner().invoke(data_app, command)
    assert first.exit_code == 0 and f"published: {folder / 'out'} (4 clips)" in first.stdout
    before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*")}
    again = CliRunner().invoke(data_app, command)
    assert again.exit_code == 0 and f"nothing to do: already published: {folder / 'out'} (4 clips)" in again.stdout
    assert again.stderr == ""
    assert {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*")} == before


def test_a_changed_limit_redoes_only_what_depends_on_it(folder, monkeypatch):
    built(folder)
    done = stages_run(monkeypatch)
    assert built(folder, filter={"shortest": 20}).changed
    assert {stage for stage, _ in done} == {"filter", "caption", "duplicates", "split"}
    assert "optical/short" in {row["id"] for row in published(folder)}
    done.clear()
    built(folder, filter={"shortest": 20}, held_out=["walk*"])
    assert done == [] and sum(row.get("held_out", False) for row in published(folder)) == 2
    built(folder, filter={"shortest": 60})
    assert rejected(folder)["optical/kick"][1] == "shortest: 59 rows, fewer than 60"


def test_changed_data_are_read_again(folder, monkeypatch):
    built(folder)
    change_rows(folder / "capture", {"wave": {"glitch_frames": [3]}})
    done = stages_run(monkeypatch)
    built(folder)
    assert {stage for stage, _ in done} >= {"canonicalise", "score"}
    assert rejected(folder)["optical/wave"] == ("filter", "note: glitch_frames")


def test_what_breaks_a_clip_is_its_reason_and_stops_nothing(folder, monkeypatch):
    broken = clipwise.scored

    def fragile(task):
        if task[0].stem == "bow":
            raise ZeroDivisionError("no feet")
        return broken(task)

    monkeypatch.setattr(clipwise, "scored", fragile)
    built(folder)
    assert rejected(folder)["optical/bow"] == ("score", "ZeroDivisionError: no feet")
    assert len(published(folder)) == 3


def test_a_full_disk_is_no_clips_fault(folder, monkeypatch):
    def full(*_):
        raise MBenchError("motions/optical/walk.pt: can't be written: No space left on device")

    monkeypatch.setattr(clipwise, "write_rows", full)
    with pytest.raises(MBenchError, match="No space left"):
        built(folder)
    monkeypatch.undo()
    assert len(built(folder).rows) == 4


def published_files(folder) -> dict[str, bytes]:
    names = ("ViMoGen-228K.json", "rejected.csv", "funnel.csv", "motions/optical/wave.pt")
    return {name: (folder / "out" / name).read_bytes() for name in names}


def test_workers_and_a_cluster_change_nothing(folder, tmp_path_factory):
    distributed = pytest.importorskip("distributed")
    built(folder)
    expected = published_files(folder)
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        for run in ({"workers": 2}, {"backend": "dask", "scheduler": cluster.scheduler_address}):
            other = tmp_path_factory.mktemp("parallel")
            write_capture(other / "capture")
            built(other, run=run)
            assert published_files(other) == expected, run
            with np.load(folder / "out/statistics.npz") as a, np.load(other / "out/statistics.npz") as b:
                assert all(np.array_equal(a[key], b[key]) for key in ("mean", "std"))


def test_a_subset_that_is_gone_is_forgotten(folder):
    write_capture(folder / "more", ["walk", "bow"])
    both = {"optical": {"dataset": "capture"}, "extra": {"dataset": "more"}}
    assert len(built(folder, subsets=both).rows) == 6
    assert {row["subset"] for row in built(folder).rows} == {"optical"}
    assert not (folder / "out" / "extra.json").exists() and not (folder / "out/motions/extra").exists()


@pytest.mark.parametrize("calls", [1, 20])
def test_kill_and_carry_on(tmp_path, monkeypatch, calls):
    """A build killed with SIGKILL carries on to the same folder, and makes no more than one task's motions twice."""
    lines = [{"id": f"p{n:02}", "text": f"a person takes {n + 2} steps", "seconds": 3} for n in range(24)]
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prompts.jsonl").write_text("\n".join(map(json.dumps, lines)))
        subsets = {"synthetic": {"generator": "plugins_for_tests:Recorder", "prompts": "prompts.jsonl"}}
        limits = dict.fromkeys(["static", "sliding", "floating"])
        config = write_build(tmp_path / name, subsets=subsets, filter=limits)
        log = tmp_path / name / "calls"
        monkeypatch.setenv("CALLS", str(log))
        if name == "killed":
            _kill(config, log, calls)
        build(load_build(config), quiet=True)
        repeated = len(log.read_text().splitlines()) - len(lines)
        assert 0 <= repeated <= (CHUNK if name == "killed" else 0)
    for name in ("ViMoGen-228K.json", "funnel.csv", "rejected.csv", "motions/synthetic/p07.pt"):
        assert (tmp_path / "whole/out" / name).read_bytes() == (tmp_path / "killed/out" / name).read_bytes(), name
    assert not [path.name for path in (tmp_path / "killed").iterdir() if path.name.startswith(".")]


def _kill(config, log, calls):
    """Start a build and kill it as soon as the log shows so many calls."""
    command = [sys.executable, "-c", "from vimogen.cli import main; main()", "data", "build", str(config)]
    process = subprocess.Popen(command, env=environment(CALLS=str(log), SLOW="0.01"), stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not log.exists() or len(log.read_text().splitlines()) < calls:
        assert process.poll() is None and time.monotonic() < end, "the build ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_folder_of_something_else_is_not_replaced(folder):
    (folder / "out").mkdir()
    (folder / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(MBenchError, match="holds something that `vimogen data build` has not made"):
        built(folder)
    assert (folder / "out" / "thesis.tex").read_text() == "years of work"


def test_what_a_kill_while_publishing_leaves_is_cleaned_up(folder):
    for left in (".out.new", ".out.old"):
        (folder / left).mkdir()
        (folder / left / "half").write_text("x")
    built(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["build.yaml", "capture", "out", "out.work"]


def test_a_published_folder_stays_while_the_next_one_fails(folder, monkeypatch):
    built(folder)
    before = published(folder)
    monkeypatch.setattr("vimogen.data.build.draw", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        built(folder, held_out=["walk*"])
    assert published(folder) == before
    monkeypatch.undo()
    assert built(folder, held_out=["walk*"]).changed and published(folder) != before


def test_two_builds_at_once_are_told(folder):
    from filelock import FileLock

    (folder / "out.work").mkdir()
    with FileLock(folder / "out.work" / ".lock"), pytest.raises(MBenchError, match="another `vimogen data build`"):
        built(folder)


def test_nothing_left_to_train_on_is_told(folder):
    with pytest.raises(MBenchError, match="no clip is left to train on; left out by optical: shortest 5"):
        built(folder, filter={"shortest": 1000})
    assert not (folder / "out").exists()


def test_a_damaged_database_is_told(folder):
    (folder / "out.work").mkdir()
    (folder / "out.work" / "build.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(MBenchError, match="can't be opened as a build's database"):
        build(config_of(folder), quiet=True)
