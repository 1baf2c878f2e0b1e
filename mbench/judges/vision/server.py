"""What is asked of a model, what comes back, and how a call fails."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mbench.errors import one_line


@dataclass(frozen=True)
class Media:
    """What a model looks at.

    Attributes:
        kind: `image/png` or `video/mp4`.
        files: encoded pictures in the order of time, or one video.
        hash: sha256 of all of it, in order.
        seconds: when each picture was taken, or the duration of the video alone.
        fps: pictures a second of the video, None for pictures.
    """

    kind: str
    files: tuple[bytes, ...] = field(repr=False)
    hash: str
    seconds: tuple[float, ...]
    fps: float | None = None


@dataclass(frozen=True)
class Request:
    """One call.

    Attributes:
        system: what the model is told of its task.
        text: the question, shown after the media.
        media: what it looks at.
        schema: JSON schema of the answer, None for plain text.
        seed: of sampling, or None.
    """

    system: str
    text: str
    media: Media
    schema: Mapping[str, Any] | None
    seed: int | None


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        text: as the model wrote it.
        input_tokens: billed, None where the server does not say.
        output_tokens: likewise; thinking is among them.
        cut: whether it ended because of `max_tokens`.
    """

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cut: bool = False


class CallFailed(Exception):  # noqa: N818 - it is about one call, and most of them are tried again
    """A call without a reply.

    Attributes:
        status: of HTTP, None where there was none.
        kind: `status`, `timeout`, `unreachable`, `dropped`, `malformed` or `refused`.
        retry_after: seconds that the server asks to wait, or None.
        tokens: billed all the same: (input, output).
    """

    def __init__(
        self, message: str, kind: str, status: int | None = None, retry_after: float | None = None,
        tokens: tuple[int | None, int | None] = (None, None),
    ) -> None:  # fmt: skip
        super().__init__(" ".join(message.split()))
        self.kind, self.status, self.retry_after, self.tokens = kind, status, retry_after, tokens


class Server(Protocol):
    """A client of one protocol. Used from several threads at once."""

    def send(self, request: Request) -> Reply:
        """Send one call and return its reply.

        Raises:
            CallFailed: there is none.
        """
        ...


def transport_failure(error: Exception) -> CallFailed:
    """Return what an exception of the HTTP library means; it may be httpx or its successor, so names decide."""
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    names = {kind.__name__ for kind in (*type(error).__mro__, *type(cause).__mro__)}
    if names & {"TimeoutException", "APITimeoutError", "TimeoutError"}:
        return CallFailed("no reply in time", "timeout")
    if names & {"ConnectError", "ConnectionRefusedError"}:
        return CallFailed(one_line(cause), "unreachable")
    if "TransportError" in names:
        return CallFailed(one_line(cause), "dropped")
    return CallFailed(f"what the server sent is no reply of this protocol: {one_line(cause)}", "malformed")


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return what Retry-After asks for: seconds, or a date; None where it is missing or makes no sense."""
    milliseconds, text = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        return None if text is None else max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(str(text)).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
