"""The shell of our web apps: who may ask, for what, how much; files; Gradio held to what a page needs."""

from __future__ import annotations

import base64
import hashlib
import socket

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from browser import check_accessibility, chromium, page_of
from leaderboard.web import Limit, Settings, gradio, make_app, mount_folder, mount_page
from leaderboard.web.limits import MOST_CLIENTS, Buckets
from leaderboard.web.policy import inline_scripts, policy
from leaderboard.web.server import bind, is_loopback
from mbench.errors import ConfigError
from web_servers import served

SECRET = "the votes of everybody"


def client(app):
    return TestClient(app, base_url="http://127.0.0.1:7860")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that is shown, and beside and in it what must not be."""
    top = tmp_path_factory.mktemp("served")
    shown = top / "shown"
    (shown / "sub").mkdir(parents=True)
    (shown / "index.html").write_text("<!doctype html><title>t</title><script>let a = 1;</script><p>front")
    (shown / "sub" / "index.html").write_text("<!doctype html><title>t</title><p>below")
    (shown / "clip.mp4").write_bytes(bytes(range(256)) * 8)
    (shown / "inside.html").symlink_to(shown / "sub" / "index.html")
    for hidden in (top / "votes.sqlite", top / "study.json", shown / "votes.sqlite", shown / ".env.json"):
        hidden.write_text(SECRET)
    (shown / "out.json").symlink_to(top / "study.json")
    (shown / "outside").symlink_to(top)
    return shown


def blocks():
    gr = gradio()
    with gr.Blocks() as made:
        text = gr.Textbox(label="Prompt")
        said = gr.Textbox(label="Answer")
        gr.Button("Say").click(lambda text: f"you said {text}", text, said)
    return made


@pytest.fixture(scope="module")
def app(folder):
    ours = Settings(hosts=frozenset({"127.0.0.1", "localhost"}))
    made = make_app({"page": "/page/"}, settings=ours, edit=lambda page, scope: page.replace("front", "front, edited"))
    mount_folder(made, "/files/", folder)
    mount_page(made, blocks(), "/page/", title="A <page>")
    return made


# ---- health


def test_health_tells_what_is_served_and_whether_it_works():
    from mbench import __version__

    state = {"broken": False}

    def database():
        if state["broken"]:
            raise OSError("no such\nfile")

    ask = client(make_app({"arena": "/arena/"}, checks={"database": database}))
    answer = ask.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok", "version": __version__, "serves": {"arena": "/arena/"}, "checks": {"database": "ok"},
    }  # fmt: skip
    state["broken"] = True
    answer = ask.get("/health")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "OSError: no such file"}


# ---- headers


@pytest.mark.parametrize("path", ["/health", "/files/", "/files/clip.mp4", "/page/", "/nothing"])
def test_every_answer_has_the_security_headers(app, path):
    headers = client(app).get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in rules["script-src"]
    assert "http" not in headers["content-security-policy"]


def test_the_policy_allows_the_inline_scripts_of_the_page_and_no_others(app):
    rules = client(app).get("/files/").headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(b"let a = 1;").digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in rules
    assert "sha256" not in client(app).get("/files/sub/").headers["content-security-policy"]


def test_inline_scripts_are_those_without_a_source():
    page = '<script src="a.js"></script><script type="module">\nlet b;</script><SCRIPT>c()</SCRIPT>'
    assert inline_scripts(page) == ["\nlet b;", "c()"]
    assert "'unsafe-eval'" in policy(evaluates=True)


# ---- files


def test_files_have_their_types_ranges_and_edited_pages(app, folder):
    ask = client(app)
    page = ask.get("/files/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "front, edited" in page.text and int(page.headers["content-length"]) == len(page.content)
    assert "etag" not in page.headers
    assert ask.head("/files/").text == ""
    assert ask.get("/files/sub", follow_redirects=False).headers["location"].endswith("/files/sub/")
    assert "below" in ask.get("/files/inside.html").text  # a link that stays inside
    part = ask.get("/files/clip.mp4", headers={"Range": "bytes=250-259"})
    assert (part.status_code, part.content) == (206, (folder / "clip.mp4").read_bytes()[250:260])
    assert part.headers["content-type"] == "video/mp4"


HOSTILE = """
../votes.sqlite %2e%2e/votes.sqlite ..%2fvotes.sqlite %2e%2e%2fvotes.sqlite %252e%252e%252fvotes.sqlite
..%5cvotes.sqlite %2e%2e%5cvotes.sqlite ..%255cvotes.sqlite sub/../../votes.sqlite sub/%2e%2e/%2e%2e/study.json
/etc/passwd %2fetc%2fpasswd %252fetc%252fpasswd //etc/passwd ....//....//etc/passwd C:%5cwindows%5cwin.ini
file:///etc/passwd clip.mp4%00.html %00 votes.sqlite .env.json out.json outside/study.json outside/votes.sqlite
sub/. %ff%fe ~root
""".split()


@pytest.fixture(scope="module")
def address(app):
    with served(app) as url:
        yield url


def raw(address: str, path: str, method: str = "GET", host: str | None = None) -> tuple[int, bytes]:
    """Ask for a path exactly as it is written: clients tidy paths before they send them."""
    where = address.removeprefix("http://")
    name, port = where.split(":")
    with socket.create_connection((name, int(port)), timeout=10) as sent:
        sent.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host or where}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := sent.recv(65536):
            answer += part
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize("name", [*HOSTILE, "x" * 5000])
def test_nothing_outside_the_folder_is_reached(address, name):
    status, answer = raw(address, f"/files/{name}")
    assert status in (400, 404), answer[:300]
    assert SECRET.encode() not in answer and b"root:" not in answer


FILES = ["/etc/passwd", "%2fetc%2fpasswd", "..%2f..%2fetc%2fpasswd", "{folder}/votes.sqlite", "{folder}/index.html"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("route", ["file=", "file/", "proxy=http://localhost/", "proxy=file://"])
def test_gradio_reads_no_file_and_fetches_no_address(address, folder, route, name):
    status, answer = raw(address, f"/page/gradio_api/{route}{name.format(folder=folder)}")
    assert status in (400, 404) and b"root:" not in answer and SECRET.encode() not in answer


UNNEEDED = """
/docs /openapi.json /page/login /page/monitoring /page/gradio_api/openapi.json /page/gradio_api/run/predict
/page/gradio_api/call/predict /page/gradio_api/runs /page/gradio_api/component_server /page/gradio_api/dev/reload
/page/gradio_api/token /page/gradio_api/vibe-code /page/gradio_api/deep_link
""".split()


@pytest.mark.parametrize("path", UNNEEDED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_routes_that_no_page_needs_are_not_there(app, method, path):
    assert client(app).request(method, path).status_code == 404


# ---- files and addresses through Gradio


def test_gradio_takes_no_uploads(app):
    answer = client(app).post("/page/gradio_api/upload", files={"files": ("a.npz", b"123")})
    assert answer.status_code == 404


FILE = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "value",
    [{"path": "/etc/passwd", **FILE}, [{"path": "http://example.org/x", **FILE}], {"a": [{"path": None}]}],
    ids=["a file", "an address", "deep"],
)
@pytest.mark.parametrize("where", ["data", "event_data"])
def test_an_event_that_names_a_file_is_refused(app, where, value):
    event = {"data": ["text"], "fn_index": 0, "session_hash": "a", where: [value]}
    answer = client(app).post("/page/gradio_api/queue/join", json=event)
    assert (answer.status_code, answer.json()["detail"]) == (400, "events of this page carry no files")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_an_event_that_is_not_json_is_refused(app, body):
    assert client(app).post("/page/gradio_api/queue/join", content=body).status_code == 400


# ---- who asks, and how much


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7860", "", "[", "localhost@evil.example"])
def test_a_name_that_is_not_ours_is_refused(app, host):
    assert client(app).get("/health", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:80", "LOCALHOST:7860"])
def test_our_own_names_are_answered(app, host):
    assert client(app).get("/health", headers={"Host": host}).status_code == 200


OURS = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1:7860"}]
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:9"}, {"Origin": "null"},
]  # fmt: skip


@pytest.mark.parametrize(("headers", "status"), [*((h, 200) for h in OURS), *((h, 403) for h in FOREIGN)])
def test_what_another_sites_page_sends_is_refused(headers, status):
    assert client(echo()).post("/echo", content=b"vote", headers=headers).status_code == status


def echo(**settings):
    """An app that says how many bytes it got."""
    made = make_app({}, settings=Settings(**settings))

    async def answer(request):
        return JSONResponse({"bytes": len(await request.body())})

    made.add_route("/echo", answer, ["POST"])
    made.add_route("/large/echo", answer, ["POST"])
    return made


def test_bodies_over_the_limit_are_refused_whether_or_not_they_tell_their_length():
    ask = client(echo(max_body=100, larger_bodies={"/large/": 1000}))
    parts = lambda n: (b"x" * 10 for _ in range(n))  # noqa: E731 - without a Content-Length
    assert ask.post("/echo", content=b"x" * 100).json() == {"bytes": 100}
    assert ask.post("/echo", content=parts(10)).json() == {"bytes": 100}
    for content in (b"x" * 101, parts(11)):
        answer = ask.post("/echo", content=content)
        assert (answer.status_code, answer.json()["detail"]) == (413, "the request is larger than 100 bytes")
    assert ask.post("/large/echo", content=b"x" * 1000).status_code == 200
    assert ask.post("/large/echo", content=b"x" * 1001).status_code == 413


def test_a_client_that_asks_too_often_is_told_when_to_come_again():
    ask = client(echo(limits=(Limit("/echo", per_minute=6, burst=3),)))
    answers = [ask.post("/echo") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["retry-after"] == "10"  # 6 a minute: the next token is 10 s away
    assert ask.post("/large/echo").status_code == 200  # not what the limit counts
    assert ask.get("/health").status_code == 200


def test_buckets_fill_with_time_and_never_over_their_size():
    now = [0.0]
    buckets = Buckets(Limit("/", per_minute=60, burst=2), clock=lambda: now[0])
    assert [buckets.wait("a"), buckets.wait("a"), buckets.wait("a")] == [0, 0, 1]
    assert buckets.wait("b") == 0
    now[0] = 0.25
    assert buckets.wait("a") == pytest.approx(0.75)
    now[0] = 100.0
    assert [buckets.wait("a"), buckets.wait("a"), buckets.wait("a")] == [0, 0, 1]


def test_clients_are_not_remembered_without_end():
    now = [0.0]
    buckets = Buckets(Limit("/", per_minute=1, burst=5), clock=lambda: now[0])
    for number in range(3 * MOST_CLIENTS):
        now[0] += 1e-6
        buckets.wait(str(number))
    assert len(buckets._left) <= MOST_CLIENTS


# ---- ports


def test_a_port_that_is_taken_is_told_in_one_line():
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 is taken.*--port"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("127.0.0.1", 70000, "port is 70000"), ("127.0.0.1", -1, "port is -1"), ("no such host", 0, "host is"),
     ("192.0.2.1", 0, "192.0.2.1:0 can't be bound")],
)  # fmt: skip
def test_addresses_that_are_none_are_told_in_one_line(host, port, words):
    with pytest.raises(ConfigError, match=words):
        bind(host, port)


def test_is_loopback():
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "192.168.1.2", "example.org", ""]))


# ---- Gradio in a browser


def test_a_gradio_page_works_without_a_foreign_request(address):
    from playwright.sync_api import expect

    with chromium() as browser, page_of(browser, address) as page:
        page.goto("/page/")
        page.get_by_label("Prompt").fill("<b>hi</b>")
        page.get_by_role("button", name="Say").click()
        expect(page.get_by_label("Answer")).to_have_value("you said <b>hi</b>")
        assert page.title() == "A <page>"
        source = page.content()
        for word in ("og:image", "twitter:", "githubusercontent", "gradio.app/"):
            assert word not in source
        check_accessibility(page)


def test_telemetry_is_off_and_the_server_looks_up_no_name(folder, monkeypatch):
    import os

    asked = []
    look_up = socket.getaddrinfo

    def noted(host, *rest, **more):
        asked.append(host)
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    made = make_app({})
    mount_page(made, blocks(), "/page/", title="t")
    with served(made) as url:
        assert httpx.get(f"{url}/page/").status_code == 200
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert {host for host in asked if host not in ("127.0.0.1", "localhost", None)} == set()
