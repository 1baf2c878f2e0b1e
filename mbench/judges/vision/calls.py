"""One question to a model: from the cache, or by calls that are tried again, logged and paid."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mbench.cache import cache_folder
from mbench.errors import JudgeError, MBenchError
from mbench.files import hash_of
from mbench.judges.cache import Response, ResponseCache
from mbench.judges.vision import prompts
from mbench.judges.vision.pacing import LONGEST_WAIT, Budget, Log, Pace, pause
from mbench.judges.vision.server import CallFailed, Media, Request, Server
from mbench.judges.vision.settings import Settings
from mbench.seeds import seed_of

SHOWN = 80  # characters of a reply that can't be read that are told
MESSAGE = 300  # characters of a server's message that are told
REFUSED = 3  # requests that a server refuses, before it ever answered, until the run is stopped
TRIED_AGAIN = (408, 409, 425, 429)  # and 5xx

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        role: `describe`, `choose` or `verify`.
        text: the question.
        media: what is shown with it.
        schema: of the answer, None for plain text.
        sample: which of the samples, from 0.
    """

    role: str
    text: str
    media: Media
    schema: Mapping[str, Any] | None
    sample: int


def key_of(judge: str, settings: Settings, question: Question) -> str:
    """Return the key of an answer: a hash of everything that decides it.

    The server's address is part of it, since nothing else says what runs there; the identity of the judge
    (`VisionJudge.card`) leaves it out.
    """
    s, shown = settings, question.media
    decides = {
        "judge": judge,
        "server": [s.base_url, s.model, s.revision],
        "text": [prompts.VERSION, prompts.SYSTEM, question.text],
        "media": [shown.kind, shown.hash, shown.fps],
        "schema": [s.structured, question.schema],
        "parameters": [s.temperature, s.max_tokens, s.seed],
        "sample": question.sample,
    }
    return hash_of(decides)


