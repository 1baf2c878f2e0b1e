"""The whole app over HTTP: what is where, what is refused, files of takes, the leaderboard brought up to date."""

from __future__ import annotations

import json
import shutil

import pytest
from starlette.testclient import TestClient

from arena_studies import make_study
from leaderboard.serve import app as serve_app
from leaderboard.serve import board as serve_board
from leaderboard.serve.bar import bar
from leaderboard.serve.board import Board
from leaderboard.serve.uploads import MAX_BYTES
from mbench.errors import ConfigError
from serve_apps import app_of, parts_of, results_in, small_board
from test_serve_playground import Counting, asked

JOIN = "/playground/gradio_api/queue/join"


def client(parts):
    return TestClient(app_of(parts), base_url="http://127.0.0.1:7860", follow_redirects=False)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A client of an app without a study and without uploads."""
    with parts_of(small_board(tmp_path_factory.mktemp("plain"))) as parts:
        yield client(parts)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A client of an app with a study, that takes uploads."""
    folder = tmp_path_factory.mktemp("everything")
    make_study(folder / "study", models=2, prompts=2, training=0, attention=0)
    with parts_of(small_board(folder), folder / "study", uploads=True, models=[Counting()]) as parts:
        ask = client(parts)
        ask.parts = parts
        yield ask


# ---- what is where


def test_the_front_door_leads_to_the_leaderboard(plain):
    answer = plain.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "leaderboard/")


def test_every_part_answers_under_its_path_with_the_bar(everything):
    ask = everything
    for path, name in (("/leaderboard/", "Leaderboard"), ("/arena/", "Arena"), ("/playground/", "Playground")):
        page = ask.get(path)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        for place in ("leaderboard", "arena", "playground"):
            assert f'href="../{place}/"' in page.text
        assert page.text.count('aria-current="') == 1 and f'aria-current="page">{name}</a>' in page.text
        assert ask.get(path.rstrip("/")).headers["location"].endswith(path)
    assert 'href="../../playground/"' in ask.get("/leaderboard/models/a.html").text


def test_without_a_study_there_is_no_arena(plain):
    ask = plain
    assert ask.get("/arena/").status_code == 404
    assert "Arena" not in ask.get("/leaderboard/").text
    assert ask.get("/health").json()["serves"] == {"leaderboard": "/leaderboard/", "playground": "/playground/"}


def test_health_looks_at_the_site_and_the_database(everything, tmp_path):
    answer = everything.get("/health")
    assert answer.status_code == 200 and answer.json()["checks"] == {"leaderboard": "ok", "database": "ok"}
    with parts_of(Board(tmp_path, folder=tmp_path / "none")) as parts:
        answer = client(parts).get("/health")
        assert answer.status_code == 503 and "the site is gone" in answer.json()["checks"]["leaderboard"]


def test_our_scripts_have_their_types_and_nothing_else_is_there(plain):
    ask = plain
    assert ask.get("/own/playground.css").headers["content-type"] == "text/css; charset=utf-8"
    assert ask.get("/own/player.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert ask.get("/own/app.py").status_code == 404


def test_the_bar_is_put_on_a_page_once_and_before_its_content():
    page = '<html><head><title>t</title></head><body class="x"><p>text</p></body></html>'
    edited = bar({"A": "a/", "B <b>": "b/"})(page, {"path": "/top/a/sub/page.html", "app_root_path": "/top"})
    assert (
        edited.index("</style></head>") < edited.index('<body class="x"><div class="mb-bar">') < edited.index("<p>text")
    )
    assert 'href="../../a/" aria-current="page">A<' in edited and 'href="../../b/">B &lt;b&gt;<' in edited


# ---- what is refused


@pytest.mark.parametrize("path", ["study.json", "votes.sqlite", "media/a.mp4", "../study/study.json"])
@pytest.mark.parametrize("place", ["arena", "leaderboard", "own", "motions"])
def test_what_is_only_for_the_server_is_not_served(everything, place, path):
    answer = everything.get(f"/{place}/{path}")
    assert answer.status_code in (400, 404), answer.text


def test_uploads_are_refused_unless_asked_for(plain):
    ask = plain
    assert ask.post("/upload-motion?name=a.bvh", content=b"x").status_code == 404
    assert ask.post("/playground/gradio_api/upload", files={"files": ("a.npz", b"1")}).status_code == 404


def test_an_upload_is_read_or_refused_in_a_sentence(everything):
    ask = everything
    answer = ask.post("/upload-motion?name=%3Cb%3E.pt", content=b"x")
    assert answer.status_code == 422 and answer.json()["detail"].startswith("<b>.pt: has the suffix '.pt'")
    assert ask.post("/upload-motion?name=a.bvh", content=bytes(MAX_BYTES + 1)).status_code == 413


def test_requests_are_limited(plain):
    ask = plain
    assert ask.post(JOIN, content=b" " * 300_000).status_code == 413
    answers = [ask.post(JOIN, content=b"no") for _ in range(serve_app.RUNS_AT_ONCE + 1)]
    assert {answer.status_code for answer in answers[: serve_app.RUNS_AT_ONCE - 1]} == {400}
    assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) >= 1


