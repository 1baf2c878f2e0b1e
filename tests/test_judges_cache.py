"""The cache of judges' answers, and the commands about it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import environment, mbench, one_line_error
from mbench.errors import JudgeError
from mbench.judges.base import build_judge
from mbench.judges.cache import DamagedCache, Response, ResponseCache
from mbench.judges.vision import calls, prompts
from mbench.judges.vision.calls import Question, key_of
from mbench.judges.vision.openai import OpenAISettings
from mbench.judges.vision.server import Media

REPLY = Response("openai", "eyes-1", 'Ja: "ß" 🙂\n', 10, None, 0.5)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> ResponseCache:
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    return ResponseCache()


def _age(cache: ResponseCache, key: str, days: float) -> None:
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE responses SET created = ? WHERE key = ?", (time.time() - days * 86400, key))
    connection.close()


def test_an_answer_comes_back_as_it_was(cache):
    assert cache.get("k") is None
    assert cache.put("k", REPLY) == REPLY
    assert cache.get("k") == REPLY and ResponseCache().get("k") == REPLY
    with sqlite3.connect(cache.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_first_answer_stays(cache):
    cache.put("k", REPLY)
    other = replace(REPLY, text="another")
    assert ResponseCache().put("k", other) == REPLY
    assert cache.get("k") == REPLY


def _size(cache: ResponseCache) -> int:
    return sum(path.stat().st_size for path in cache.path.parent.iterdir())


HAMMER = """
import sys, time
from pathlib import Path
from mbench.judges.cache import Response, ResponseCache
me, cache = sys.argv[1], ResponseCache()
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    time.sleep(0.001)
for n in range(60):
    said = cache.put(f"shared{n}", Response("j", me, f"{me} says {n}", 1, 1, 0.0))
    assert cache.get(f"shared{n}") == said
    assert cache.put(f"own{me}{n}", Response("j", me, me, 1, 1, 0.0)).text == me
    print(said.text)
