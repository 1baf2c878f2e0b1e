"""A run killed with SIGKILL at any point carries on, to the same numbers, and computes nothing twice but a batch."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from helpers import environment, mbench, write_model
from mbench.plan import plan_of
from mbench.scoring import CHUNK

PROMPTS, BATCH = 2 * CHUNK + 4, 5


def killed_at(config: Path, log: Path, what: str, calls: int) -> None:
    """Start an evaluation and kill it as soon as the log shows so many calls of a kind."""
    command = [sys.executable, "-m", "mbench", "evaluate", str(config)]
    extra = environment(CALLS=str(log), SLOW="0.02")
    process = subprocess.Popen(command, env=extra, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not log.exists() or log.read_text().count(what) < calls:
        assert process.poll() is None and time.monotonic() < end, "the run ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("what", "calls", "twice"),
    [("generate", 1, BATCH), ("generate", 13, BATCH), ("score", 1, CHUNK), ("score", 25, CHUNK)],
)
def test_kill_and_carry_on(tmp_path, what, calls, twice):
    results = {}
    for name in ("whole", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        config = write_model(
            folder, "plugins_for_tests:Recorder", "[quality, 'plugins_for_tests:recorded']", PROMPTS,
            run=f"{{batch_size: {BATCH}}}",
        )  # fmt: skip
        log = folder / "calls"
        if name == "killed":
            killed_at(config, log, what, calls)
        done = mbench("evaluate", config, CALLS=str(log))
        assert done.returncode == 0, done.stderr
        run = plan_of(config).folder
        results[name] = (run.result.read_bytes(), run.scores.read_bytes())
        again = Counter(log.read_text().splitlines())
        extra = sum(again.values()) - 2 * PROMPTS
        assert 0 <= extra <= (twice if name == "killed" else 0)
        assert not run.partial.exists() and not list(run.path.rglob(".*")), "left-overs of the killed run"
    assert results["killed"] == results["whole"]


def test_torn_last_lines_are_cut_off(tmp_path):
    config = write_model(tmp_path, "plugins_for_tests:Recorder")
    run = plan_of(config).folder
    mbench("evaluate", config)
    whole = run.result.read_bytes()
    run.scores.rename(run.partial)
    for path in (run.index, run.partial):
        path.write_bytes(path.read_bytes()[:-7])
    assert mbench("evaluate", config).returncode == 0
    assert run.result.read_bytes() == whole and not run.partial.exists()
