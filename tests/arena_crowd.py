"""A crowd of simulated raters at a real server, which may be killed under them; and what the database holds then."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select

from helpers import environment
from leaderboard.arena.database import answers, open_database, tasks, votes
from leaderboard.arena.study import Study

PATIENCE = 60  # seconds that a rater tries again


class Server:
    """`mbench arena serve` in a process of its own, on a port that stays the same when it is started again.

    With `workers`, the API alone in as many processes: it starts in a fraction of the time.
    """

    def __init__(self, folder: Path, database: str | None = None, workers: int | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = environment(ARENA_FOLDER=str(folder), ARENA_DATABASE=database or "")
        api = ["uvicorn", "arena_server:app", "--factory", "--log-level", "error", "--workers", str(workers)]
        whole = ["mbench", "arena", "serve", str(folder), *(["--database", database] if database else [])]
        self.command = [sys.executable, "-m", *(api if workers else whole), "--port", str(self.port)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=Path(__file__).parent,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, "the server does not start"
            time.sleep(0.02)

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/state")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """Send SIGKILL to the server and its workers, and nothing else."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


@dataclass
class Crowd:
    """What the raters saw.

    Attributes:
        ports: of the servers; each request goes to any of them.
        acknowledged: the answers of each task whose vote was acknowledged, training left out.
        tries: seconds of each request that was answered, votes and tasks.
        waits: seconds of each vote from the first try to the acknowledgement.
        wrong: what should not have been answered.
    """

    ports: Sequence[int]
    acknowledged: dict[str, dict[str, str]] = field(default_factory=dict)
    tries: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def run(self, raters: int, seed: int = 0) -> None:
        """Let raters vote at once, each until there is nothing more to do."""
        threads = [threading.Thread(target=self._rater, args=(f"{seed}/{number}",)) for number in range(raters)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _rater(self, seed: str) -> None:
        try:
            Rater(self, random.Random(seed)).vote_all()
        except Exception as error:  # noqa: BLE001 - a thread's exception would be lost
            self.wrong.append(repr(error))


class Rater:
    """One simulated rater with a browser's cookie; whatever gets no answer is sent again."""

    def __init__(self, crowd: Crowd, chance: random.Random) -> None:
        self.crowd, self.chance = crowd, chance
        self.cookie = ""
        self.connections: dict[int, http.client.HTTPConnection] = {}

    def vote_all(self) -> None:
        self.send("POST", "/api/consent", {"agree": True})
        while task := self.send("GET", "/api/task")["task"]:
            answer = {
                question: self.chance.choice(("left", "right", "tie", "both_bad")) for question in task["questions"]
            }
            vote = {"task": task["id"], "answers": answer, "comment": self.chance.choice(("", "ok")), "seconds": 1.0}
            start = time.monotonic()
            receipt = self.send("POST", "/api/vote", vote)
            self.crowd.waits.append(time.monotonic() - start)
            if task["phase"] == "study":
                self.crowd.acknowledged[task["id"]] = answer
            if self.chance.random() < 0.05 and self.send("POST", "/api/vote", vote) != receipt:
                self.crowd.wrong.append("the same vote got another receipt")

    def send(self, method: str, path: str, value: Any = None) -> Any:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            port = self.chance.choice(self.crowd.ports)
            try:
                return self._send_once(port, method, path, value)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.connections.pop(port).close()
                time.sleep(self.chance.uniform(0.05, 0.3))
        raise TimeoutError(f"{method} {path}: no answer in {PATIENCE} s")

    def _send_once(self, port: int, method: str, path: str, value: Any) -> Any:
        if port not in self.connections:
            self.connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        start = time.monotonic()
        self.connections[port].request(method, path, None if value is None else json.dumps(value), headers)
        response = self.connections[port].getresponse()
        content = json.loads(response.read())
        self.crowd.tries.append(time.monotonic() - start)
        if response.status == 503:
            raise OSError("the server asks to try again")
        if response.status != 200:
            raise AssertionError(f"{method} {path}: {response.status} {content}")
        if cookie := response.headers["set-cookie"]:
            self.cookie = cookie.split(";")[0]
        return content


def kill_now_and_then(server: Server, crowd: Crowd, times: int, votes: int, seed: int = 0) -> threading.Thread:
    """Start a thread that kills the server at random moments, spread over the votes, and starts it again."""
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0.02, 0.9) * votes for _ in range(times))

    def run() -> None:
        for moment in moments:
            while len(crowd.acknowledged) < moment:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.05))
            server.kill()
            server.start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@dataclass(frozen=True)
class Count:
    """What the database holds against what was acknowledged.

    Attributes:
        acknowledged: votes.
        stored: votes.
        lost: acknowledged, and not stored as they were given.
        doubled: a rater's second votes on one item and kind.
        crowded: items with more votes than wanted.
    """

    acknowledged: int
    stored: int
    lost: int
    doubled: int
    crowded: int


def count(study: Study, where: Path | str, crowd: Crowd) -> Count:
    """Count in the database itself."""
    with open_database(study, where).read() as db:
        kept = (tasks.c.state == "voted", tasks.c.kind != "training")
        stored: dict[str, dict[str, str]] = {}
        query = select(votes.c.task, answers.c.question, answers.c.answer)
        query = query.join(answers, answers.c.task == votes.c.task).join(tasks, tasks.c.id == votes.c.task).where(*kept)
        for task, question, answer in db.execute(query):
            stored.setdefault(task, {})[question] = answer
        once = select(func.count()).join(votes, votes.c.task == tasks.c.id).where(*kept)
        twice = db.execute(once.group_by(tasks.c.rater, tasks.c.item, tasks.c.kind)).scalars().all()
        items = Counter(db.execute(select(tasks.c.item).where(*kept, tasks.c.kind == "pair")).scalars())
    lost = sum(stored.get(task) != given for task, given in crowd.acknowledged.items())
    crowded = sum(number > study.by_id[item].votes for item, number in items.items())
    return Count(len(crowd.acknowledged), len(stored), lost, sum(twice) - len(twice), crowded)


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return float(p50), float(p95)