"""


def test_processes_that_write_at_once_agree(cache, tmp_path):
    """Five processes start on a file that is not there, and write 60 shared and 60 own answers each."""
    command, go = [sys.executable, "-c", HAMMER], str(tmp_path / "go")
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([*command, str(n), go], env=environment(), stdout=pipe, stderr=pipe, text=True)
        for n in range(5)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    Path(go).touch()
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 5, outputs
    assert len({said for said, _ in outputs}) == 1, "all have the same answers"
    assert sum(row["entries"] for row in cache.summary()) == 60 + 5 * 60


def _media(digest="h"):
    return Media("image/png", (b"x",), digest, (0.0,))


def test_everything_that_decides_an_answer_is_in_its_key(monkeypatch):
    settings = OpenAISettings(model="m", base_url="http://localhost:1/v1")
    question = Question("verify", "text", _media(), {"type": "object"}, 0)
    plain = key_of("openai", settings, question)
    assert plain == key_of("openai", settings, replace(question, media=replace(_media(), files=(b"y",))))
    keys = [key_of("gemini", settings, question)]
    keys += [
        key_of("openai", settings, replace(question, **change))
        for change in ({"text": "other"}, {"media": _media("i")}, {"media": replace(_media(), fps=5.0)},
                       {"schema": None}, {"sample": 1})
    ]  # fmt: skip
    keys += [
        key_of("openai", settings.model_copy(update=change), question)
        for change in ({"model": "n"}, {"base_url": "http://localhost:2/v1"}, {"revision": "q4"}, {"temperature": 1.0},
                       {"seed": 1}, {"max_tokens": 9}, {"structured": "never"})
    ]  # fmt: skip
    monkeypatch.setattr(calls.prompts, "VERSION", prompts.VERSION + 1)
    keys.append(key_of("openai", settings, question))
    assert len({plain, *keys}) == len(keys) + 1
    monkeypatch.undo()
    same = {"concurrency": 1, "retries": 0, "timeout": 1.0, "api_key_env": "OTHER", "max_cost": 1.0, "log": "x"}
    assert key_of("openai", settings.model_copy(update=same), question) == plain


@pytest.mark.parametrize("how", ["garbage", "torn"])
def test_a_damaged_file_is_told_before_anything_is_asked(cache, how):
    for number in range(200):
        cache.put(f"k{number}", REPLY)
    with sqlite3.connect(cache.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = cache.path.read_bytes()
    cache.path.write_bytes(
        b"this is no database" * 500 if how == "garbage" else data[:4096] + b"\xff" * (len(data) - 4096)
    )
    with pytest.raises(JudgeError, match=r"responses.sqlite.*damaged.*mbench cache clear"):
        build_judge("openai", {"model": "m", "base_url": "http://localhost:1/v1"})
    one_line_error(mbench("cache", "info"), "damaged", str(cache.path))
    one_line_error(mbench("cache", "clear", "--judge", "openai", "--yes"), "damaged")
    assert "damaged and is removed" in mbench("cache", "clear", "--yes").stdout
    assert ResponseCache().put("k", REPLY) == REPLY


def test_a_cache_that_can_not_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(JudgeError, match="can't be used"):
        ResponseCache().put("k", REPLY)


def test_a_damaged_file_is_not_an_ordinary_failure():
    assert issubclass(DamagedCache, JudgeError)


def test_info_counts(cache, tmp_path):
    for number in range(3):
        cache.put(f"a{number}", REPLY)
    cache.put("b", Response("gemini", "eyes-2", "yes", 7, 3, 1.0))
    _age(cache, "a0", 40)
    (tmp_path / "cache" / "fit").mkdir()
    (tmp_path / "cache" / "fit" / "pose.npz").write_bytes(b"x" * 1000)
    info = json.loads(mbench("cache", "info", "--json").stdout)
    gemini, openai = info["responses"]
    assert (gemini["judge"], gemini["model"], gemini["entries"]) == ("gemini", "eyes-2", 1)
    assert (gemini["input_tokens"], gemini["output_tokens"]) == (7, 3)
    assert (openai["entries"], openai["input_tokens"], openai["output_tokens"]) == (3, 30, None)
    assert openai["oldest"] < openai["newest"]
    assert info["folders"]["fit"] == {"files": 1, "bytes": 1000} and info["folders"]["judges"]["files"] >= 1
    text = mbench("cache", "info").stdout
    assert "4 answers" in text and "eyes-2" in text and str(tmp_path / "cache" / "fit") in text


def test_an_empty_cache_has_nothing_to_say_or_clear(cache, tmp_path):
    assert "0 answers" in mbench("cache", "info").stdout
    assert "0 answers removed" in mbench("cache", "clear", "--yes").stdout
    assert not (tmp_path / "cache").exists()


def test_clear_removes_what_is_named_and_nothing_else(cache, tmp_path):
    for judge in ("openai", "gemini"):
        for number in range(3):
            cache.put(f"{judge}{number}", replace(REPLY, judge=judge, text="x" * 50_000))
        _age(cache, f"{judge}0", 40)
    other = tmp_path / "cache" / "fit" / "pose.npz"
    other.parent.mkdir()
    other.write_bytes(b"x")
    one_line_error(mbench("cache", "clear"), "--yes")
    assert len(cache.summary()) == 2
    assert "1 answer removed" in mbench("cache", "clear", "--judge", "openai", "--older-than", 30, "-y").stdout
    assert cache.get("openai0") is None and cache.get("gemini0") is not None
    before = _size(cache)
    assert "3 answers" in mbench("cache", "clear", "--judge", "gemini", "--yes").stdout
    assert [row["entries"] for row in cache.summary()] == [2]
    assert "2 answers" in mbench("cache", "clear", "--yes").stdout
    assert cache.summary() == [] and _size(cache) < before / 4, "the room is given back"
    assert other.exists()
