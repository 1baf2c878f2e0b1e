"""How many requests a client may make: one bucket of tokens a client and limit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard.web.guards import refusal

MOST_CLIENTS = 10_000  # that are remembered; those that may do everything again are forgotten


@dataclass(frozen=True)
class Limit:
    """How often a client, told by its address, may ask for something.

    Attributes:
        prefix: of the paths it counts.
        per_minute: requests, on average.
        burst: requests at once.
        methods: that it counts.
    """

    prefix: str
    per_minute: float
    burst: int
    methods: tuple[str, ...] = ("POST",)


class Buckets:
    """What each client may still do.

    Args:
        limit: how fast a bucket fills, and how much it holds.
        clock: seconds, from any start.
    """

    def __init__(self, limit: Limit, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit, self._clock = limit, clock
        self._left: dict[str, tuple[float, float]] = {}  # client: tokens, when

    def wait(self, client: str) -> float:
        """Take a token of a client; return 0, or without taking one the seconds until there is one."""
        now, rate = self._clock(), self.limit.per_minute / 60
        tokens = self._tokens(client, now)
        if tokens < 1:
            return (1 - tokens) / rate
        self._left[client] = (tokens - 1, now)
        if len(self._left) > MOST_CLIENTS:
            self._forget(now)
        return 0.0

    def _tokens(self, client: str, now: float) -> float:
        tokens, then = self._left.get(client, (float(self.limit.burst), now))
        return min(float(self.limit.burst), tokens + (now - then) * self.limit.per_minute / 60)

    def _forget(self, now: float) -> None:
        """Forget clients with full buckets; if all are in use, those that asked longest ago."""
        kept = {client: seen for client, seen in self._left.items() if self._tokens(client, now) < self.limit.burst}
        newest = sorted(kept, key=lambda client: kept[client][1])[-MOST_CLIENTS // 2 :]
        self._left = {client: kept[client] for client in newest}


class RateLimit:
    """Refuses requests beyond a limit (429), and says when to come again."""

    def __init__(self, app: ASGIApp, limits: Sequence[Limit] = ()) -> None:
        self.app = app
        self._buckets = [Buckets(limit) for limit in limits]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["type"] == "http" and (seconds := self._wait(scope)) > 0:
            whole = math.ceil(seconds)
            answer = refusal(429, f"too many requests; try again in {whole} s", **{"Retry-After": str(whole)})
            return await answer(scope, receive, send)
        await self.app(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        """Return the longest wait that a limit asks for."""
        client = scope["client"][0] if scope.get("client") else ""
        concerned = (
            buckets
            for buckets in self._buckets
            if scope["method"] in buckets.limit.methods and scope["path"].startswith(buckets.limit.prefix)
        )
        return max((buckets.wait(client) for buckets in concerned), default=0.0)
