"""Vision-language judges when calls fail: what is tried again, what is missing, what ends the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from email.utils import format_datetime

import pytest

from helpers import environment, mbench
from judge_server import HANG_UP, Answer, serving
from mbench import evaluate
from mbench.errors import JudgeError, MBenchError
from mbench.io import write_motion
from mbench.judges.base import build_judge
from mbench.judges.cache import ResponseCache
from mbench.judges.vision import calls
from mbench.plan import plan_of
from mbench.results import FAILED
from vision_judges import KEY, PROTOCOLS, STILL, WALK, fresh, judge_of, motions, saying, scripted

__all__ = ["fresh"]  # the fixture
YES = saying("yes")


def answers_of(protocol, verify, **options):
    """Return the answer to one question about one motion, and the server's calls after the description."""
    with serving(scripted(verify=verify)) as server:
        (answer,) = judge_of(protocol, server, **options).match([WALK], ["walk"])
        return answer, server.of("verify")


PASSING = {
    "500": Answer(status=500),
    "503": Answer(status=503),
    "429": Answer(status=429),
    "html 502": Answer(raw="<html>busy</html>", status=502),
    "torn json": Answer(raw="{not json"),
    "no choices": Answer(raw="{}"),
    "a list": Answer(raw="[]"),
    "html 200": Answer(raw="<html>hello</html>", headers={"content-type": "text/html"}),
    "empty": Answer(text=""),
    "null": Answer(text=None),
    "prose": Answer(text="I would rather talk about the weather."),
    "eyes": Answer(text='{"answer": "eyes"}'),
    "hang up": HANG_UP,
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_may_pass_is_tried_again(protocol):
    """Each failure happens twice and then passes; and three times, which is as often as is tried."""
    happened = Counter()

    def verify(call):
        happened[call.order] += 1
        kind, _, fate = call.order.partition(": ")
        return YES if fate == "passes" and happened[call.order] == 3 else PASSING[kind]

    with serving(scripted(verify=verify)) as server:
        judge = judge_of(protocol, server, retries=2, concurrency=4)
        passed = judge.match([WALK] * len(PASSING), [f"{kind}: passes" for kind in PASSING])
        failed = judge.match([WALK] * len(PASSING), [f"{kind}: stays" for kind in PASSING])
    assert dict(zip(PASSING, passed, strict=True)) == dict.fromkeys(PASSING, 1.0)
    for answer in failed:
        assert isinstance(answer, MBenchError) and not isinstance(answer, JudgeError)
        assert str(answer).endswith("after 3 attempts")
    assert set(happened.values()) == {3}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_slow_call_ends_and_is_tried_again(protocol):
    answer, asked = answers_of(protocol, [Answer(YES, delay=1.0), YES], timeout=0.3)
    assert answer == 1.0 and len(asked) == 2
    answer, _ = answers_of(protocol, [Answer(YES, delay=1.0)], timeout=0.3, retries=0, seed=1)
    assert "timeout: no reply in time" in str(answer)


def test_what_was_said_is_told_in_80_characters():
    answer, _ = answers_of("openai", [" I  see\n" + "x" * 200], retries=0)
    assert f"the reply is no answer: 'I see {'x' * 74}', after 1 attempts" == str(answer)
    answer, _ = answers_of("openai", [Answer("", extra={"finish": "length"})], retries=0, max_tokens=33)
    assert "empty; it was cut off at max_tokens 33" in str(answer)
    assert sum(row["entries"] for row in ResponseCache().summary()) == 2, "two descriptions, and no failure"


@pytest.mark.parametrize(
    ("protocol", "refused"),
    [
        ("openai", Answer(None, extra={"message": {"refusal": "I don't judge people"}})),
        ("openai", Answer("", extra={"finish": "content_filter"})),
        ("gemini", Answer(extra={"block": "SAFETY"})),
        ("gemini", Answer("", extra={"finish": "SAFETY"})),
    ],
)
def test_a_refusal_is_not_asked_for_again(protocol, refused):
    answer, asked = answers_of(protocol, [refused] * 4)
    assert "refuse" in str(answer) or "blocked" in str(answer)
    assert isinstance(answer, MBenchError) and len(asked) == 1


WAITS = {
    "seconds": ("openai", Answer(status=429, headers={"retry-after": "0.6"})),
    "milliseconds": ("openai", Answer(status=503, headers={"retry-after-ms": "600"})),
    "header": ("gemini", Answer(status=429, headers={"retry-after": "0.6"})),
    "details": ("gemini", Answer(status=429, extra={"details": [{"@type": "RetryInfo", "retryDelay": "0.6s"}]})),
}


@pytest.mark.parametrize("kind", WAITS)
def test_the_wait_that_a_server_asks_for_is_kept(kind):
    protocol, failure = WAITS[kind]
    answer, asked = answers_of(protocol, [failure, YES])
    assert answer == 1.0 and 0.6 <= asked[1].at - asked[0].at < 2.0


def test_all_threads_wait_when_one_is_told_to():
    first = [Answer(status=429, headers={"retry-after": "0.8"})]

    def describe(call):
        return first.pop() if first else Answer("It moves.", delay=0.2)

    with serving(scripted(verify=YES, describe=describe)) as server:
        assert judge_of("openai", server, concurrency=2).match(motions(6), ["walk"] * 6) == [1.0] * 6
        asked = sorted(call.at - server.calls[0].at for call in server.calls)
    assert not [at for at in asked if 0.4 < at < 0.8], "only calls that were under way came before the wait was over"


def test_a_wait_may_be_a_date_and_a_long_one_is_not_waited_for():
    from datetime import datetime, timedelta, timezone

    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
    answer, asked = answers_of("openai", [Answer(status=429, headers={"retry-after": date}), YES])
    assert answer == 1.0 and 0.5 < asked[1].at - asked[0].at < 3.0
    answer, asked = answers_of("openai", [Answer(status=429, headers={"retry-after": "3600"})], seed=1)
    assert "longer than this waits" in str(answer) and len(asked) == 1


def test_pauses_grow():
    _, asked = answers_of("openai", [Answer(status=500)] * 4, retries=3, backoff=0.2)
    gaps = [after.at - before.at for before, after in zip(asked, asked[1:], strict=False)]
    for number, gap in enumerate(gaps):
        assert 0.5 * 0.2 * 2**number <= gap < 0.2 * 2**number + 0.3


def test_a_rate_limit_is_kept_by_all_threads():
    with serving(scripted(verify=YES)) as server:
        judge = judge_of("openai", server, requests_per_minute=600, concurrency=8)
        assert judge.match(motions(5), ["walk"] * 5) == [1.0] * 5
        times = sorted(call.at for call in server.calls)
    assert len(times) == 10 and times[-1] - times[0] >= 0.6  # 9 gaps of 0.1 s, if the first call was not slow to arrive


def test_concurrency_is_a_limit():
    with serving(scripted(verify=Answer(YES, delay=0.1), describe=Answer("It moves.", delay=0.1))) as server:
        assert judge_of("openai", server, concurrency=3).match(motions(6), ["walk"] * 6) == [1.0] * 6
        assert server.most == 3


FATAL = {
    "key": (Answer(status=401, error=f"Incorrect API key provided: {KEY}"), "refuses the key in $SOME_KEY"),
    "permission": (Answer(status=403, error="no"), "refuses the key in $SOME_KEY"),
    "google's key": (Answer(status=400, error="API key not valid. Please pass a valid API key."), "refuses the key"),
    "model": (Answer(status=404, error="model `eyes-1` not found"), "knows no model 'eyes-1'"),
    "credit": (Answer(status=429, error="You exceeded your quota", extra={"code": "insufficient_quota"}), "no credit"),
    "payment": (Answer(status=402, error="pay"), "no credit"),
}


@pytest.mark.parametrize(
    ("protocol", "kind"), [(p, kind) for p in PROTOCOLS for kind in FATAL if (p, kind) != ("gemini", "credit")]
)
def test_what_no_call_can_get_over_stops_the_run_at_once(kind, protocol, monkeypatch):
    monkeypatch.setenv("SOME_KEY", KEY)
    failure, words = FATAL[kind]
    with serving(lambda call: failure) as server:
        judge = judge_of(protocol, server, api_key_env="SOME_KEY", concurrency=2)
        with pytest.raises(JudgeError) as caught:
            judge.match(motions(10), ["walk"] * 10)
        assert len(server.calls) <= 3
    assert words in str(caught.value) and server.root in str(caught.value) and KEY not in str(caught.value)


@pytest.mark.parametrize(("variable", "words"), [("SOME_KEY", r"\$SOME_KEY"), (None, "that `api_key_env` names")])
def test_a_server_that_wants_a_key_is_told_from_one_that_refuses_it(variable, words):
    with serving(lambda call: Answer(status=401, error="no key")) as server:
        with pytest.raises(JudgeError, match=f"wants a key; expected one in .*{words}"):
            judge_of("openai", server, api_key_env=variable).match([WALK], ["walk"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_server_is_told_at_once(protocol):
    judge = build_judge(
        protocol, {"model": "m", "base_url": "http://127.0.0.1:9/v1", "render": "skeleton", "size": 64, "frames": 1}
    )
    started = time.monotonic()
    with pytest.raises(JudgeError, match="http://127.0.0.1:9/v1 can't be reached; expected a running server"):
        judge.match([WALK], ["walk"])
    assert time.monotonic() - started < 5


def test_a_server_that_stops_ends_the_run_after_retries():
    with serving(scripted(verify=YES)) as server:
        judge = judge_of("openai", server, retries=1)
        assert judge.match([WALK], ["walk"]) == [1.0]
    with pytest.raises(JudgeError, match="stopped answering"):
        judge.match([STILL], ["walk"])


def test_a_server_that_refuses_every_request_ends_the_run():
    with serving(lambda call: Answer(status=400, error="At most 1 image(s) may be provided")) as server:
        judge = judge_of("openai", server, concurrency=1)
        with pytest.raises(JudgeError, match=r"refuses every request.*At most 1 image"):
            judge.match(motions(10), ["walk"] * 10)
        assert len(server.calls) == calls.REFUSED


def test_a_request_refused_among_others_is_missing_alone():
    def moody(call):
        return Answer(status=400, error="too long") if "sing" in call.text else YES

    with serving(scripted(verify=moody)) as server:
        texts = ["walk", "sing", "walk", "sing", "sing", "sing"]
        said = judge_of("openai", server, concurrency=1).match([WALK] * 6, texts)
    assert [s if isinstance(s, float) else str(s) for s in said] == [
        1.0, *["the server says 400: too long"], 1.0, *["the server says 400: too long"] * 3]  # fmt: skip


def test_costs_stop_the_run_and_what_was_answered_stays():
    prices = {"price_per_million_input": 100.0, "price_per_million_output": 1000.0}  # 0.15 a call of 1000 + 50 tokens
    with serving(scripted(verify=YES)) as server:
        judge = judge_of("openai", server, max_cost=0.7, concurrency=1, **prices)
        said = judge.match(motions(4), ["walk"] * 4)
        assert len(server.calls) == 5  # 0.75 spent: two motions of two calls, and one description
        assert said[:2] == [1.0, 1.0]
        assert [str(s) for s in said[2:]] == ["max_cost reached: 0.75 of 0.7 spent in this run"] * 2
        assert judge.match(motions(4)[:2], ["walk"] * 2) == [1.0, 1.0], "answers of the cache cost nothing"
        assert len(server.calls) == 5


def test_a_limit_on_costs_needs_a_server_that_counts():
    with serving(scripted(describe=Answer("It moves.", usage=None))) as server:
        judge = judge_of(
            "openai", server, max_cost=1.0, price_per_million_input=1.0, price_per_million_output=1.0, concurrency=1
        )
        with pytest.raises(JudgeError, match="does not say how many tokens"):
            judge.match(motions(3), ["walk"] * 3)
        assert len(server.calls) == 1


def test_replies_that_can_not_be_read_are_paid_and_logged_and_not_kept(tmp_path):
    log = tmp_path / "deep" / "log.jsonl"
    prices = {"price_per_million_input": 100.0, "price_per_million_output": 1000.0}
    with serving(scripted(verify=["hm", Answer(status=500), YES])) as server:
        judge = judge_of("openai", server, log=str(log), **prices)
        assert judge.match([WALK], ["walk"]) == [1.0]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["role"], line["attempt"]) for line in lines] == [
        ("describe", 0), ("verify", 0), ("verify", 1), ("verify", 2)]  # fmt: skip
    assert [line["cost"] for line in lines] == [pytest.approx(0.15), pytest.approx(0.15), None, pytest.approx(0.15)]
    assert lines[2]["failure"] == "the server says 500: no" and lines[2]["input_tokens"] is None
    assert ResponseCache().summary()[0]["entries"] == 2
    with serving(scripted()) as other:
        settings = {"base_url": server.base_url}  # as before, where nothing answers now
        assert judge_of("openai", other, **settings).match([WALK], ["walk"]) == [1.0]


def test_a_log_that_can_not_be_written_ends_the_run(tmp_path):
    (tmp_path / "file").write_text("")
    with serving(scripted(verify=YES)) as server:
        judge = judge_of("openai", server, log=str(tmp_path / "file" / "log.jsonl"), concurrency=1)
        with pytest.raises(JudgeError, match="log of calls can't be kept"):
            judge.match(motions(3), ["walk"] * 3)
        assert len(server.calls) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_key_is_never_told_nor_written(protocol, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("SOME_KEY", KEY)
    told = [Answer(status=500, error=f"{'x' * 280}{KEY}"), f"My key is {KEY}?", Answer(status=500, raw=f"key {KEY}")]
    with serving(scripted(verify=told, describe=f"It moves {KEY}.")) as server:
        (answer,) = judge_of(protocol, server, api_key_env="SOME_KEY", retries=2).match([WALK], ["walk"])
    assert isinstance(answer, MBenchError)
    shown = "".join(capfd.readouterr()) + str(answer)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"judge-log.jsonl", "responses.sqlite"} <= {path.name for path in files}
    for part in (KEY, KEY[:12]):
        assert part not in shown
        assert not [path for path in files if part.encode() in path.read_bytes()]


def _run(tmp_path, server, prompts, protocol="openai", **options):
    """Write a run of some clips that are there, and return its YAML."""
    clips = tmp_path / "clips"
    lines = ["name: two", "version: '1'", "description: for tests", "licence: Apache-2.0", "prompts:"]
    for number, (motion, text) in enumerate(prompts):
        write_motion(motion, clips / f"p{number}.npz")
        lines.append(
            f"- {{id: p{number}, text: {text}, seconds: 1, candidates: [a person sings],"
            " dimensions: [motion_condition_consistency]}"
        )
    (tmp_path / "suite.yaml").write_text("\n".join(lines) + "\n")
    url = server.base_url if protocol == "openai" else server.root
    judge = {"name": protocol, "options": {"model": "m", "base_url": url, "render": "skeleton", "size": 64, "frames": 2,
                                           "backoff": 0.02, **options}}  # fmt: skip
    path = tmp_path / "model.yaml"
    path.write_text(
        f"model: {{name: motions, options: {{folder: {clips}, up: z}}}}\nsuite: suite.yaml\n"
        f"metrics: [fidelity/motion_condition_consistency]\n"
        f"judge: {json.dumps(judge)}\noutput: {tmp_path / 'results'}\n"
    )
    return path


def test_a_run_says_what_is_missing_and_mends_it(tmp_path):
    broken = [True]

    def pick(call):
        if broken and "a person runs" in call.candidates.values():
            return Answer(status=500, error="out of memory")
        return saying(next(label for label, text in call.candidates.items() if "sings" not in text))

    with serving(scripted(choose=pick)) as server:
        path = _run(tmp_path, server, [(WALK, "a person walks"), (STILL, "a person runs")], retries=1)
        walked, ran = _scored(path)
        assert (walked.value, ran.value) == (1.0, None), "missing, and not 0"
        assert ran.reason == f"{FAILED}the server says 500: out of memory, after 2 attempts"
        broken.clear()
        calls_before = len(server.calls)
        walked, ran = _scored(path)
        assert (walked.value, ran.value) == (1.0, 1.0)
        assert len(server.calls) == calls_before + 1, "only what was missing is asked again"


def _scored(path):
    """Generate and score a run; return its rows. The summary is left out: it loads the text encoder."""
    for stage in ("generate", "score"):
        evaluate(path, stage=stage)
    return list(plan_of(path).folder.read_scores().values())


def test_a_wrong_key_ends_the_run_with_one_line(tmp_path):
    with serving(lambda call: Answer(status=401, error="bad key")) as server:
        path = _run(tmp_path, server, [(WALK, "a person walks"), (STILL, "a person runs")], api_key_env="SOME_KEY")
        result = mbench("evaluate", path, SOME_KEY=KEY, MBENCH_CACHE=os.environ["MBENCH_CACHE"])
    assert result.returncode == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith("mbench: judge 'openai'") and "refuses the key in $SOME_KEY" in last
    assert KEY not in result.stderr + result.stdout and "Traceback" not in result.stderr


def test_ctrl_c_keeps_what_was_answered(tmp_path):
    with serving(scripted(verify=lambda call: Answer(YES, delay=60 if "sings" in call.order else 0))) as server:
        code = (
            "from vision_judges import *; import sys, mbench.judges.vision.pacing as pacing; pacing.GRACE = 0.5\n"
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in background jobs
            f"judge = build_judge('openai', {{**SMALL, 'base_url': {server.base_url!r}, 'timeout': 90.0}})\n"
            "try: judge.match(motions(3), ['a person walks', 'a person sings', 'a person walks'])\n"
            "except KeyboardInterrupt: sys.exit(130)\n"
        )
        process = subprocess.Popen([sys.executable, "-c", code], env=environment())
        while len(server.of("verify")) < 3:
            time.sleep(0.05)
            assert process.poll() is None
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert process.wait(30) == 130 and time.monotonic() - started < 15
    assert ResponseCache().summary()[0]["entries"] == 5  # three descriptions and two answers
