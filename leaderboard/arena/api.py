"""The arena's JSON API, on paths relative to where it is mounted.

Every answer is JSON but for videos. An answer that refuses is `{"error": code, "message": sentence for the rater}` with
status 4xx (`leaderboard.arena.errors`), and nothing has changed; 503 `unavailable` is worth sending again. POST bodies
are `application/json`, at most 32 kB, without fields that are not named here. Sending any request again is safe.

GET api/state                  who am I, and what is asked; needs no rater
    {"status": "consent" | "ready", "study": {"name", "type": "pairs" | "ratings", "instructions",
     "questions": [{"id", "text", "help"}], "choices": ["left", "right", "tie", "both_bad"] | [1, 2, 3, 4, 5],
     "skips": {reason: text}, "tasks": most that one gets, "training": number}, "progress": PROGRESS | null}
    PROGRESS is {"done", "total", "training_done", "training_total", "undo": task id | null}
POST api/consent               {"agree": true} -> {"status": "ready"}, and the cookie; nothing is stored before this
GET api/task                   -> {"task": TASK | null, "reason": null | "limit" | "complete" | "leased", "progress"}
    TASK is {"id", "phase": "training" | "study", "number", "prompt": {"text", "seconds"}, "questions": [id, ...],
     "videos": [{"fixed": "media/x.mp4", "side": "media/x-side.mp4"}, ...]}: left and right; of ratings, one.
    Without a task the rater is done: `limit` all of theirs, `complete` nothing is left, `leased` others have the rest
    just now: come back later. A reload gives the same task.
POST api/vote                  {"task", "answers": {question id: choice}, "comment"?: up to 2,000 characters,
                               "seconds": on the screen} -> {"task", "stored": UTC, "feedback": null | FEEDBACK}
    FEEDBACK, in training, is {"right": true | false, "why": text, "side": the one that must win, of ratings null}.
    The answer comes when the vote is on the disk.
POST api/skip                  {"task", "reason", "comment"?} -> {"task"}
POST api/undo                  {"task": `undo` of the progress} -> {"task"}; api/task then gives it again, with a new id
GET media/{name}               a video of a task that this rater has had, with Range; anything else is 404

Errors: 401 login, 403 consent, 403 other-site, 404 unknown, 409 conflict (answered otherwise, skipped or taken back
before: get api/task), 410 gone (kept too long, others have judged it: get api/task; or, of undo, the skipped task went
to others), 413, 415, 422 malformed, 503.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from leaderboard.arena.ballot import SKIPS
from leaderboard.arena.clock import iso
from leaderboard.arena.errors import LoginNeeded, Malformed, Unknown
from leaderboard.arena.requests import Consent, JsonBody, Route, Skip, Undo, Vote, parsed
from leaderboard.arena.service import Arena, need
from leaderboard.arena.study import MEDIA
from leaderboard.arena.turns import Shown

COOKIE_DAYS = 90
Login = Callable[[Request], str | None]


class Api:
    """The routes' work.

    Args:
        arena: the rules.
        folder: of the study, with its videos.
        login: who a request's sender is, where the study asks for a login; None if nobody yet.
    """

    def __init__(self, arena: Arena, folder: Path, login: Login | None) -> None:
        self.arena, self.folder, self.login = arena, folder, login
        clips = arena.study.clips
        self.videos = {f"{clip}{view}.mp4": clip for clip in clips for view in ("", "-side")}
        self.cookie = "mbench-" + hashlib.sha256(arena.study.id.encode()).hexdigest()[:12]

    def _who(self, request: Request) -> tuple[str | None, str | None]:
        """Return the cookie's token and the login name; where the study asks for a login, no cookie counts."""
        if self.login is None:
            return request.cookies.get(self.cookie), None
        name = self.login(request)
        if name is None:
            raise LoginNeeded("Please log in.")
        return None, name

    def _rater(self, request: Request) -> str:
        return need(self.arena.rater(*self._who(request)))

    def state(self, request: Request) -> dict[str, Any]:
        """Answer GET api/state."""
        rater = self.arena.rater(*self._who(request))
        progress = None if rater is None else asdict(self.arena.progress(rater))
        study = self.arena.study
        about = {
            "name": study.name,
            "type": study.type,
            "instructions": study.instructions,
            "questions": [{"id": q.id, "text": q.text, "help": q.help} for q in study.questions],
            "choices": study.choices,
            "skips": SKIPS,
            "tasks": self.arena.tasks,
            "training": len(study.of_kind("training")),
        }
        return {"status": "consent" if rater is None else "ready", "study": about, "progress": progress}

    def consent(self, request: Request, response: Response, body: JsonBody) -> dict[str, Any]:
        """Answer POST api/consent."""
        if not parsed(Consent, body).agree:
            raise Malformed("Without your consent nothing can be asked.")
        token = self.arena.consent(*self._who(request))
        if token is not None:
            response.set_cookie(
                self.cookie,
                token,
                max_age=COOKIE_DAYS * 24 * 3600,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
        return {"status": "ready"}

    def task(self, request: Request) -> dict[str, Any]:
        """Answer GET api/task."""
        turn = self.arena.next_task(self._rater(request))
        task = None if turn.task is None else self._task(turn.task)
        return {"task": task, "reason": turn.reason, "progress": asdict(turn.progress)}

    def _task(self, shown: Shown) -> dict[str, Any]:
        prompt = self.arena.study.prompts[shown.prompt]
        return {
            "id": shown.id,
            "phase": shown.phase,
            "number": shown.number,
            "prompt": {"text": prompt["text"], "seconds": prompt["seconds"]},
            "questions": shown.questions,
            "videos": [{"fixed": f"media/{c}.mp4", "side": f"media/{c}-side.mp4"} for c in shown.clips],
        }

    def vote(self, request: Request, body: JsonBody) -> dict[str, Any]:
        """Answer POST api/vote."""
        rater, sent = self._rater(request), parsed(Vote, body)
        receipt = self.arena.vote(rater, sent.task, sent.answers, sent.comment, sent.seconds)
        feedback = None
        if receipt.feedback is not None:
            feedback = {"right": receipt.feedback[0], "why": receipt.feedback[1], "side": receipt.side}
        return {"task": receipt.task, "stored": iso(receipt.time), "feedback": feedback}

    def skip(self, request: Request, body: JsonBody) -> dict[str, Any]:
        """Answer POST api/skip."""
        rater, sent = self._rater(request), parsed(Skip, body)
        self.arena.skip(rater, sent.task, sent.reason, sent.comment)
        return {"task": sent.task}

    def undo(self, request: Request, body: JsonBody) -> dict[str, Any]:
        """Answer POST api/undo."""
        rater, sent = self._rater(request), parsed(Undo, body)
        self.arena.undo(rater, sent.task)
        return {"task": sent.task}

    def media(self, request: Request, name: str) -> Response:
        """Answer GET media/{name}."""
        clip = self.videos.get(name)
        path = self.folder / MEDIA / name
        if clip is None or not self.arena.may_watch(self._rater(request), clip) or not path.is_file():
            raise Unknown("There is no such video.")
        headers = {
            "cache-control": "private, max-age=3600",
            "last-modified": format_datetime(datetime(2000, 1, 1, tzinfo=timezone.utc), usegmt=True),
            "x-content-type-options": "nosniff",
        }  # a file's real time would tell the videos that were drawn together
        return FileResponse(path, media_type="video/mp4", headers=headers)


def router(arena: Arena, folder: Path, login: Login | None = None) -> APIRouter:
    """Return the routes of a study, to be included in an app or mounted under a prefix.

    Args:
        arena: the rules.
        folder: of the study, with its videos.
        login: who a request's sender is, where the study asks for a login; None if nobody yet.
    """
    api, routes = Api(arena, folder, login), APIRouter(route_class=Route)
    for method, path, handler in (
        ("GET", "/api/state", api.state),
        ("POST", "/api/consent", api.consent),
        ("GET", "/api/task", api.task),
        ("POST", "/api/vote", api.vote),
        ("POST", "/api/skip", api.skip),
        ("POST", "/api/undo", api.undo),
        ("GET", "/media/{name}", api.media),
    ):
        routes.add_api_route(path, handler, methods=[method], include_in_schema=False, response_model=None)
    return routes