def test_a_login_guards_everything_but_health(tmp_path):
    from leaderboard.arena.auth import hash_password

    with parts_of(small_board(tmp_path), users={"ann": hash_password("secret")}) as parts:
        ask = client(parts)
        assert ask.get("/health").status_code == 200
        for path in ("/leaderboard/", "/playground/", "/motions/a/motion.mp4", "/own/player.js"):
            assert ask.get(path).status_code == 401
            assert ask.get(path, auth=("ann", "wrong")).status_code == 401
        assert ask.get("/leaderboard/", auth=("ann", "secret")).status_code == 200


# ---- files of takes


def test_files_of_a_take_are_for_those_who_have_its_token(everything):
    take, token = everything.parts.studio.take(asked(models=["a"]), "counting")
    ask = everything
    for suffix, kind in (("mp4", "video/mp4"), ("bvh", "text/plain; charset=utf-8"), ("glb", "model/gltf-binary"),
                         ("npz", "application/zip")):  # fmt: skip
        answer = ask.get(f"/motions/{token}/motion.{suffix}")
        assert answer.content == take.files[suffix].read_bytes()
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"] == f'attachment; filename="counting.{suffix}"'
        assert answer.headers["cache-control"].startswith("private")
    assert ask.get(f"/motions/{token}/motion.mp4", headers={"Range": "bytes=0-9"}).status_code == 206
    key = asked(models=["a"]).key("counting")
    for other in (f"{token}x/motion.npz", f"{token}/motion.py", f"{token}/motion.", f"{key}/motion.npz", "/motion.npz"):
        assert ask.get(f"/motions/{other}").status_code in (400, 404)
    take.files["npz"].unlink()
    answer = ask.get(f"/motions/{token}/motion.npz")
    assert answer.status_code == 404 and "generate it again" in answer.json()["detail"]


# ---- the leaderboard


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return results_in(tmp_path_factory.mktemp("runs"))


def test_the_leaderboard_is_built_and_follows_the_results(results, tmp_path, monkeypatch):
    monkeypatch.setattr(serve_board, "EVERY", 0.0)
    mine = tmp_path / "results"
    shutil.copytree(results, mine)
    board = Board(mine, videos=False, folder=tmp_path / "site")
    board.prepare(quiet=True)
    board.update()
    board.wait()
    with parts_of(board) as parts:
        ask = client(parts)
        assert "static" in ask.get("/leaderboard/").text
        shutil.rmtree(mine / "static")
        ask.get("/leaderboard/")  # notices, and builds behind
        board.wait()
        page = ask.get("/leaderboard/").text
        assert ">static<" not in page and "choreographer" in page
        builder = board._builder
        ask.get("/leaderboard/")
        assert board._builder is builder  # nothing has changed, nothing is built


def test_every_file_of_the_site_is_served_with_a_type_of_its_own(results, tmp_path):
    board = Board(results, videos=False, folder=tmp_path / "site")
    board.prepare(quiet=True)
    (board.folder / "media").mkdir(exist_ok=True)
    for name in ("clip.mp4", "clip.webp"):  # what a site with videos has besides
        (board.folder / "media" / name).write_bytes(b"media")
    types = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
             ".csv": "text/csv", ".mp4": "video/mp4", ".webp": "image/webp", ".svg": "image/svg+xml"}  # fmt: skip
    with parts_of(board) as parts:
        ask = client(parts)
        files = [path for path in board.folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        assert len(files) > 20
        for path in files:
            answer = ask.get(f"/leaderboard/{path.relative_to(board.folder).as_posix()}")
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].split(";")[0] == types[path.suffix], path


def test_results_that_break_leave_the_site_as_it_was_and_say_so(results, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(serve_board, "EVERY", 0.0)
    mine = tmp_path / "results"
    shutil.copytree(results, mine)
    board = Board(mine, videos=False, folder=tmp_path / "site")
    board.prepare(quiet=True)
    board.update()
    board.wait()
    for path in mine.glob("*/*/result.json"):
        path.write_text(json.dumps({"schema": 999, "model": "<script>alert(1)</script>"}))
    with parts_of(board) as parts:
        ask = client(parts)
        answer = ask.post("/update-leaderboard")
        assert (answer.status_code, answer.headers["location"]) == (303, "leaderboard/")
        page = ask.get("/leaderboard/").text
        assert "choreographer" in page and "Not up to date: " in page and "<script>alert" not in page
        assert "the leaderboard is as it was" in capsys.readouterr().err


def test_a_folder_without_results_is_told(tmp_path):
    with pytest.raises(ConfigError, match="holds no finished run"):
        Board(tmp_path, folder=tmp_path / "site").prepare(quiet=True)
