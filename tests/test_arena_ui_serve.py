"""`mbench arena serve` and `password`: who is let in, what is refused, how it starts and ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from arena_rater import rater, serving
from arena_studies import make_study
from browser import chromium
from helpers import environment, mbench, one_line_error
from leaderboard.arena.app import Served, serve
from leaderboard.arena.auth import hash_password, is_password, read_users
from mbench.errors import ConfigError

PLAIN = {"models": 2, "prompts": 2, "training": 0, "attention": 0, "repeats": 0.0}


def test_a_password_is_known_by_its_hash_alone():
    kept = hash_password("çafé au lait")
    assert is_password("çafé au lait", kept) and not is_password("cafe au lait", kept)
    assert "lait" not in kept and hash_password("çafé au lait") != kept  # salted


def users_file(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["user,password", *lines]) + "\n", encoding="utf-8")
    return path


def test_plain_and_hashed_passwords_are_read(tmp_path):
    users = read_users(users_file(tmp_path / "users.csv", "ann,one", f"bob,{hash_password('two')}", '"c, d",three'))
    assert [
        is_password(password, users[user]) for user, password in (("ann", "one"), ("bob", "two"), ("c, d", "three"))
    ]
    assert "one" not in str(users)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), ["holds no users"]),
        (("ann,",), ["line 2", "a user and a password"]),
        ((",one",), ["line 2"]),
        (("ann,one,more",), ["line 2", "nothing else"]),
        (("ann",), ["line 2"]),
        (("ann,one", "ann,two"), ["line 3", "'ann'", "twice"]),
        (("a:b,one",), ["line 2", "colon"]),
        (("ann,scrypt:12:8",), ["line 2", "'ann'", "broken", "mbench arena password"]),
        (("ann,scrypt:15:8:1:00:00",), ["line 2", "broken"]),
    ],
)
def test_users_that_can_not_be_used(tmp_path, lines, words):
    with pytest.raises(ConfigError) as error:
        read_users(users_file(tmp_path / "users.csv", *lines))
    assert all(word in str(error.value) for word in ["users.csv", *words]), error.value


def test_files_that_are_no_users(tmp_path):
    for content, word in ((b"name,secret\nann,one\n", "user,password"), (b"user,password\n\xff,x\n", "UTF-8")):
        (tmp_path / "users.csv").write_bytes(content)
        with pytest.raises(ConfigError, match=word):
            read_users(tmp_path / "users.csv")
    with pytest.raises(ConfigError, match="can't be read"):
        read_users(tmp_path / "nothing.csv")


def test_other_machines_are_let_in_only_when_it_is_said_who_may_vote(tmp_path):
    file = users_file(tmp_path / "users.csv", "ann,one")
    with pytest.raises(ConfigError, match="--auth users.csv"):
        Served(tmp_path, host="0.0.0.0").users()
    with pytest.raises(ConfigError, match="--share-nothing"):
        Served(tmp_path, host="0.0.0.0", auth=str(file), share_nothing=True).users()
    with pytest.raises(ConfigError, match="--allow-host"):
        Served(tmp_path, names=("arena.example.org",), share_nothing=True).users()
    assert Served(tmp_path, host="0.0.0.0", auth="none").users() is None
    assert list(Served(tmp_path, host="0.0.0.0", auth=str(file)).users() or ()) == ["ann"]
    assert Served(tmp_path).users() is None
    assert Served(tmp_path, share_nothing=True).users() is None


def test_only_users_get_anything_and_are_the_same_rater_everywhere(tmp_path):
    users = {"ann": hash_password("one"), "bob": hash_password("two")}
    with serving(tmp_path, users=users, **PLAIN) as server:
        for login in (None, ("ann", "two"), ("eve", "one"), ("ann", "")):
            for path in ("/", "/api/state", "/api/task", "/scripts/arena.js", "/media/x.mp4", "/config"):
                answer = httpx.get(server.url + path, auth=login)
                assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Basic")
                assert "A small study" not in answer.text and "Content-Security-Policy" in answer.headers
        assert httpx.get(server.url + "/health").json()["status"] == "ok"
        tasks = []
        for login in (("ann", "one"), ("bob", "two"), ("ann", "one")):  # the third: on another device, no cookie
            with httpx.Client(base_url=server.url, auth=login) as client:
                assert client.post("/api/consent", json={"agree": True}).status_code == 200
                tasks.append(client.get("/api/task").json()["task"]["id"])
        assert tasks[0] == tasks[2] != tasks[1]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "study").glob("votes.sqlite*"))
    assert b"ann" not in stored


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Basic YW5u", "Bearer YW5uOm9uZQ=="])
def test_broken_logins_are_refused(tmp_path, header):
    import asyncio

    from leaderboard.arena.auth import Login

    sent = []

    async def ask():
        async def send(message):
            sent.append(message)

        scope = {"type": "http", "path": "/", "headers": [(b"authorization", header.encode())]}
        await Login(None, {"ann": hash_password("one")})(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(ask())
    assert sent[0]["status"] == 401


def test_voting_with_a_login_in_a_browser(tmp_path):
    users = {"ann": hash_password("one")}
    with chromium() as browser, serving(tmp_path, users=users, **PLAIN) as server:
        for answer in ("1", "2"):  # two devices
            with rater(browser, server, http_credentials={"username": "ann", "password": "one"}) as person:
                if answer == "1":
                    person.agree()
                person.watch().press(answer)
        assert [vote["answers"]["overall"] for vote in server.votes()] == ["left", "right"]
        assert len({vote["rater"] for vote in server.votes()}) == 1


def test_nothing_of_gradio_takes_or_gives_files(tmp_path):
    with serving(tmp_path, **PLAIN) as server, httpx.Client(base_url=server.url) as client:
        study = tmp_path / "study" / "study.json"
        for path in (
            f"/gradio_api/file={study}", f"/file={study}", "/gradio_api/proxy=http://example.org/", "/docs",
            "/openapi.json", "/scripts/page.css", "/scripts/..%2fapp.py", "/scripts/%2e%2e/app.py", "/study.json",
            "/media/study.json", "/static/../study.json", "/monitoring", "/gradio_api/deep_link",
        ):  # fmt: skip
            assert client.get(path).status_code in (400, 404), path
        files = {"files": ("x.txt", b"x")}
        for path in ("/gradio_api/upload", "/upload"):
            assert client.post(path, files=files).status_code in (404, 405), path
        for path in ("/gradio_api/component_server", "/gradio_api/run/predict", "/gradio_api/api/predict", "/login"):
            assert client.post(path, json={"data": []}).status_code in (404, 405), path
        assert "study.json" not in client.get("/config").text


def test_wrong_options_are_told_in_one_line(tmp_path):
    folder, _ = make_study(tmp_path / "study", **PLAIN)
    one_line_error(mbench("arena", "serve"), "no study was named", "--demo")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        one_line_error(mbench("arena", "serve", folder, "--port", port), str(port), "--port")
    for served, words in (
        (Served(tmp_path), "study.json.*mbench arena create"),
        (Served(folder, host="0.0.0.0"), "0.0.0.0.*--auth"),
        (Served(folder, auth="nobody.csv"), "nobody.csv.*can't be read"),
        (Served(folder, database="mysql://x/y"), "mysql"),
    ):
        with pytest.raises(ConfigError, match=words):
            serve(served)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_says_how_many_votes_there_are(tmp_path, number):
    folder, _ = make_study(tmp_path / "study", **PLAIN)
    command = [sys.executable, "-m", "mbench", "arena", "serve", str(folder), "--port", "0", "--share-nothing"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        assert url.startswith("http://127.0.0.1:")
        with httpx.Client(base_url=url) as client:
            assert "A small study" not in client.get("/").text  # it is shown by the script, as text
            client.post("api/consent", json={"agree": True})
            task = client.get("api/task").json()["task"]["id"]
            vote = {"task": task, "answers": {"overall": "tie"}, "seconds": 0.1}
            assert client.post("api/vote", json=vote).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert "1 vote of 1 rater" in out and "Traceback" not in err


def test_passwords_are_hashed_by_a_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mbench", "arena", "password"], input="one\none\n", capture_output=True, text=True,
        env=environment(), timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and is_password("one", done.stdout.strip().splitlines()[-1])


def test_the_page_names_every_option_and_every_key():
    import typer

    from leaderboard.arena.page import STATIC
    from leaderboard.cli.arena import app

    page = (Path(__file__).parents[1] / "docs" / "arena.md").read_text(encoding="utf-8")
    serve_command = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    options = {option for one in serve_command.params for option in one.opts if option.startswith("--")}
    assert options and not [option for option in options if option not in page]
    keys = re.findall(r'\["([^"]+)", "[a-z]', (STATIC / "views.js").read_text(encoding="utf-8"))
    assert len(keys) >= 8
    assert not [key for key in " ".join(keys).split() if f"`{key}`" not in page and key != "5"]
