"""A local HTTP server that speaks OpenAI's chat completions and Gemini's generateContent, and looks at what comes.

A test gives it a function that answers a `Call`: with text, with an `Answer` (status, headers, delay, raw body), or
with `HANG_UP`. Everything that came is kept in `calls`.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

HANG_UP = object()
USAGE = (1000, 50)  # tokens of every reply


@dataclass
class Call:
    """What one request held, whatever its protocol."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    system: str
    text: str
    files: list[tuple[str, bytes]]
    schema: dict[str, Any] | None
    at: float = field(default_factory=time.monotonic)

    @property
    def role(self) -> str:
        if "One of these texts" in self.text:
            return "choose"
        return "verify" if "The order for the motion was" in self.text else "describe"

    @property
    def pictures(self) -> list[np.ndarray]:
        """Return the pictures, decoded."""
        return [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for _, data in self.files]

    @property
    def candidates(self) -> dict[str, str]:
        """Return the texts of a choice by their labels."""
        return {k: json.loads(v) for k, v in re.findall(r'^(\w+): (".*")$', self.text, re.MULTILINE)}

    @property
    def order(self) -> str:
        """Return the text that is to be verified."""
        return json.loads(re.search(r'^The order for the motion was: (".*")$', self.text, re.MULTILINE)[1])


@dataclass
class Answer:
    """What the server sends: a reply of the protocol, or anything else."""

    text: str | None = None
    status: int = 200
    error: str = "no"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    raw: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    usage: tuple[int, int] | None = USAGE


class JudgeServer:
    """A running server; `base_url` for the openai library, `root` for Google's."""

    def __init__(self, answer: Callable[[Call], Any]) -> None:
        self.answer, self.calls = answer, []
        self.now, self.most = 0, 0  # calls at a time
        self.lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.root = f"http://127.0.0.1:{self._http.server_port}"
        self.base_url = f"{self.root}/v1"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.answer = lambda call: HANG_UP  # on connections that are still open
        self._http.shutdown()
        self._http.server_close()

    def of(self, role: str) -> list[Call]:
        return [call for call in self.calls if call.role == role]


@contextmanager
def serving(answer: Callable[[Call], Any]) -> Iterator[JudgeServer]:
    server = JudgeServer(answer)
    try:
        yield server
    finally:
        server.stop()


def _handler(server: JudgeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            gemini = ":generateContent" in self.path
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = (_gemini_call if gemini else _openai_call)(self.path, headers, body)
            with server.lock:
                server.calls.append(call)
                server.now += 1
                server.most = max(server.most, server.now)
            try:
                said = server.answer(call)
                if said is HANG_UP:
                    self.close_connection = True
                    return
                self._send(said if isinstance(said, Answer) else Answer(said), gemini)
            finally:
                with server.lock:
                    server.now -= 1

        def _send(self, said: Answer, gemini: bool) -> None:
            time.sleep(said.delay)
            reply = (_gemini_body if gemini else _openai_body)(said)
            data = (said.raw if said.raw is not None else json.dumps(reply)).encode()
            try:
                self.send_response(said.status)
                for name, value in {"content-type": "application/json", **said.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                self.close_connection = True  # the client did not wait

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def _openai_call(path: str, headers: dict[str, str], body: dict[str, Any]) -> Call:
    system, user = (message["content"] for message in body["messages"])
    files = [
        (found[1], base64.b64decode(found[2]))
        for part in user
        if part["type"] != "text"
        for found in [re.fullmatch(r"data:([^;]+);base64,(.*)", part[part["type"]]["url"])]
    ]
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    text = "".join(part["text"] for part in user if part["type"] == "text")
    return Call(path, headers, body, system, text, files, schema)


def _gemini_call(path: str, headers: dict[str, str], body: dict[str, Any]) -> Call:
    (content,) = body["contents"]
    files = [
        (data.get("mimeType") or data["mime_type"], base64.urlsafe_b64decode(data["data"]))
        for part in content["parts"]
        if (data := part.get("inlineData"))
    ]
    text = "".join(part["text"] for part in content["parts"] if "text" in part)
    system = "".join(part["text"] for part in body["systemInstruction"]["parts"])
    return Call(path, headers, body, system, text, files, body["generationConfig"].get("responseSchema"))


def _openai_body(said: Answer) -> dict[str, Any]:
    if said.status != 200:
        return {"error": {"message": said.error, "type": "invalid_request_error", **said.extra}}
    message = {"role": "assistant", "content": said.text, **said.extra.get("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": said.extra.get("finish", "stop")}
    body = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    if said.usage:
        sent, received = said.usage
        body["usage"] = {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}
    return body


def _gemini_body(said: Answer) -> dict[str, Any]:
    if said.status != 200:
        return {"error": {"code": said.status, "message": said.error, "status": "X", **said.extra}}
    content = {"role": "model", "parts": [{"text": said.text}] if said.text is not None else []}
    body: dict[str, Any] = {"candidates": [{"content": content, "finishReason": said.extra.get("finish", "STOP")}]}
    if "block" in said.extra:
        body = {"promptFeedback": {"blockReason": said.extra["block"]}}
    if said.usage:
        sent, received = said.usage
        body["usageMetadata"] = {
            "promptTokenCount": sent,
            "candidatesTokenCount": received - 10,
            "thoughtsTokenCount": 10,
        }
    return body


def figure_at(picture: np.ndarray) -> tuple[float, float]:
    """Return where the figure is in a picture: the centre (x, y) of its blue-grey pixels, as a share of the sides."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    mask = (blue - red > 12) & (red < 200) & (blue > green)
    rows, columns = np.nonzero(mask)
    assert len(rows) > 20, "the picture shows no figure"
    return columns.mean() / picture.shape[1], rows.mean() / picture.shape[0]


def looking(call: Call) -> str:
    """Answer as a model that sees whether the figure travels, and believes texts of walking then."""
    centres = np.array([figure_at(picture) for picture in call.pictures])
    travels = float(np.abs(centres[-1] - centres[0]).max()) > 0.05
    if call.role == "describe":
        return "The person walks." if travels else "The person stands still."
    word = "walk" if travels else "stand"
    if call.role == "verify":
        return json.dumps({"reason": "seen", "answer": "yes" if word in call.order else "no"})
    return json.dumps({"reason": "seen", "answer": next(k for k, v in call.candidates.items() if word in v)})