class Caller:
    """Asks a server questions, one answer a question whatever fails in between. Used from several threads.

    Args:
        judge: registered name.
        settings: of the judge.
        server: its client.
        secret: the key, which is taken out of everything that is told or stored; empty for none.
    """

    def __init__(self, judge: str, settings: Settings, server: Server, secret: str) -> None:
        self._judge, self._settings, self._server, self._secret = judge, settings, server, secret
        self.cache = ResponseCache()
        self._log = Log(Path(settings.log) if settings.log else cache_folder() / "judges" / "judge-log.jsonl")
        self.pace = Pace(settings.requests_per_minute)
        prices = (settings.price_per_million_input, settings.price_per_million_output)
        self._budget = Budget(settings.max_cost, *prices)
        self._answered, self._refused = False, 0
        self._keys: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question, read: Callable[[str], T | None]) -> T:
        """Return the answer to a question.

        Args:
            question: the question.
            read: makes the answer of a reply, None where the reply is none.

        Raises:
            MBenchError: there is no answer, and why.
            JudgeError: no further call makes sense.
            Stopped: the run ends.
        """
        key = key_of(self._judge, self._settings, question)
        with self._lock:
            mine = self._keys.setdefault(key, threading.Lock())
        with mine:  # two threads with the same question: the second one finds the first one's answer
            stored = self.cache.get(key)
            answer = None if stored is None else read(stored.text)
            return self._called(key, question, read) if answer is None else answer

    def _called(self, key: str, question: Question, read: Callable[[str], T | None]) -> T:
        """Return the answer of a call, tried until one can be read."""
        why = ""
        for attempt in range(self._settings.retries + 1):
            self._budget.check()
            try:
                response, cut = self._call(question, attempt)
            except CallFailed as failure:
                why = self._what_now(failure, attempt)
                continue
            answer = read(response.text)
            if answer is not None:
                stored = read(self.cache.put(key, response).text)
                return answer if stored is None else stored
            why = self._unreadable(response.text, cut)
        raise MBenchError(f"{why}, after {self._settings.retries + 1} attempts")

    def _call(self, question: Question, attempt: int) -> tuple[Response, bool]:
        """Make one call, write it down, and return its response and whether it was cut off.

        Raises:
            CallFailed: no reply.
        """
        self.pace.wait()
        s, started = self._settings, time.monotonic()
        schema = None if s.structured == "never" else question.schema
        request = Request(prompts.SYSTEM, question.text, question.media, schema, self._seed(question.sample, attempt))
        try:
            reply = self._server.send(request)
        except CallFailed as failure:
            self._write_down(question, attempt, started, failure.tokens, self._told(failure))
            raise
        self._answered = True
        self._write_down(question, attempt, started, (reply.input_tokens, reply.output_tokens), None)
        text = self._hidden(reply.text)
        took = time.monotonic() - started
        return Response(self._judge, s.model, text, reply.input_tokens, reply.output_tokens, took), reply.cut

    def _seed(self, sample: int, attempt: int) -> int | None:
        """Return the seed of a call: 31 bits; another attempt gets another one, or it would fail again."""
        seed = self._settings.seed
        return None if seed is None else seed_of("judge", seed, sample, attempt) >> 1

    def _write_down(
        self, question: Question, attempt: int, started: float, tokens: tuple[int | None, int | None],
        failure: str | None,
    ) -> None:  # fmt: skip
        """Log a call and count its cost."""
        values = {
            "judge": self._judge, "model": self._settings.model, "role": question.role, "sample": question.sample,
            "attempt": attempt, "seconds": round(time.monotonic() - started, 3), "input_tokens": tokens[0],
            "output_tokens": tokens[1], "failure": failure,
        }  # fmt: skip
        cost = self._budget.add(tokens, replied=failure is None)
        self._log.add(**values, cost=cost)

    def _what_now(self, failure: CallFailed, attempt: int) -> str:
        """Return what went wrong, after the time to wait for the next attempt.

        Raises:
            MBenchError: there is no use in another attempt.
            JudgeError: there is no use in any further call.
        """
        told = self._told(failure)
        if (why := self._hopeless(failure)) is not None:
            raise JudgeError(f"judge {self._judge!r}: {why} ({told})")
        if not _worth_another(failure):
            if failure.status is not None:
                self._count_refusal(told)
            raise MBenchError(told)
        if (failure.retry_after or 0) > LONGEST_WAIT:
            raise MBenchError(f"{told}; it asks to wait {failure.retry_after:.0f} s, longer than this waits")
        if attempt < self._settings.retries:
            seconds = pause(attempt + 1, self._settings.backoff, failure.retry_after)
            if failure.status == 429:
                self.pace.hold(seconds)
            self.pace.sleep(seconds)
        elif failure.kind == "unreachable":
            raise JudgeError(f"judge {self._judge!r}: {self._settings.base_url} stopped answering ({told})")
        return told

    def _hopeless(self, failure: CallFailed) -> str | None:
        """Return why no call of this run can work, or None."""
        s, text = self._settings, str(failure).lower()
        if failure.kind == "unreachable" and not self._answered:
            return f"{s.base_url} can't be reached; expected a running server at `base_url`"
        if failure.status in (401, 403) or (failure.status == 400 and "api key" in text):
            variable = f"${s.api_key_env}" if s.api_key_env else "the environment variable that `api_key_env` names"
            found = f"refuses the key in {variable}" if self._secret else f"wants a key; expected one in {variable}"
            return f"{s.base_url} {found}"
        if failure.status == 402 or "insufficient_quota" in text:
            return f"{s.base_url} says that the account has no credit"
        if failure.status == 404:
            return f"{s.base_url} knows no model {s.model!r}, or is not the whole address; check `model` and `base_url`"
        return None

    def _count_refusal(self, told: str) -> None:
        """Stop a run whose first requests are all refused: it will not get better."""
        with self._lock:
            self._refused += 1
        if not self._answered and self._refused >= REFUSED:
            raise JudgeError(f"judge {self._judge!r}: {self._settings.base_url} refuses every request: {told}")

    def _unreadable(self, text: str, cut: bool) -> str:
        """Return why a reply is no answer."""
        start = " ".join(text.split())[:SHOWN]
        found = f"the reply is no answer: {start!r}" if start else "the reply is empty"
        return f"{found}; it was cut off at max_tokens {self._settings.max_tokens}" if cut else found

    def _told(self, failure: CallFailed) -> str:
        """Return a failure in words, without the key."""
        text = self._hidden(str(failure))[:MESSAGE]
        if failure.status is not None:
            return f"the server says {failure.status}: {text}"
        return f"{failure.kind}: {text}"

    def _hidden(self, text: str) -> str:
        """Return a text without the key: servers have been seen to repeat it in what they say is wrong with it."""
        return text.replace(self._secret, "[key]") if self._secret else text


def _worth_another(failure: CallFailed) -> bool:
    if failure.status is not None:
        return failure.status in TRIED_AGAIN or failure.status >= 500
    return failure.kind != "refused"
