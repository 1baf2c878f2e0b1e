"""The JSON API as a browser, a curious rater and another site's page meet it."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, make_url, select, text

from arena_studies import QUESTIONS, make_study
from arena_votes import arena_of, dump
from leaderboard.arena import api, database
from leaderboard.arena.api import router
from leaderboard.arena.database import tasks
from leaderboard.arena.exchange import read_votes
from leaderboard.arena.study import MEDIA
from postgres import fresh_database

JSON = {"content-type": "application/json"}


@pytest.fixture
def made(tmp_path):
    return make_study(tmp_path)


def served(made, login=None, where=None, **client):
    """Return the arena of a study and a browser at it."""
    arena, _ = arena_of(made, where)
    app = FastAPI()
    app.include_router(router(arena, made[0], login))
    return arena, TestClient(app, **client)


def entered(made, **client):
    """Return the arena, and a browser that has agreed and is through training, with its open task."""
    arena, browser = served(made, **client)
    agree(browser)
    while (task := browser.get("/api/task").json()["task"])["phase"] == "training":
        browser.post("/api/vote", json=vote_on(task))
    return arena, browser, task


def agree(browser):
    return browser.post("/api/consent", json={"agree": True})


def vote_on(task, choice="left", **more):
    return {"task": task["id"], "answers": dict.fromkeys(task["questions"], choice), "seconds": 1.5, **more}


@contextmanager
def unchanged(arena):
    """Check that the database holds the same afterwards, to the last value."""
    before = dump(arena.database)
    yield
    assert dump(arena.database) == before


@pytest.mark.parametrize("type", ["pairs", "ratings"])
def test_a_study_from_consent_to_the_end(tmp_path, type):
    made = make_study(tmp_path, type=type, questions=QUESTIONS, per_rater=6)
    arena, browser = served(made)
    with unchanged(arena):
        state = browser.get("/api/state").json()
        assert browser.get("/api/task").status_code == 403
        assert not browser.cookies, "nothing is stored of those who only look"
    about = state["study"]
    assert (state["status"], state["progress"]) == ("consent", None)
    assert (about["name"], about["type"], about["tasks"], about["training"]) == ("A small study", type, 6, 2)
    assert [question["id"] for question in about["questions"]] == ["overall", "text", "feet"]
    assert agree(browser).json() == {"status": "ready"}
    for number in range(1, 9):
        turn = browser.get("/api/task").json()
        task, training = turn["task"], number <= 2
        assert (task["phase"], task["number"]) == (("training", number) if training else ("study", number - 2))
        assert set(task["prompt"]) == {"text", "seconds"} and turn["reason"] is None
        assert len(task["videos"]) == (2 if type == "pairs" else 1)
        for video in (name for views in task["videos"] for name in views.values()):
            assert browser.get(f"/{video}").content[4:8] == b"ftyp"
        done = browser.post("/api/vote", json=vote_on(task, about["choices"][0]))
        assert done.status_code == 200 and (done.json()["feedback"] is not None) == training
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", done.json()["stored"])
    turn = browser.get("/api/task").json()
    assert (turn["task"], turn["reason"], turn["progress"]["done"]) == (None, "limit", 6)
    assert browser.get("/api/state").json()["status"] == "ready"
    assert len(read_votes(arena.study, arena.database)) == 18


def test_a_vote_is_stored_as_sent_and_sending_it_again_is_safe(made):
    arena, browser, task = entered(made)
    vote = vote_on(task, "both_bad", comment="Zoë says: 跳 🦘\n<b>x</b>")
    first = browser.post("/api/vote", json=vote)
    with unchanged(arena):
        assert browser.post("/api/vote", json=vote).json() == first.json()
        assert browser.post("/api/vote", json=vote_on(task, "left")).status_code == 409
        assert browser.post("/api/vote", json=vote_on(task, "both_bad")).status_code == 409
    (row,) = read_votes(arena.study, arena.database)
    assert (row["winner"], row["comment"]) == ("both_bad", vote["comment"])


def test_undo_and_skip(made):
    arena, browser, task = entered(made)
    browser.post("/api/vote", json=vote_on(task))
    undo = browser.get("/api/state").json()["progress"]["undo"]
    assert undo == task["id"]
    for _ in range(2):
        assert browser.post("/api/undo", json={"task": undo}).json() == {"task": undo}
    again = browser.get("/api/task").json()["task"]
    assert again["videos"] == task["videos"] and again["id"] != undo
    skip = {"task": again["id"], "reason": "video", "comment": "black"}
    for _ in range(2):
        assert browser.post("/api/skip", json=skip).json() == {"task": again["id"]}
    progress = browser.get("/api/task").json()["progress"]
    assert (progress["done"], progress["undo"]) == (1, again["id"])


def test_the_cookie(made):
    _, browser = served(made)
    cookie = agree(browser).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=7776000"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    _, browser = served(made, base_url="https://testserver")
    assert "Secure" in agree(browser).headers["set-cookie"].split("; ")
    assert "set-cookie" not in agree(browser).headers, "who has agreed stays who they are"


def test_no_answer_is_kept_by_caches_in_between(made):
    _, browser, task = entered(made)
    for path in ("/api/state", "/api/task", "/media/none.mp4"):
        assert browser.get(path).headers["cache-control"] == "no-store"
    assert browser.get("/" + task["videos"][0]["side"]).headers["cache-control"].startswith("private")


# --- forged requests ---

BAD_VOTES = {
    "unknown task": ({"task": "AAAA"}, 404),
    "SQL as the task": ({"task": "' OR '1'='1"}, 404),
    "wrong choice": ({"answers": {"overall": "a"}}, 422),
    "SQL as the choice": ({"answers": {"overall": "left'; DROP TABLE arena_votes; --"}}, 422),
    "number as the choice": ({"answers": {"overall": 3}}, 422),
    "true as the choice": ({"answers": {"overall": True}}, 422),
    "list as the choice": ({"answers": {"overall": ["left"]}}, 422),
    "no answer": ({"answers": {}}, 422),
    "another question": ({"answers": {"feet": "left"}}, 422),
    "one question more": ({"answers": {"overall": "left", "feet": "left"}}, 422),
    "answers as a list": ({"answers": ["left"]}, 422),
    "comment too long": ({"comment": "x" * 2001}, 422),
    "comment as a number": ({"comment": 5}, 422),
    "comment null": ({"comment": None}, 422),
    "null byte": ({"comment": "a\0b"}, 422),
    "seconds as text": ({"seconds": "1"}, 422),
    "seconds negative": ({"seconds": -1}, 422),
    "seconds of a year": ({"seconds": 3e7}, 422),
    "a field more": ({"rater": "r1"}, 422),
    "kind": ({"kind": "pair"}, 422),
    "task as a list": ({"task": ["x"]}, 422),
}


@pytest.mark.parametrize(("change", "status"), BAD_VOTES.values(), ids=BAD_VOTES)
def test_forged_votes_are_refused_and_change_nothing(made, change, status):
    arena, browser, task = entered(made)
    with unchanged(arena):
        answer = browser.post("/api/vote", json=vote_on(task) | change)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message"}
    assert "DROP" not in answer.text and "OR '1'" not in answer.text, "what was sent is not sent back"


@pytest.mark.parametrize("field", ["task", "answers", "seconds"])
def test_a_vote_without_a_field_is_refused(made, field):
    arena, browser, task = entered(made)
    vote = vote_on(task)
    del vote[field]
    with unchanged(arena):
        answer = browser.post("/api/vote", json=vote)
    assert answer.status_code == 422 and field in answer.json()["message"]


BAD_BODIES = {
    "empty": (b"", 422),
    "no JSON": (b"task=1", 422),
    "half of it": (b'{"task": "x"', 422),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "not UTF-8": (b'{"task": "\xff"}', 422),
    "half a surrogate": (b'{"task": "\\ud800", "answers": {}, "seconds": 1}', 422),
    "not a number": (b'{"task": "x", "answers": {}, "seconds": NaN}', 422),
    "infinity": (b'{"task": "x", "answers": {}, "seconds": 1e999}', 422),
    "deep": (b'{"answers":' * 2500 + b"1", 422),
    "many digits": (b'{"task": "x", "answers": {"overall": ' + b"9" * 30_000 + b'}, "seconds": 1}', 422),
    "a megabyte": (json.dumps({"task": "x" * 2**20}).encode(), 413),
    "one byte too many": (b" " * (32 * 1024 + 1), 413),
}


@pytest.mark.parametrize("path", ["vote", "skip", "undo", "consent"])
def test_bodies_that_no_page_sends(made, path):
    arena, browser, _ = entered(made)
    with unchanged(arena):
        for name, (body, status) in BAD_BODIES.items():
            answer = browser.post(f"/api/{path}", content=body, headers=JSON)
            assert (answer.status_code, set(answer.json())) == (status, {"error", "message"}), (name, answer.text)
            assert len(answer.text) < 400


def test_a_body_without_an_end_is_not_read_to_it(made):
    arena, browser, _ = entered(made)
    sent = []

    def endless():
        while len(sent) < 10_000:
            sent.append(1)
            yield b" " * 1024

    async def ask():
        received = iter(endless())

        async def receive():
            return {"type": "http.request", "body": next(received), "more_body": True}

        status = []

        async def send(message):
            status.append(message.get("status"))

        scope = {
            "type": "http", "method": "POST", "path": "/api/vote", "raw_path": b"/api/vote", "query_string": b"",
            "headers": [(b"host", b"x"), (b"content-type", b"application/json")], "http_version": "1.1",
            "scheme": "http", "server": ("x", 80), "client": ("y", 1), "root_path": "",
        }  # fmt: skip
        await browser.app(scope, receive, send)
        return status[0]

    assert asyncio.run(ask()) == 413
    assert len(sent) <= 34


def test_a_body_of_another_type_is_refused(made):
    arena, browser, task = entered(made)
    with unchanged(arena):
        for type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            answer = browser.post("/api/vote", content=json.dumps(vote_on(task)), headers={"content-type": type})
            assert (answer.status_code, answer.json()["error"]) == (415, "not-json")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "http://testserver:81"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://[::1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://testserver", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://testserver", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://testserver"}, 200),  # a proxy in front speaks https
        ({}, 200),
    ],
)
def test_another_sites_page_cannot_vote(made, headers, status):
    arena, browser, task = entered(made)
    before = dump(arena.database)
    for path, body in (("vote", vote_on(task)), ("undo", {"task": task["id"]}), ("consent", {"agree": True})):
        answer = browser.post(f"/api/{path}", json=body, headers=headers)
        assert answer.status_code == status, path
    assert (dump(arena.database) == before) == (status == 403)


def test_another_raters_task_is_as_unknown_as_none(made):
    arena, ann, task = entered(made)
    bob = TestClient(ann.app)
    agree(bob)
    with unchanged(arena):
        for path, more in (("vote", vote_on(task)), ("skip", {"task": task["id"], "reason": "other"}), ("undo", {})):
            there = bob.post(f"/api/{path}", json={"task": task["id"], **more})
            nowhere = bob.post(f"/api/{path}", json={**more, "task": "A" * 16})
            assert there.status_code == nowhere.status_code == 404
            assert there.json() == nowhere.json()


@pytest.mark.parametrize("path", ["task", "vote", "skip", "undo", "media"])
def test_without_consent_there_is_nothing(made, path):
    arena, browser = served(made)
    clip = next(iter(made[1].clips))
    with unchanged(arena):
        browser.cookies.set(api.Api(arena, made[0], None).cookie, "' OR 1=1 --")
        if path in ("task", "media"):
            answer = browser.get("/api/task" if path == "task" else f"/media/{clip}.mp4")
        else:
            answer = browser.post(f"/api/{path}", json={"task": "x", "answers": {}, "seconds": 1, "reason": "other"})
        assert (answer.status_code, answer.json()["error"]) == (403, "consent")
        assert browser.post("/api/consent", json={"agree": False}).status_code == 422


# --- logins ---


def test_with_logins_the_name_is_the_rater_and_no_cookie_counts(made):
    arena, browser = served(made, login=lambda request: request.headers.get("x-user"))
    assert browser.get("/api/state").status_code == 401
    assert agree(browser).status_code == 401
    ann = {"x-user": "ann"}
    assert "set-cookie" not in browser.post("/api/consent", json={"agree": True}, headers=ann).headers
    task = browser.get("/api/task", headers=ann).json()["task"]
    assert browser.get("/api/task", headers={"x-user": "bob"}).status_code == 403
    assert browser.get("/api/task", headers=ann).json()["task"] == task
    assert not any("ann" in str(value) for rows in dump(arena.database).values() for row in rows for value in row)


# --- videos ---


def test_videos_are_of_the_raters_own_tasks(made):
    arena, browser, task = entered(made)
    own = {name for views in task["videos"] for name in views.values()}
    for name in own:
        whole = browser.get(f"/{name}")
        assert whole.headers["content-type"] == "video/mp4" and whole.headers["accept-ranges"] == "bytes"
        assert whole.content == (made[0] / name).read_bytes()
        part = browser.get(f"/{name}", headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert part.headers["content-range"] == f"bytes 4-7/{len(whole.content)}"
        assert browser.get(f"/{name}", headers={"range": "bytes=99999999-"}).status_code == 416
    with arena.database.read() as db:
        had = {clip for task in db.execute(select(tasks)) for clip in (task.left, task.right)}
    others = [clip for clip in made[1].clips if clip not in had]
    assert others
    for clip in others:
        assert browser.get(f"/media/{clip}.mp4").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["../study.json", "..%2fstudy.json", "%2e%2e/study.json", "..%5cstudy.json", "study.json", "votes.sqlite", ".",
     "%00", "x.mp4", "{clip}", "{clip}.MP4", "{clip}-top.mp4", "{clip}.mp4%00.mp4", "{clip}.mp4/", "/etc/passwd",
     "%2fetc%2fpasswd"],
)  # fmt: skip
def test_no_other_file_is_served(made, name):
    _, browser, task = entered(made)
    clip = task["videos"][0]["fixed"].split("/")[1].removesuffix(".mp4")
    answer = browser.get("/media/" + name.format(clip=clip), follow_redirects=False)
    assert answer.status_code in (404, 307) and b"secret" not in answer.content


def test_a_video_that_is_not_there(made):
    _, browser, task = entered(made)
    name = task["videos"][0]["fixed"].split("/")[1]
    (made[0] / MEDIA / name).unlink()
    assert browser.get(f"/media/{name}").status_code == 404


# --- blindness ---


@pytest.mark.parametrize("type", ["pairs", "ratings"])
def test_nothing_that_reaches_a_browser_tells_a_model_or_a_kind(tmp_path, type):
    """Every byte of every answer of a whole session, headers and videos too, refusals too."""
    models = ["SecretModelA", "secretmodelb", "Ünïcode-Model", "model' -- <b>"]
    made = make_study(tmp_path, models, 3, type, QUESTIONS, per_rater=10, repeats=0.2, attention_share=0.2)
    study, seen = made[1], []
    _, browser = served(made)

    def ask(method, path, **more):
        answer = browser.request(method, path, **more)
        seen.append(f"{answer.status_code} {answer.headers}".encode() + answer.content)
        return answer

    ask("GET", "/api/state")
    ask("POST", "/api/consent", json={"agree": True})
    kinds = 0
    while task := ask("GET", "/api/task").json()["task"]:
        kinds += 1
        assert set(task) == {"id", "phase", "number", "prompt", "questions", "videos"}
        for name in (name for views in task["videos"] for name in views.values()):
            ask("GET", f"/{name}")
        ask("POST", "/api/vote", json=vote_on(task, "wrong"))
        ask("POST", "/api/vote", json=vote_on(task, study.choices[kinds % len(study.choices)]))
        ask("GET", "/api/state")
    assert kinds == 12
    hidden = {study.secret, study.id, study.suite["hash"], str(tmp_path), "check:", "attention", "repeat"}
    hidden |= {item.id for item in study.items} | {clip.sha256 for clip in study.clips.values()} | set(study.models)
    hidden |= {run["run_id"] for run in study.models.values()} | {"model-", '"better"', '"worse"', '"kind"'}
    told = b"\n".join(seen).lower()
    for word in hidden:
        for form in (word, json.dumps(word)[1:-1]):
            assert form.lower().encode() not in told, word
    dates = {value for answer in seen for value in re.findall(rb"'last-modified': '([^']*)'", answer)}
    assert dates == {b"Sat, 01 Jan 2000 00:00:00 GMT"}, "the date of a video tells when its motion was drawn"


# --- text of others ---

NASTY = [
    "'; DROP TABLE arena_votes; --", '" OR ""="', "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "{{7*7}}", "%s%n%x", "=cmd|'/c calc'!A0", "../../etc/passwd", "\u202eright to left", "e\u0301 é ﷽ 𝔘",
    "\r\nSet-Cookie: x=1", "\\", "\\u0000", "NULL", " ",
]  # fmt: skip


def test_nasty_text_is_text(made, tmp_path):
    arena, browser, task = entered(make_study(tmp_path / "long", 3, 6, votes=9, per_rater=18, repeats=0.0))
    for comment in NASTY:
        answer = browser.post("/api/vote", json=vote_on(task, comment=comment))
        assert answer.status_code == 200 and "x=1" not in str(answer.headers)
        task = browser.get("/api/task").json()["task"]
    assert sorted(row["comment"] for row in read_votes(arena.study, arena.database)) == sorted(NASTY)
    for nasty in NASTY:
        with unchanged(arena):
            assert browser.post("/api/vote", json=vote_on(task) | {"task": nasty[:64]}).status_code == 404
            assert browser.post("/api/vote", json=vote_on(task, nasty)).status_code == 422
            assert browser.post("/api/skip", json={"task": task["id"], "reason": nasty[:64]}).status_code == 422
            assert browser.post("/api/undo", json={"task": nasty[:64]}).status_code == 404


def test_nasty_names_and_prompts_are_served_as_they_are(tmp_path):
    made = make_study(tmp_path, 3, NASTY[:6], name=NASTY[2], instructions=NASTY[3])
    _, browser, task = entered(made)
    assert browser.get("/api/state").json()["study"]["name"] == NASTY[2]
    assert task["prompt"]["text"] in NASTY[:6]
    answer = browser.get("/api/task")
    assert answer.headers["content-type"] == "application/json"


# --- a database that is away, and waiting ---


def test_a_database_that_does_not_answer_is_told_and_can_be_tried_again(made, monkeypatch):
    monkeypatch.setattr(database, "WAIT", 0.2)
    arena, browser, task = entered(made)
    other, _ = arena_of(made)
    vote = vote_on(task)
    with other.database.write():
        answer = browser.post("/api/vote", json=vote)
        assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"
    assert browser.post("/api/vote", json=vote).status_code == 200
    assert len(read_votes(arena.study, arena.database)) == 1


def test_a_database_that_was_restarted_is_found_again(made, postgres_server):
    url = fresh_database(postgres_server)
    arena, browser, task = entered(made, where=url)
    name = make_url(url).database
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        assert db.execute(text(ended), {"name": name}).scalars().all()
    engine.dispose()
    assert browser.post("/api/vote", json=vote_on(task)).status_code == 200
    assert len(read_votes(arena.study, arena.database)) == 1


def test_no_route_waits_in_the_event_loop(made):
    arena, _ = arena_of(made)
    routes = router(arena, made[0]).routes
    assert len(routes) == 7
    assert not any(inspect.iscoroutinefunction(route.endpoint) for route in routes)


def test_every_route_is_described():
    arena_paths = {"api/state", "api/consent", "api/task", "api/vote", "api/skip", "api/undo", "media/{name}"}
    assert set(re.findall(r"^(?:GET|POST) (\S+)", api.__doc__, re.M)) == arena_paths
