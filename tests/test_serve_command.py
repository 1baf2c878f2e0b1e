"""`mbench serve` as a user runs it: its one line, Ctrl-C, and what it says when it can't start."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from helpers import environment, mbench, one_line_error
from serve_apps import results_in

HINT = "choose another with --port, or 0 for any free one"
PATIENCE = 120  # seconds, on a machine that may be busy


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("command")
    results_in(made)
    return made


@contextmanager
def running(folder, *options):
    """Start the command; yield the process and its address, when it answers."""
    command = [sys.executable, "-m", "mbench", "serve", str(folder / "results"), "--port", "0", "--no-videos", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        env=environment(MBENCH_CACHE=str(folder / "cache")),
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"MBench: (http://127\.0\.0\.1:\d+)/  \(stop: Ctrl-C\)\n", line)
        assert found, (line, process.stderr.read() if process.poll() is not None else "")
        wait_for(process, f"{found[1]}/health")
        yield process, found[1]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen, url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            assert httpx.get(url, timeout=PATIENCE).status_code == 200
            return
        except httpx.TransportError:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_server_starts_answers_and_stops(folder, sent):
    with running(folder, "--models", "choreographer") as (process, url):
        assert httpx.get(f"{url}/leaderboard/").status_code == 200
        assert "jittered" not in httpx.get(f"{url}/playground/").text
        with httpx.stream("GET", f"{url}/playground/gradio_api/heartbeat/abc"):  # a page that is open
            process.send_signal(sent)
            out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
    assert [line for line in err.splitlines() if not line.startswith("make pages: ")] == ["stopped"]


def test_a_port_that_is_taken_is_told(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = mbench("serve", folder / "results", "--port", port, "--no-videos", MBENCH_CACHE=str(folder / "cache"))
    last = [line for line in said.stderr.splitlines() if line.startswith("mbench: ")]
    assert said.returncode == 2 and "Traceback" not in said.stderr
    assert last == [f"mbench: port {port} of 127.0.0.1 is taken by another process; {HINT}"]


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--models", "coreographer"], ["did you mean 'choreographer'"]), (["--models", "command"], ["needs the option"]),
     (["--study", "nowhere"], ["nowhere: holds no study.json"]), (["--host", "0.0.0.0"], ["--auth"]),
     (["--auth", "nobody.csv"], ["nobody.csv: can't be read"])],
)  # fmt: skip
def test_options_that_are_wrong_are_told_in_one_line(folder, options, words):
    one_line_error(mbench("serve", folder / "results", *options, cwd=folder), *words)


def test_a_folder_without_results_is_told_in_one_line(tmp_path):
    one_line_error(mbench("serve", tmp_path, MBENCH_CACHE=str(tmp_path / "cache")), "holds no finished run")
